//! The experts of gpt-oss: stacked in one tensor, and a gate that is bounded.

use ndarray::{Array2, ArrayView1, Zip, s};

use super::{
    super::description::{StackedExperts, StackedMaps},
    tensors::Tensors,
};
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
        let &StackedExperts { maps, d_ff, alpha, limit } = described;
        let named = |name: &str| format!("{}{name}", below.prefix);
        let (gate_ups, downs) = match maps {
            StackedMaps::InTurns { gate_up, down } => {
                let linears = |name: &str, [d_in, d_out]: [usize; 2]| {
                    let packed = named(&format!("{name}_blocks"));
                    let weights = if below.weights.contains(&packed) {
                        below.weights.matrices(&packed, [n_experts, d_out, d_in])?
                    } else {
                        let turned = below.weights.matrices(&named(name), [n_experts, d_in, d_out])?;
                        turned.into_iter().map(Matrix::transposed).collect::<Result<_, _>>()?
                    };
                    let biases = below.weights.matrix(&named(&format!("{name}_bias")), [n_experts, d_out])?;
                    with_biases(weights.into_iter(), &biases)
                };
                (linears(gate_up, [d_model, 2 * d_ff])?, linears(down, [d_ff, d_model])?)
            }
            StackedMaps::Apart { gate, up, down } => {
                let weights = |name: &str, [d_in, d_out]: [usize; 2]| {
                    below.weights.matrices(&named(&format!("{name}.weight")), [n_experts, d_out, d_in])
                };
                let biases = |name: &str, d_out: usize| {
                    below.weights.matrix(&named(&format!("{name}.bias")), [n_experts, d_out])
                };
                let pairs = weights(gate, [d_model, d_ff])?.into_iter().zip(weights(up, [d_model, d_ff])?);
                // A sum's last digit depends on the place of its row: two ways to store the same weights give the same.
                let gate_ups = pairs.map(|(gate, up)| Matrix::in_turns(gate, up));
                let of_both = columns_in_turns(&biases(gate, d_ff)?, &biases(up, d_ff)?)?;
                (
                    with_biases(gate_ups, &of_both)?,
                    with_biases(weights(down, [d_ff, d_model])?.into_iter(), &biases(down, d_model)?)?,
                )
            }
        };
        let pairs = gate_ups.into_iter().zip(downs);
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

/// A map for each weight, with a row of `biases`, `[expert, d_out]`.
fn with_biases(weights: impl Iterator<Item = Matrix>, biases: &Matrix) -> Result<Vec<Linear>, ModelError> {
    let biases = biases.select(0..biases.n_rows())?;
    let linear = |(weight, bias): (Matrix, ArrayView1<'_, f32>)| Linear::new(weight).with_bias(bias.to_vec());
    Ok(weights.zip(biases.outer_iter()).map(linear).collect())
}

/// Column 0 of a, column 0 of b, column 1 of a, ….
fn columns_in_turns(a: &Matrix, b: &Matrix) -> Result<Matrix, ModelError> {
    let [rows, others] = [a, b].map(|matrix| matrix.select(0..matrix.n_rows()));
    let turns = rows?.into_iter().zip(others?).flat_map(<[f32; 2]>::from);
    held([a.n_rows(), 2 * a.n_columns()], turns.collect())
}

fn held(shape: [usize; 2], numbers: Vec<f32>) -> Result<Matrix, ModelError> {
    let found = [numbers.len(), 1];
    Matrix::held(shape, numbers).ok_or(ModelError::Operand { operation: OPERATION, expected: shape, found })
}
