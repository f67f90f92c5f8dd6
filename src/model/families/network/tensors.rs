//! The tensors that a description names, below a prefix.

use super::super::description::{Map, Norm, NormKind, Stored};
use crate::model::{
    ModelError,
    common_config::Bias,
    linear::Linear,
    matrix::Matrix,
    norms::{self, LayerNorm, RmsNorm},
    weights::Weights,
};

/// Where names begin with `prefix`.
#[derive(Clone, Copy)]
pub struct Tensors<'a> {
    pub weights: &'a Weights<'a>,
    pub prefix: &'a str,
}

impl Tensors<'_> {
    /// `{name}.weight`, `[rows, columns]`.
    ///
    /// # Errors
    /// When it is missing or has another shape.
    pub fn matrix(&self, name: &str, shape: [usize; 2]) -> Result<Matrix, ModelError> {
        self.weights.matrix(&format!("{}{name}.weight", self.prefix), shape)
    }

    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn linear(&self, map: &Map, d_in: usize, d_out: usize) -> Result<Linear, ModelError> {
        let weight = match map.stored {
            Stored::OutIn => self.matrix(map.name, [d_out, d_in])?,
            Stored::InOut => self.matrix(map.name, [d_in, d_out])?.transposed(),
        };
        let linear = Linear::new(weight);
        Ok(match map.bias {
            Bias::Absent => linear,
            Bias::Present => {
                linear.with_bias(self.weights.vector(&format!("{}{}.bias", self.prefix, map.name), d_out)?)
            }
        })
    }

    /// Tensors `{name}.weight` and, of a layer norm, `{name}.bias`, `[width]` each, which files converted from
    /// `TensorFlow` call `gamma` and `beta`.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn norm(&self, norm: &Norm, width: usize) -> Result<norms::Norm, ModelError> {
        let name = format!("{}{}", self.prefix, norm.name);
        let (weight, bias) =
            if self.weights.contains(&format!("{name}.gamma")) { ("gamma", "beta") } else { ("weight", "bias") };
        let weight = self.weights.vector(&format!("{name}.{weight}"), width)?;
        #[expect(clippy::cast_possible_truncation, reason = "the reference divides by the root mean square in f32")]
        let in_f32 = norm.eps as f32;
        Ok(match norm.kind {
            NormKind::Rms => norms::Norm::Rms(RmsNorm { weight, eps: in_f32 }),
            NormKind::Layer => {
                let bias = self.weights.vector(&format!("{name}.{bias}"), width)?;
                norms::Norm::Layer(LayerNorm { weight, bias, eps: norm.eps })
            }
        })
    }

    /// # Errors
    /// When a tensor below the prefix was not read, unless its name ends like one of `redundant`.
    pub fn refuse_unread(&self, redundant: &[&str]) -> Result<(), ModelError> {
        self.weights.refuse_unread(self.prefix, |name| redundant.iter().any(|ending| name.ends_with(ending)))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::model::weights::tests::HandMade;

    #[test]
    fn layer_norm_has_two_spellings() {
        let norm =
            |store: &HandMade| Tensors { weights: &Weights::new(store), prefix: "" }.norm(&Norm::layer("n", 1e-5), 2);
        let old = HandMade::zeros(&[("n.gamma", &[2]), ("n.beta", &[2])]).set("n.beta", [1.0, 2.0]);
        assert_eq!(norm(&old).unwrap().forward(&array![[5.0, 7.0]]), array![[1.0, 2.0]]);
        let half = HandMade::zeros(&[("n.weight", &[2])]);
        assert_eq!(norm(&half).err().unwrap().to_string(), "the weights have no tensor n.bias");
    }

    #[test]
    fn conv1d_is_stored_the_other_way_round() {
        let store = HandMade::zeros(&[("c.weight", &[2, 3]), ("c.bias", &[3])])
            .set("c.weight", [1.0, 2.0, 3.0, 10.0, 20.0, 30.0])
            .set("c.bias", [0.0, 0.0, 0.5]);
        let weights = Weights::new(&store);
        let tensors = Tensors { weights: &weights, prefix: "" };
        let map = tensors.linear(&Map::conv1d("c"), 2, 3).unwrap();
        assert_eq!(map.forward("test", &array![[1.0, 1.0]]).unwrap(), array![[11.0, 22.0, 33.5]]);
        let turned = tensors.linear(&Map::conv1d("c"), 3, 2).err().unwrap();
        assert_eq!(turned.to_string(), "tensor c.weight: expected shape [3, 2], found [2, 3]");
    }
}
