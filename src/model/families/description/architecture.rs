//! What a model is made of, as data: which norms, projections, rotations and feed-forward blocks each layer has, and
//! under which names its tensors are stored. [`crate::model::families::network`] computes whatever is described here.
//!
//! Names are without the `.weight` or `.bias` at their end. Those of a layer are below `{prefix}{layers}{index}.`, those
//! of the embeddings and the final norm below `{prefix}`, and those of the output head stand as they are.

use super::{feed_forward::FeedForward, linear_map::Map};
use crate::{
    attention::Mask,
    model::{
        config::{
            common_config::{Bias, Unembedding},
            rope_config::RopeConfig,
        },
        layers::{
            activation::Activation,
            rope::{Pairs, RotatedDims},
        },
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
    /// `[vocab, width]`
    pub tokens: &'static str,
    /// Of the tables, where it is not that of the residual stream.
    pub width: usize,
    /// From the tokens' width to that of the residual stream, before positions are added.
    pub token_projection: Option<Map>,
    pub multiplier: Option<f32>,
    pub positions: Option<Positions>,
    pub token_types: Option<TokenTypes>,
    pub norm: Option<Norm>,
    /// From the tables' width to that of the residual stream, behind the norm.
    pub projection: Option<Map>,
}

/// Learned embeddings of positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions {
    pub name: &'static str,
    /// Rows of the table, independent of the longest prompt that is read.
    pub n_rows: usize,
    pub rows: PositionRows,
}

/// Which row of the table a position has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositionRows {
    /// Position 0 has this row, the next one the next.
    From(usize),
    /// Padding has the row of its own id, and the others count from the next row on, padding left out.
    WithoutPadding { padding: u32 },
}

/// Embeddings of the sentence that a token belongs to: the first, row 0, unless a separator stands in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenTypes {
    pub name: &'static str,
    pub n_rows: usize,
    /// The piece behind which the second sentence begins, row 1; `None` in models that were trained on row 0 alone.
    pub separator: Option<&'static str>,
}

/// One layer: attention, then or beside it a feed-forward block.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub attention: Attention,
    pub attention_norms: Norms,
    pub feed_forward: FeedForward,
    pub feed_forward_norms: Norms,
    pub order: Order,
    /// On the output of both blocks, before it is added.
    pub residual_multiplier: Option<f32>,
}

/// Where a block has norms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Norms {
    /// Of what the block reads.
    pub before: Option<Norm>,
    /// Of what the block writes, before it is added to the residual stream.
    pub behind: Option<Norm>,
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
    /// The same as attention, through the same norm.
    ParallelSharedNorm,
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
    /// Layer normalization with a weight alone.
    LayerWithoutBias,
    /// Layer normalization with neither.
    LayerWithoutWeight,
    /// Layer normalization with 1 + weight, and a bias.
    LayerPlusOne,
    /// Division by the root of the mean square, with a weight.
    Rms,
    /// Division by the root of the mean square, with 1 + weight.
    RmsPlusOne,
}

/// From the residual stream to query, key and value, and from the heads' outputs back.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    pub projections: Projections,
    /// Bound on the numbers of query, key and value, before they are rotated.
    pub clamp: Option<f32>,
    pub qk_norm: Option<QkNorm>,
    pub rotary: Option<Rotary>,
    pub rule: LayerRule,
    pub output: Map,
}

/// What a layer does with q·k before and in its softmax.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerRule {
    /// What multiplies q·k.
    pub scale: f64,
    pub mask: Mask,
    /// The bound that scores are bent towards.
    pub softcap: Option<f64>,
    /// A tensor `[n_heads]` of logits that belong to no key, by its whole name below the layer's prefix.
    pub sinks: Option<&'static str>,
    pub alibi: Option<Alibi>,
}

/// A bias of scores that falls with the distance (Press et al. 2021, arXiv 2108.12409).
#[derive(Clone, Debug, PartialEq)]
pub struct Alibi {
    /// For each head.
    pub slopes: Vec<f32>,
    pub form: AlibiForm,
}

/// How the bias of key j follows from a head's slope. Within a row all forms differ by a constant, but for rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlibiForm {
    /// slope · j
    Absolute,
    /// slope · (j + 1 − T)
    FromEnd,
    /// Both slope and product in BF16, scaled like q·k, and twice: the reference's eager attention adds it to the scores
    /// and has it in the mask as well.
    RoundedAndScaledTwice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projections {
    Separate { query: Map, key: Map, value: Map },
    Fused { map: Map, layout: Layout },
    LowRank(LowRank),
}

/// Multi-head latent attention (DeepSeek-AI 2024, arXiv 2405.04434): keys and values come from a short vector for each
/// position, and a part of the key that is rotated is shared by all heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowRank {
    /// Of the query's short vector; without it queries are projected directly.
    pub query_rank: Option<usize>,
    /// Of the keys' and values' short vector.
    pub rank: usize,
    /// Dimensions of query and key that are not rotated; those that are come behind.
    pub n_plain: usize,
    pub n_rotated: usize,
    /// Dimensions of a value.
    pub value_dim: usize,
    /// On the maps to the short vectors.
    pub bias: Bias,
}

