//! How a text is written.

use serde::{Deserialize, Serialize};

use super::choice::Choice;

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Writing {
    /// How many tokens at most.
    pub n_tokens: usize,
    /// Which of them.
    pub choice: Choice,
    /// What happens behind one that ends a text.
    pub at_end: AtEnd,
}

/// What happens behind a token that ends a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AtEnd {
    /// Nothing follows.
    #[default]
    Stop,
    /// The text goes on as behind any other.
    GoOn,
}

impl Default for Writing {
    /// Forty tokens, greedy.
    fn default() -> Self {
        Self::greedy(40)
    }
}

impl Writing {
    /// So many tokens, each the likeliest, up to the end of a text.
    pub const fn greedy(n_tokens: usize) -> Self {
        Self { n_tokens, choice: Choice::Greedy, at_end: AtEnd::Stop }
    }
}
