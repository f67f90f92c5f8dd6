use std::{
    ops::Range,
    sync::{Arc, Mutex, OnceLock},
};

use ndarray::{ArcArray2, Array2, ArrayView2, linalg::general_mat_mul, s};
use rayon::prelude::*;

use super::{HeadRule, Keys, Mask, packed::Packed, simd::sums::sums_of_rows};

/// Rows that are multiplied at once: their products in f64 stay in the cache until they are rounded.
const BLOCK: usize = 64;
/// Below so many cells one thread is done before another has begun.
const LARGE: usize = 1 << 16;

/// Where the weights of a head come from.
#[derive(Debug)]
enum Origin {
    /// `[T, head_dim]` each: their products are the scores.
    Vectors { query: ArcArray2<f32>, key: ArcArray2<f32> },
    /// `[query, key]`, the weights themselves, whose rows sum to 1. In place of scores stand their logarithms, whose
    /// softmax they are.
    Weights(Array2<f32>),
}

/// Scores of one head before the softmax, and the vectors that they come from; or weights that are given.
///
/// Takes 4 bytes for each unmasked cell, 34 MB for 4096 causal positions; another 8 from the time that scores themselves
/// are shown or an edit is no factor on whole rows (a mean, noise, some positions only). [`Self::bytes`] counts them.
#[derive(Debug)]
pub struct HeadScores {
    origin: Origin,
    rule: HeadRule,
    /// The rows that are asked for: all, but where a layer is passed through a few rows at a time.
    queries: Range<usize>,
    /// `[query, key of its span]`, what enters the softmax without an edit minus its row's maximum: at most 0, so that its
    /// rounding to f32 is finest where the weight is largest, however large the scores. Under a soft cap without a bias
    /// it is of the scores in front of the cap. Not there until it is asked for in what an operation brings in.
    below_max: OnceLock<Packed<f32>>,
    /// `[query]`, what was taken from each row of `below_max`; empty where neither a sink nor a soft cap asks for it.
    row_max: OnceLock<Vec<f64>>,
    /// `[query, key of its span]`, kept from the first time that scores are shown, or that what an edit does is no factor on
    /// what enters the softmax: a key far below its row's maximum may then become the maximum, and what `below_max`
    /// rounds away would show.
    scores: OnceLock<Packed<f64>>,
    /// The row that [`Self::exact_row`] was asked for last: all panels ask for the same one. Nobody waits for it: where
    /// another thread is at it, the row is computed once more.
    last_exact: Mutex<Option<(usize, Arc<[f64]>)>>,
}

impl HeadScores {
    /// `query [T, head_dim]`, `key [T, head_dim]`. Products are accumulated in f64.
    pub(super) fn new(query: ArrayView2<'_, f32>, key: ArrayView2<'_, f32>, rule: HeadRule) -> Self {
        // In standard layout, whatever that of the views is.
        let [query, key] = [query, key].map(shared);
        let queries = 0..query.nrows();
        let scores = Self::of_queries(query, key, rule, queries);
        scores.make_below_max(scores.is_large());
        scores
    }

    /// Of the rows `queries` alone, made when they are asked for.
    pub(super) fn of_queries(
        query: ArcArray2<f32>,
        key: ArcArray2<f32>,
        rule: HeadRule,
        queries: Range<usize>,
    ) -> Self {
        Self::of(Origin::Vectors { query, key }, rule, queries)
    }

    /// `weights [query, key]` as they are, whose rows sum to 1 over the keys that `mask` allows.
    pub(super) fn of_weights(weights: ArrayView2<'_, f32>, mask: Mask) -> Self {
        let (weights, queries) = (weights.as_standard_layout().into_owned(), 0..weights.nrows());
        let scores = Self::of(Origin::Weights(weights), HeadRule::plain(1.0, mask), queries);
        scores.make_below_max(scores.is_large());
        scores
    }

    /// [`Self::of_queries`] of what an operation brings in, whose scores are read in f64 alone.
    pub(super) fn in_f64(query: ArcArray2<f32>, key: ArcArray2<f32>, rule: HeadRule, queries: Range<usize>) -> Self {
        let scores = Self::of_queries(query, key, rule, queries);
        scores.scores.get_or_init(|| scores.products(scores.is_large(), keep).0);
        scores
    }

    fn of(origin: Origin, rule: HeadRule, queries: Range<usize>) -> Self {
        let (below_max, row_max, scores) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { origin, rule, queries, below_max, row_max, scores, last_exact: Mutex::default() }
    }

