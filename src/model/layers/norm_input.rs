//! What enters a norm, and what the norm leaves of a factor on it.

/// What a norm divides each position's row by, before the root: its mean square, or of a layer norm its variance, and eps.
#[derive(Clone, Debug, PartialEq)]
pub struct NormInput {
    /// `[T]`
    pub mean_squares: Vec<f64>,
    /// What the norm adds to them.
    pub eps: f64,
}

impl NormInput {
    /// How long the norm's output is (but for a bias) at a position, over what it would be without the factor `epsilon`
    /// on what enters. 1 is a factor that is undone, `epsilon` one that is left as it was.
    ///
    /// The row x has become ε·x, of mean square m = ε²·mean(x²). It leaves the norm as x·ε/√(m + eps) and would have
    /// left it as x/√(mean(x²) + eps): the ratio is √((m + ε²·eps) / (m + eps)).
    pub fn kept(&self, position: usize, epsilon: f64) -> f64 {
        let m = self.mean_squares[position];
        ((m + epsilon.powi(2) * self.eps) / (m + self.eps)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_undone_while_eps_is_negligible() {
        // Unscaled rows of mean square 3 and 0 beside eps 1, under ε = 1/3, so that the first has 1/3 left:
        // √((1/3 + 1/9)/(1/3 + 1)) = √(1/3), which is (1/3·√3/√(4/3)) / (√3/√4).
        let norm = NormInput { mean_squares: vec![1.0 / 3.0, 0.0], eps: 1.0 };
        assert!((norm.kept(0, 1.0 / 3.0) - (1.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert!((norm.kept(1, 1.0 / 3.0) - 1.0 / 3.0).abs() < 1e-15, "nothing but eps: left as it was");
        assert_eq!(NormInput { mean_squares: vec![0.75], eps: 0.0 }.kept(0, 0.5), 1.0);
        assert_eq!(NormInput { mean_squares: vec![0.0], eps: 1e-6 }.kept(0, 0.0), 0.0, "at 0 it is gone");
    }
}
