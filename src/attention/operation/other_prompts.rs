use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::base::Excerpt;

/// A prompt besides the one that is read: its words, which become tokens as those of the prompt did, or the tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected the text of a prompt, or a list of its token ids")]
pub enum OtherPrompt {
    /// With a BOS, or within a chat, where the prompt is.
    Text(Arc<str>),
    /// Taken exactly as given.
    TokenIds(Arc<[u32]>),
}

impl OtherPrompt {
    /// Words.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl fmt::Display for OtherPrompt {
    /// For people, short: `“The cat sat”`, `5 token ids`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "“{}”", Excerpt::new(text)),
            Self::TokenIds(ids) => write!(f, "{} token ids", ids.len()),
        }
    }
}

/// Prompts that a mean is taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptSet {
    /// One after the other. Shared: a set equals its copy without being read.
    pub prompts: Arc<[OtherPrompt]>,
    /// What becomes of their first tokens.
    #[serde(default)]
    pub first: FirstToken,
}

/// Whether the first token of each prompt counts, on which most models rest their attention: its vectors are like those
/// of no other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstToken {
    /// It does not.
    #[default]
    LeftOut,
    /// It counts as any other.
    Counted,
}

impl PromptSet {
    /// The lines of a text that are not empty, each a prompt.
    pub fn of_lines(text: &str, first: FirstToken) -> Self {
        Self { prompts: text.lines().filter(|line| !line.is_empty()).map(OtherPrompt::text).collect(), first }
    }
}

impl Hash for PromptSet {
    /// Of its size and its first prompt: sets may be long.
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.prompts.len(), self.prompts.first(), self.first).hash(state);
    }
}

impl fmt::Display for PromptSet {
    /// For people: `12 prompts`, `12 prompts with their first tokens`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prompts.len() {
            1 => f.write_str("1 prompt"),
            n => write!(f, "{n} prompts"),
        }?;
        match self.first {
            FirstToken::LeftOut => Ok(()),
            FirstToken::Counted => f.write_str(" with their first tokens"),
        }
    }
}
