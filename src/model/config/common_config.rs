//! What the configurations of several families have in common.

use super::{Config, wrong};
use crate::model::{
    ModelError,
    transformer::{ModelShape, PositionLimit},
};

/// Longest prompt that is read, whatever the model can: the scores of one head are 8192² · 8 bytes = 0.5 GB there.
pub const MOST_POSITIONS: usize = 8192;

/// Bounds well above every published model, so that no product of dimensions overflows.
pub const MOST_LAYERS: usize = 1 << 12;
pub const MOST_HEADS: usize = 1 << 12;
pub const MOST_HEAD_DIM: usize = 1 << 10;
pub const MOST_WIDTH: usize = 1 << 20;
pub const MOST_EXPERTS: usize = 1 << 12;
pub const MOST_TOKENS: usize = 1 << 26;
pub const MOST_NAMED_POSITIONS: usize = u32::MAX as usize;

/// Whether a projection adds a bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    Absent,
    Present,
}

impl From<bool> for Bias {
    fn from(present: bool) -> Self {
        if present { Self::Present } else { Self::Absent }
    }
}

/// The matrix from the residual stream to logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unembedding {
    /// The token embeddings.
    Tied,
    /// A tensor of its own.
    Own,
}

impl Unembedding {
    /// From `tie_word_embeddings`; `default` where that is absent.
    ///
    /// # Errors
    /// When it is no truth value.
    pub fn read(config: Config<'_>, default: Self) -> Result<Self, ModelError> {
        let tied = config.flag_or("tie_word_embeddings", default == Self::Tied)?;
        Ok(if tied { Self::Tied } else { Self::Own })
    }
}

/// The keys of a model's dimensions, which every query head shares with a key and a value head of its own.
#[derive(Clone, Copy, Debug)]
pub struct ShapeKeys {
    pub d_model: &'static str,
    pub n_layers: &'static str,
    pub n_heads: &'static str,
    pub max_positions: &'static str,
}

impl ShapeKeys {
    /// As most families call them.
    pub const USUAL: Self = Self {
        d_model: "hidden_size",
        n_layers: "num_hidden_layers",
        n_heads: "num_attention_heads",
        max_positions: "max_position_embeddings",
    };

    /// As GPT-2 and its relatives call them.
    pub const GPT2: Self =
        Self { d_model: "n_embd", n_layers: "n_layer", n_heads: "n_head", max_positions: "n_positions" };

    /// # Errors
    /// When one of them is absent or out of bounds, or the heads do not divide the width evenly.
    pub fn read(&self, config: Config<'_>) -> Result<ModelShape, ModelError> {
        self.read_with(config, None)
    }

    /// Like [`Self::read`], of a model that reads so many positions where the configuration does not say.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub fn read_with(&self, config: Config<'_>, positions: Option<usize>) -> Result<ModelShape, ModelError> {
        let d_model = config.required_count(self.d_model, 1..=MOST_WIDTH)?;
        let n_heads = config.required_count(self.n_heads, 1..=MOST_HEADS)?;
        let model = match positions {
            Some(positions) => positions,
            None => config.required_count(self.max_positions, 1..=MOST_NAMED_POSITIONS)?,
        };
        let (max_positions, position_limit) = within_program(model, PositionLimit::Model);
        Ok(ModelShape {
            n_layers: config.required_count(self.n_layers, 1..=MOST_LAYERS)?,
            n_heads,
            n_kv_heads: n_heads,
            head_dim: even_share(d_model, n_heads, *self)?,
            d_model,
            max_positions,
            position_limit,
            vocab_size: config.required_count("vocab_size", 1..=MOST_TOKENS)?,
        })
    }
}

/// The dimension of one of `n_heads` heads that share `d_model`.
///
/// # Errors
/// When they cannot share it evenly or each would have more than [`MOST_HEAD_DIM`]; the keys are those of both numbers.
pub fn even_share(d_model: usize, n_heads: usize, keys: ShapeKeys) -> Result<usize, ModelError> {
    if !d_model.is_multiple_of(n_heads) {
        return Err(wrong(keys.d_model, format!("a multiple of {}, {n_heads}", keys.n_heads), d_model));
    }
    let head_dim = d_model / n_heads;
    if head_dim <= MOST_HEAD_DIM {
        Ok(head_dim)
    } else {
        let expected = format!("at most {MOST_HEAD_DIM} times {}, {n_heads}", keys.n_heads);
        Err(wrong(keys.d_model, expected, d_model))
    }
}

/// How many tokens can be read, and why no more, where the model reads `max` because of `limit`.
pub fn within_program(max: usize, limit: PositionLimit) -> (usize, PositionLimit) {
    if MOST_POSITIONS < max { (MOST_POSITIONS, PositionLimit::Program) } else { (max, limit) }
}
