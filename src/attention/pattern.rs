use std::sync::Arc;

use ndarray::Array2;

use super::{HeadScores, ScoreFactors, exp::exp_nonpositive};

/// A head's attention weights under an intervention, evaluated row by row when asked: softmax(mask(f·S)) with
/// ε-factors f.
///
/// Two evaluations of the same definition: [`Pattern::row_into`] in f32 for pictures and metrics, and
/// [`Pattern::exact_row`] in f64 from the vectors for every number that is read or written. They agree within
/// 1e-6 (tested).
#[derive(Clone, Debug)]
pub struct Pattern {
    scores: Arc<HeadScores>,
    factors: ScoreFactors,
}

/// One cell, evaluated in f64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExactCell {
    /// After scale and ε, before the softmax.
    pub score: f64,
    /// Rounded once, from f64: what files hold and the tooltip shows.
    pub weight: f32,
}

impl PartialEq for Pattern {
    /// Equal by construction: the same scores under the same factors.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.scores, &other.scores) && self.factors == other.factors
    }
}

impl Pattern {
    pub fn new(scores: Arc<HeadScores>, factors: ScoreFactors) -> Self {
        Self { scores, factors }
    }

    pub fn scores(&self) -> &Arc<HeadScores> {
        &self.scores
    }

    pub fn factors(&self) -> &ScoreFactors {
        &self.factors
    }

    /// T, the number of queries and of keys.
    pub fn n_positions(&self) -> usize {
        self.scores.n_positions()
    }

    /// How many keys, counted from key 0, `query` may attend to; the others are masked.
    pub fn attended(&self, query: usize) -> usize {
        self.scores.attended(query).len()
    }

    /// Weights of one row in f32, one for each attended key, into the front of `row` (length ≥ T); returns them.
    ///
    /// With ε ≥ 0 the row's maximum scales with ε, so that one pass over the cached scores does.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
    pub fn row_into<'a>(&self, query: usize, row: &'a mut [f32]) -> &'a [f32] {
        let below_max = self.scores.below_max(query);
        let row = &mut row[..below_max.len()];
        if let Some(key_factor) = self.factors.key.uniform() {
            let factor = (key_factor * self.factors.query.at(query)) as f32;
            for (weight, &below) in row.iter_mut().zip(below_max) {
                *weight = exp_nonpositive(below * factor);
            }
        } else {
            let query_factor = self.factors.query.at(query);
            let max = self.scores.row_max(query);
            let score = |key: usize, below: f32| (f64::from(below) + max) * query_factor * self.factors.key.at(key);
            let scaled_max =
                below_max.iter().enumerate().map(|(j, &below)| score(j, below)).fold(f64::NEG_INFINITY, f64::max);
            for (j, (weight, &below)) in row.iter_mut().zip(below_max).enumerate() {
                *weight = exp_nonpositive((score(j, below) - scaled_max) as f32);
            }
        }
        let sum = row.iter().sum::<f32>();
        for weight in &mut *row {
            *weight /= sum;
        }
        row
    }

    /// Scores of one row in f64 under the factors, one for each attended key.
    pub fn exact_scores(&self, query: usize) -> Vec<f64> {
        let query_factor = self.factors.query.at(query);
        let mut row = self.scores.exact_row(query);
        for (key, score) in row.iter_mut().enumerate() {
            *score *= query_factor * self.factors.key.at(key);
        }
        row
    }

    /// Weights of one row in f64, one for each attended key.
    pub fn exact_row(&self, query: usize) -> Vec<f64> {
        softmax(self.exact_scores(query))
    }

    /// One cell in f64; `None` where it is masked or outside.
    #[expect(clippy::cast_possible_truncation, reason = "the one rounding from f64 to the weights of files")]
    pub fn exact_cell(&self, query: usize, key: usize) -> Option<ExactCell> {
        if query >= self.n_positions() || key >= self.attended(query) {
            return None;
        }
        let scores = self.exact_scores(query);
        let score = scores[key];
        Some(ExactCell { score, weight: softmax(scores)[key] as f32 })
    }

    /// `[query, key]` in f32 with masked cells 0: for matrix products, not for display.
    pub fn dense(&self) -> Array2<f32> {
        let n = self.n_positions();
        let mut weights = Array2::zeros((n, n));
        for (query, mut row) in weights.outer_iter_mut().enumerate() {
            if let Some(row) = row.as_slice_mut() {
                self.row_into(query, row);
            }
        }
        weights
    }
}

/// Numerically stable softmax: subtracts the maximum first.
fn softmax(mut scores: Vec<f64>) -> Vec<f64> {
    let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for score in &mut scores {
        *score = (*score - max).exp();
    }
    let sum: f64 = scores.iter().sum();
    for weight in &mut scores {
        *weight /= sum;
    }
    scores
}
