//! What can be asked of the engine in a lane of its own.

mod heads;
mod ships;
mod sweep;
mod text;

pub use heads::HeadsQuestion;
pub use ships::ShipsQuestion;
pub use sweep::SweepQuestion;
pub use text::TextQuestion;
