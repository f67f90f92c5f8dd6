//! Norms, in f32.

use ndarray::{Array2, ArrayView1};

use super::{norm_input::NormInput, rows::for_each_row};

/// A norm of rows.
#[derive(Debug)]
pub enum Norm {
    Rms(RmsNorm),
    Layer(LayerNorm),
}

impl Norm {
    /// `x [T, width]` to the same shape.
    pub fn forward(&self, x: &Array2<f32>) -> Array2<f32> {
        let mut normed = x.as_standard_layout().into_owned();
        for_each_row(&mut normed, |_, row| self.in_place(row));
        normed
    }

    /// What each row of `x [T, width]` is divided by.
    pub fn input(&self, x: &Array2<f32>) -> NormInput {
        let wide = |row: ArrayView1<'_, f32>| row.mapv(f64::from);
        let mean_square = |row: ArrayView1<'_, f32>| wide(row).pow2().mean().unwrap_or_default();
        let variance = |row: ArrayView1<'_, f32>| wide(row).var(0.0);
        match self {
            Self::Rms(norm) => {
                NormInput { mean_squares: x.outer_iter().map(mean_square).collect(), eps: norm.eps.into() }
            }
            Self::Layer(norm) => NormInput { mean_squares: x.outer_iter().map(variance).collect(), eps: norm.eps },
        }
    }

    /// One row.
    pub fn in_place(&self, row: &mut [f32]) {
        match self {
            Self::Rms(norm) => norm.in_place(row),
            Self::Layer(norm) => norm.in_place(row),
        }
    }
}

/// Root-mean-square norm (Zhang and Sennrich 2019, arXiv 1910.07467): x ← weight · x / √(mean(x²) + eps).
#[derive(Debug)]
pub struct RmsNorm {
    pub weight: Vec<f32>,
    pub eps: f32,
}

impl RmsNorm {
    fn in_place(&self, x: &mut [f32]) {
        let mean_square = x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32;
        let factor = 1.0 / (mean_square + self.eps).sqrt();
        for (x, weight) in x.iter_mut().zip(&self.weight) {
            *x = *x * factor * weight;
        }
    }
}

/// Layer normalization (Ba et al. 2016, arXiv 1607.06450): weight · (x − mean(x)) / √(variance(x) + eps) + bias.
#[derive(Debug)]
pub struct LayerNorm {
    /// 1 where there is none.
    pub weight: Option<Vec<f32>>,
    /// 0 where there is none.
    pub bias: Option<Vec<f32>>,
    pub eps: f64,
}

impl LayerNorm {
    /// The sums are in f64: some dimensions of GPT-2's residual stream are a thousand times as large as the others.
    #[expect(clippy::cast_possible_truncation, reason = "activations are computed in f32")]
    fn in_place(&self, row: &mut [f32]) {
        let width = row.len() as f64;
        let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / width;
        let variance = row.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / width;
        let factor = 1.0 / (variance + self.eps).sqrt();
        for x in row.iter_mut() {
            *x = ((f64::from(*x) - mean) * factor) as f32;
        }
        if let Some(weight) = &self.weight {
            row.iter_mut().zip(weight).for_each(|(x, weight)| *x *= weight);
        }
        if let Some(bias) = &self.bias {
            row.iter_mut().zip(bias).for_each(|(x, bias)| *x += bias);
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_norm_divides_by_the_root_of_the_mean_square() {
        // Mean square (9 + 16)/2 = 12.5; with eps 0 the row becomes (3, 4)/√12.5.
        let normed = Norm::Rms(RmsNorm { weight: vec![1.0, 2.0], eps: 0.0 }).forward(&array![[3.0, 4.0]]);
        let root = 12.5_f32.sqrt();
        assert!((normed[[0, 0]] - 3.0 / root).abs() < 1e-7);
        assert!((normed[[0, 1]] - 8.0 / root).abs() < 1e-6);
    }

    #[test]
    fn what_enters_is_told_as_the_norm_divides_by_it() {
        let x = array![[3.0, 4.0], [0.0, 0.0]];
        let rms = Norm::Rms(RmsNorm { weight: vec![1.0, 2.0], eps: 0.5 });
        assert_eq!(rms.input(&x), NormInput { mean_squares: vec![12.5, 0.0], eps: 0.5 });
        let layer = Norm::Layer(LayerNorm { weight: None, bias: None, eps: 0.5 });
        assert_eq!(layer.input(&x), NormInput { mean_squares: vec![0.25, 0.0], eps: 0.5 });
    }

    #[test]
    fn layer_norm_gives_mean_0_and_variance_1_before_weight_and_bias() {
        // Mean 4, variance (9 + 1 + 1 + 9)/4 = 5, and 11 more is 16: the row becomes (-3, -1, 1, 3)/4.
        let norm =
            LayerNorm { weight: Some(vec![1.0, 1.0, 2.0, 2.0]), bias: Some(vec![0.0, 0.5, 0.0, 0.5]), eps: 11.0 };
        let norm = Norm::Layer(norm);
        assert_eq!(norm.forward(&array![[1.0, 3.0, 5.0, 7.0]]), array![[-0.75, 0.25, 0.5, 2.0]]);
        let shifted = norm.forward(&array![[1e6 + 1.0, 1e6 + 3.0, 1e6 + 5.0, 1e6 + 7.0]]);
        assert_eq!(shifted, array![[-0.75, 0.25, 0.5, 2.0]], "whatever the mean");
        let plain = Norm::Layer(LayerNorm { weight: None, bias: None, eps: 11.0 });
        assert_eq!(plain.forward(&array![[1.0, 3.0, 5.0, 7.0]]), array![[-0.75, -0.25, 0.25, 0.75]]);
    }
}
