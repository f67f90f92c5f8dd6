//! Why a model of another program's folders does not open.

use std::path::PathBuf;

use super::ModelName;

/// What became of a model in a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its headers are those of a model that this program computes.
    Opens,
    /// It is whole, and is nothing that this program opens.
    Refused,
    /// A download that was not finished.
    Unfinished,
    /// Files that should be there are not.
    Missing,
}

impl State {
    /// As files say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opens => "opens",
            Self::Refused => "refused",
            Self::Unfinished => "unfinished",
            Self::Missing => "missing",
        }
    }
}

/// What is wrong with a model that is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Flaw {
    /// What became of it.
    pub state: State,
    /// Why, in one sentence.
    pub why: String,
}

impl Flaw {
    pub(super) fn missing(why: impl Into<String>) -> Self {
        Self { state: State::Missing, why: why.into() }
    }

    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self { state: State::Refused, why: why.into() }
    }

    pub(super) fn unfinished(why: impl Into<String>) -> Self {
        Self { state: State::Unfinished, why: why.into() }
    }
}

/// Why a name leads to no model. Messages begin with the name.
#[derive(Debug, thiserror::Error)]
pub enum OnDiskError {
    /// No folder of that program has it.
    #[error(
        "{name} is not on this disk{}; nothing is fetched (attenuate models lists what is there)",
        looked_in(looked)
    )]
    NotThere {
        /// The name that was asked for.
        name: ModelName,
        /// Folders where it was looked for.
        looked: Vec<PathBuf>,
    },
    /// It is there under other revisions or as other files.
    #[error("{name}: expected one of {}", there.join(", "))]
    Several {
        /// The name that was asked for.
        name: ModelName,
        /// Names that say which.
        there: Vec<String>,
    },
    /// It is there, and is not whole or leads elsewhere.
    #[error("{name}: {flaw}")]
    Flawed {
        /// The name that was asked for.
        name: ModelName,
        /// What is wrong with it.
        flaw: Flaw,
    },
}

fn looked_in(looked: &[PathBuf]) -> String {
    let looked: Vec<String> = looked.iter().map(|folder| folder.display().to_string()).collect();
    if looked.is_empty() { String::new() } else { format!(", looked in {}", looked.join(" and ")) }
}
