use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Epsilon;

/// What ε does to a component's vectors X: after projection and bias, per head, and after the rotary embedding
/// for Q and K.
///
/// Each is a straight line in ε, x(ε) = origin + ε·direction, so that scores made with the vectors are one too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// X ← ε·X: *undifferentiated attention* (Q, K) and *scaling contribution* (V) of arXiv 2410.13708.
    #[default]
    Scale,
    /// X ← ε·X + (1−ε)·mean over all of the layer's heads, at the same position; of K and V after GQA repetition,
    /// which makes it the mean over kv heads. ε = 0 is the mean operation of arXiv 2410.13708.
    MeanHeads,
    /// X ← ε·X + (1−ε)·mean over all positions of the prompt, in the same head.
    MeanPositions,
    /// X ← X + ε·rms(X)·N(0,1) with independent noise for every number; rms(X) is the root mean square of all numbers
    /// of X in that head. The same seed gives the same noise in every run, on every machine, and under every prompt
    /// for the positions they share; query heads of one KV group see the same noise on K and V.
    Noise {
        /// Of the generator: the same seed, the same noise.
        seed: u64,
    },
}

impl Operation {
    /// One of each, noise with seed 0.
    pub const ALL: [Self; 4] = [Self::Scale, Self::MeanHeads, Self::MeanPositions, Self::Noise { seed: 0 }];

    /// The name on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scale => "Scale",
            Self::MeanHeads => "Mean over heads",
            Self::MeanPositions => "Mean over positions",
            Self::Noise { .. } => "Noise",
        }
    }

    /// The word on the command line and in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Scale => "scale",
            Self::MeanHeads => "mean-heads",
            Self::MeanPositions => "mean-positions",
            Self::Noise { .. } => "noise",
        }
    }

    /// What it does, as a formula.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Scale => "X ← ε·X",
            Self::MeanHeads => "X ← ε·X + (1−ε)·mean over heads",
            Self::MeanPositions => "X ← ε·X + (1−ε)·mean over positions",
            Self::Noise { .. } => "X ← X + ε·rms(X)·N(0,1)",
        }
    }

    /// The ε that changes nothing.
    pub const fn neutral(self) -> Epsilon {
        match self {
            Self::Scale | Self::MeanHeads | Self::MeanPositions => Epsilon::ONE,
            Self::Noise { .. } => Epsilon::ZERO,
        }
    }

    /// Whether it makes f times as much of vectors that are f times as long, because all that it looks at is the head's own.
    pub const fn is_of_one_head(self) -> bool {
        match self {
            Self::Scale | Self::MeanPositions | Self::Noise { .. } => true,
            Self::MeanHeads => false,
        }
    }

    /// The same kind, whatever the seed.
    pub fn same_kind(self, other: Self) -> bool {
        self.word() == other.word()
    }
}

impl fmt::Display for Operation {
    /// As on the command line, with the seed: `mean-heads`, `noise (seed 7)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noise { seed } => write!(f, "noise (seed {seed})"),
            other => f.write_str(other.word()),
        }
    }
}

/// A word that names no operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected scale, mean-heads, mean-positions or noise, found “{0}”")]
pub struct ParseOperationError(String);

impl FromStr for Operation {
    type Err = ParseOperationError;

    /// `noise` has seed 0.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.word() == text.trim())
            .ok_or_else(|| ParseOperationError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_parse_back_and_survive_json() {
        for operation in Operation::ALL {
            assert_eq!(operation.word().parse(), Ok(operation));
            let json = serde_json::to_string(&operation).unwrap();
            assert_eq!(serde_json::from_str::<Operation>(&json).unwrap(), operation, "{json}");
        }
        assert_eq!(serde_json::to_string(&Operation::Noise { seed: 7 }).unwrap(), r#"{"noise":{"seed":7}}"#);
        assert!("mean".parse::<Operation>().is_err_and(|error| error.to_string().contains("mean-positions")));
    }
}
