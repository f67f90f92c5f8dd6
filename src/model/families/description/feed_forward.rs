//! Description of the feed-forward block of a layer: plain, gated, or a mixture of experts.

use super::linear_map::Map;
use crate::model::{config::common_config::Bias, layers::activation::Activation};

/// The block behind attention: each position by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedForward {
    /// Down(activation(Up(x)))
    Plain {
        up: Map,
        activation: Activation,
        down: Map,
        d_ff: usize,
    },
    /// The same with a function that has learned parameters, tensors below `name`.
    Xielu {
        up: Map,
        name: &'static str,
        down: Map,
        d_ff: usize,
    },
    Gated(Gated),
    Experts(Box<Experts>),
}

/// Down(activation(Gate(x)) · Up(x))
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gated {
    pub gate_up: GateUp,
    pub activation: Activation,
    pub down: Map,
    pub d_ff: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateUp {
    Separate {
        gate: Map,
        up: Map,
    },
    /// Gate above up.
    Fused(Map),
}

/// A mixture of experts (Shazeer et al. 2017, arXiv 1701.06538): a router chooses a few of many gated blocks for each
/// position, and adds what they write.
#[derive(Clone, Debug, PartialEq)]
pub struct Experts {
    pub router: Router,
    pub blocks: ExpertBlocks,
    /// A block that all positions go through.
    pub shared: Option<Shared>,
}

/// The experts' tensors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ExpertBlocks {
    /// Each expert's own, below `{prefix}{number}.`
    Numbered { prefix: &'static str, expert: Gated },
    /// All experts' in one tensor of three axes each, with biases.
    Stacked(StackedExperts),
}

/// gpt-oss: a gate that is bounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StackedExperts {
    pub maps: StackedMaps,
    pub d_ff: usize,
    /// The gate g gives g / (1 + exp(−alpha · g)).
    pub alpha: f32,
    /// Gates are at most this, and what they multiply is between this and its negative.
    pub limit: f32,
}

/// The choice of experts.
#[derive(Clone, Debug, PartialEq)]
pub struct Router {
    pub map: Map,
    pub n_experts: usize,
    /// For each position.
    pub n_chosen: usize,
    pub scores: RouterScores,
    pub groups: Option<ExpertGroups>,
    /// Whether the weights of those chosen sum to 1.
    pub renormalized: bool,
    /// On the weights.
    pub multiplier: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterScores {
    /// Weights are a softmax over all experts.
    Softmax,
    /// Weights are a softmax over those chosen.
    SoftmaxOfChosen,
    /// Weights are between 0 and 1, each by itself; the choice is made with a number added to each, the tensor of this
    /// name.
    Sigmoid { correction: &'static str },
}

/// Experts are chosen from the best groups of neighbours.
#[expect(clippy::struct_field_names, reason = "counts are called n_… everywhere")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpertGroups {
    pub n_groups: usize,
    pub n_chosen: usize,
    /// A group's score is the sum of so many of its best.
    pub n_best: usize,
}

/// The block of a mixture that all positions go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// In front of the block's names.
    pub prefix: &'static str,
    pub block: Gated,
    /// A map to one number, whose sigmoid the block's output is multiplied by.
    pub gate: Option<&'static str>,
}

/// The tensors of stacked experts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackedMaps {
    /// `[expert, in, out]`, gate and up projection in turns, and biases `{name}_bias`.
    InTurns { gate_up: &'static str, down: &'static str },
    /// `{name}.weight`, `[expert, out, in]`, and `{name}.bias`.
    Apart { gate: &'static str, up: &'static str, down: &'static str },
}

impl Gated {
    /// With the names that most families have, without biases.
    pub const fn usual(activation: Activation, d_ff: usize) -> Self {
        let gate_up = GateUp::Separate { gate: Map::plain("gate_proj"), up: Map::plain("up_proj") };
        Self { gate_up, activation, down: Map::plain("down_proj"), d_ff }
    }

    /// With a bias on all its maps, or on none.
    #[must_use]
    pub fn with_bias(self, bias: Bias) -> Self {
        let map = |map| Map { bias, ..map };
        let gate_up = match self.gate_up {
            GateUp::Separate { gate, up } => GateUp::Separate { gate: map(gate), up: map(up) },
            GateUp::Fused(fused) => GateUp::Fused(map(fused)),
        };
        Self { gate_up, down: map(self.down), ..self }
    }
}
