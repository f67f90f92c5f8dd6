//! From tokens to the residual stream in front of layer 0.

use ndarray::Array2;

use super::{super::description, tensors::Tensors};
use crate::model::{ModelError, matrix::Matrix, norms::Norm, transformer::ModelShape};

/// Embeddings of tokens and whatever is added to them.
pub struct Embedding {
    /// `[vocab, d_model]`
    tokens: Matrix,
    /// `[positions, d_model]`
    positions: Option<Matrix>,
    /// `[types, d_model]`
    token_types: Option<Matrix>,
    norm: Option<Norm>,
}

impl Embedding {
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load(
        described: &description::Embedding,
        shape: &ModelShape,
        below: &Tensors<'_>,
    ) -> Result<Self, ModelError> {
        let matrix = |name: &str, n_rows| below.matrix(name, [n_rows, shape.d_model]);
        Ok(Self {
            tokens: matrix(described.tokens, shape.vocab_size)?,
            positions: described.positions.map(|table| matrix(table.name, table.n_rows)).transpose()?,
            token_types: described.token_types.map(|table| matrix(table.name, table.n_rows)).transpose()?,
            norm: described.norm.map(|norm| below.norm(&norm, shape.d_model)).transpose()?,
        })
    }

    /// `[vocab, d_model]`
    pub fn tokens(&self) -> &Matrix {
        &self.tokens
    }

    /// `[T, d_model]`
    ///
    /// # Errors
    /// When the file of the weights was changed since it was opened.
    pub fn forward(&self, token_ids: &[u32]) -> Result<Array2<f32>, ModelError> {
        let rows = token_ids.iter().map(|&id| usize::try_from(id).unwrap_or(usize::MAX));
        let mut x = self.tokens.select(rows)?;
        if let Some(positions) = &self.positions {
            x += &positions.select(0..token_ids.len())?;
        }
        if let Some(token_types) = &self.token_types {
            // Every token is of type 0.
            x += &token_types.select(0..1)?;
        }
        Ok(match &self.norm {
            Some(norm) => norm.forward(&x),
            None => x,
        })
    }
}
