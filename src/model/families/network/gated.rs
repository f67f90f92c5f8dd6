//! Feed-forward blocks whose inner numbers are multiplied by a gate.

use ndarray::{Array2, Axis};

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
        let (gate, up) = gate_up.view().split_at(Axis(1), gate_up.ncols() / 2);
        let mut gated = Array2::zeros(gate.dim());
        for_each_row(&mut gated, |at, row| {
            row.iter_mut().zip(gate.row(at)).for_each(|(gated, &gate)| *gated = gate);
            self.activation.in_place(row);
            row.iter_mut().zip(up.row(at)).for_each(|(gated, &up)| *gated *= up);
        });
        self.down.forward(OPERATION, &gated)
    }
}
