//! What models are made of, in f32: linear maps, norms, activations.
//!
//! Plain ndarray rather than a tensor library: at the sizes of small models, handing each product to a thread pool
//! costs more than the product (64×128 by 352×128: 0.09 ms here, 0.26 ms with candle-core 0.11), and large products,
//! split over threads below, run as fast.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, Axis, Zip, concatenate, linalg::general_mat_mul, linalg::general_mat_vec_mul};
use rayon::prelude::*;

use super::{ModelError, llama_config::Bias, weights::Weights};
use crate::attention::exp_in_place;

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

/// silu(gate) · up of `gate_up [T, 2·d]`, gate in front: `[T, d]` (Shazeer 2020, arXiv 2002.05202).
pub fn swiglu(gate_up: &Array2<f32>) -> Array2<f32> {
    let (gate, up) = gate_up.view().split_at(Axis(1), gate_up.ncols() / 2);
    // With e = exp(−|g|), which cannot overflow, silu(g) = g/(1 + e) for g ≥ 0 and g·e/(1 + e) below.
    let mut gated = Array2::zeros(gate.dim());
    gated.zip_mut_with(&gate, |e: &mut f32, g| *e = -g.abs());
    if let Some(values) = gated.as_slice_mut() {
        exp_in_place(values);
    }
    Zip::from(&mut gated).and(&gate).and(&up).for_each(|y, &gate, &up| {
        let e = *y;
        let numerator = if gate < 0.0 { gate * e } else { gate };
        *y = numerator / (1.0 + e) * up;
    });
    gated
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

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
    fn silu_is_the_input_times_its_sigmoid() {
        let gates = [-200.0_f32, -3.0, -0.0, 0.0, 0.5, 3.0, 200.0];
        for gate in gates {
            let ours = swiglu(&array![[gate, 2.0]])[[0, 0]];
            let truth = 2.0 * f64::from(gate) / (1.0 + (-f64::from(gate)).exp());
            assert!((f64::from(ours) - truth).abs() <= 1e-6 * truth.abs() + 1e-37, "{gate}: {ours}, not {truth}");
        }
    }
}
