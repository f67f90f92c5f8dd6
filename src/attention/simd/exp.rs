//! The exponential of a softmax, in as many lanes as the processor has.
//!
//! Range reduction x = n·ln 2 + r and a polynomial of degree 7 for exp(r), with the coefficients of Cephes' `expf`; no
//! branches. 2ⁿ is put together as 2ⁿ⁺⁶⁴·2⁻⁶⁴, so that results below the normal range are rounded once and not cut.
//! Within 2 ulp of the true value for every x ≤ 0 (tested over all exponents), exactly 1 for 0, 0 for −∞; what is not
//! a number stays so.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use pulp::{Arch, Simd, WithSimd};

/// Vectors whose sum is taken as it comes before it counts with what it has lost.
const SUMMED: usize = 4;

/// Replaces each x ≤ 0 by exp(x).
pub fn exp_in_place(values: &mut [f32]) {
    Arch::new().dispatch(InPlace(values));
}

/// Writes exp(factor·x) for each x of `below`, none of which is above 0, to `exps`, as long as both are, and returns
/// their sum.
///
/// What rounding takes from the sum is summed too, so that thousands of weights beside a sink count, each of which is too
/// small to change an f32 sum of 1.
pub fn exp_sum(below: &[f32], factor: f32, exps: &mut [f32]) -> f64 {
    Arch::new().dispatch(Scaled { below, factor, exps })
}

/// [`exp_sum`] of values that are replaced, with factor 1.
pub fn exp_sum_in_place(values: &mut [f32]) -> f64 {
    exp_in_place(values);
    sum(values)
}

/// In f64, and in lanes, so that the additions need not wait for one another.
fn sum(values: &[f32]) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += f64::from(value);
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().copied().map(f64::from).sum::<f64>()
}

/// Σ exp·below in f64, where an exp of 0 counts 0.
pub fn weighted_sum(exps: &[f32], below: &[f32]) -> f64 {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            let ((exps, exps_rest), (below, below_rest)) = (exps.as_chunks::<8>(), below.as_chunks::<8>());
            let term = |e: f32, x: f32| if e == 0.0 { 0.0 } else { f64::from(e) * f64::from(x) };
            let mut lanes = [0.0; 8];
            for (exps, below) in exps.iter().zip(below) {
                for (lane, (&e, &x)) in lanes.iter_mut().zip(exps.iter().zip(below)) {
                    *lane += term(e, x);
                }
            }
            let rest: f64 = exps_rest.iter().zip(below_rest).map(|(&e, &x)| term(e, x)).sum();
            lanes.iter().sum::<f64>() + rest
        },
    )
}

/// Multiplies each value by `factor`.
pub fn scale(values: &mut [f32], factor: f32) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for value in values {
                *value *= factor;
            }
        },
    );
}

/// Writes factor·x for each x of `values` to `products`, rounded once.
#[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
pub fn scaled_into(values: &[f64], factor: f64, products: &mut [f32]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (product, &value) in products.iter_mut().zip(values) {
                *product = (factor * value) as f32;
            }
        },
    );
}

struct InPlace<'a>(&'a mut [f32]);

impl WithSimd for InPlace<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (vectors, rest) = S::as_mut_simd_f32s(self.0);
        for x in vectors {
            *x = exp(simd, *x);
        }
        let last = exp(simd, simd.partial_load_f32s(rest));
        simd.partial_store_f32s(rest, last);
    }
}

struct Scaled<'a> {
    below: &'a [f32],
    factor: f32,
    exps: &'a mut [f32],
}

impl WithSimd for Scaled<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let length = self.below.len().min(self.exps.len());
        let (below, below_rest) = S::as_simd_f32s(&self.below[..length]);
        let (exps, exps_rest) = S::as_mut_simd_f32s(&mut self.exps[..length]);
        let factor = simd.splat_f32s(self.factor);
        let mut sum = Compensated { sum: simd.splat_f32s(0.0), lost: simd.splat_f32s(0.0) };
        let (below, below_last) = below.as_chunks::<SUMMED>();
        let (exps, exps_last) = exps.as_chunks_mut::<SUMMED>();
        for (exps, &[a, b, c, d]) in exps.iter_mut().zip(below) {
            let (a, b) = (exp_scaled(simd, a, factor), exp_scaled(simd, b, factor));
            let (c, d) = (exp_scaled(simd, c, factor), exp_scaled(simd, d, factor));
            *exps = [a, b, c, d];
            sum.add(simd, simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d)));
        }
        for (into, &below) in exps_last.iter_mut().zip(below_last) {
            *into = exp_scaled(simd, below, factor);
            sum.add(simd, *into);
        }
        let last = exp_scaled(simd, simd.partial_load_f32s(below_rest), factor);
        simd.partial_store_f32s(exps_rest, last);
        sum.total() + exps_rest.iter().copied().map(f64::from).sum::<f64>()
    }
}

