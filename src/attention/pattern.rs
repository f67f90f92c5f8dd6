use std::{ops::Range, sync::Arc};

use ndarray::Array2;

use super::{
    Component, Edit, HeadEdit, HeadScores, Keys, Operation,
    row_terms::{Numerators, RowTerms},
    simd::{
        exp::{exp_sum, exp_sum_in_place, scale, scaled_into},
        softcap::BelowCappedMax,
    },
};

#[cfg(test)]
thread_local! {
    /// How many rows this thread has evaluated in f64.
    pub static EXACT_ROWS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A head's attention weights under an intervention, evaluated row by row when asked: softmax(mask(S(ε))), or as they
/// are given, where no intervention can be.
///
/// Every [`Operation`] is a straight line in ε on the vectors, so that the scores are one too, [`Edit::along`]: neither
/// vectors nor products are made again when ε moves.
///
/// Two evaluations of the same definition: [`Pattern::row_into`] in f32 for pictures and metrics, and
/// [`Pattern::exact_row`] in f64 from the vectors for every number that is read or written. They agree within
/// 1e-6 (tested).
///
/// ```
/// use attenuate::attention::{Component, Edit, Epsilon, HeadEdit, LayerQkv, Mask, Operation, Pattern, PositionScope};
/// use ndarray::array;
///
/// // One head, two positions, one dimension; the last row's scores are 0 and ln 3.
/// let (query, key) = (array![[[1.0], [1.0]]], array![[[0.0], [3_f32.ln()]]]);
/// let layer = LayerQkv::new(query, key, None, 1.0, Mask::CAUSAL)?;
/// let scores = std::sync::Arc::new(layer.head_scores(0));
///
/// let baseline = Pattern::new(scores.clone(), &HeadEdit::NOTHING);
/// assert_eq!(baseline.exact_row(0), [1.0]);
/// assert!((baseline.exact_row(1)[1] - 0.75).abs() < 1e-7);
///
/// // Without its Query the head attends to all keys alike.
/// let (component, operation, positions) = (Component::Query, Operation::Scale, PositionScope::All);
/// let removed = Edit { component, operation, epsilon: Epsilon::ZERO, positions };
/// let uniform = Pattern::new(scores, &layer.head_edit(0, 0, Some(&removed)));
/// assert_eq!(uniform.exact_row(1), [0.5, 0.5]);
/// # Ok::<(), attenuate::attention::ShapeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pattern {
    scores: Arc<HeadScores>,
    /// Of the query or the key; an edit of the value changes no pattern.
    edit: HeadEdit,
}

