//! From tokens to the residual stream in front of layer 0.

use ndarray::Array2;

use super::{
    super::description::{self, PositionRows},
    tensors::Tensors,
};
use crate::model::{
    ModelError,
    layers::norms::Norm,
    transformer::ModelShape,
    weights::{linear::Linear, matrix::Matrix},
};

/// Embeddings of tokens and whatever is added to them.
pub struct Embedding {
    /// `[vocab, width]`
    tokens: Matrix,
    token_projection: Option<Linear>,
    multiplier: Option<f32>,
    /// `[positions, width]`
    positions: Option<(Matrix, PositionRows)>,
    /// `[types, width]`
    token_types: Option<Matrix>,
    /// The token behind which type 1 begins.
    separator: Option<u32>,
    norm: Option<Norm>,
    projection: Option<Linear>,
}

impl Embedding {
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load(
        described: &description::Embedding,
        shape: &ModelShape,
        below: &Tensors<'_>,
        separator: Option<u32>,
    ) -> Result<Self, ModelError> {
        let (width, d_model) = (described.width, shape.d_model);
        let projection = |map: Option<description::Map>| map.map(|map| below.linear(&map, width, d_model)).transpose();
        let token_projection = projection(described.token_projection)?;
        // What is added to projected tokens is as wide as they are.
        let added = if token_projection.is_some() { d_model } else { width };
        let positions = match &described.positions {
            Some(table) => Some((below.matrix(table.name, [table.n_rows, added])?, table.rows)),
            None => None,
        };
        let types = |table: description::TokenTypes| below.matrix(table.name, [table.n_rows, added]);
        Ok(Self {
            tokens: below.matrix(described.tokens, [shape.vocab_size, width])?,
            token_projection,
            multiplier: described.multiplier,
            positions,
            token_types: described.token_types.map(types).transpose()?,
            separator,
            norm: described.norm.map(|norm| below.norm(&norm, added)).transpose()?,
            projection: projection(described.projection)?,
        })
    }

    /// Whether a table of positions is added to the tokens.
    pub fn adds_positions(&self) -> bool {
        self.positions.is_some()
    }

    /// `[vocab, width]`
    pub fn tokens(&self) -> &Matrix {
        &self.tokens
    }

    /// Of the positions of a text from `first` on, `[T - first, d_model]`.
    ///
    /// # Errors
    /// When the file of the weights was changed since it was opened.
    pub fn forward(&self, token_ids: &[u32], first: usize) -> Result<Array2<f32>, ModelError> {
        const OPERATION: &str = "embedding";
        let rows = token_ids.iter().skip(first).map(|&id| usize::try_from(id).unwrap_or(usize::MAX));
        let mut x = self.tokens.select(rows)?;
        if let Some(map) = &self.token_projection {
            x = map.forward(OPERATION, &x)?;
        }
        if let Some(multiplier) = self.multiplier {
            x *= multiplier;
        }
        if let Some((positions, rows)) = &self.positions {
            x += &positions.select(rows.of(token_ids).into_iter().skip(first))?;
        }
        if let Some(token_types) = &self.token_types {
            x += &token_types.select(types_of(token_ids, self.separator).into_iter().skip(first))?;
        }
        if let Some(norm) = &self.norm {
            x = norm.forward(&x);
        }
        match &self.projection {
            Some(map) => map.forward(OPERATION, &x),
            None => Ok(x),
        }
    }
}

/// The type of each token: 1 behind the first separator, 0 up to it. A separator at the end has nothing behind it.
fn types_of(token_ids: &[u32], separator: Option<u32>) -> Vec<usize> {
    let first = separator.and_then(|separator| token_ids.iter().position(|&id| id == separator));
    (0..token_ids.len()).map(|position| usize::from(first.is_some_and(|first| position > first))).collect()
}

impl PositionRows {
    /// The row of each token's position.
    fn of(self, token_ids: &[u32]) -> Vec<usize> {
        match self {
            Self::From(first) => (first..first + token_ids.len()).collect(),
            Self::WithoutPadding { padding } => {
                let first = usize::try_from(padding).unwrap_or(usize::MAX);
                let mut last = first;
                let row = |&id: &u32| {
                    if id == padding {
                        first
                    } else {
                        last += 1;
                        last
                    }
                };
                token_ids.iter().map(row).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_sentence_begins_behind_the_first_separator() {
        assert_eq!(types_of(&[2, 5, 3, 8, 3], Some(3)), [0, 0, 0, 1, 1]);
        assert_eq!(types_of(&[2, 5, 8, 3], Some(3)), [0, 0, 0, 0]);
        assert_eq!(types_of(&[2, 5, 3, 8, 3], None), [0; 5]);
    }

    #[test]
    fn rows_of_positions_leave_padding_out() {
        assert_eq!(PositionRows::From(2).of(&[7, 7, 1]), [2, 3, 4]);
        assert_eq!(PositionRows::WithoutPadding { padding: 1 }.of(&[0, 5, 1, 6, 1]), [2, 3, 1, 4, 1]);
    }
}
