//! The prompt on top of the window, beside it what the model says next, and its tokens above the panels.

mod bar;
mod chat;
mod editor;
mod tints;
mod tokens;

pub use bar::PromptBar;
pub use tokens::TokenStrip;
