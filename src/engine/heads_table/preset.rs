use std::{fmt, str::FromStr};

use super::table::ShipsOf;
use crate::{
    attention::{Component, Epsilon, Operation, PositionScope},
    engine::Prompt,
};

/// A published way to rank heads by their effect on the next token: what is changed, how far, and what the model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShipsPreset {
    /// *Ships* of arXiv 2410.13708 as its code finds them (`ydyjya/SafetyHeadAttribution`, `lib/SHIPS/get_ships.py`):
    /// the queries of one head after the other are multiplied by 1e-4 at every position, and the distributions behind
    /// the last one are compared. It adds 1e-12 to every probability; here nothing is added.
    SafetyHeads,
}

impl ShipsPreset {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::SafetyHeads];

    /// The name on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SafetyHeads => "Safety heads (arXiv 2410.13708)",
        }
    }

    /// The word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SafetyHeads => "safety-heads",
        }
    }

    /// What is done to each head.
    pub const fn of(self) -> ShipsOf {
        match self {
            Self::SafetyHeads => {
                ShipsOf { component: Component::Query, operation: Operation::Scale, epsilon: Epsilon::TEN_THOUSANDTH }
            }
        }
    }

    /// At which positions.
    pub const fn positions(self) -> PositionScope {
        match self {
            Self::SafetyHeads => PositionScope::All,
        }
    }

    /// What the model reads for `words`, in the template of the paper's code, once; a text behind the beginning of a
    /// sequence.
    pub fn prompt(self, words: &str) -> Prompt {
        match self {
            Self::SafetyHeads if words.starts_with(QUERY) && words.ends_with(ANSWER) => Prompt::text(words),
            Self::SafetyHeads => Prompt::text(&format!("{QUERY}{words}{ANSWER}")),
        }
    }
}

/// In front of and behind what is asked: `"## Query:{} \n## Answer:"` in `SHIPS.main`, and in `lib/utils/load_conv.py`.
const QUERY: &str = "## Query:";
const ANSWER: &str = " \n## Answer:";

impl fmt::Display for ShipsPreset {
    /// The word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that names no preset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected safety-heads, found “{0}”")]
pub struct ParsePresetError(String);

impl FromStr for ShipsPreset {
    type Err = ParsePresetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|preset| preset.word() == text.trim());
        named.ok_or_else(|| ParsePresetError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_the_papers_code_computes() {
        let preset: ShipsPreset = "safety-heads".parse().unwrap();
        assert_eq!(preset.of().to_string(), "Query, ε = 1e-4");
        let prompt = preset.prompt("How are cakes baked?");
        let expected = Prompt::Text { text: "## Query:How are cakes baked? \n## Answer:".into(), bos: true };
        assert_eq!(prompt, expected);
        assert_eq!(preset.prompt(prompt.words().unwrap()), expected, "once is enough");
        assert!("ships".parse::<ShipsPreset>().is_err_and(|error| error.to_string().contains("safety-heads")));
    }
}
