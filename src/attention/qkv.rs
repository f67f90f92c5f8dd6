use std::{ops::Range, sync::OnceLock};

use ndarray::{Array2, Array3, ArrayView2, Axis, Zip, linalg::general_mat_mul};

use super::{HeadEdit, Pattern, ScoreFactors};

/// Which keys a query may attend to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mask {
    /// Key j ≤ query i: a token cannot attend to a later one.
    Causal,
    /// Every key (an encoder such as BERT).
    Bidirectional,
}

impl Mask {
    /// How many keys, counted from key 0, the query may attend to out of `n_keys`. The rest is masked.
    pub fn attended(self, query: usize, n_keys: usize) -> usize {
        match self {
            Self::Causal => (query + 1).min(n_keys),
            Self::Bidirectional => n_keys,
        }
    }
}

/// Query, key and value vectors that do not fit together. Shapes as `[heads, position, dimension]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    #[error("{what}: expected {expected}, found {found:?}")]
    Mismatch { what: &'static str, expected: String, found: Vec<usize> },
    #[error("{n_heads} query heads cannot share {n_kv_heads} key heads evenly")]
    Groups { n_heads: usize, n_kv_heads: usize },
}

/// The query, key and value vectors of one layer: after projection, bias and rotary embedding, before attention.
///
/// With grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245) query head h reads kv head
/// `h / (n_heads / n_kv_heads)`.
#[derive(Clone, Debug)]
pub struct LayerQkv {
    query: Array3<f32>,
    key: Array3<f32>,
    value: Option<Array3<f32>>,
    scale: f64,
    mask: Mask,
}

impl LayerQkv {
    /// `query [n_heads, T, head_dim]`, `key [n_kv_heads, T, head_dim]`, `value [n_kv_heads, T, value_dim]`;
    /// `scale` multiplies q·k, usually `1/√head_dim`.
    ///
    /// # Errors
    /// When a dimension is zero or the shapes do not fit together.
    pub fn new(
        query: Array3<f32>,
        key: Array3<f32>,
        value: Option<Array3<f32>>,
        scale: f64,
        mask: Mask,
    ) -> Result<Self, ShapeError> {
        let (n_heads, n_positions, head_dim) = query.dim();
        let (n_kv_heads, key_positions, key_dim) = key.dim();
        if query.is_empty() {
            let expected = "at least one head, position and dimension".to_owned();
            return Err(ShapeError::Mismatch { what: "query", expected, found: query.shape().to_vec() });
        }
        if (key_positions, key_dim) != (n_positions, head_dim) {
            let expected = format!("[kv_heads, {n_positions}, {head_dim}] like the query");
            return Err(ShapeError::Mismatch { what: "key", expected, found: key.shape().to_vec() });
        }
        if n_kv_heads == 0 || !n_heads.is_multiple_of(n_kv_heads) {
            return Err(ShapeError::Groups { n_heads, n_kv_heads });
        }
        if let Some(value) = &value
            && (value.dim().0, value.dim().1) != (n_kv_heads, n_positions)
        {
            let expected = format!("[{n_kv_heads}, {n_positions}, any] like the key");
            return Err(ShapeError::Mismatch { what: "value", expected, found: value.shape().to_vec() });
        }
        Ok(Self { query, key, value, scale, mask })
    }

    pub fn n_heads(&self) -> usize {
        self.query.len_of(Axis(0))
    }

    pub fn n_kv_heads(&self) -> usize {
        self.key.len_of(Axis(0))
    }

    /// T, the number of tokens.
    pub fn n_positions(&self) -> usize {
        self.query.len_of(Axis(1))
    }

    pub fn head_dim(&self) -> usize {
        self.query.len_of(Axis(2))
    }

    pub fn mask(&self) -> Mask {
        self.mask
    }

    /// The kv head that query head `head` reads.
    pub fn kv_head(&self, head: usize) -> usize {
        head / (self.n_heads() / self.n_kv_heads())
    }

    /// `[T, value_dim]`, unmodified; `None` for a capture without values.
    pub fn value(&self, head: usize) -> Option<ArrayView2<'_, f32>> {
        Some(self.value.as_ref()?.index_axis(Axis(0), self.kv_head(head)))
    }

    /// Scores of one head, from which every pattern of that head follows.
    pub fn head_scores(&self, head: usize) -> HeadScores {
        HeadScores::new(
            self.query.index_axis(Axis(0), head),
            self.key.index_axis(Axis(0), self.kv_head(head)),
            self.scale,
            self.mask,
        )
    }

    /// What the head adds to the residual stream before its output projection, `[T, value_dim]`:
    /// pattern · value, each under `edit`. `None` without values.
    pub fn head_output(&self, head: usize, pattern: &Pattern, edit: &HeadEdit) -> Option<Array2<f32>> {
        let value = self.value(head)?;
        let weights = pattern.dense();
        if edit.value.is_identity() {
            return Some(weights.dot(&value));
        }
        let mut scaled = value.to_owned();
        for (position, mut row) in scaled.outer_iter_mut().enumerate() {
            let factor = edit.value.at(position);
            #[expect(clippy::cast_possible_truncation, reason = "back to the precision of the values")]
            row.mapv_inplace(|x| (f64::from(x) * factor) as f32);
        }
        Some(weights.dot(&scaled))
    }
}