/// One cell, evaluated in f64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExactCell {
    /// What enters the softmax, after scale and ε; `None` where weights are given.
    pub score: Option<f64>,
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
    /// The pattern of a head's scores under an edit; one of the value or of the output changes no pattern.
    pub fn new(scores: Arc<HeadScores>, edit: &HeadEdit) -> Self {
        let of_scores = edit.edit().is_some_and(|edit| edit.component.makes_scores());
        Self { scores, edit: if of_scores { edit.clone() } else { HeadEdit::NOTHING } }
    }

    /// Scores of the head without the edit.
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

    /// The keys that `query` may attend to; the others are masked.
    pub fn keys(&self, query: usize) -> Keys<'_> {
        self.scores.keys(query)
    }

    /// The range that [`Self::keys`] lie in: rows have a number for each key of it. In the holes, whose cells are masked,
    /// weights are 0 and scores −∞.
    pub fn span(&self, query: usize) -> Range<usize> {
        self.scores.span(query)
    }

    /// Where a key's number stands in its row; `None` where the cell is masked or outside.
    pub fn place(&self, query: usize, key: usize) -> Option<usize> {
        let keys = (query < self.n_positions()).then(|| self.keys(query))?;
        keys.contains(key).then(|| key - keys.span().start)
    }

    /// Weights of one row in f32, one for each key of its span, at their keys' places in `row` (length ≥ T); returns them.
    ///
    /// Under a plain rule a factor on the whole row is a factor on the cached differences: with ε ≥ 0 the row's maximum
    /// scales along, and one pass over them is all.
    pub fn row_into<'a>(&self, query: usize, row: &'a mut [f32]) -> &'a [f32] {
        if let Some(given) = self.scores.given(query) {
            let row = &mut row[self.span(query)];
            row.copy_from_slice(given);
            return row;
        }
        let is_plain = self.scores.rule().is_plain() && !self.has_holes(query);
        let (row, Numerators { sum, share, .. }) = if let Some(factor) = self.row_factor(query).filter(|_| is_plain) {
            let row = &mut row[self.span(query)];
            let sum = exp_sum(self.scores.below_max(query), in_f32(factor), row);
            (row, Numerators::of(sum, None))
        } else {
            let (row, max) = self.below_max_into(query, row);
            let of_keys = exp_sum_in_place(row);
            (row, Numerators::of(of_keys, self.rest_below(max)))
        };
        if sum == 0.0 {
            // No key is left; or scores of −∞ alone, which say nothing of how their weights compare.
            let keys = self.keys(query);
            keys.iter().for_each(|key| row[key - keys.span().start] = f32::NAN);
            return row;
        }
        #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
        scale(row, (share / sum) as f32);
        row
    }

    /// One row as a metric looks at it; the buffers have length ≥ T.
    pub(super) fn terms<'a>(&'a self, query: usize, [below, exps]: [&'a mut [f32]; 2]) -> RowTerms<'a> {
        let keys = self.keys(query);
        let (below, max) = self.below_max_into(query, below);
        let exps = &mut exps[..below.len()];
        let numerators = Numerators::of(exp_sum(below, 1.0, exps), self.rest_below(max));
        let mask = self.scores.mask();
        let (first_token, place) = (mask.tokens(self.n_positions()).start, mask.place(query));
        RowTerms { first_token, place, keys, below, exps, ln_sum: numerators.ln_sum(), numerators }
    }

    /// Whether some keys of the row's span are masked.
    fn has_holes(&self, query: usize) -> bool {
        self.scores.mask().may_have_holes() && !self.keys(query).holes().is_empty()
    }

    /// What enters one row's softmax of its keys, less the largest of them, at their places in `row` (length ≥ T), −∞ in
    /// its holes; returns that and the largest, or the sink logit where no key has a finite score. Without a sink only the
    /// differences are meant to be read. From the largest key, and not from a sink logit that is larger, differences
    /// are as exact as f32 has them.
    fn below_max_into<'a>(&self, query: usize, row: &'a mut [f32]) -> (&'a mut [f32], f64) {
        let attended = self.span(query);
        let row = &mut row[attended.clone()];
        let rule = self.scores.rule();
        let max = match self.row_factor(query).filter(|_| !self.has_holes(query)) {
            Some(factor) if rule.is_linear() || (rule.bias.is_some() && factor == 1.0) => {
                let in_f32 = in_f32(factor);
                for (scaled, &below) in row.iter_mut().zip(self.scores.below_max(query)) {
                    *scaled = below * in_f32;
                }
                rule.sink.map_or(f64::NAN, |sink| finite_or(self.scores.row_max(query) * factor, sink))
            }
            Some(factor) if let Some(capped) = self.capped_row(query, factor) => {
                capped.write(self.scores.below_max(query), row);
                let max = rule.capped(self.scores.row_max(query) * factor);
                rule.sink.map_or(f64::NAN, |sink| finite_or(max, sink))
            }
            Some(factor) => {
                let entering = rule.entering_row(self.scores.row(query), factor, attended.start);
                let max = rule.sink.map_or_else(|| entering.max(), |sink| finite_or(entering.max(), sink));
                entering.less_into(max, row);
                max
            }
            None => {
                let other = self.other().map_or(&[][..], |other| other.row(query));
                let entering = self.entering(query, self.scores.row(query), other);
                let largest = entering.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let max = rule.sink.map_or(largest, |sink| finite_or(largest, sink));
                for (below, score) in row.iter_mut().zip(entering) {
                    #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
                    let rounded = if score == f64::NEG_INFINITY { f32::NEG_INFINITY } else { (score - max) as f32 };
                    *below = rounded;
                }
                max
            }
        };
        (row, max)
    }

    /// How a row's soft cap bends it under a factor, where there is one, no bias behind it, and f32 is enough.
    fn capped_row(&self, query: usize, factor: f64) -> Option<BelowCappedMax> {
        let rule = self.scores.rule();
        let cap = rule.softcap.filter(|_| rule.bias.is_none())?;
        BelowCappedMax::new(cap, factor, self.scores.row_max(query))
    }

    /// The sink logit less the largest number that enters the row's softmax of its keys; `None` without a sink.
    fn rest_below(&self, max: f64) -> Option<f64> {
        self.scores.rule().sink.map(|sink| sink - max)
    }

    /// What enters one row's softmax in f32, one number for each attended key, at their keys' places in `row`
    /// (length ≥ T); returns them. Each is rounded once, from f64.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
    pub fn scores_into<'a>(&self, query: usize, row: &'a mut [f32]) -> &'a [f32] {
        let attended = self.span(query);
        let row = &mut row[attended.clone()];
        let unmodified = self.scores.row(query);
        let rule = self.scores.rule();
        match self.row_factor(query).filter(|_| !self.has_holes(query)) {
            Some(factor) if rule.is_linear() => scaled_into(unmodified, factor, row),
            Some(factor) => rule.entering_row(unmodified, factor, attended.start).less_into(0.0, row),
            None => {
                let other = self.other().map_or(&[][..], |other| other.row(query));
                for (rounded, score) in row.iter_mut().zip(self.entering(query, unmodified, other)) {
                    *rounded = score as f32;
                }
            }
        }
        row
    }

    /// What enters one row's softmax in f64, one number for each attended key: modified scores behind soft cap and bias,
    /// or the logarithms of weights that are given; cut to the largest finite number where a huge ε leaves the range.
    pub fn exact_scores(&self, query: usize) -> Vec<f64> {
        let (unmodified, other) = self.exact_rows(query);
        self.entering(query, &unmodified, &other)
    }

    /// One row's scores in f64 after the edit, before soft cap and bias.
    pub(super) fn exact_products(&self, query: usize) -> Vec<f64> {
        let (unmodified, other) = self.exact_rows(query);
        self.modified(query, &unmodified, &other).collect()
    }

    /// Weights of one row in f64, one for each key of its span.
    pub fn exact_row(&self, query: usize) -> Vec<f64> {
        let (unmodified, other) = self.exact_rows(query);
        self.exact_weights(query, &unmodified, &other).0
    }

    /// The weight that goes to no key but to the head's sink logit, in f64: 1 for a query that no key
    /// is left of. `None` where there is none, and for a position without a row.
    pub fn exact_rest(&self, query: usize) -> Option<f64> {
        self.scores.rule().sink.filter(|_| self.scores.mask().has_row(query))?;
        let (unmodified, other) = self.exact_rows(query);
        Some(self.exact_weights(query, &unmodified, &other).1)
    }

    /// One cell in f64; `None` where it is masked or outside.
    #[expect(clippy::cast_possible_truncation, reason = "the one rounding from f64 to the weights of files")]
    pub fn exact_cell(&self, query: usize, key: usize) -> Option<ExactCell> {
        let place = self.place(query, key)?;
        let (unmodified, other) = self.exact_rows(query);
        let has_score = self.scores.has_vectors();
        let score = if has_score { Some(*self.entering(query, &unmodified, &other).get(place)?) } else { None };
        let weight_f64 = self.exact_weights(query, &unmodified, &other).0[place];
        Some(ExactCell { score, weight_f64, weight: weight_f64 as f32 })
    }

    /// A row's unmodified scores, and those of what the operation brings in (none for scaling), in f64.
    fn exact_rows(&self, query: usize) -> (Arc<[f64]>, Arc<[f64]>) {
        #[cfg(test)]
        EXACT_ROWS.set(EXACT_ROWS.get() + 1);
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

    /// What enters a row's softmax; −∞ in its holes.
    fn entering(&self, query: usize, unmodified: &[f64], other: &[f64]) -> Vec<f64> {
        let (rule, keys) = (self.scores.rule(), self.keys(query));
        let scores = keys.span().zip(self.modified(query, unmodified, other));
        let mut entering: Vec<f64> = scores.map(|(key, score)| rule.entering(score, key)).collect();
        for hole in keys.holes() {
            entering[hole - keys.span().start] = f64::NEG_INFINITY;
        }
        entering
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
        let first_key = self.span(query).start;
        let edited = move |place: usize, score: f64| match self.edit.edit() {
            Some(edit) if edit.acts_on(query, first_key + place) => {
                let edited = edit.along(score, other.get(place).copied().unwrap_or(0.0));
                // Only what ε has made too large is cut: a score that was not finite before is shown as it is.
                if score.is_finite() { edited.clamp(f64::MIN, f64::MAX) } else { edited }
            }
            _ => score,
        };
        unmodified.iter().enumerate().map(move |(place, &score)| edited(place, score))
    }

    /// The softmax of what enters it, and the part of the sink, 0 without one. Under a linear rule a factor on the whole
    /// row multiplies the distances from the maximum, which no ε can make indefinite.
    fn exact_weights(&self, query: usize, unmodified: &[f64], other: &[f64]) -> (Vec<f64>, f64) {
        if let Some(given) = self.scores.given(query) {
            return (given.iter().map(|&weight| weight.into()).collect(), 0.0);
        }
        let largest = |row: &[f64]| row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let rule = self.scores.rule();
        let (mut weights, max): (Vec<f64>, f64) =
            if let Some(factor) = self.row_factor(query).filter(|_| rule.is_linear() && !self.has_holes(query)) {
                let max = largest(unmodified);
                (unmodified.iter().map(|score| (score - max) * factor).collect(), max * factor)
            } else {
                let scores = self.entering(query, unmodified, other);
                let max = largest(&scores);
                if max == f64::NEG_INFINITY {
                    let (mut weights, keys) = (vec![0.0; scores.len()], self.keys(query));
                    if rule.sink.is_some() {
                        return (weights, 1.0);
                    }
                    // Of scores of −∞ alone nothing says how their weights compare.
                    keys.iter().for_each(|key| weights[key - keys.span().start] = f64::NAN);
                    return (weights, 0.0);
                }
                (scores.iter().map(|score| score - max).collect(), max)
            };
        // Where the sink is the largest of all, distances are taken from it.
        let rest_below = rule.sink.map(|sink| sink - max);
        let raise = rest_below.unwrap_or(0.0).max(0.0);
        for weight in &mut weights {
            *weight = (*weight - raise).exp();
        }
        let rest = rest_below.map_or(0.0, |rest| (rest - raise).exp());
        let sum = weights.iter().sum::<f64>() + rest;
        for weight in &mut weights {
            *weight /= sum;
        }
        (weights, rest / sum)
    }

    /// Some rows of [`Self::dense`], and of them the columns of `keys`, among which all their keys are.
    pub(super) fn dense_part(&self, rows: Range<usize>, keys: Range<usize>) -> Array2<f32> {
        let mut weights = Array2::zeros((rows.len(), keys.len()));
        let mut row = vec![0.0; self.n_positions()];
        for (query, mut part) in rows.zip(weights.outer_iter_mut()) {
            let first = self.span(query).start.saturating_sub(keys.start);
            for (cell, weight) in part.iter_mut().skip(first).zip(self.row_into(query, &mut row)) {
                *cell = *weight;
            }
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

impl HeadScores {
    /// The head's pattern under an edit.
    pub fn pattern(self: &Arc<Self>, edit: &HeadEdit) -> Pattern {
        Pattern::new(self.clone(), edit)
    }
}

/// A factor beyond f32 must not become infinite: 0·∞ is not a number.
#[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
fn in_f32(factor: f64) -> f32 {
    (factor as f32).min(f32::MAX)
}

/// The largest key's number, or the sink logit where there is no key, or all are −∞: a difference of those says nothing.
fn finite_or(max: f64, sink: f64) -> f64 {
    if max > f64::NEG_INFINITY { max } else { sink }
}
