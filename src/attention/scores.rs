use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

use ndarray::{Array2, ArrayView2, Zip, linalg::general_mat_mul};

use super::{HeadEdit, Mask, Pattern};

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
    /// `[query, key]`, kept from the first time that an edit is no factor on whole rows: a key far below its row's
    /// maximum may then become the maximum, and what `below_max` rounds away would show.
    scores: OnceLock<Array2<f64>>,
}

impl HeadScores {
    /// `query [T, head_dim]`, `key [T, head_dim]`. Products are accumulated in f64.
    pub(super) fn new(query: ArrayView2<'_, f32>, key: ArrayView2<'_, f32>, scale: f64, mask: Mask) -> Self {
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

    /// One position's query vector, `[head_dim]`.
    pub(super) fn query(&self, position: usize) -> Vec<f64> {
        self.query.row(position).mapv(f64::from).to_vec()
    }

    /// One position's key vector, `[head_dim]`.
    pub(super) fn key(&self, position: usize) -> Vec<f64> {
        self.key.row(position).mapv(f64::from).to_vec()
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

    /// The head's pattern under an edit.
    pub fn pattern(self: &Arc<Self>, edit: &HeadEdit) -> Pattern {
        Pattern::new(self.clone(), edit)
    }
}