/// Sums lane by lane, and what rounding has taken from them (Knuth's two-sum).
struct Compensated<S: Simd> {
    sum: S::f32s,
    lost: S::f32s,
}

impl<S: Simd> Compensated<S> {
    #[inline(always)]
    fn add(&mut self, simd: S, x: S::f32s) {
        let sum = simd.add_f32s(self.sum, x);
        let added = simd.sub_f32s(sum, self.sum);
        let from_sum = simd.sub_f32s(self.sum, simd.sub_f32s(sum, added));
        let lost = simd.add_f32s(from_sum, simd.sub_f32s(x, added));
        (self.sum, self.lost) = (sum, simd.add_f32s(self.lost, lost));
    }

    fn total(&self) -> f64 {
        let lanes = [self.sum, self.lost];
        let lanes: &[f32] = bytemuck::cast_slice(&lanes);
        lanes.iter().copied().map(f64::from).sum()
    }
}

/// p·r + c
#[inline(always)]
fn step<S: Simd>(simd: S, p: S::f32s, r: S::f32s, c: f32) -> S::f32s {
    simd.mul_add_e_f32s(p, r, simd.splat_f32s(c))
}

/// exp(factor·x)
#[inline(always)]
fn exp_scaled<S: Simd>(simd: S, x: S::f32s, factor: S::f32s) -> S::f32s {
    exp(simd, simd.mul_f32s(x, factor))
}

/// exp(x) for x ≤ 0.
#[inline(always)]
fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    /// From here on downwards the result is 0: half the least positive f32 is exp(-103.97).
    const LOWEST: f32 = -105.0;
    /// Of 2ⁿ⁺⁶⁴ in the exponent field.
    const BIAS: u32 = 127 + 64;
    /// 2⁻⁶⁴
    const BACK: f32 = f32::from_bits((127 - 64) << 23);

    // Compared so that what is not a number passes.
    let lowest = simd.splat_f32s(LOWEST);
    let x = simd.select_f32s(simd.less_than_f32s(x, lowest), lowest, x);
    let (grown, n) = reduced(simd, x);
    let mantissa = simd.add_f32s(grown, simd.splat_f32s(1.0));
    let power = power_of_two::<S, BIAS>(simd, n);
    simd.mul_f32s(simd.mul_f32s(mantissa, power), simd.splat_f32s(BACK))
}

/// exp(x) = 2ⁿ·exp(r) taken apart: exp(r) − 1, and a number whose low bits hold n as an integer.
#[inline(always)]
pub(super) fn reduced<S: Simd>(simd: S, x: S::f32s) -> (S::f32s, S::f32s) {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    /// Adding and subtracting 1.5·2²³ rounds to the nearest integer without a branch.
    const ROUND: f32 = 12_582_912.0;

    let round = simd.splat_f32s(ROUND);
    let shifted = simd.mul_add_e_f32s(x, simd.splat_f32s(std::f32::consts::LOG2_E), round);
    let n = simd.sub_f32s(shifted, round);
    let r = simd.negate_mul_add_e_f32s(n, simd.splat_f32s(LN2_HIGH), x);
    let r = simd.negate_mul_add_e_f32s(n, simd.splat_f32s(LN2_LOW), r);
    let p = step(simd, simd.splat_f32s(1.987_569_1e-4), r, 1.398_199_9e-3);
    let p = step(simd, step(simd, p, r, 8.333_452e-3), r, 4.166_579_6e-2);
    let p = step(simd, step(simd, p, r, 1.666_666_5e-1), r, 0.5);
    (simd.mul_add_e_f32s(p, simd.mul_f32s(r, r), r), shifted)
}

/// 2ⁿ⁺ᴮ⁻¹²⁷ of the n that the low bits of `shifted` hold, which is moved into the exponent field.
#[inline(always)]
pub(super) fn power_of_two<S: Simd, const B: u32>(simd: S, shifted: S::f32s) -> S::f32s {
    let biased = simd.add_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(B));
    simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(biased, simd.splat_u32s(23)))
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "the nearest f32 is what is asked for")]
mod tests {
    use super::*;

    /// Distance from the true value in units of the last place, gradual underflow included.
    fn ulps(result: f32, x: f32) -> f64 {
        let truth = f64::from(x).exp();
        let nearest = truth as f32;
        (f64::from(result) - truth).abs() / (f64::from(nearest.next_up()) - f64::from(nearest))
    }

