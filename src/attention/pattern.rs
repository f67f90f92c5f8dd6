use std::sync::Arc;

use ndarray::Array2;

use super::{
    Component, Edit, HeadEdit, HeadScores, Operation,
    exp::{exp_sum, exp_sum_in_place, scale, scaled_into},
};

/// A head's attention weights under an intervention, evaluated row by row when asked: softmax(mask(S(ε))).
///
/// Every [`Operation`] is a straight line in ε on the vectors, so that the scores are one too, [`Edit::along`]: neither
/// vectors nor products are made again when ε moves.
///
/// Two evaluations of the same definition: [`Pattern::row_into`] in f32 for pictures and metrics, and
/// [`Pattern::exact_row`] in f64 from the vectors for every number that is read or written. They agree within
/// 1e-6 (tested).
#[derive(Clone, Debug)]
pub struct Pattern {
    scores: Arc<HeadScores>,
    /// Of the query or the key; an edit of the value changes no pattern.
    edit: HeadEdit,
}

/// One cell, evaluated in f64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExactCell {
    /// After scale and ε, before the softmax.
    pub score: f64,
    /// After the softmax.
    pub weight_f64: f64,
    /// Rounded once, from f64: what files hold and the tooltip shows.
    pub weight: f32,
}

impl PartialEq for Pattern {
    /// Equal by construction: the same scores under the same edit, which brings in the same vectors.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.scores, &other.scores) && self.edit == other.edit
    }
}

impl Pattern {
    pub fn new(scores: Arc<HeadScores>, edit: &HeadEdit) -> Self {
        let of_value = edit.edit().is_some_and(|edit| edit.component == Component::Value);
        Self { scores, edit: if of_value { HeadEdit::NOTHING } else { edit.clone() } }
    }

    pub fn scores(&self) -> &Arc<HeadScores> {
        &self.scores
    }

