//! Attention under intervention: pure mathematics on [`ndarray`], nothing of the program's own below it.
//!
//! For one head with query vectors `Q [T, d]`, key vectors `K [T, d]` and value vectors `V [T, d]`:
//!
//! ```text
//! scores  S = Q·Kᵀ / √d                     [query, key]
//! pattern A = softmax over keys of mask(S)  [query, key]   rows are destinations, columns sources
//! output  O = A·V                           [query, d]
//! ```
//!
//! (Vaswani et al. 2017, arXiv 1706.03762.) An [`Intervention`] applies an [`Operation`] to Q, K or V before this
//! happens, scaling them by ε for one, as Zhou et al., ICLR 2025 (arXiv 2410.13708), do to measure what a head is for.
//!
//! Layers differ in what happens between the product and the softmax, and in which keys a query may attend to: that is
//! data beside their vectors, a [`Rule`].
//!
//! A masked cell is *absent*, never zero: rows are handed out as the slice of keys that the query may attend to.

mod epsilon;
mod grid;
mod head_edit;
mod intervention;
mod layer;
mod layers_under;
mod mask;
mod metrics;
mod operation;
mod packed;
mod pattern;
mod qkv;
mod replacements;
mod row_terms;
mod rule;
mod scope;
mod scores;
mod shape_error;
mod simd;
mod why;

pub use epsilon::{Epsilon, EpsilonError, Notation, ParseNotationError};
#[cfg(test)]
pub(crate) use grid::panel;
pub use grid::{
    Cell, Column, Component, Components, Experiment, Grid, PanelId, ParseComponentError, ParseComponentsError, Shape,
};
pub use head_edit::{HeadEdit, Other};
pub use intervention::{
    Beneath, Blocked, Change, Edges, Edit, InForce, Intervention, Kept, KeptBlock, KeptChange, Stacked,
};
pub use layer::{LayerAttention, LayerWeights};
pub use layers_under::LayersUnder;
pub use mask::{Keys, Mask};
pub use metrics::{
    Comparison, Metrics, SinkQueries, induction, js_from_baseline, kl_divergence, kl_from_baseline, max_weight,
    normalized_entropy, output_norm, previous_token, sink_mass,
};
pub use operation::{
    Donated, Donor, FirstToken, Operation, OperationKind, OtherPrompt, ParseOperationError, PromptSet,
};
#[cfg(test)]
pub use pattern::EXACT_ROWS;
pub use pattern::{ExactCell, Pattern};
pub use qkv::LayerQkv;
pub use rule::{HeadRule, Rule};
pub use scope::{
    HeadScope, HeadSet, Heads, LayerScope, PositionScope, Positions, Preset, Reach, Scope, ScopeError, Shown,
};
pub use scores::HeadScores;
pub use shape_error::ShapeError;
pub use simd::exp::exp_in_place;
pub use why::{Capped, ScoreChange, Why};
