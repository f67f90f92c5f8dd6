//! What models are made of, in f32: linear maps and norms.
//!
//! Plain ndarray rather than a tensor library: at the sizes of small models, handing each product to a thread pool
//! costs more than the product (64×128 by 352×128: 0.09 ms here, 0.26 ms with candle-core 0.11), and large products,
//! split over threads below, run as fast.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, Axis, concatenate, linalg::general_mat_mul, linalg::general_mat_vec_mul};
use rayon::prelude::*;

use super::{ModelError, common_config::Bias, weights::Weights};

/// y = x·Wᵀ + b
pub struct Linear {
    /// `[out, in]`, as files have it
    weight: Arc<Array2<f32>>,
    bias: Option<Vec<f32>>,
}

impl Linear {
    /// Without a bias; `weight [out, in]`.
    pub fn new(weight: Arc<Array2<f32>>) -> Self {
        Self { weight, bias: None }
    }

    /// Tensors `{name}.weight [out, in]` and, where present, `{name}.bias [out]`.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn load(weights: &Weights<'_>, name: &str, d_in: usize, d_out: usize, bias: Bias) -> Result<Self, ModelError> {
        let weight = Arc::new(weights.matrix(&format!("{name}.weight"), [d_out, d_in])?);
        let bias = match bias {
            Bias::Absent => None,
            Bias::Present => Some(weights.vector(&format!("{name}.bias"), d_out)?),
        };
        Ok(Self { weight, bias })
    }

    /// Tensors `{name}.weight [in, out]` and `{name}.bias [out]`: GPT-2's `Conv1D`.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn load_conv1d(weights: &Weights<'_>, name: &str, d_in: usize, d_out: usize) -> Result<Self, ModelError> {
        let weight = weights.matrix(&format!("{name}.weight"), [d_in, d_out])?;
        let weight = Arc::new(weight.t().as_standard_layout().into_owned());
        Ok(Self { weight, bias: Some(weights.vector(&format!("{name}.bias"), d_out)?) })
    }

    /// With another bias, `[out]`.
    pub fn with_bias(self, bias: Vec<f32>) -> Self {
        Self { bias: Some(bias), ..self }
    }

    /// Maps of the same input as one, their outputs side by side; either all or none have a bias.
    ///
    /// # Errors
    /// When their inputs differ in size.
    pub fn stack(parts: &[Self]) -> Result<Self, ModelError> {
        let weights: Vec<_> = parts.iter().map(|part| part.weight.view()).collect();
        let weight = concatenate(Axis(0), &weights).map_err(|_| ModelError::Operand {
            operation: "stacking projections",
            expected: weights.first().map_or([0, 0], |weight| weight.dim().into()),
            found: weights.last().map_or([0, 0], |weight| weight.dim().into()),
        })?;
        let bias: Vec<f32> = parts.iter().filter_map(|part| part.bias.as_deref()).flatten().copied().collect();
        Ok(Self { weight: Arc::new(weight), bias: (!bias.is_empty()).then_some(bias) })
    }

    /// `x [T, in]` to `[T, out]`. `operation` names the map in errors.
    ///
    /// # Errors
    /// When `x` has another width.
    pub fn forward(&self, operation: &'static str, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        let expected = [x.nrows(), self.weight.ncols()];
        if x.ncols() != self.weight.ncols() {
            return Err(ModelError::Operand { operation, expected, found: x.dim().into() });
        }
        let mut y = times_transposed(x, &self.weight);
        if let Some(bias) = &self.bias {
            for mut row in y.outer_iter_mut() {
                row.iter_mut().zip(bias).for_each(|(y, bias)| *y += bias);
            }
        }
        Ok(y)
    }
}