    /// What was done to the query or the key; `None` where nothing was.
    pub fn edit(&self) -> Option<&Edit> {
        self.edit.edit()
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
    pub fn row_into<'a>(&self, query: usize, row: &'a mut [f32]) -> &'a [f32] {
        let (row, sum) = self.exps_into(query, row);
        #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
        scale(row, (1.0 / sum) as f32);
        row
    }

    /// The numerators of one row's weights, one for each attended key, into the front of `row` (length ≥ T); returns
    /// them and their sum, by which they have to be divided.
    ///
    /// A factor on the whole row is a factor on the cached differences: with ε ≥ 0 the row's maximum scales along, and
    /// one pass over them is all.
    fn exps_into<'a>(&self, query: usize, row: &'a mut [f32]) -> (&'a mut [f32], f64) {
        let sum = if let Some(factor) = self.row_factor(query) {
            let row = &mut row[..self.attended(query)];
            exp_sum(self.scores.below_max(query), in_f32(factor), row)
        } else {
            exp_sum_in_place(self.below_max_into(query, row))
        };
        (&mut row[..self.attended(query)], sum)
    }

    /// One row as a metric looks at it; the buffers have length ≥ T.
    pub(super) fn terms<'a>(&self, query: usize, [below, exps]: [&'a mut [f32]; 2]) -> RowTerms<'a> {
        let below = &*self.below_max_into(query, below);
        let exps = &mut exps[..below.len()];
        let sum = exp_sum(below, 1.0, exps);
        RowTerms { below, exps, sum, ln_sum: sum.ln() }
    }

    /// Modified scores of one row, less the row's maximum, into the front of `row` (length ≥ T); returns them.
    fn below_max_into<'a>(&self, query: usize, row: &'a mut [f32]) -> &'a mut [f32] {
        let row = &mut row[..self.attended(query)];
        if let Some(factor) = self.row_factor(query) {
            let factor = in_f32(factor);
            for (scaled, &below) in row.iter_mut().zip(self.scores.below_max(query)) {
                *scaled = below * factor;
            }
        } else {
            let other = self.other().map_or(&[][..], |other| other.row(query));
            let scores = || self.modified(query, self.scores.row(query), other);
            let max = scores().fold(f64::NEG_INFINITY, f64::max);
            for (below, score) in row.iter_mut().zip(scores()) {
                #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
                let rounded = (score - max) as f32;
                *below = rounded;
            }
        }
        row
    }

    /// Modified scores of one row in f32, one for each attended key, into the front of `row` (length ≥ T); returns them.
    /// Each is rounded once, from f64.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
    pub fn scores_into<'a>(&self, query: usize, row: &'a mut [f32]) -> &'a [f32] {
        let row = &mut row[..self.attended(query)];
        let unmodified = self.scores.row(query);
        if let Some(factor) = self.row_factor(query) {
            scaled_into(unmodified, factor, row);
        } else {
            let other = self.other().map_or(&[][..], |other| other.row(query));
            for (rounded, score) in row.iter_mut().zip(self.modified(query, unmodified, other)) {
                *rounded = score as f32;
            }
        }
        row
    }

    /// Modified scores of one row in f64, one for each attended key; cut to the largest finite number where a huge ε
    /// leaves the range.
    pub fn exact_scores(&self, query: usize) -> Vec<f64> {
        let (unmodified, other) = self.exact_rows(query);
        self.modified(query, &unmodified, &other).collect()
    }

    /// Weights of one row in f64, one for each attended key.
    pub fn exact_row(&self, query: usize) -> Vec<f64> {
        let (unmodified, other) = self.exact_rows(query);
        self.exact_weights(query, &unmodified, &other)
    }

    /// One cell in f64; `None` where it is masked or outside.
    #[expect(clippy::cast_possible_truncation, reason = "the one rounding from f64 to the weights of files")]
    pub fn exact_cell(&self, query: usize, key: usize) -> Option<ExactCell> {
        if query >= self.n_positions() || key >= self.attended(query) {
            return None;
        }
        let (unmodified, other) = self.exact_rows(query);
        let score = self.modified(query, &unmodified, &other).nth(key)?;
        let weight_f64 = self.exact_weights(query, &unmodified, &other)[key];
        Some(ExactCell { score, weight_f64, weight: weight_f64 as f32 })
    }

    /// A row's unmodified scores, and those of what the operation brings in (none for scaling), in f64.
    fn exact_rows(&self, query: usize) -> (Arc<[f64]>, Arc<[f64]>) {
        let other = |other: &HeadScores| other.shared_exact_row(query);
        (self.scores.shared_exact_row(query), self.other().map_or_else(Arc::default, other))
    }

    /// Scores of what the operation brings in.
    fn other(&self) -> Option<&HeadScores> {
        self.edit.other()?.scores.as_deref()
    }

    /// What the operation brings in for the edited side of a cell, `[head_dim]`; `None` where it brings in nothing.
    pub(super) fn other_vector(&self, query: usize, key: usize) -> Option<Vec<f64>> {
        let position = if self.edit.edit()?.component == Component::Query { query } else { key };
        Some(self.edit.other()?.vectors.row(position).mapv(f64::from).to_vec())
    }

    /// The factor on a row's scores, where all that is done to the row is multiplying it.
    fn row_factor(&self, query: usize) -> Option<f64> {
        match self.edit.edit() {
            None => Some(1.0),
            Some(Edit { component: Component::Query, operation, epsilon, positions }) => {
                match (positions.contains(query), operation) {
                    (false, _) => Some(1.0),
                    (true, Operation::Scale) => Some(epsilon.get()),
                    (true, _) => None,
                }
            }
            Some(_) => None,
        }
    }

    /// A row's scores after the edit; `other` is empty for scaling.
    fn modified(&self, query: usize, unmodified: &[f64], other: &[f64]) -> impl Iterator<Item = f64> {
        let edited = move |key: usize, score: f64| match self.edit.edit() {
            Some(edit) if edit.positions.contains(if edit.component == Component::Query { query } else { key }) => {
                let edited = edit.along(score, other.get(key).copied().unwrap_or(0.0));
                // Only what ε has made too large is cut: a score that was not finite before is shown as it is.
                if score.is_finite() { edited.clamp(f64::MIN, f64::MAX) } else { edited }
            }
            _ => score,
        };
        unmodified.iter().enumerate().map(move |(key, &score)| edited(key, score))
    }

    /// The softmax of a row's modified scores. A factor on the whole row multiplies the distances from the maximum,
    /// which no ε can make indefinite.
    fn exact_weights(&self, query: usize, unmodified: &[f64], other: &[f64]) -> Vec<f64> {
        let largest = |row: &[f64]| row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut weights: Vec<f64> = if let Some(factor) = self.row_factor(query) {
            let max = largest(unmodified);
            unmodified.iter().map(|score| ((score - max) * factor).exp()).collect()
        } else {
            let scores: Vec<f64> = self.modified(query, unmodified, other).collect();
            let max = largest(&scores);
            scores.iter().map(|score| (score - max).exp()).collect()
        };
        let sum: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= sum;
        }
        weights
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

/// One row's softmax, taken apart: weight = exp / sum, and ln weight = below − ln sum, finite also where a weight is
/// below the range of f32.
pub(super) struct RowTerms<'a> {
    /// Modified scores less the row's maximum, one for each attended key.
    pub below: &'a [f32],
    /// `exp(below)`
    pub exps: &'a [f32],
    pub sum: f64,
    pub ln_sum: f64,
}

impl RowTerms<'_> {
    /// The weight of a key; `None` where it is masked.
    pub fn weight(&self, key: usize) -> Option<f64> {
        Some(f64::from(*self.exps.get(key)?) / self.sum)
    }
}

/// A factor beyond f32 must not become infinite: 0·∞ is not a number.
#[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
fn in_f32(factor: f64) -> f32 {
    (factor as f32).min(f32::MAX)
}