    type Kernel = dyn Fn(&mut [f32]);

    /// Every kernel that this processor can run.
    fn kernels() -> Vec<(&'static str, Box<Kernel>)> {
        let mut kernels: Vec<(&str, Box<Kernel>)> = vec![
            ("chosen", Box::new(exp_in_place)),
            ("scalar", Box::new(|values: &mut [f32]| Arch::Scalar.dispatch(InPlace(values)))),
        ];
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            kernels.push(("AVX2", Box::new(move |values: &mut [f32]| Simd::vectorize(avx2, InPlace(values)))));
        }
        kernels
    }

    #[test]
    fn is_within_two_ulp_of_the_f64_exponential_over_the_whole_range() {
        for (name, kernel) in kernels() {
            let mut worst = (0.0, 0.0);
            // Every sign bit, exponent and some 20 000 mantissas of each: all of x ≤ 0 down to −∞.
            for block in (0x8000_0000..=0xff80_0000_u32).step_by(419).collect::<Vec<_>>().chunks(1 << 16) {
                let x: Vec<f32> = block.iter().copied().map(f32::from_bits).collect();
                let mut result = x.clone();
                kernel(&mut result);
                for (&result, &x) in result.iter().zip(&x) {
                    let ulps = ulps(result, x);
                    assert!(ulps <= 2.0, "{name}: exp({x:e}) = {result:e}, off by {ulps} ulp");
                    worst = if ulps > worst.0 { (ulps, x) } else { worst };
                }
            }
            println!("{name}: at most {:.3} ulp, at {:e}", worst.0, worst.1);
        }
    }

    #[test]
    fn the_range_in_which_results_are_not_zero_is_covered_densely() {
        for (name, kernel) in kernels() {
            let x: Vec<f32> = (0..=4_200_000_u32).map(|step| -105.0 * (f64::from(step) / 4.2e6) as f32).collect();
            let mut result = x.clone();
            kernel(&mut result);
            let worst = result.iter().zip(&x).map(|(&result, &x)| ulps(result, x)).fold(0.0, f64::max);
            assert!(worst <= 2.0, "{name}: {worst} ulp");
            assert!(result.windows(2).all(|pair| pair[1] <= pair[0]), "{name}: a larger score, a smaller weight");
        }
    }

    #[test]
    fn is_exact_at_the_edges() {
        for (name, kernel) in kernels() {
            let mut values = [0.0, -0.0, f32::NEG_INFINITY, -2e6, f32::MIN, -f32::MIN_POSITIVE, f32::NAN];
            kernel(&mut values);
            assert_eq!(values[..6], [1.0, 1.0, 0.0, 0.0, 0.0, 1.0], "{name}");
            assert!(values[6].is_nan(), "{name}");
        }
    }

    #[test]
    fn large_scores_and_large_factors_give_the_exponential_of_their_product() {
        // Scores from −1e4 to 1e4 less their maximum, ε up to 1e2.
        let below: Vec<f32> = (0..=20_000_u16).map(|step| -f32::from(step)).collect();
        let mut exps = vec![f32::NAN; below.len()];
        for factor in [0.0, 1e-10, 1e-3, 0.5, 1.0, 1e2] {
            let sum = exp_sum(&below, factor, &mut exps);
            for (&x, &e) in below.iter().zip(&exps) {
                assert!(ulps(e, x * factor) <= 2.0, "{x}·{factor}: {e}");
            }
            let expected: f64 = exps.iter().copied().map(f64::from).sum();
            assert!((sum - expected).abs() <= 1e-7 * expected, "{factor}: {sum} and {expected}");
        }
    }

    #[test]
    fn every_length_is_summed_whole_and_nothing_is_written_behind_it() {
        for length in 0..200 {
            let below = vec![-1.0; length];
            let mut exps = vec![7.0; length + 1];
            let sum = exp_sum(&below, 0.0, &mut exps);
            assert_eq!((sum, exps[length]), (length as f64, 7.0), "{length}");
            assert!(exps[..length].iter().all(|&e| e == 1.0));
        }
    }

    #[test]
    fn small_weights_beside_a_sink_count() {
        let mut below = vec![-18.0; 4096];
        below[0] = 0.0;
        let sum = exp_sum(&below, 1.0, &mut vec![0.0; 4096]);
        let expected = 1.0 + 4095.0 * (-18.0_f64).exp();
        assert!((sum - expected).abs() < 1e-7, "{sum} and {expected}");
    }
}