/// x·Wᵀ of `x [m, k]` and `weight [n, k]`: `[m, n]`.
fn times_transposed(x: &Array2<f32>, weight: &Array2<f32>) -> Array2<f32> {
    /// Multiplications below which one thread is faster than several.
    const WORTH_THREADS: usize = 1 << 23;
    /// Output columns come in blocks of this many, so that threads do not write to the same cache line.
    const BLOCK: usize = 16;

    let (m, n) = (x.nrows(), weight.nrows());
    let mut product = Array2::zeros((m, n));
    let n_threads =
        if product.len().saturating_mul(x.ncols()) < WORTH_THREADS { 1 } else { rayon::current_num_threads() };
    let columns = n.div_ceil(n_threads).next_multiple_of(BLOCK);
    let multiply = |(mut part, weight): (ndarray::ArrayViewMut2<'_, f32>, ArrayView2<'_, f32>)| {
        if m == 1 {
            // A matrix product would copy the whole weight to another layout for the sake of one row.
            general_mat_vec_mul(1.0, &weight, &x.row(0), 0.0, &mut part.row_mut(0));
        } else {
            general_mat_mul(1.0, x, &weight.t(), 0.0, &mut part);
        }
    };
    if n_threads == 1 {
        multiply((product.view_mut(), weight.view()));
    } else {
        product
            .axis_chunks_iter_mut(Axis(1), columns)
            .into_par_iter()
            .zip(weight.axis_chunks_iter(Axis(0), columns))
            .for_each(multiply);
    }
    product
}

/// Root-mean-square norm of each row (Zhang and Sennrich 2019, arXiv 1910.07467).
pub fn rms_norm(x: &Array2<f32>, weight: &[f32], eps: f32) -> Array2<f32> {
    let mut normed = x.as_standard_layout().into_owned();
    if let Some(values) = normed.as_slice_mut() {
        values.chunks_exact_mut(weight.len()).for_each(|row| rms_norm_in_place(row, weight, eps));
    }
    normed
}

/// x ← weight · x / √(mean(x²) + eps)
pub fn rms_norm_in_place(x: &mut [f32], weight: &[f32], eps: f32) {
    #[expect(clippy::cast_precision_loss, reason = "widths are far below 2²⁴")]
    let mean_square = x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32;
    let factor = 1.0 / (mean_square + eps).sqrt();
    for (x, weight) in x.iter_mut().zip(weight) {
        *x = *x * factor * weight;
    }
}

/// Layer normalization (Ba et al. 2016, arXiv 1607.06450): weight · (x − mean(x)) / √(variance(x) + eps) + bias of
/// each row.
pub struct LayerNorm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    eps: f64,
}

