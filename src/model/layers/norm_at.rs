//! A norm as a linear map: at the scale that it has for one row, it takes each part of the row by itself.

use ndarray::{Array1, ArrayView1, ArrayViewMut1};

use super::norms::Norm;

/// A norm at the scale that it has for one row, in f64.
pub struct NormAt<'a> {
    norm: &'a Norm,
    /// What the row, or what is left of it without its mean, is multiplied by.
    factor: f64,
}

impl<'a> NormAt<'a> {
    pub fn new(norm: &'a Norm, row: ArrayView1<'_, f64>) -> Self {
        let mean_square = match norm {
            Norm::Rms(norm) => row.pow2().mean().unwrap_or_default() + f64::from(norm.eps),
            Norm::Layer(norm) => row.var(0.0) + norm.eps,
        };
        Self { norm, factor: 1.0 / mean_square.sqrt() }
    }

    /// What the norm makes of a part of the row; those of all parts and [`Self::bias`] are what it makes of the row.
    pub fn apply(&self, mut part: ArrayViewMut1<'_, f64>) {
        let (mean, weight) = match self.norm {
            Norm::Rms(norm) => (0.0, Some(&norm.weight)),
            Norm::Layer(norm) => (part.mean().unwrap_or_default(), norm.weight.as_ref()),
        };
        part.mapv_inplace(|x| (x - mean) * self.factor);
        if let Some(weight) = weight {
            part.iter_mut().zip(weight).for_each(|(x, &weight)| *x *= f64::from(weight));
        }
    }

    /// What the norm adds whatever the row.
    pub fn bias(&self) -> Option<Array1<f64>> {
        match self.norm {
            Norm::Rms(_) => None,
            Norm::Layer(norm) => norm.bias.as_ref().map(|bias| bias.iter().map(|&x| f64::from(x)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::model::layers::norms::{LayerNorm, RmsNorm};

    #[test]
    fn the_parts_of_a_row_sum_to_the_norm_of_the_row() {
        let (weight, bias) = (vec![1.0, -2.0, 0.5], Some(vec![0.25, 0.0, -1.0]));
        for norm in [
            Norm::Rms(RmsNorm { weight: weight.clone(), eps: 0.5 }),
            Norm::Layer(LayerNorm { weight: Some(weight), bias, eps: 0.5 }),
            Norm::Layer(LayerNorm { weight: None, bias: None, eps: 0.5 }),
        ] {
            let parts: Array2<f32> = array![[1.0, 2.0, 3.0], [-4.0, 0.5, 0.0], [0.0, 0.0, 8.0]];
            let row = parts.sum_axis(ndarray::Axis(0));
            let normed = norm.forward(&row.clone().insert_axis(ndarray::Axis(0)));
            let (mut parts, row) = (parts.mapv(f64::from), row.mapv(f64::from));
            let at = NormAt::new(&norm, row.view());
            parts.outer_iter_mut().for_each(|part| at.apply(part));
            let sum = parts.sum_axis(ndarray::Axis(0)) + at.bias().unwrap_or_else(|| Array1::zeros(3));
            for (found, expected) in sum.iter().zip(&normed) {
                assert!((found - f64::from(*expected)).abs() < 1e-6, "{sum} {normed}");
            }
        }
    }

    #[test]
    fn a_part_is_taken_at_the_scale_of_the_whole() {
        // Mean square (9 + 16)/2 = 12.5, and half is 1/√12.5 of it whatever the part's own size.
        let norm = Norm::Rms(RmsNorm { weight: vec![1.0, 1.0], eps: 0.0 });
        let mut part = array![3.0, 0.0];
        NormAt::new(&norm, array![3.0, 4.0].view()).apply(part.view_mut());
        assert_eq!(part, array![3.0 / 12.5_f64.sqrt(), 0.0]);
    }
}
