//! One row of a pattern as metrics read it.

use super::Keys;

/// One row's softmax, taken apart: weight = exp / sum, and ln weight = below − ln sum, finite also where a weight is
/// below the range of f32.
pub(super) struct RowTerms<'a> {
    /// The first position that is no padding.
    pub first_token: usize,
    /// The query's place among the tokens, 0-based.
    pub place: usize,
    /// The keys that the query attends to.
    pub keys: Keys<'a>,
    /// What enters the softmax less the largest of it, one number for each key of the span; −∞ in its holes.
    pub below: &'a [f32],
    /// `exp(below)`
    pub exps: &'a [f32],
    /// With the sink's part in it.
    pub sum: f64,
    pub ln_sum: f64,
    /// The sink's numerator; 0 without one.
    pub rest: f64,
    /// The sink's logit less the largest number that enters; −∞ without one.
    pub rest_below: f64,
}

impl RowTerms<'_> {
    /// A key's numerator and its logarithm; 0 and −∞ where it is masked.
    pub fn outcome(&self, key: usize) -> [f64; 2] {
        let place = self.keys.contains(key).then(|| key - self.keys.span().start);
        place.map_or([0.0, f64::NEG_INFINITY], |place| [self.exps[place].into(), self.below[place].into()])
    }

    /// The weight of a key; `None` where it is masked.
    pub fn weight(&self, key: usize) -> Option<f64> {
        self.keys.contains(key).then(|| f64::from(self.exps[key - self.keys.span().start]) / self.sum)
    }
}
