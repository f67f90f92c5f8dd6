//! From the residual stream behind the last layer to logits.

use std::borrow::Cow;

use ndarray::Array2;

use super::{super::description, tensors::Tensors};
use crate::model::{
    ModelError, activation::Activation, common_config::Unembedding, linear::Linear, matrix::Matrix, norms::Norm,
    transformer::ModelShape,
};

/// The final norm and the output head.
pub struct Output {
    norm: Option<Norm>,
    /// `None` of a model that was saved without it, as those that make sentence embeddings are.
    head: Option<Head>,
    /// How the head's names begin.
    head_name: &'static str,
}

struct Head {
    transform: Option<Transform>,
    unembedding: Linear,
}

/// norm(activation(map(x)))
struct Transform {
    map: Linear,
    activation: Activation,
    norm: Norm,
}

impl Output {
    /// `tokens` is the embedding of tokens, `[vocab, d_model]`.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape, or is not accounted for.
    pub fn load(
        described: &description::Output,
        redundant: &[&str],
        shape: &ModelShape,
        below: &Tensors<'_>,
        tokens: &Matrix,
    ) -> Result<Self, ModelError> {
        let top = Tensors { prefix: "", ..*below };
        let head = match &described.transform {
            Some(transform) if !top.weights.contains(&format!("{}.weight", transform.map.name)) => None,
            _ => Some(Head::load(described, shape, &top, tokens)?),
        };
        Tensors { prefix: described.head, ..*below }.refuse_unread(redundant)?;
        let norm = described.norm.map(|norm| below.norm(&norm, shape.d_model)).transpose()?;
        Ok(Self { norm, head, head_name: described.head.trim_end_matches('.') })
    }

    /// `[T, d_model]` to `[T, vocab]`.
    ///
    /// # Errors
    /// When there is no head, or the file of the weights was changed since it was opened.
    pub fn forward(&self, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        let head = self.head.as_ref().ok_or(ModelError::NoLogits { head: self.head_name })?;
        let normed = self.norm.as_ref().map_or(Cow::Borrowed(x), |norm| Cow::Owned(norm.forward(x)));
        head.forward(normed)
    }
}

impl Head {
    fn load(
        described: &description::Output,
        shape: &ModelShape,
        top: &Tensors<'_>,
        tokens: &Matrix,
    ) -> Result<Self, ModelError> {
        let &ModelShape { d_model, vocab_size, .. } = shape;
        let unembedding = Linear::new(match described.unembedding {
            Unembedding::Tied => tokens.clone(),
            Unembedding::Own => top.matrix(described.name, [vocab_size, d_model])?,
        });
        Ok(Self {
            transform: match &described.transform {
                Some(transform) => Some(Transform {
                    map: top.linear(&transform.map, d_model, d_model)?,
                    activation: transform.activation,
                    norm: top.norm(&transform.norm, d_model)?,
                }),
                None => None,
            },
            unembedding: match described.bias {
                Some(bias) => unembedding.with_bias(top.weights.vector(bias, vocab_size)?),
                None => unembedding,
            },
        })
    }

    fn forward(&self, mut x: Cow<'_, Array2<f32>>) -> Result<Array2<f32>, ModelError> {
        if let Some(Transform { map, activation, norm }) = &self.transform {
            let transformed = activation.of(map.forward("logits", &x)?.view());
            x = Cow::Owned(norm.forward(&transformed));
        }
        self.unembedding.forward("logits", &x)
    }
}
