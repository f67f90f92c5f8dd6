//! The block behind attention: each position by itself through linear maps and a nonlinear function.

use ndarray::Array2;

use super::{super::description, tensors::Tensors};
use crate::model::{ModelError, activation::Activation, linear::Linear};

/// A feed-forward block with its weights.
pub enum FeedForward {
    /// Down(activation(Up(x)))
    Plain { up: Linear, activation: Activation, down: Linear },
    /// Down(activation(Gate(x)) · Up(x)), gate projection above up projection (Shazeer 2020, arXiv 2002.05202).
    Gated { gate_up: Linear, activation: Activation, down: Linear },
}

impl FeedForward {
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load(described: &description::FeedForward, d_model: usize, below: &Tensors<'_>) -> Result<Self, ModelError> {
        Ok(match *described {
            description::FeedForward::Plain { ref up, activation, ref down, d_ff } => Self::Plain {
                up: below.linear(up, d_model, d_ff)?,
                activation,
                down: below.linear(down, d_ff, d_model)?,
            },
            description::FeedForward::Gated { ref gate, ref up, activation, ref down, d_ff } => Self::Gated {
                gate_up: Linear::stack([below.linear(gate, d_model, d_ff)?, below.linear(up, d_model, d_ff)?])?,
                activation,
                down: below.linear(down, d_ff, d_model)?,
            },
        })
    }

    /// `x [T, d_model]` to `[T, d_model]`.
    ///
    /// # Errors
    /// When `x` has another width, or the file of the weights was changed since it was opened.
    pub fn forward(&self, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        const OPERATION: &str = "feed-forward block";
        match self {
            Self::Plain { up, activation, down } => {
                down.forward(OPERATION, &activation.of(up.forward(OPERATION, x)?.view()))
            }
            Self::Gated { gate_up, activation, down } => {
                let gate_up = gate_up.forward(OPERATION, x)?;
                let (gate, up) = gate_up.view().split_at(ndarray::Axis(1), gate_up.ncols() / 2);
                let mut gated = activation.of(gate);
                gated *= &up;
                down.forward(OPERATION, &gated)
            }
        }
    }
}
