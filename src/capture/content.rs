//! What a capture holds of each layer: query, key and value vectors, or attention weights alone.

use ndarray::{Array3, s};

use super::{
    axes::Axes,
    entry::Entries,
    error::Problem,
    parts::{FoundTensor, Tensors},
    tensor::StoredTensor,
};
use crate::attention::{LayerAttention, LayerQkv, LayerWeights, Rule, ShapeError};

/// The tensors of a capture, all of which fit together.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Query `[layers, heads, T_q, d]`, key `[layers, kv_heads, T, d]`, value `[layers, kv_heads, T, value_dim]`.
    Vectors { query: StoredTensor, key: StoredTensor, value: Option<StoredTensor> },
    /// `[layers, heads, T_q, T]`
    Weights(StoredTensor),
}

impl Content {
    /// # Errors
    /// When the tensors do not fit together.
    pub(super) fn new(tensors: Tensors, entries: &Entries, n_tokens: Option<usize>) -> Result<Self, Problem> {
        match tensors {
            Tensors::Vectors { query, key, value } => Self::of_vectors(query, key, value, entries, n_tokens),
            Tensors::Weights(weights) => {
                let axes = weights.axes_of_weights()?;
                Ok(Self::Weights(weights.read("attention", &axes)?))
            }
        }
    }

    fn of_vectors(
        query: FoundTensor,
        key: FoundTensor,
        value: Option<FoundTensor>,
        entries: &Entries,
        n_tokens: Option<usize>,
    ) -> Result<Self, Problem> {
        let axes: Axes = query.axes(entries, n_tokens)?;
        let query = query.read("query", &axes)?;
        let [n_layers, n_heads, n_queries, head_dim] = query.dimensions();

        let key = key.read("key", &axes)?;
        let [key_layers, n_kv_heads, n_positions, key_dim] = key.dimensions();
        if (key_layers, key_dim) != (n_layers, head_dim) || n_positions < n_queries {
            let expected = format!("[{n_layers}, kv_heads, {n_queries}, {head_dim}] like the query");
            return Err(Problem::Shape { tensor: "key", expected, found: key.dimensions().to_vec() });
        }
        if !n_heads.is_multiple_of(n_kv_heads) {
            return Err(Problem::Groups { n_heads, n_kv_heads });
        }

        let value = value.map(|value| value.read("value", &axes)).transpose()?;
        if let Some(found) = value.as_ref().map(StoredTensor::dimensions)
            && found[..3] != [n_layers, n_kv_heads, n_positions]
        {
            let expected = format!("[{n_layers}, {n_kv_heads}, {n_positions}, any] like the key");
            return Err(Problem::Shape { tensor: "value", expected, found: found.to_vec() });
        }
        Ok(Self::Vectors { query, key, value })
    }

    /// The tensor whose axes count layers, heads and queries.
    fn by_query(&self) -> &StoredTensor {
        match self {
            Self::Vectors { query: tensor, .. } | Self::Weights(tensor) => tensor,
        }
    }

    pub(super) fn n_layers(&self) -> usize {
        self.by_query().dimensions()[0]
    }

    pub(super) fn n_heads(&self) -> usize {
        self.by_query().dimensions()[1]
    }

    pub(super) fn n_kv_heads(&self) -> usize {
        match self {
            Self::Vectors { key, .. } => key.dimensions()[1],
            Self::Weights(weights) => weights.dimensions()[1],
        }
    }

    /// T, the number of keys.
    pub(super) fn n_positions(&self) -> usize {
        match self {
            Self::Vectors { key, .. } => key.dimensions()[2],
            Self::Weights(weights) => weights.dimensions()[3],
        }
    }

    /// The number of queries, those of the last positions.
    pub(super) fn n_queries(&self) -> usize {
        self.by_query().dimensions()[2]
    }

    /// Of a query; 0 where there are weights alone.
    pub(super) fn head_dim(&self) -> usize {
        match self {
            Self::Vectors { query, .. } => query.dimensions()[3],
            Self::Weights(_) => 0,
        }
    }

    pub(super) fn has_positions_first(&self) -> bool {
        self.by_query().has_positions_first()
    }

    /// One layer under its rule, converted to f32.
    ///
    /// # Errors
    /// When the rule is not for so many heads and positions.
    pub(super) fn layer(&self, layer: usize, rule: Rule) -> Result<LayerAttention, ShapeError> {
        match self {
            Self::Vectors { query, key, value } => {
                let value = value.as_ref().map(|value| value.layer(layer));
                let query = in_place(query.layer(layer), self.n_positions());
                LayerQkv::with_rule(query, key.layer(layer), value, rule).map(Into::into)
            }
            Self::Weights(weights) => {
                let weights = in_place(weights.layer(layer), self.n_positions());
                LayerWeights::new(weights, rule.mask).map(Into::into)
            }
        }
    }
}

/// `rows [heads, T_q, any]` at the last of T positions, 0 in front.
fn in_place(rows: Array3<f32>, n_positions: usize) -> Array3<f32> {
    let (n_heads, n_queries, width) = rows.dim();
    if n_queries == n_positions {
        return rows;
    }
    let mut all = Array3::zeros((n_heads, n_positions, width));
    all.slice_mut(s![.., n_positions.saturating_sub(n_queries).., ..]).assign(&rows);
    all
}
