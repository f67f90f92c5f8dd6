//! The block behind attention: each position by itself through linear maps and a nonlinear function.

use ndarray::{Array2, Axis};

use super::{super::description, experts::Experts, gated::Gated, tensors::Tensors};
use crate::model::{
    ModelError,
    layers::activation::{Activation, Xielu},
    weights::linear::Linear,
};

const OPERATION: &str = "feed-forward block";

/// Rows that go through at once: the numbers within are several times as wide as the residual stream.
const MOST_ROWS: usize = 1024;

/// A feed-forward block with its weights.
pub enum FeedForward {
    /// Down(activation(Up(x)))
    Plain {
        up: Linear,
        activation: Activation,
        down: Linear,
    },
    /// The same with a function that has learned parameters.
    Xielu {
        up: Linear,
        activation: Xielu,
        down: Linear,
    },
    Gated(Gated),
    Experts(Box<Experts>),
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
            description::FeedForward::Xielu { ref up, name, ref down, d_ff } => {
                let number = |parameter| below.number(&format!("{name}.{parameter}"));
                Self::Xielu {
                    up: below.linear(up, d_model, d_ff)?,
                    activation: Xielu::new(number("alpha_p")?, number("alpha_n")?, number("beta")?, number("eps")?),
                    down: below.linear(down, d_ff, d_model)?,
                }
            }
            description::FeedForward::Gated(ref gated) => Self::Gated(Gated::load(gated, d_model, below)?),
            description::FeedForward::Experts(ref experts) => {
                Self::Experts(Box::new(Experts::load(experts, d_model, below)?))
            }
        })
    }

    /// `x [T, d_model]` to `[T, d_model]`.
    ///
    /// # Errors
    /// When `x` has another width, or the file of the weights was changed since it was opened.
    pub fn forward(&self, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        if x.nrows() <= MOST_ROWS {
            return self.of_rows(x);
        }
        let mut written = Array2::zeros(x.dim());
        for (x, mut written) in
            x.axis_chunks_iter(Axis(0), MOST_ROWS).zip(written.axis_chunks_iter_mut(Axis(0), MOST_ROWS))
        {
            written.assign(&self.of_rows(&x.to_owned())?);
        }
        Ok(written)
    }

    fn of_rows(&self, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        match self {
            Self::Plain { up, activation, down } => down.forward(OPERATION, &activation.of(up.forward(OPERATION, x)?)),
            Self::Xielu { up, activation, down } => down.forward(OPERATION, &activation.of(up.forward(OPERATION, x)?)),
            Self::Gated(gated) => gated.forward(x),
            Self::Experts(experts) => experts.forward(x),
        }
    }
}
