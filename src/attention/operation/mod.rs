//! What ε does to a component's vectors.

mod donated;
mod kind;
mod other_prompts;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Epsilon;

pub use donated::{Donated, Donor};
pub use kind::{OperationKind, ParseOperationError};
pub use other_prompts::{FirstToken, OtherPrompt, PromptSet};

/// What ε does to a component's vectors X: after projection and bias, per head, and after the rotary embedding
/// for Q and K.
///
/// Each is a straight line in ε, x(ε) = origin + ε·direction, so that scores made with the vectors are one too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// X ← ε·X + (1−ε)·X of another prompt, as the unmodified model reads it: activation patching. Prompts of different
    /// lengths are aligned at the end; then Q and K are taken in front of the rotary embedding, and turned at the place
    /// where they are put. Positions without a counterpart stay as they are, and so do those behind the prompt.
    Patch {
        /// The other prompt.
        from: OtherPrompt,
        /// Its vectors.
        #[serde(skip)]
        vectors: Donated,
    },
    /// X ← ε·X + (1−ε)·mean of X over the tokens of other prompts, as the unmodified model reads them: one vector for
    /// each layer, head and component, the same at every position, also behind the prompt.
    MeanPrompts {
        /// The other prompts.
        over: PromptSet,
        /// The means.
        #[serde(skip)]
        vectors: Donated,
    },
}

impl Operation {
    /// One of each that needs nothing but the prompt, noise with seed 0.
    pub const OF_THE_PROMPT: [Self; 4] = [Self::Scale, Self::MeanHeads, Self::MeanPositions, Self::Noise { seed: 0 }];

    /// Patching from a prompt.
    pub fn patch(from: OtherPrompt) -> Self {
        Self::Patch { from, vectors: Donated::default() }
    }

    /// The mean over prompts.
    pub fn mean_prompts(over: PromptSet) -> Self {
        Self::MeanPrompts { over, vectors: Donated::default() }
    }

    /// The one of a kind that needs nothing but the prompt, noise with seed 0.
    pub fn of_the_prompt(kind: OperationKind) -> Option<Self> {
        Self::OF_THE_PROMPT.into_iter().find(|operation| operation.kind() == kind)
    }

    /// What it does, whatever it does it with.
    pub const fn kind(&self) -> OperationKind {
        match self {
            Self::Scale => OperationKind::Scale,
            Self::MeanHeads => OperationKind::MeanHeads,
            Self::MeanPositions => OperationKind::MeanPositions,
            Self::Noise { .. } => OperationKind::Noise,
            Self::Patch { .. } => OperationKind::Patch,
            Self::MeanPrompts { .. } => OperationKind::MeanPrompts,
        }
    }

    /// The ε that changes nothing.
    pub const fn neutral(&self) -> Epsilon {
        self.kind().neutral()
    }

    /// Whether it makes f times as much of vectors that are f times as long, because all that it looks at is those.
    pub const fn goes_along_with_factors(&self) -> bool {
        match self {
            Self::Scale | Self::MeanPositions | Self::Noise { .. } => true,
            Self::MeanHeads | Self::Patch { .. } | Self::MeanPrompts { .. } => false,
        }
    }

    /// What it brings in from other prompts, which a model has to read; `None` where it brings in nothing from there.
    pub const fn donated(&self) -> Option<&Donated> {
        match self {
            Self::Scale | Self::MeanHeads | Self::MeanPositions | Self::Noise { .. } => None,
            Self::Patch { vectors, .. } | Self::MeanPrompts { vectors, .. } => Some(vectors),
        }
    }

    /// Whether the other prompts are given by token ids, which are a model's own.
    pub fn names_token_ids(&self) -> bool {
        let are_ids = |prompt: &OtherPrompt| matches!(prompt, OtherPrompt::TokenIds(_));
        match self {
            Self::Patch { from, .. } => are_ids(from),
            Self::MeanPrompts { over, .. } => over.prompts.iter().any(are_ids),
            Self::Scale | Self::MeanHeads | Self::MeanPositions | Self::Noise { .. } => false,
        }
    }

    /// The same with vectors from other prompts in the place of those that it has; as it is where it brings in none.
    #[must_use]
    pub fn with_donated(self, donated: Donated) -> Self {
        match self {
            Self::Patch { from, .. } => Self::Patch { from, vectors: donated },
            Self::MeanPrompts { over, .. } => Self::MeanPrompts { over, vectors: donated },
            other => other,
        }
    }

    /// Whether what it brings in is the same for all heads of a layer.
    pub const fn brings_in_one_for_all_heads(&self) -> bool {
        matches!(self, Self::MeanHeads)
    }
}

impl fmt::Display for Operation {
    /// As on the command line, with what it does it with: `mean-heads`, `noise (seed 7)`, `patch (from “The cat”)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noise { seed } => write!(f, "noise (seed {seed})"),
            Self::Patch { from, .. } => write!(f, "patch (from {from})"),
            Self::MeanPrompts { over, .. } => write!(f, "mean-prompts (of {over})"),
            other => f.write_str(other.kind().word()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_parse_back_and_survive_json() {
        let from = [OtherPrompt::text("A cat"), OtherPrompt::TokenIds([3, 1].into())];
        let over = PromptSet { prompts: from.clone().into(), first: FirstToken::Counted };
        let of_others = from.map(Operation::patch).into_iter().chain([Operation::mean_prompts(over)]);
        for operation in Operation::OF_THE_PROMPT.into_iter().chain(of_others) {
            assert_eq!(operation.kind().word().parse(), Ok(operation.kind()));
            let json = serde_json::to_string(&operation).unwrap();
            assert_eq!(serde_json::from_str::<Operation>(&json).unwrap(), operation, "{json}");
        }
        assert_eq!(serde_json::to_string(&Operation::Noise { seed: 7 }).unwrap(), r#"{"noise":{"seed":7}}"#);
        let patch = Operation::patch(OtherPrompt::text("A cat"));
        assert_eq!(serde_json::to_string(&patch).unwrap(), r#"{"patch":{"from":"A cat"}}"#);
        assert_eq!(patch.to_string(), "patch (from “A cat”)");
        assert!("mean".parse::<OperationKind>().is_err_and(|error| error.to_string().contains("mean-positions")));
    }
}
