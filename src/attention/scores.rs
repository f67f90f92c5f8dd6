use std::{
    ops::Range,
    sync::{Arc, Mutex, OnceLock},
};

use ndarray::{Array2, ArrayView2, linalg::general_mat_mul, s};
use rayon::prelude::*;

use super::{HeadEdit, Mask, Pattern, packed::Packed, sums::sums_of_rows};

/// Rows that are multiplied at once: their products in f64 stay in the cache until they are rounded.
const BLOCK: usize = 64;
/// Below so many cells one thread is done before another has begun.
const LARGE: usize = 1 << 16;

/// Scores of one head before the softmax, and the vectors that they come from.
///
/// Takes 4 bytes for each unmasked cell, 34 MB for 4096 causal positions; another 8 from the time that scores themselves
/// are shown or an edit is no factor on whole rows (a mean, noise, some positions only). [`Self::bytes`] counts them.
#[derive(Debug)]
pub struct HeadScores {
    /// `[T, head_dim]`
    query: Array2<f32>,
    /// `[T, head_dim]`
    key: Array2<f32>,
    scale: f64,
    mask: Mask,
    /// `[query, attended key]`, score minus its row's maximum: at most 0, so that its rounding to f32 is finest where
    /// the weight is largest, however large the scores. Not there until it is asked for in what an operation brings in.
    below_max: OnceLock<Packed<f32>>,
    /// `[query, attended key]`, kept from the first time that scores are shown, or that an edit is no factor on whole
    /// rows: a key far below its row's maximum may then become the maximum, and what `below_max` rounds away would show.
    scores: OnceLock<Packed<f64>>,
    /// The row that [`Self::exact_row`] was asked for last: all panels ask for the same one. Nobody waits for it: where
    /// another thread is at it, the row is computed once more.
    last_exact: Mutex<Option<(usize, Arc<[f64]>)>>,
}

impl HeadScores {
    /// `query [T, head_dim]`, `key [T, head_dim]`. Products are accumulated in f64.
    pub(super) fn new(query: ArrayView2<'_, f32>, key: ArrayView2<'_, f32>, scale: f64, mask: Mask) -> Self {
        let scores = Self::of_vectors(query, key, scale, mask);
        scores.below_max.get_or_init(|| scores.products(scores.is_large(), below_max));
        scores
    }

    /// [`Self::new`] of what an operation brings in, whose scores are read in f64 alone.
    pub(super) fn in_f64(query: ArrayView2<'_, f32>, key: ArrayView2<'_, f32>, scale: f64, mask: Mask) -> Self {
        let scores = Self::of_vectors(query, key, scale, mask);
        scores.scores.get_or_init(|| scores.products(scores.is_large(), keep));
        scores
    }

    fn of_vectors(query: ArrayView2<'_, f32>, key: ArrayView2<'_, f32>, scale: f64, mask: Mask) -> Self {
        // In standard layout, whatever that of the views is.
        let [query, key] = [query, key].map(|vectors| vectors.as_standard_layout().into_owned());
        let (below_max, scores, last_exact) = (OnceLock::new(), OnceLock::new(), Mutex::default());
        Self { query, key, scale, mask, below_max, scores, last_exact }
    }

    /// Bytes that are held by now: vectors and scores.
    pub fn bytes(&self) -> usize {
        let vectors = size_of::<f32>() * (self.query.len() + self.key.len());
        vectors + self.below_max.get().map_or(0, Packed::bytes) + self.scores.get().map_or(0, Packed::bytes)
    }

    /// Whether the scores in f64 are there, which the first request for one of their rows makes.
    pub fn is_in_f64(&self) -> bool {
        self.scores.get().is_some()
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
        self.below_max.get_or_init(|| self.products(false, below_max)).row(query)
    }

    /// Attended scores of one row in f64. The first call costs a matrix product and 8 bytes for each unmasked cell.
    pub(super) fn row(&self, query: usize) -> &[f64] {
        // On this thread alone: one that waits for others takes up other rows meanwhile, which may wait for this.
        self.scores.get_or_init(|| self.products(false, keep)).row(query)
    }

    /// Unmodified scores of one row, one for each attended key, evaluated in f64.
    pub fn exact_row(&self, query: usize) -> Vec<f64> {
        self.shared_exact_row(query).to_vec()
    }

    /// [`Self::exact_row`], computed once for all that ask for the same row one after the other.
    pub(super) fn shared_exact_row(&self, query: usize) -> Arc<[f64]> {
        let last = self.last_exact.try_lock().ok().and_then(|last| last.clone());
        if let Some((at, row)) = last
            && at == query
        {
            return row;
        }
        let (q, head_dim) = (self.query(query), self.key.ncols());
        let keys = self.key.as_slice().unwrap_or_default();
        let product = |_, dimension: usize, k: f32| q[dimension] * f64::from(k);
        let products = sums_of_rows(&keys[..self.attended(query).len() * head_dim], head_dim, product);
        let row: Arc<[f64]> = products.map(|product| product * self.scale).collect();
        if let Ok(mut last) = self.last_exact.try_lock() {
            *last = Some((query, row.clone()));
        }
        row
    }

    /// The head's pattern under an edit.
    pub fn pattern(self: &Arc<Self>, edit: &HeadEdit) -> Pattern {
        Pattern::new(self.clone(), edit)
    }

    fn is_large(&self) -> bool {
        self.n_positions() * self.n_positions() >= LARGE
    }

    /// All unmasked scores, accumulated in f64 a block of rows at a time, each row as `write` puts it down.
    fn products<T: Clone + Default + Send>(
        &self,
        on_all_cores: bool,
        write: impl Fn(&[f64], &mut [T]) + Sync,
    ) -> Packed<T> {
        let (n_positions, mask) = (self.n_positions(), self.mask);
        let (query, key) = (self.query.mapv(f64::from), self.key.mapv(f64::from));
        let mut packed = Packed::new(mask, n_positions);
        let block = |scores: &mut Array2<f64>, (first, into): (usize, &mut [T])| {
            let end = (first + BLOCK).min(n_positions);
            let n_keys = mask.attended(end - 1, n_positions);
            let mut scores = scores.slice_mut(s![..end - first, ..n_keys]);
            let (query, key) = (query.slice(s![first..end, ..]), key.slice(s![..n_keys, ..]));
            general_mat_mul(self.scale, &query, &key.t(), 0.0, &mut scores);
            let mut rest = into;
            for (row, scores) in (first..end).zip(scores.outer_iter()) {
                let (into, below) = std::mem::take(&mut rest).split_at_mut(mask.attended(row, n_positions));
                if let Some(scores) = scores.as_slice() {
                    write(&scores[..into.len()], into);
                }
                rest = below;
            }
        };
        let room = || Array2::zeros((BLOCK.min(n_positions), n_positions));
        let blocks = packed.row_blocks_mut(BLOCK);
        if on_all_cores {
            blocks.into_par_iter().for_each_init(room, block);
        } else {
            let mut scores = room();
            for into in blocks {
                block(&mut scores, into);
            }
        }
        packed
    }
}

/// A row of scores as it is.
fn keep(row: &[f64], kept: &mut [f64]) {
    kept.copy_from_slice(row);
}

/// A row of scores less its maximum.
#[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
fn below_max(row: &[f64], below: &mut [f32]) {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for (below, score) in below.iter_mut().zip(row) {
        *below = (score - max) as f32;
    }
}
