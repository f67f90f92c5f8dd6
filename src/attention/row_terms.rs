//! One row of a pattern as metrics read it.

use super::Keys;

/// One row's softmax, taken apart: weight = exp · share / sum, and ln weight = below − ln sum, finite also where a weight
/// is below the range of f32.
pub(super) struct RowTerms<'a> {
    /// The first position that is no padding.
    pub first_token: usize,
    /// The query's place among the tokens, 0-based.
    pub place: usize,
    /// The keys that the query attends to.
    pub keys: Keys<'a>,
    /// What enters the softmax less the largest of the keys, one number for each key of the span; −∞ in its holes.
    pub below: &'a [f32],
    /// `exp(below)`
    pub exps: &'a [f32],
    pub numerators: Numerators,
    /// As far from the largest key as `below` is.
    pub ln_sum: f64,
}

/// What a row's numerators come to, and that of the sink logit.
#[derive(Clone, Copy)]
pub(super) struct Numerators {
    /// Σ exp of the keys, from the largest of them.
    pub of_keys: f64,
    /// The sink logit less the largest key; −∞ without one.
    pub rest_below: f64,
    /// By how much the sink logit is larger than all keys, as which it is taken out of every numerator: nothing overflows.
    raise: f64,
    /// What keys' numerators are multiplied by for that: `exp(−raise)`, 1 where the sink is none or smaller.
    pub share: f64,
    /// The sink's numerator; 0 without one.
    pub rest: f64,
    /// Of the keys' and the sink's numerators.
    pub sum: f64,
}

impl Numerators {
    /// Of keys that come to `of_keys`, and a sink logit so far below the largest of them.
    pub fn of(of_keys: f64, rest_below: Option<f64>) -> Self {
        let Some(rest_below) = rest_below else {
            let (rest_below, raise) = (f64::NEG_INFINITY, 0.0);
            return Self { of_keys, rest_below, raise, share: 1.0, rest: 0.0, sum: of_keys };
        };
        let raise = rest_below.max(0.0);
        let (share, rest) = ((-raise).exp(), (rest_below - raise).exp());
        Self { of_keys, rest_below, raise, share, rest, sum: of_keys * share + rest }
    }

    /// The logarithm of the sum, from the largest key.
    pub fn ln_sum(self) -> f64 {
        self.sum.ln() + self.raise
    }
}

impl RowTerms<'_> {
    /// A key's numerator and its logarithm; 0 and −∞ where it is masked.
    pub fn outcome(&self, key: usize) -> [f64; 2] {
        let place = self.keys.contains(key).then(|| key - self.keys.span().start);
        place.map_or([0.0, f64::NEG_INFINITY], |place| [self.numerator(self.exps[place]), self.below[place].into()])
    }

    /// Of a key whose exp this is.
    pub fn numerator(&self, exp: f32) -> f64 {
        f64::from(exp) * self.numerators.share
    }

    /// The weight of a key; `None` where it is masked.
    pub fn weight(&self, key: usize) -> Option<f64> {
        let exp = self.keys.contains(key).then(|| self.exps[key - self.keys.span().start]);
        exp.map(|exp| self.numerator(exp) / self.numerators.sum)
    }
}
