//! What a model writes behind a prompt: a baseline and a changed text, a token at a time.

mod choice;
mod columns;
mod line;
mod panels;
mod texts;
mod writing;
mod written;

pub use self::{
    choice::{Choice, Sampling, Temperature},
    line::ContinuationLine,
    panels::{KnownTexts, PanelTexts},
    writing::{AtEnd, Writing},
    written::{Continuation, Stopped, Written, WrittenToken},
};
pub(super) use columns::Baseline;