/// The order of the heads in a fused projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// All queries, then all keys, then all values.
    Blocks,
    /// For each kv head the queries that read it, its key and its value.
    Groups,
}

/// Norms of query and key vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QkNorm {
    pub query: Norm,
    pub key: Norm,
    pub extent: NormExtent,
    pub place: NormPlace,
}

/// What a norm of query or key vectors takes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormExtent {
    /// Each head, with one weight `[head_dim]` for all.
    Head,
    /// Each head, with weights `[heads, head_dim]`.
    EachHead,
    /// Each head, with a weight of its own, `{name}.{head}`.
    NamedHead,
    /// All heads, with a weight `[heads · head_dim]`.
    Width,
}

/// Before or behind the rotary embedding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormPlace {
    BeforeRotation,
    BehindRotation,
}

/// Rotary embedding of some dimensions of each head.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotary {
    pub rope: RopeConfig,
    pub dims: RotatedDims,
}

/// From the residual stream behind the last layer to logits.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Below the prefix.
    pub norm: Option<Norm>,
    /// To the width of the embeddings, below the prefix.
    pub projection: Option<Map>,
    /// Of masked language models: between the residual stream and the unembedding.
    pub transform: Option<Transform>,
    pub unembedding: Unembedding,
    /// Of an unembedding of its own.
    pub name: &'static str,
    /// A tensor `[vocab]` that is added to the logits.
    pub bias: Option<&'static str>,
    /// On the logits.
    pub multiplier: Option<f32>,
    /// Logits are cap · tanh(logits / cap).
    pub softcap: Option<f32>,
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

impl Norm {
    pub const fn layer(name: &'static str, eps: f64) -> Self {
        Self { name, kind: NormKind::Layer, eps }
    }

    pub const fn new(name: &'static str, kind: NormKind, eps: f64) -> Self {
        Self { name, kind, eps }
    }

    pub const fn rms(name: &'static str, eps: f64) -> Self {
        Self { name, kind: NormKind::Rms, eps }
    }
}

impl Norms {
    /// The block reads a normed residual stream.
    pub const fn before(norm: Norm) -> Self {
        Self { before: Some(norm), behind: None, on_sum: None }
    }

    /// What the block writes is normed.
    pub const fn behind(norm: Norm) -> Self {
        Self { before: None, behind: Some(norm), on_sum: None }
    }

    /// Both what the block reads and what it writes are normed.
    pub const fn around(before: Norm, behind: Norm) -> Self {
        Self { before: Some(before), behind: Some(behind), on_sum: None }
    }

    /// The residual stream is normed behind the block.
    pub const fn on_sum(norm: Norm) -> Self {
        Self { before: None, behind: None, on_sum: Some(norm) }
    }
}

impl QkNorm {
    /// Of each head by itself, with the same weight, before rotation.
    pub const fn per_head(query: Norm, key: Norm) -> Self {
        Self { query, key, extent: NormExtent::Head, place: NormPlace::BeforeRotation }
    }

    /// Of all heads together, before rotation.
    pub const fn whole_width(query: Norm, key: Norm) -> Self {
        Self { query, key, extent: NormExtent::Width, place: NormPlace::BeforeRotation }
    }
}

impl Rotary {
    /// Of the first `n` dimensions, in pairs of one dimension from each half.
    pub fn halves(rope: RopeConfig, n: usize) -> Self {
        Self { rope, dims: RotatedDims { first: 0, n, pairs: Pairs::Halves } }
    }

    /// The same rotation of neighbouring dimensions.
    #[must_use]
    pub fn adjacent(self) -> Self {
        Self { dims: RotatedDims { pairs: Pairs::Adjacent, ..self.dims }, ..self }
    }
}

impl Embedding {
    /// Of tokens alone.
    pub const fn new(tokens: &'static str, d_model: usize) -> Self {
        Self {
            tokens,
            width: d_model,
            token_projection: None,
            multiplier: None,
            positions: None,
            token_types: None,
            norm: None,
            projection: None,
        }
    }
}

impl Output {
    /// A norm and an unembedding `{name}`, which is also how the head's names begin.
    pub const fn new(norm: Option<Norm>, name: &'static str, unembedding: Unembedding) -> Self {
        Self {
            norm,
            projection: None,
            transform: None,
            unembedding,
            name,
            bias: None,
            multiplier: None,
            softcap: None,
            head: name,
        }
    }
}

impl LayerRule {
    /// Scale and mask alone.
    pub const fn plain(scale: f64, mask: Mask) -> Self {
        Self { scale, mask, softcap: None, sinks: None, alibi: None }
    }
}

/// `1/√head_dim`, what most models multiply q·k by.
pub fn usual_scale(head_dim: usize) -> f64 {
    1.0 / (head_dim as f64).sqrt()
}