    /// Bytes that are held by now: vectors or weights, and scores.
    pub fn bytes(&self) -> usize {
        let n_numbers = match &self.origin {
            Origin::Vectors { query, key } => query.len() + key.len(),
            Origin::Weights(weights) => weights.len(),
        };
        size_of::<f32>() * n_numbers
            + self.below_max.get().map_or(0, Packed::bytes)
            + self.scores.get().map_or(0, Packed::bytes)
    }

    /// Whether the scores in f64 are there, which the first request for one of their rows makes.
    pub fn is_in_f64(&self) -> bool {
        self.scores.get().is_some()
    }

    /// T, the number of queries and of keys.
    pub fn n_positions(&self) -> usize {
        match &self.origin {
            Origin::Vectors { query: rows, .. } => rows.nrows(),
            Origin::Weights(rows) => rows.nrows(),
        }
    }

    /// Whether weights follow from queries and keys; else they are given, and have no scores.
    pub fn has_vectors(&self) -> bool {
        matches!(self.origin, Origin::Vectors { .. })
    }

    /// The weights of one row where they are given, one for each key of its span; 0 in its holes.
    pub(super) fn given(&self, query: usize) -> Option<&[f32]> {
        match &self.origin {
            Origin::Vectors { .. } => None,
            Origin::Weights(weights) => weights.row(query).to_slice()?.get(self.span(query)),
        }
    }

    /// Which keys each query may attend to.
    pub fn mask(&self) -> &Mask {
        &self.rule.mask
    }

    /// What multiplies q·k, usually `1/√head_dim`.
    pub fn scale(&self) -> f64 {
        self.rule.scale
    }

    /// What is done with q·k.
    pub fn rule(&self) -> &HeadRule {
        &self.rule
    }

