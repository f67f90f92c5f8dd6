//! What every architecture does, one layer at a time, so that interventions and attention live in one place.

use candle_core::Tensor;
use ndarray::Array2;

use super::ModelError;
use crate::attention::LayerQkv;

/// Dimensions of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelShape {
    pub n_layers: usize,
    pub n_heads: usize,
    pub n_kv_heads: usize,
    pub head_dim: usize,
    pub d_model: usize,
    /// The longest sequence that the model can read.
    pub max_positions: usize,
    pub vocab_size: usize,
}

/// The residual stream in front of a layer, `[T, d_model]`. Cheap to clone: the tensor is shared.
#[derive(Clone, Debug)]
pub struct Residual(pub(super) Tensor);

/// One architecture: everything but the attention itself, which is the same for all of them and where
/// interventions act ([`super::run`]).
pub trait Transformer: Send + Sync {
    fn shape(&self) -> &ModelShape;

    /// Token embeddings, with position embeddings where the architecture adds them: what enters layer 0.
    ///
    /// # Errors
    /// When an id is outside the vocabulary or the sequence is longer than the model can read.
    fn embed(&self, token_ids: &[u32]) -> Result<Residual, ModelError>;

    /// Query, key and value vectors of `layer`: projected, with bias, normed and rotated as the architecture has it.
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn qkv(&self, layer: usize, residual: &Residual) -> Result<LayerQkv, ModelError>;

    /// The residual stream behind `layer`, given the outputs of all its heads side by side,
    /// `[T, n_heads · head_dim]`: output projection, feed-forward block, norms.
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn finish(&self, layer: usize, residual: &Residual, head_outputs: Array2<f32>) -> Result<Residual, ModelError>;

    /// Next-token logits at every position, `[T, vocab]`, from what leaves the last layer.
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn logits(&self, residual: &Residual) -> Result<Array2<f32>, ModelError>;
}
