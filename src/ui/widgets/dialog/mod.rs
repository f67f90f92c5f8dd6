//! Dialogs: their window, and their last line.

mod foot;
mod window;

pub use foot::{FootButton, foot};
pub use window::{dialog, dialog_width, refusal};
