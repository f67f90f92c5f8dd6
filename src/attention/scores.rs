use std::{
    ops::Range,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use ndarray::{Array2, ArrayView2, linalg::general_mat_mul, s};
use rayon::prelude::*;

use super::{HeadEdit, Mask, Pattern, packed::Packed};

/// Rows that are multiplied at once: their products in f64 stay in the cache until they are rounded.
const BLOCK: usize = 64;
/// Below so many cells one thread is done before another has begun.
const LARGE: usize = 1 << 16;

/// Scores of one head before the softmax, and the vectors that they come from.
///
/// Takes 4 bytes for each unmasked cell, 34 MB for 4096 causal positions; where an edit is no factor on whole rows
/// (a mean, noise, some positions only) another 8.
#[derive(Debug)]
pub struct HeadScores {
    /// `[T, head_dim]`
    query: Array2<f32>,
    /// `[T, head_dim]`
    key: Array2<f32>,
    scale: f64,
    mask: Mask,
    /// `[query, attended key]`, score minus its row's maximum: at most 0, so that its rounding to f32 is finest where
    /// the weight is largest, however large the scores.
    below_max: Packed<f32>,
    /// `[query, attended key]`, kept from the first time that an edit is no factor on whole rows: a key far below its
    /// row's maximum may then become the maximum, and what `below_max` rounds away would show.
    scores: OnceLock<Packed<f64>>,
    /// The row that [`Self::exact_row`] was asked for last: all panels ask for the same one.
    last_exact: Mutex<Option<(usize, Arc<[f64]>)>>,
}

impl HeadScores {
    /// `query [T, head_dim]`, `key [T, head_dim]`. Products are accumulated in f64.
    pub(super) fn new(query: ArrayView2<'_, f32>, key: ArrayView2<'_, f32>, scale: f64, mask: Mask) -> Self {
        let is_large = query.nrows() * key.nrows() >= LARGE;
        let below_max = scores(query, key, scale, mask, is_large, |row: &[f64], below: &mut [f32]| {
            let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for (below, score) in below.iter_mut().zip(row) {
                #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
                let rounded = (score - max) as f32;
                *below = rounded;
            }
        });
        let (query, key) = (query.to_owned(), key.to_owned());
        Self { query, key, scale, mask, below_max, scores: OnceLock::new(), last_exact: Mutex::default() }
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
        self.below_max.row(query)
    }

    /// Attended scores of one row in f64. The first call costs a matrix product and 8 bytes for each unmasked cell.
    pub(super) fn row(&self, query: usize) -> &[f64] {
        let keep = |row: &[f64], kept: &mut [f64]| kept.copy_from_slice(row);
        // On this thread alone: one that waits for others takes up other rows meanwhile, which may wait for this.
        let all = || scores(self.query.view(), self.key.view(), self.scale, self.mask, false, keep);
        self.scores.get_or_init(all).row(query)
    }

    /// Unmodified scores of one row, one for each attended key, evaluated in f64.
    pub fn exact_row(&self, query: usize) -> Vec<f64> {
        self.shared_exact_row(query).to_vec()
    }

    /// [`Self::exact_row`], computed once for all that ask for the same row one after the other.
    pub(super) fn shared_exact_row(&self, query: usize) -> Arc<[f64]> {
        let mut last = self.last_exact.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, row)) = &*last
            && *at == query
        {
            return row.clone();
        }
        let q: Vec<f64> = self.query(query);
        let score = |j: usize| q.iter().zip(self.key.row(j)).map(|(&q, &k)| q * f64::from(k)).sum::<f64>() * self.scale;
        let row: Arc<[f64]> = self.attended(query).map(score).collect();
        *last = Some((query, row.clone()));
        row
    }

    /// The head's pattern under an edit.
    pub fn pattern(self: &Arc<Self>, edit: &HeadEdit) -> Pattern {
        Pattern::new(self.clone(), edit)
    }
}

/// The unmasked scores, accumulated in f64 a block of rows at a time, each row as `write` puts it down.
fn scores<T: Clone + Default + Send>(
    query: ArrayView2<'_, f32>,
    key: ArrayView2<'_, f32>,
    scale: f64,
    mask: Mask,
    on_all_cores: bool,
    write: impl Fn(&[f64], &mut [T]) + Sync,
) -> Packed<T> {
    let n_positions = query.nrows();
    let (query, key) = (query.mapv(f64::from), key.mapv(f64::from));
    let mut packed = Packed::new(mask, n_positions);
    let block = |scores: &mut Array2<f64>, (first, into): (usize, &mut [T])| {
        let end = (first + BLOCK).min(n_positions);
        let n_keys = mask.attended(end - 1, n_positions);
        let mut scores = scores.slice_mut(s![..end - first, ..n_keys]);
        general_mat_mul(scale, &query.slice(s![first..end, ..]), &key.slice(s![..n_keys, ..]).t(), 0.0, &mut scores);
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
