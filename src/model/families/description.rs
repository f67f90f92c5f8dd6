//! What a model is made of, as data: which norms, projections, rotations and feed-forward blocks each layer has, and
//! under which names its tensors are stored. [`super::network`] computes whatever is described here.
//!
//! Names are without the `.weight` or `.bias` at their end. Those of a layer are below `{prefix}{layers}{index}.`, those
//! of the embeddings and the final norm below `{prefix}`, and those of the output head stand as they are.

use crate::{
    attention::Mask,
    model::{
        activation::Activation,
        common_config::{Bias, Unembedding},
        rope::RopeConfig,
        transformer::ModelShape,
    },
};

/// A whole model.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    pub shape: ModelShape,
    pub names: Names,
    pub embedding: Embedding,
    /// One for each layer.
    pub layers: Vec<Layer>,
    pub output: Output,
}

/// How the names of the tensors begin, and which of them may be passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// In front of all names but the output head's; files saved from the model without its head leave it out.
    pub prefix: &'static str,
    /// In front of a layer's number.
    pub layers: &'static str,
    /// Outside of the layers, names that begin like this must all be accounted for; below the prefix.
    pub complete: &'static [&'static str],
    /// Endings of names that change nothing: buffers that follow from the configuration, copies of tied weights.
    pub redundant: &'static [&'static str],
}

/// From tokens to the residual stream in front of layer 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    /// `[vocab, d_model]`
    pub tokens: &'static str,
    pub positions: Option<Positions>,
    pub token_types: Option<TokenTypes>,
    pub norm: Option<Norm>,
}

/// Learned embeddings of positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions {
    pub name: &'static str,
    /// Rows of the table, independent of the longest prompt that is read.
    pub n_rows: usize,
}

/// Embeddings of the sentence that a token belongs to; the prompt is one sentence, the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenTypes {
    pub name: &'static str,
    pub n_rows: usize,
}

/// One layer: attention, then or beside it a feed-forward block.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub attention: Attention,
    pub attention_norms: Norms,
    pub feed_forward: FeedForward,
    pub feed_forward_norms: Norms,
    pub order: Order,
}

/// Where a block has norms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Norms {
    /// Of what the block reads.
    pub before: Option<Norm>,
    /// Of the residual stream with the block's output added.
    pub on_sum: Option<Norm>,
}

/// What the feed-forward block reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The residual stream that attention has added to.
    Sequential,
    /// The same residual stream as attention, through a norm of its own.
    Parallel,
}

/// A norm and its name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    pub name: &'static str,
    pub kind: NormKind,
    /// Added to the variance or the mean square.
    pub eps: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// Layer normalization with weight and bias.
    Layer,
    /// Division by the root of the mean square, with a weight.
    Rms,
}

/// A linear map and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    pub name: &'static str,
    pub bias: Bias,
    pub stored: Stored,
}

/// The order in which a file has a map's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// `[out, in]`
    OutIn,
    /// `[in, out]`: GPT-2's `Conv1D`.
    InOut,
}

/// From the residual stream to query, key and value, and from the heads' outputs back.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    pub projections: Projections,
    pub qk_norm: Option<QkNorm>,
    pub rotary: Option<Rotary>,
    /// What multiplies q·k.
    pub scale: f64,
    pub mask: Mask,
    pub output: Map,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projections {
    Separate { query: Map, key: Map, value: Map },
    Fused { map: Map, layout: Layout },
}

/// The order of the heads in a fused projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// All queries, then all keys, then all values.
    Blocks,
    /// For each kv head the queries that read it, its key and its value.
    Groups,
}

/// Norms of each head's query and key vectors, before they are rotated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QkNorm {
    pub query: Norm,
    pub key: Norm,
}

/// Rotary embedding of the first `n_dims` dimensions of each head.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotary {
    pub rope: RopeConfig,
    /// Even.
    pub n_dims: usize,
}

/// The block behind attention: each position by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedForward {
    /// Down(activation(Up(x)))
    Plain { up: Map, activation: Activation, down: Map, d_ff: usize },
    /// Down(activation(Gate(x)) · Up(x))
    Gated { gate: Map, up: Map, activation: Activation, down: Map, d_ff: usize },
}

/// From the residual stream behind the last layer to logits.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Below the prefix.
    pub norm: Option<Norm>,
    /// Of masked language models: between the residual stream and the unembedding.
    pub transform: Option<Transform>,
    pub unembedding: Unembedding,
    /// Of an unembedding of its own.
    pub name: &'static str,
    /// A tensor `[vocab]` that is added to the logits.
    pub bias: Option<&'static str>,
    /// Names of the head's tensors begin like this, and all of them must be accounted for.
    pub head: &'static str,
}

/// norm(activation(map(x)))
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    pub map: Map,
    pub activation: Activation,
    pub norm: Norm,
}

impl Map {
    pub const fn new(name: &'static str, bias: Bias) -> Self {
        Self { name, bias, stored: Stored::OutIn }
    }

    /// With a bias.
    pub const fn biased(name: &'static str) -> Self {
        Self::new(name, Bias::Present)
    }

    /// GPT-2's `Conv1D`, with a bias.
    pub const fn conv1d(name: &'static str) -> Self {
        Self { name, bias: Bias::Present, stored: Stored::InOut }
    }
}

impl Norm {
    pub const fn layer(name: &'static str, eps: f64) -> Self {
        Self { name, kind: NormKind::Layer, eps }
    }

    pub const fn rms(name: &'static str, eps: f64) -> Self {
        Self { name, kind: NormKind::Rms, eps }
    }
}

impl Norms {
    /// The block reads a normed residual stream.
    pub const fn before(norm: Norm) -> Self {
        Self { before: Some(norm), on_sum: None }
    }

    /// The residual stream is normed behind the block.
    pub const fn on_sum(norm: Norm) -> Self {
        Self { before: None, on_sum: Some(norm) }
    }
}

impl Rotary {
    /// Of whole heads.
    pub fn whole(rope: RopeConfig, shape: &ModelShape) -> Self {
        Self { rope, n_dims: shape.head_dim }
    }
}

/// `1/√head_dim`, what most models multiply q·k by.
pub fn usual_scale(head_dim: usize) -> f64 {
    1.0 / (head_dim as f64).sqrt()
}
