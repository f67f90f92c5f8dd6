//! What the parts of a model add to a logit: each head, each feed-forward block, the embeddings, and biases by
//! themselves ("direct logit attribution", Elhage et al. 2021, <https://transformer-circuits.pub/2021/framework>).
//!
//! Everything between a part and the logits is linear once norms are taken at the scale that they have for the actual
//! stream, so that the parts sum to the logit before the final soft cap. Sums are in f64.

use ndarray::{Array1, Array2};

use super::ModelError;

/// What one layer adds to the residual stream at one position, by what writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerParts {
    /// `[n_heads, d_model]`: each head's output through the output projection and whatever norm follows it.
    pub heads: Array2<f64>,
    /// `[d_model]`, of the output projection and of the norm that follows it; `None` where neither has one.
    pub bias: Option<Array1<f64>>,
    /// `[d_model]`, with its own biases.
    pub feed_forward: Array1<f64>,
}

/// How parts of the residual stream behind the last layer become logits.
pub trait Parts {
    /// # Errors
    /// When no part of the stream reaches the logits by itself, which says why, or there are no logits.
    fn check(&self) -> Result<(), ModelError>;

    /// Parts of the stream behind the last layer, `[parts, d_model]`, as the unembedding reads them, `[parts + 1, width]`:
    /// through the final norm at the scale that it has for their sum. The last row is what is added there, the norm's bias.
    ///
    /// # Errors
    /// Those of [`Self::check`].
    fn read(&self, parts: &Array2<f64>) -> Result<Array2<f64>, ModelError>;

    /// What rows of [`Self::read`] add to the logits of some tokens, `[rows, tokens]`, without [`Self::biases`].
    ///
    /// # Errors
    /// Those of [`Self::check`], and when a token is outside of the vocabulary.
    fn logits(&self, read: &Array2<f64>, token_ids: &[u32]) -> Result<Array2<f64>, ModelError>;

    /// [`Self::logits`] of the whole vocabulary in f32, `[rows, vocab]`: enough to find the largest.
    ///
    /// # Errors
    /// Those of [`Self::check`].
    fn all_logits(&self, read: &Array2<f32>) -> Result<Array2<f32>, ModelError>;

    /// What is added to the logit of each token, `[vocab]`; `None` where the unembedding has no bias.
    ///
    /// # Errors
    /// Those of [`Self::check`].
    fn biases(&self) -> Result<Option<Array1<f64>>, ModelError>;
}
