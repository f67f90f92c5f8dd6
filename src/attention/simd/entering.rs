//! Whole rows of scores behind soft cap and bias, in as many lanes as the processor has.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use pulp::Arch;

/// What enters a row's softmax: cap · tanh(factor · s / cap) + bias of every score s.
#[derive(Clone, Copy, Debug)]
pub struct Entering<'a> {
    pub scores: &'a [f64],
    pub factor: f64,
    pub softcap: Option<f64>,
    /// As long as `scores`; empty where there is none.
    pub bias: &'a [f64],
}

/// Numbers that are bent together: what is written as a loop over so many becomes instructions on whole vectors.
const LANES: usize = 8;

impl Entering<'_> {
    /// The largest; −∞ of none.
    pub fn max(self) -> f64 {
        // The soft cap keeps the order, so that without a bias the largest score alone has to be bent.
        let order = Self { softcap: self.softcap.filter(|_| !self.bias.is_empty()), ..self };
        let mut lanes = [f64::NEG_INFINITY; LANES];
        order.each(
            #[inline(always)]
            |_, entering, n| {
                for (lane, &entering) in lanes.iter_mut().zip(&entering[..n]) {
                    *lane = larger(*lane, entering);
                }
            },
        );
        let max = lanes.into_iter().fold(f64::NEG_INFINITY, larger);
        match self.softcap {
            Some(cap) if self.bias.is_empty() && max > f64::NEG_INFINITY => capped(max, cap),
            _ => max,
        }
    }

    /// Each less `subtracted`, rounded once, into `row`, which is as long as `scores`.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
    pub fn less_into(self, subtracted: f64, row: &mut [f32]) {
        self.each(
            #[inline(always)]
            |first, entering, n| {
                let rounded = entering.map(|entering| (entering - subtracted) as f32);
                row[first..first + n].copy_from_slice(&rounded[..n]);
            },
        );
    }

    /// Hands on what enters, [`LANES`] at a time with the place of the first; the last are fewer.
    #[inline(always)]
    fn each(self, mut take: impl FnMut(usize, &[f64; LANES], usize)) {
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let n = self.scores.len();
                match (self.softcap, self.bias.get(..n).filter(|bias| !bias.is_empty())) {
                    (None, None) => self.bent(self.scores, &mut take, |score, _| score * self.factor),
                    (None, Some(bias)) => self.bent(bias, &mut take, |score, bias| score * self.factor + bias),
                    (Some(cap), None) => {
                        self.bent(self.scores, &mut take, |score, _| capped(score * self.factor, cap));
                    }
                    (Some(cap), Some(bias)) => {
                        self.bent(bias, &mut take, |score, bias| capped(score * self.factor, cap) + bias);
                    }
                }
            },
        );
    }

    /// `bend` of every score and its bias.
    #[inline(always)]
    fn bent(self, bias: &[f64], take: &mut impl FnMut(usize, &[f64; LANES], usize), bend: impl Fn(f64, f64) -> f64) {
        let ((scores, last_scores), (bias, last_bias)) = (self.scores.as_chunks::<LANES>(), bias.as_chunks::<LANES>());
        for (chunk, (scores, bias)) in scores.iter().zip(bias).enumerate() {
            let mut lanes = [0.0; LANES];
            for ((lane, &score), &bias) in lanes.iter_mut().zip(scores).zip(bias) {
                *lane = bend(score, bias);
            }
            take(chunk * LANES, &lanes, LANES);
        }
        let mut lanes = [0.0; LANES];
        for ((lane, &score), &bias) in lanes.iter_mut().zip(last_scores).zip(last_bias) {
            *lane = bend(score, bias);
        }
        take(scores.len() * LANES, &lanes, last_scores.len());
    }
}

#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// cap · tanh(score / cap)
#[inline(always)]
fn capped(score: f64, cap: f64) -> f64 {
    cap * tanh(score / cap)
}

/// tanh within 1e-15, without a branch: (1 − t) / (1 + t) with t = exp(−2·|x|).
#[inline(always)]
fn tanh(x: f64) -> f64 {
    let t = exp_negative(-2.0 * x.abs());
    ((1.0 - t) / (1.0 + t)).copysign(x)
}

/// exp(x) of x ≤ 0, within 4e-16 of it; below −60 what it is there, which 1 has no digits for. What is not a number stays
/// so.
#[inline(always)]
fn exp_negative(x: f64) -> f64 {
    /// 1.5·2⁵²: what is added to it is rounded to a whole number, which its last bits hold.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    /// ln 2 in two parts, the first of which has so few digits that its multiples are exact.
    const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
    let x = if x < -60.0 { -60.0 } else { x };
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN_2[0] - n * LN_2[1];
    let sum = 1.0 / 479_001_600.0 * r + 1.0 / 39_916_800.0;
    let sum = (sum * r + 1.0 / 3_628_800.0) * r + 1.0 / 362_880.0;
    let sum = (sum * r + 1.0 / 40_320.0) * r + 1.0 / 5_040.0;
    let sum = (sum * r + 1.0 / 720.0) * r + 1.0 / 120.0;
    let sum = (sum * r + 1.0 / 24.0) * r + 1.0 / 6.0;
    let sum = ((sum * r + 0.5) * r + 1.0) * r + 1.0;
    let two_to_n = f64::from_bits((rounded.to_bits() << 52).wrapping_add(1023 << 52));
    sum * two_to_n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tanh_is_that_of_the_standard_library() {
        for i in 0..20_000 {
            let size = 10.0_f64.powf(f64::from(i) / 20_000.0 * 12.0 - 9.0);
            for x in [size, -size] {
                assert!((tanh(x) - x.tanh()).abs() <= 1e-15, "{x}");
            }
        }
        assert_eq!([0.0, f64::INFINITY, f64::NEG_INFINITY].map(tanh), [0.0, 1.0, -1.0]);
        assert!(tanh(f64::NAN).is_nan());
    }

    #[test]
    fn rows_are_bent_as_single_scores_are() {
        let scores: Vec<f64> = (0..37).map(|i| 30.0 * f64::from(i).sin()).collect();
        let bias: Vec<f64> = (0..37).map(|i| -0.25 * f64::from(i)).collect();
        for (softcap, bias) in [(None, &[][..]), (Some(8.0), &[]), (None, &bias), (Some(8.0), &bias)] {
            let row = Entering { scores: &scores, factor: 0.5, softcap, bias };
            let direct: Vec<f64> = (0..37)
                .map(|i| {
                    let score = 0.5 * scores[i];
                    softcap.map_or(score, |cap: f64| cap * (score / cap).tanh()) + bias.get(i).unwrap_or(&0.0)
                })
                .collect();
            let max = direct.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert!((row.max() - max).abs() < 1e-13);
            let mut less = vec![0.0; 37];
            row.less_into(max, &mut less);
            for (less, direct) in less.iter().zip(&direct) {
                assert!((f64::from(*less) - (direct - max)).abs() <= 1e-7 * (1.0 + (direct - max).abs()));
            }
        }
        assert_eq!(Entering { scores: &[], factor: 1.0, softcap: Some(1.0), bias: &[] }.max(), f64::NEG_INFINITY);
    }
}