impl LayerNorm {
    /// Tensors `{name}.weight` and `{name}.bias`, `[width]` each, which files converted from `TensorFlow` call `gamma`
    /// and `beta`.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn load(weights: &Weights<'_>, name: &str, width: usize, eps: f64) -> Result<Self, ModelError> {
        let (weight, bias) =
            if weights.contains(&format!("{name}.gamma")) { ("gamma", "beta") } else { ("weight", "bias") };
        Ok(Self {
            weight: weights.vector(&format!("{name}.{weight}"), width)?,
            bias: weights.vector(&format!("{name}.{bias}"), width)?,
            eps,
        })
    }

    /// `x [T, width]` to the same shape.
    pub fn forward(&self, x: &Array2<f32>) -> Array2<f32> {
        let mut normed = x.as_standard_layout().into_owned();
        if let Some(values) = normed.as_slice_mut() {
            values.chunks_exact_mut(self.weight.len()).for_each(|row| self.norm_in_place(row));
        }
        normed
    }

    /// The sums are in f64: some dimensions of GPT-2's residual stream are a thousand times as large as the others.
    #[expect(clippy::cast_possible_truncation, reason = "activations are computed in f32")]
    fn norm_in_place(&self, row: &mut [f32]) {
        let width = row.len() as f64;
        let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / width;
        let variance = row.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / width;
        let factor = 1.0 / (variance + self.eps).sqrt();
        for ((x, &weight), &bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
            *x = ((f64::from(*x) - mean) * factor) as f32 * weight + bias;
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::model::weights::tests::HandMade;

    /// Small whole numbers, so that sums are exact in any order.
    fn whole_numbers(rows: usize, columns: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 7) as f32 - 3.0)
    }

    fn by_definition(x: &Array2<f32>, weight: &Array2<f32>) -> Array2<f32> {
        Array2::from_shape_fn((x.nrows(), weight.nrows()), |(i, j)| {
            x.row(i).iter().zip(weight.row(j)).map(|(x, w)| x * w).sum()
        })
    }

    #[test]
    fn products_are_the_same_on_one_thread_and_many() {
        for (m, k, n) in [(3, 5, 4), (1, 40, 33), (70, 300, 401), (1, 100, 90_001)] {
            let (x, weight) = (whole_numbers(m, k), whole_numbers(n, k));
            assert_eq!(times_transposed(&x, &weight), by_definition(&x, &weight), "{m}×{k}·{k}×{n}");
        }
    }

    #[test]
    fn stacked_maps_give_their_outputs_side_by_side() {
        let part = |weight: Array2<f32>, bias: Vec<f32>| Linear { weight: Arc::new(weight), bias: Some(bias) };
        let stacked =
            Linear::stack(&[part(array![[1.0, 2.0]], vec![10.0]), part(array![[3.0, 4.0]], vec![20.0])]).unwrap();
        assert_eq!(stacked.forward("test", &array![[1.0, 1.0]]).unwrap(), array![[13.0, 27.0]]);
        let error = stacked.forward("test", &array![[1.0]]).unwrap_err().to_string();
        assert_eq!(error, "test: expected [1, 2], found [1, 1]");
    }

    #[test]
    fn a_norm_divides_by_the_root_of_the_mean_square() {
        // Mean square (9 + 16)/2 = 12.5; with eps 0 the row becomes (3, 4)/√12.5.
        let normed = rms_norm(&array![[3.0, 4.0]], &[1.0, 2.0], 0.0);
        let root = 12.5_f32.sqrt();
        assert!((normed[[0, 0]] - 3.0 / root).abs() < 1e-7);
        assert!((normed[[0, 1]] - 8.0 / root).abs() < 1e-6);
    }

    #[test]
    fn layer_norm_gives_mean_0_and_variance_1_before_weight_and_bias() {
        // Mean 4, variance (9 + 1 + 1 + 9)/4 = 5, and 11 more is 16: the row becomes (-3, -1, 1, 3)/4.
        let norm = LayerNorm { weight: vec![1.0, 1.0, 2.0, 2.0], bias: vec![0.0, 0.5, 0.0, 0.5], eps: 11.0 };
        assert_eq!(norm.forward(&array![[1.0, 3.0, 5.0, 7.0]]), array![[-0.75, 0.25, 0.5, 2.0]]);
        let shifted = norm.forward(&array![[1e6 + 1.0, 1e6 + 3.0, 1e6 + 5.0, 1e6 + 7.0]]);
        assert_eq!(shifted, array![[-0.75, 0.25, 0.5, 2.0]], "whatever the mean");
    }

    #[test]
    fn layer_norm_has_two_spellings() {
        let old = HandMade::zeros(&[("n.gamma", &[2]), ("n.beta", &[2])]).set("n.beta", [1.0, 2.0]);
        let norm = LayerNorm::load(&Weights::new(&old), "n", 2, 1e-5).unwrap();
        assert_eq!(norm.forward(&array![[5.0, 7.0]]), array![[1.0, 2.0]]);
        let half = HandMade::zeros(&[("n.weight", &[2])]);
        let error = LayerNorm::load(&Weights::new(&half), "n", 2, 1e-5).err().unwrap();
        assert_eq!(error.to_string(), "the weights have no tensor n.bias");
    }

    #[test]
    fn conv1d_is_stored_the_other_way_round() {
        let store = HandMade::zeros(&[("c.weight", &[2, 3]), ("c.bias", &[3])])
            .set("c.weight", [1.0, 2.0, 3.0, 10.0, 20.0, 30.0])
            .set("c.bias", [0.0, 0.0, 0.5]);
        let map = Linear::load_conv1d(&Weights::new(&store), "c", 2, 3).unwrap();
        assert_eq!(map.forward("test", &array![[1.0, 1.0]]).unwrap(), array![[11.0, 22.0, 33.5]]);
        let turned = Linear::load_conv1d(&Weights::new(&store), "c", 3, 2).err().unwrap();
        assert_eq!(turned.to_string(), "tensor c.weight: expected shape [3, 2], found [2, 3]");
    }
}
