//! Feed-forward blocks whose inner numbers are multiplied by a gate.

use ndarray::Array2;
use pulp::Arch;

use super::{
    super::description::{self, GateUp},
    tensors::Tensors,
};
use crate::model::{
    ModelError,
    layers::{activation::Activation, rows::for_each_row},
    weights::linear::Linear,
};

const OPERATION: &str = "feed-forward block";

/// Down(activation(Gate(x)) · Up(x)) (Shazeer 2020, arXiv 2002.05202)
pub struct Gated {
    /// Gate projection above up projection.
    gate_up: Linear,
    activation: Activation,
    down: Linear,
}

impl Gated {
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load(described: &description::Gated, d_model: usize, below: &Tensors<'_>) -> Result<Self, ModelError> {
        let &description::Gated { ref gate_up, activation, ref down, d_ff } = described;
        Ok(Self {
            gate_up: match gate_up {
                GateUp::Separate { gate, up } => {
                    Linear::stack([below.linear(gate, d_model, d_ff)?, below.linear(up, d_model, d_ff)?])?
                }
                GateUp::Fused(map) => below.linear(map, d_model, 2 * d_ff)?,
            },
            activation,
            down: below.linear(down, d_ff, d_model)?,
        })
    }

    /// `x [T, d_model]` to `[T, d_model]`.
    ///
    /// # Errors
    /// When `x` has another width, or the file of the weights was changed since it was opened.
    pub fn forward(&self, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        let gate_up = self.gate_up.forward(OPERATION, x)?;
        let mut gated = Array2::zeros((gate_up.nrows(), gate_up.ncols() / 2));
        for_each_row(&mut gated, |at, row| {
            // A product's rows are contiguous.
            let (gate, up) = gate_up.row(at).to_slice().unwrap_or_default().split_at(row.len());
            row.copy_from_slice(gate);
            self.activation.in_place(row);
            multiply(row, up);
        });
        self.down.forward(OPERATION, &gated)
    }
}

/// Each number times the one at its place.
fn multiply(numbers: &mut [f32], by: &[f32]) {
    Arch::new().dispatch(
        #[inline(always)]
        || numbers.iter_mut().zip(by).for_each(|(number, by)| *number *= by),
    );
}
