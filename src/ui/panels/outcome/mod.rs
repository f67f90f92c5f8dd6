//! The model's next token before and after the intervention, live under ε; it stands beside the prompt.

mod next_token;
mod strip;

pub use next_token::{Answer, NextToken};
pub use strip::{ask_next_token, next_token_sentence, next_token_ui};
