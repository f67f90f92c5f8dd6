//! What can be asked of the engine in a lane of its own.

mod heads;
mod next_token;
mod ships;
mod sweep;
mod text;
mod writes;

pub use heads::HeadsQuestion;
pub use next_token::NextTokenQuestion;
pub use ships::ShipsQuestion;
pub use sweep::SweepQuestion;
pub use text::{PanelTextsQuestion, TextQuestion};
pub use writes::{AllWrittenTokensQuestion, WritesQuestion, WrittenTokensQuestion};
