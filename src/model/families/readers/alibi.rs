//! The slopes of biases by position (Press et al. 2021, arXiv 2108.12409), also for numbers of heads that are no power of
//! two.

/// As Bloom and Falcon have them: those of the next smaller power of two, then every other one of the next larger.
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "few heads; the reference has f32")]
pub fn from_smaller_power(n_heads: usize) -> Vec<f32> {
    let power = 1_usize << n_heads.max(1).ilog2();
    let base = |n: usize| 2.0_f64.powf(-(2.0_f64.powf(3.0 - (n as f64).log2()))) as f32;
    let first = (1..=power).map(|exponent| base(power).powi(exponent as i32));
    let rest = (0..n_heads - power).map(|i| base(2 * power).powi(2 * i as i32 + 1));
    first.chain(rest).collect()
}

/// As MPT has them: of the next larger power of two every other one from the second on, then those between.
pub fn from_larger_power(n_heads: usize) -> Vec<f32> {
    const MOST: f32 = 8.0;
    let power = n_heads.next_power_of_two();
    let slopes: Vec<f32> = (1..=power).map(|i| 1.0 / (i as f32 * (MOST / power as f32)).exp2()).collect();
    if power == n_heads {
        return slopes;
    }
    let others = slopes.iter().skip(1).step_by(2).chain(slopes.iter().step_by(2));
    others.take(n_heads).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f32], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (&found, &expected) in found.iter().zip(expected) {
            assert!((f64::from(found) - expected).abs() < 1e-7, "{found}, not {expected}");
        }
    }

    #[test]
    fn slopes_are_powers_of_two_between_one_and_a_256th() {
        let four = [1.0 / 4.0, 1.0 / 16.0, 1.0 / 64.0, 1.0 / 256.0];
        close(&from_smaller_power(4), &four);
        close(&from_larger_power(4), &four);
        // Eight heads have 1/2, 1/4, 1/8, … 1/256.
        close(&from_smaller_power(6), &[four[0], four[1], four[2], four[3], 1.0 / 2.0, 1.0 / 8.0]);
        close(&from_larger_power(6), &[1.0 / 4.0, 1.0 / 16.0, 1.0 / 64.0, 1.0 / 256.0, 1.0 / 2.0, 1.0 / 8.0]);
        assert_eq!(from_smaller_power(1), [1.0 / 256.0]);
    }
}
