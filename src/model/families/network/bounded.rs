//! The experts of gpt-oss: stacked in one tensor, up and gate projection in turns, and a gate that is bounded.

use ndarray::{Array2, Zip, s};

use super::{super::description::StackedExperts, tensors::Tensors};
use crate::model::{
    ModelError,
    layers::activation::logistic,
    weights::{linear::Linear, matrix::Matrix},
};

const OPERATION: &str = "mixture of experts";

/// One expert.
pub struct Bounded {
    /// Gate and up projection in turns.
    gate_up: Linear,
    alpha: f32,
    limit: f32,
    down: Linear,
}

impl Bounded {
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load_all(
        described: &StackedExperts,
        n_experts: usize,
        d_model: usize,
        below: &Tensors<'_>,
    ) -> Result<Vec<Self>, ModelError> {
        let &StackedExperts { gate_up, down, d_ff, alpha, limit } = described;
        let linears = |name: &str, d_in: usize, d_out: usize| {
            let name = format!("{}{name}", below.prefix);
            let weights = below.weights.matrices(&name, [n_experts, d_in, d_out])?;
            let biases = below.weights.matrix(&format!("{name}_bias"), [n_experts, d_out])?.select(0..n_experts)?;
            let linear = |(weight, bias): (Matrix, ndarray::ArrayView1<'_, f32>)| {
                Linear::new(weight.transposed()).with_bias(bias.to_vec())
            };
            Ok::<Vec<Linear>, ModelError>(weights.into_iter().zip(biases.outer_iter()).map(linear).collect())
        };
        let pairs = linears(gate_up, d_model, 2 * d_ff)?.into_iter().zip(linears(down, d_ff, d_model)?);
        Ok(pairs.map(|(gate_up, down)| Self { gate_up, alpha, limit, down }).collect())
    }

    /// `x [T, d_model]` to `[T, d_model]`.
    ///
    /// # Errors
    /// When `x` has another width, or the file of the weights was changed since it was opened.
    pub fn forward(&self, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        let gate_up = self.gate_up.forward(OPERATION, x)?;
        let mut gated = gate_up.slice(s![.., 1..;2]).to_owned();
        Zip::from(&mut gated).and(gate_up.slice(s![.., ..;2])).for_each(|up, &gate| {
            let gate = gate.min(self.limit);
            *up = (up.clamp(-self.limit, self.limit) + 1.0) * gate * logistic(self.alpha * gate);
        });
        self.down.forward(OPERATION, &gated)
    }
}
