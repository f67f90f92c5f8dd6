//! The strip above the panels: the model's next token before and after the intervention, live under ε.

mod next_token;
mod strip;

pub use next_token::{Answer, NextToken};
pub use strip::OutcomeStrip;
