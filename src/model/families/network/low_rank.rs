//! Multi-head latent attention (DeepSeek-AI 2024, arXiv 2405.04434): keys and values from a short vector.

use ndarray::{Array2, Array3, ArrayView2, Axis, s};

use super::{
    super::description::{self, Map, Norm},
    tensors::Tensors,
};
use crate::model::{
    ModelError,
    layers::{
        heads::{Vectors, split_heads},
        norms,
        rope::Turns,
    },
    transformer::ModelShape,
    weights::linear::Linear,
};

const OPERATION: &str = "query, key and value";

/// The reference's norms of the short vectors do not take the configuration's.
const EPS: f64 = 1e-6;

/// The projections of one layer.
pub struct LowRank {
    n_heads: usize,
    described: description::LowRank,
    /// To the query's short vector, and its norm.
    query_down: Option<(Linear, norms::Norm)>,
    query: Linear,
    /// To the keys' and values' short vector, and behind it the rotated part of all heads' keys.
    down: Linear,
    norm: norms::Norm,
    /// Head by head the key's part that is not rotated, and the value.
    key_value: Linear,
}

impl LowRank {
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load(described: &description::LowRank, shape: &ModelShape, below: &Tensors<'_>) -> Result<Self, ModelError> {
        let &description::LowRank { query_rank, rank, n_plain, n_rotated, value_dim, bias } = described;
        let &ModelShape { n_heads, d_model, .. } = shape;
        let d_query = n_heads * (n_plain + n_rotated);
        let linear = |name, bias, d_in, d_out| below.linear(&Map::new(name, bias), d_in, d_out);
        let (query_down, query) = match query_rank {
            Some(rank) => (
                Some((
                    linear("self_attn.q_a_proj", bias, d_model, rank)?,
                    below.norm(&Norm::rms("self_attn.q_a_layernorm", EPS), rank)?,
                )),
                below.linear(&Map::plain("self_attn.q_b_proj"), rank, d_query)?,
            ),
            None => (None, below.linear(&Map::plain("self_attn.q_proj"), d_model, d_query)?),
        };
        Ok(Self {
            n_heads,
            described: *described,
            query_down,
            query,
            down: linear("self_attn.kv_a_proj_with_mqa", bias, d_model, rank + n_rotated)?,
            norm: below.norm(&Norm::rms("self_attn.kv_a_layernorm", EPS), rank)?,
            key_value: below.linear(&Map::plain("self_attn.kv_b_proj"), rank, n_heads * (n_plain + value_dim))?,
        })
    }

    /// Query, key and value vectors of each run, `[heads, T, dimension]`.
    ///
    /// # Errors
    /// When the file of the weights was changed since it was opened.
    pub fn forward(
        &self,
        x: &Array2<f32>,
        n_positions: usize,
        turns: Option<&Turns>,
    ) -> Result<Vec<Vectors>, ModelError> {
        let queries = match &self.query_down {
            Some((down, norm)) => self.query.forward(OPERATION, &norm.forward(&down.forward(OPERATION, x)?))?,
            None => self.query.forward(OPERATION, x)?,
        };
        let short = self.down.forward(OPERATION, x)?;
        let normed = self.norm.forward(&short.slice(s![.., ..self.described.rank]).to_owned());
        let key_value = self.key_value.forward(OPERATION, &normed)?;
        let [queries, short, key_value] =
            [&queries, &short, &key_value].map(|rows| rows.axis_chunks_iter(Axis(0), n_positions.max(1)));
        let runs = queries.zip(short).zip(key_value);
        Ok(runs.map(|((queries, short), key_value)| self.of_run(queries, short, key_value, turns)).collect())
    }

    /// From a run's queries, short vectors in front of their norm, and what the keys and values are made of.
    fn of_run(
        &self,
        queries: ArrayView2<'_, f32>,
        short: ArrayView2<'_, f32>,
        key_value: ArrayView2<'_, f32>,
        turns: Option<&Turns>,
    ) -> Vectors {
        let &description::LowRank { rank, n_plain, n_rotated, value_dim, .. } = &self.described;
        let rotate = |place: usize, vector: &mut [f32]| {
            if let Some(turns) = turns {
                turns.rotate(place, vector);
            }
        };
        let query = split_heads(queries, n_plain + n_rotated, 0..self.n_heads, |_, place, vector| {
            rotate(place, vector);
        });
        let parts = split_heads(key_value, n_plain + value_dim, 0..self.n_heads, |_, _, _| {});
        let value = parts.slice(s![.., .., n_plain..]).to_owned();
        let mut key = Array3::zeros((self.n_heads, queries.nrows(), n_plain + n_rotated));
        key.slice_mut(s![.., .., ..n_plain]).assign(&parts.slice(s![.., .., ..n_plain]));
        // The rotated part is the same for all heads.
        key.slice_mut(s![.., .., n_plain..]).assign(&short.slice(s![.., rank..]));
        for mut head in key.outer_iter_mut() {
            for (place, mut vector) in head.outer_iter_mut().enumerate() {
                if let Some(vector) = vector.as_slice_mut() {
                    rotate(place, vector);
                }
            }
        }
        [query, key, value]
    }
}
