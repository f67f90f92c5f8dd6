//! The figure as an animation: ε of one column runs over a range, everything else stands.

mod error;
mod files;
mod film;
mod frames;
mod settings;
mod write;

pub use error::AnimationError;
pub use film::Film;
pub use settings::{AnimatedRange, Animation, AnimationFormat, DPI, FRAMES, Play, RATES};
