//! Soft-capped scores of a row below the largest of them, in as many lanes as the processor has.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use pulp::{Arch, Simd, WithSimd};

use super::exp::{power_of_two, reduced};

/// Above this tanh(max / cap) the distances of scores in f32 say too little of those of their tangents.
const MOST_IN_F32: f64 = 16.0;

/// cap · tanh(factor · s / cap) of every score s of a row, less the largest of them.
///
/// With d = factor · (s − max) / cap ≤ 0, m = factor · max / cap and t = exp(2·d)
///
/// ```text
/// tanh(m + d) − tanh(m) = (t − 1) · (1 + tanh m) / (1 + t · exp(2·m))
/// ```
///
/// in which nothing is lost to a difference of two large numbers: f32 is enough, and a row takes no longer than a second
/// exponential. A relative error in d is at most m + 1 times as large in the result, so that for m ≤ 16 no weight is off
/// by more than 5e-7.
#[derive(Clone, Copy, Debug)]
pub struct BelowCappedMax {
    /// 2 · factor / cap
    twice: f32,
    /// cap · (1 + tanh m)
    height: f32,
    /// exp(2·m)
    steepness: f32,
}

impl BelowCappedMax {
    /// Of a row whose largest score is `max`; `None` where f32 is not enough.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
    pub fn new(cap: f64, factor: f64, max: f64) -> Option<Self> {
        let m = factor * max / cap;
        let is_enough = m <= MOST_IN_F32;
        is_enough.then(|| Self {
            twice: (2.0 * factor / cap) as f32,
            height: (cap * (1.0 + m.tanh())) as f32,
            steepness: (2.0 * m).exp() as f32,
        })
    }

    /// Of scores less their maximum, each at most 0, into `row`, as long as they are.
    pub fn write(self, below: &[f32], row: &mut [f32]) {
        Arch::new().dispatch(Row { rule: self, below, into: row });
    }
}

struct Row<'a> {
    rule: BelowCappedMax,
    below: &'a [f32],
    into: &'a mut [f32],
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let length = self.below.len().min(self.into.len());
        let (below, below_rest) = S::as_simd_f32s(&self.below[..length]);
        let (row, row_rest) = S::as_mut_simd_f32s(&mut self.into[..length]);
        for (into, &below) in row.iter_mut().zip(below) {
            *into = self.rule.of(simd, below);
        }
        let last = self.rule.of(simd, simd.partial_load_f32s(below_rest));
        simd.partial_store_f32s(row_rest, last);
    }
}

impl BelowCappedMax {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, below: S::f32s) -> S::f32s {
        /// From here on downwards exp is too small to be seen beside 1, also exp(2·16) times as large.
        const LOWEST: f32 = -60.0;
        let x = simd.mul_f32s(below, simd.splat_f32s(self.twice));
        let lowest = simd.splat_f32s(LOWEST);
        // Compared so that what is not a number passes.
        let x = simd.select_f32s(simd.less_than_f32s(x, lowest), lowest, x);
        let (grown, shifted) = reduced(simd, x);
        let power = power_of_two::<S, 127>(simd, shifted);
        let one = simd.splat_f32s(1.0);
        let less_one = simd.mul_add_e_f32s(power, grown, simd.sub_f32s(power, one));
        let t = simd.mul_add_e_f32s(power, grown, power);
        let bottom = simd.mul_add_e_f32s(t, simd.splat_f32s(self.steepness), one);
        simd.div_f32s(simd.mul_f32s(less_one, simd.splat_f32s(self.height)), bottom)
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_of_capped_scores_in_f64() {
        for (cap, max) in
            [(50.0_f64, 100.0_f64), (50.0, 800.0), (2.0, 3.0), (2.0, -1.0), (2.0, -60.0), (0.5, 8.0), (30.0, 0.0)]
        {
            let scores: Vec<f64> =
                (0..4099).map(|i| max - f64::from(i) * 3.0 * f64::max(max.abs(), 1.0) / 4096.0).collect();
            let below: Vec<f32> = scores.iter().map(|score| (score - max) as f32).collect();
            for factor in [0.0, 1e-10, 1e-3, 0.5, 1.0] {
                let mut row = vec![f32::NAN; below.len()];
                BelowCappedMax::new(cap, factor, max).expect("not steep").write(&below, &mut row);
                for (&capped, score) in row.iter().zip(&scores) {
                    let direct = cap * (factor * score / cap).tanh() - cap * (factor * max / cap).tanh();
                    let off = (f64::from(capped).exp() - direct.exp()).abs();
                    assert!(
                        capped <= 0.0 && off <= 2e-7,
                        "cap {cap}, ε {factor}: {score} of {max} is {capped}, not {direct}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_f32_cannot_tell_is_left_to_f64() {
        assert!(BelowCappedMax::new(2.0, 1.0, 33.0).is_none());
        assert!(BelowCappedMax::new(2.0, 1.0, f64::INFINITY).is_none());
        assert!(BelowCappedMax::new(2.0, 1.0, f64::NAN).is_none());
        let mut row = [0.0; 2];
        BelowCappedMax::new(2.0, 1.0, 32.0).expect("the steepest").write(&[f32::NAN, f32::NEG_INFINITY], &mut row);
        assert!(row[0].is_nan());
        assert_eq!(row[1], -4.0);
    }
}