/// `[query, key]`, unmasked, row after row in memory; products are accumulated in f64.
fn scores(query: ArrayView2<'_, f32>, key: ArrayView2<'_, f32>, scale: f64) -> Array2<f64> {
    let mut scores = Array2::zeros((query.nrows(), key.nrows()));
    general_mat_mul(scale, &query.mapv(f64::from), &key.mapv(f64::from).t(), 0.0, &mut scores);
    scores
}

/// Scores of one head before the softmax, and the vectors that they come from.
#[derive(Clone, Debug)]
pub struct HeadScores {
    /// `[T, head_dim]`
    query: Array2<f32>,
    /// `[T, head_dim]`
    key: Array2<f32>,
    scale: f64,
    mask: Mask,
    /// `[query, key]`, score minus its row's maximum: at most 0 where attended, so that its rounding to f32 is
    /// finest where the weight is largest, however large the scores. Masked cells hold no meaning.
    below_max: Array2<f32>,
    /// `[query, key]`, kept from the first time that keys have factors of their own: a key far below its row's maximum
    /// may then become the maximum, and what `below_max` rounds away would show.
    scores: OnceLock<Array2<f64>>,
}

impl HeadScores {
    /// `query [T, head_dim]`, `key [T, head_dim]`. Products are accumulated in f64.
    fn new(query: ArrayView2<'_, f32>, key: ArrayView2<'_, f32>, scale: f64, mask: Mask) -> Self {
        let n_keys = key.nrows();
        let scores = scores(query, key, scale);
        let row_max: Vec<f64> = scores
            .outer_iter()
            .enumerate()
            .map(|(i, row)| row.iter().take(mask.attended(i, n_keys)).copied().fold(f64::NEG_INFINITY, f64::max))
            .collect();
        let mut below_max = Array2::zeros(scores.dim());
        Zip::from(below_max.rows_mut()).and(scores.rows()).and(&row_max[..]).for_each(|mut below, row, &max| {
            #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
            Zip::from(&mut below).and(row).for_each(|below, &score| *below = (score - max) as f32);
        });
        Self { query: query.to_owned(), key: key.to_owned(), scale, mask, below_max, scores: OnceLock::new() }
    }

    /// T, the number of queries and of keys.
    pub fn n_positions(&self) -> usize {
        self.query.nrows()
    }

    pub fn mask(&self) -> Mask {
        self.mask
    }

    /// What multiplies q·k, usually `1/√head_dim`.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The keys that `query` may attend to.
    pub fn attended(&self, query: usize) -> Range<usize> {
        0..self.mask.attended(query, self.n_positions())
    }

    /// Attended scores of one row minus the row's maximum.
    pub(super) fn below_max(&self, query: usize) -> &[f32] {
        self.attended_row(&self.below_max, query)
    }

    /// Attended scores of one row in f64. The first call costs a matrix product and `8·T²` bytes.
    pub(super) fn row(&self, query: usize) -> &[f64] {
        let scores = self.scores.get_or_init(|| scores(self.query.view(), self.key.view(), self.scale));
        self.attended_row(scores, query)
    }

    fn attended_row<'a, T>(&self, cells: &'a Array2<T>, query: usize) -> &'a [T] {
        let start = query * self.n_positions();
        cells.as_slice().map_or(&[], |all| &all[start..start + self.attended(query).len()])
    }

    /// Unmodified scores of one row, one for each attended key, evaluated in f64.
    pub fn exact_row(&self, query: usize) -> Vec<f64> {
        let q = self.query.row(query);
        self.attended(query)
            .map(|j| {
                let k = self.key.row(j);
                q.iter().zip(k).map(|(&q, &k)| f64::from(q) * f64::from(k)).sum::<f64>() * self.scale
            })
            .collect()
    }

    /// The head's baseline pattern or, with other factors, a modified one.
    pub fn pattern(self: &std::sync::Arc<Self>, factors: ScoreFactors) -> Pattern {
        Pattern::new(self.clone(), factors)
    }
}
