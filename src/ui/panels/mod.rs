//! The panels, bars and dialogs of the window: a folder each, and a [`Part`](super::shell::part::Part) in it.

pub mod controls;
pub mod export;
pub mod following;
pub mod grid;
pub mod heads;
pub mod inspector;
pub mod lessons;
pub mod outcome;
pub mod prompt;
pub mod sentence;
pub mod sessions;
pub mod status;
pub mod sweep;
pub mod text;
#[cfg(test)]
pub mod token_count;
pub mod tour;
