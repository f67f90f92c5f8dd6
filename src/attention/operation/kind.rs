use std::{fmt, str::FromStr};

use crate::attention::Epsilon;

/// What an operation does, whatever it does it with: the seed of noise is none of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// See [`super::Operation::Scale`].
    #[default]
    Scale,
    /// See [`super::Operation::MeanHeads`].
    MeanHeads,
    /// See [`super::Operation::MeanPositions`].
    MeanPositions,
    /// See [`super::Operation::Noise`].
    Noise,
    /// See [`super::Operation::Patch`].
    Patch,
    /// See [`super::Operation::MeanPrompts`].
    MeanPrompts,
}

impl OperationKind {
    /// All of them, in the order of menus and lists.
    pub const ALL: [Self; 6] =
        [Self::Scale, Self::MeanHeads, Self::MeanPositions, Self::Noise, Self::Patch, Self::MeanPrompts];

    /// The name on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scale => "Scale",
            Self::MeanHeads => "Mean over heads",
            Self::MeanPositions => "Mean over positions",
            Self::Noise => "Noise",
            Self::Patch => "Patch",
            Self::MeanPrompts => "Mean over prompts",
        }
    }

    /// The word on the command line and in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Scale => "scale",
            Self::MeanHeads => "mean-heads",
            Self::MeanPositions => "mean-positions",
            Self::Noise => "noise",
            Self::Patch => "patch",
            Self::MeanPrompts => "mean-prompts",
        }
    }

    /// What it does, as a formula.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Scale => "X ← ε·X",
            Self::MeanHeads => "X ← ε·X + (1−ε)·mean over heads",
            Self::MeanPositions => "X ← ε·X + (1−ε)·mean over positions",
            Self::Noise => "X ← X + ε·rms(X)·N(0,1)",
            Self::Patch => "X ← ε·X + (1−ε)·X of another prompt",
            Self::MeanPrompts => "X ← ε·X + (1−ε)·mean over other prompts",
        }
    }

    /// Whether it takes vectors from other prompts, which a model has to read.
    pub const fn reads_other_prompts(self) -> bool {
        matches!(self, Self::Patch | Self::MeanPrompts)
    }

    /// The ε that changes nothing.
    pub const fn neutral(self) -> Epsilon {
        match self {
            Self::Scale | Self::MeanHeads | Self::MeanPositions | Self::Patch | Self::MeanPrompts => Epsilon::ONE,
            Self::Noise => Epsilon::ZERO,
        }
    }
}

impl fmt::Display for OperationKind {
    /// The word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that names no operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected scale, mean-heads, mean-positions, noise, patch or mean-prompts, found “{0}”")]
pub struct ParseOperationError(String);

impl FromStr for OperationKind {
    type Err = ParseOperationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|kind| kind.word() == text.trim());
        named.ok_or_else(|| ParseOperationError(text.to_owned()))
    }
}