    /// The keys that `query` may attend to.
    pub fn keys(&self, query: usize) -> Keys<'_> {
        self.rule.mask.keys(query, self.n_positions())
    }

    /// The range that [`Self::keys`] lie in: rows have a number for each key of it.
    pub fn span(&self, query: usize) -> Range<usize> {
        self.rule.mask.span(query, self.n_positions())
    }

    /// A position's query vector and another's key vector, `[head_dim]` each; `None` where weights are given.
    pub(super) fn vectors(&self, query: usize, key: usize) -> Option<[Vec<f64>; 2]> {
        let Origin::Vectors { query: queries, key: keys } = &self.origin else { return None };
        Some([queries.row(query), keys.row(key)].map(|vector| vector.mapv(f64::from).to_vec()))
    }

    /// What enters the softmax of one row without an edit, minus the row's maximum; under a soft cap without a bias the
    /// scores in front of the cap.
    pub(super) fn below_max(&self, query: usize) -> &[f32] {
        self.make_below_max(false).row(query)
    }

    /// What [`Self::below_max`] has taken from the row; −∞ for a query without keys. Kept where there is a sink or a soft
    /// cap.
    pub(super) fn row_max(&self, query: usize) -> f64 {
        self.make_below_max(false);
        let row = query - self.queries.start;
        self.row_max.get().and_then(|maxima| maxima.get(row)).copied().unwrap_or(f64::NEG_INFINITY)
    }

    fn make_below_max(&self, on_all_cores: bool) -> &Packed<f32> {
        self.below_max.get_or_init(|| {
            let rule = &self.rule;
            let (below, maxima) = self.products(on_all_cores, |keys: Range<usize>, row: &[f64], below: &mut [f32]| {
                if rule.bias.is_none() {
                    return below_max(row, below);
                }
                let entering = rule.entering_row(row, 1.0, keys.start);
                let max = entering.max();
                entering.less_into(max, below);
                max
            });
            if rule.sink.is_some() || rule.softcap.is_some() {
                self.row_max.get_or_init(|| maxima);
            }
            below
        })
    }

    /// Scores of one row in f64. The first call costs a matrix product and 8 bytes for each unmasked cell.
    pub(super) fn row(&self, query: usize) -> &[f64] {
        // On this thread alone: one that waits for others takes up other rows meanwhile, which may wait for this.
        self.scores.get_or_init(|| self.products(false, keep).0).row(query)
    }

    /// Unmodified scores of one row, one for each key of its span, evaluated in f64; also in its holes.
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
        let attended = self.span(query);
        let row: Arc<[f64]> = match &self.origin {
            Origin::Vectors { query: queries, key } => {
                let (q, head_dim) = (queries.row(query).mapv(f64::from), key.ncols());
                let keys = key.as_slice().unwrap_or_default();
                let product = |_, dimension: usize, k: f32| q[dimension] * f64::from(k);
                let products =
                    sums_of_rows(&keys[attended.start * head_dim..attended.end * head_dim], head_dim, product);
                products.map(|product| product * self.rule.scale).collect()
            }
            Origin::Weights(weights) => weights.row(query).slice(s![attended]).mapv(ln).to_vec().into(),
        };
        if let Ok(mut last) = self.last_exact.try_lock() {
            *last = Some((query, row.clone()));
        }
        row
    }

    fn is_large(&self) -> bool {
        self.queries.len() * self.n_positions() >= LARGE
    }

    /// All unmasked scores, accumulated in f64 a block of rows at a time, each row as `write` puts it down, which gets
    /// its keys too; and what `write` says of each row.
    fn products<T: Clone + Default + Send>(
        &self,
        on_all_cores: bool,
        write: impl Fn(Range<usize>, &[f64], &mut [T]) -> f64 + Sync,
    ) -> (Packed<T>, Vec<f64>) {
        let (n_positions, mask, queries) = (self.n_positions(), &self.rule.mask, self.queries.clone());
        // No later row begins or ends in front of an earlier one.
        let keys_of = |rows: Range<usize>| match rows.clone().last() {
            Some(last) => mask.span(rows.start, n_positions).start..mask.span(last, n_positions).end,
            None => 0..0,
        };
        let all_keys = keys_of(queries.clone());
        let wide = match &self.origin {
            Origin::Vectors { query, key } => {
                let wide = |rows: ArrayView2<'_, f32>| rows.mapv(f64::from);
                Some([wide(query.slice(s![queries.clone(), ..])), wide(key.slice(s![all_keys.clone(), ..]))])
            }
            Origin::Weights(_) => None,
        };
        let (mut packed, mut said) = (Packed::new(mask, n_positions, queries.clone()), vec![0.0; queries.len()]);
        let block = |scores: &mut Array2<f64>, ((first, into), said): ((usize, &mut [T]), &mut [f64])| {
            let end = (first + BLOCK).min(queries.end);
            let keys = keys_of(first..end);
            let mut scores = scores.slice_mut(s![..end - first, ..keys.len()]);
            match (&self.origin, &wide) {
                (Origin::Weights(weights), _) => scores.assign(&weights.slice(s![first..end, keys.clone()]).mapv(ln)),
                (_, Some([query, key])) => {
                    let query = query.slice(s![first - queries.start..end - queries.start, ..]);
                    let key = key.slice(s![keys.start - all_keys.start..keys.end - all_keys.start, ..]);
                    general_mat_mul(self.rule.scale, &query, &key.t(), 0.0, &mut scores);
                }
                (Origin::Vectors { .. }, None) => {}
            }
            let mut rest = into;
            for ((row, scores), said) in (first..end).zip(scores.outer_iter()).zip(said) {
                let attended = mask.span(row, n_positions);
                let (into, below) = std::mem::take(&mut rest).split_at_mut(attended.len());
                if let Some(scores) = scores.as_slice() {
                    let scores = &scores[attended.start - keys.start..attended.end - keys.start];
                    *said = write(attended, scores, into);
                }
                rest = below;
            }
        };
        let room = || Array2::zeros((BLOCK.min(queries.len()), all_keys.len()));
        let blocks: Vec<_> = packed.row_blocks_mut(BLOCK).into_iter().zip(said.chunks_mut(BLOCK)).collect();
        if on_all_cores {
            blocks.into_par_iter().for_each_init(room, block);
        } else {
            let mut scores = room();
            for into in blocks {
                block(&mut scores, into);
            }
        }
        (packed, said)
    }
}

/// In standard layout, and cheap to clone.
pub(super) fn shared(vectors: ArrayView2<'_, f32>) -> ArcArray2<f32> {
    vectors.as_standard_layout().into_owned().into_shared()
}

/// What stands in place of a score where a weight is given; −∞ for none.
fn ln(weight: f32) -> f64 {
    f64::from(weight).ln()
}

/// A row of scores as it is.
fn keep(_: Range<usize>, row: &[f64], kept: &mut [f64]) -> f64 {
    kept.copy_from_slice(row);
    0.0
}

/// A row of scores less its maximum, which is returned.
#[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
fn below_max(row: &[f64], below: &mut [f32]) -> f64 {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for (below, score) in below.iter_mut().zip(row) {
        *below = (score - max) as f32;
    }
    max
}
