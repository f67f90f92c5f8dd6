//! The tensors that a description names, below a prefix.

use super::super::description::{Map, Norm, NormKind, Stored};
use crate::model::{
    ModelError,
    config::common_config::Bias,
    layers::norms::{self, LayerNorm, RmsNorm},
    weights::{Weights, linear::Linear, matrix::Matrix},
};

/// What names begin with where a model is part of another one, or was saved while something was wrapped around it.
pub const WRAPPERS: [&str; 5] = ["", "language_model.", "model.", "module.", "_orig_mod."];

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

    /// A tensor by its whole name, `[length]`.
    ///
    /// # Errors
    /// When it is missing or has another shape.
    pub fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>, ModelError> {
        self.weights.vector(&format!("{}{name}", self.prefix), length)
    }

    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn linear(&self, map: &Map, d_in: usize, d_out: usize) -> Result<Linear, ModelError> {
        let weight = match map.stored {
            Stored::OutIn => self.matrix(map.name, [d_out, d_in])?,
            Stored::InOut => self.matrix(map.name, [d_in, d_out])?.transposed()?,
        };
        let linear = Linear::new(weight);
        Ok(match map.bias {
            Bias::Absent => linear,
            Bias::Present => linear.with_bias(self.vector(&format!("{}.bias", map.name), d_out)?),
        })
    }

    /// Tensors `{name}.weight` and `{name}.bias`, as far as the norm has them, `[width]` each, which files converted from
    /// `TensorFlow` call `gamma` and `beta`.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn norm(&self, norm: &Norm, width: usize) -> Result<norms::Norm, ModelError> {
        let name = match norm.name {
            "" => self.prefix.trim_end_matches('.').to_owned(),
            name => format!("{}{name}", self.prefix),
        };
        let (weight, bias) =
            if self.weights.contains(&format!("{name}.gamma")) { ("gamma", "beta") } else { ("weight", "bias") };
        let weight = match norm.kind {
            NormKind::LayerWithoutWeight => None,
            _ => Some(self.weights.vector(&format!("{name}.{weight}"), width)?),
        };
        let bias = match norm.kind {
            NormKind::Layer | NormKind::LayerPlusOne => Some(self.weights.vector(&format!("{name}.{bias}"), width)?),
            _ => None,
        };
        Ok(norm_of(norm, weight, bias))
    }

    /// A norm for each of `n` heads, out of one tensor `{name}.weight`, `[n, width]`.
    ///
    /// # Errors
    /// When it is missing or has another shape.
    pub fn norms_in_one(&self, norm: &Norm, [n, width]: [usize; 2]) -> Result<Vec<norms::Norm>, ModelError> {
        let weights = self.matrix(norm.name, [n, width])?.select(0..n)?;
        Ok(weights.outer_iter().map(|weight| norm_of(norm, Some(weight.to_vec()), None)).collect())
    }

    /// A number by itself.
    ///
    /// # Errors
    /// When it is missing or has another shape.
    pub fn number(&self, name: &str) -> Result<f32, ModelError> {
        self.weights.number(&format!("{}{name}", self.prefix))
    }

    /// # Errors
    /// When a tensor below the prefix was not read, unless its name ends like one of `redundant`.
    pub fn refuse_unread(&self, redundant: &[&str]) -> Result<(), ModelError> {
        self.weights.refuse_unread(self.prefix, |name| redundant.iter().any(|ending| name.ends_with(ending)))
    }
}

fn norm_of(norm: &Norm, weight: Option<Vec<f32>>, bias: Option<Vec<f32>>) -> norms::Norm {
    let plus_one = matches!(norm.kind, NormKind::RmsPlusOne | NormKind::LayerPlusOne);
    let weight = if plus_one { weight.map(|weight| weight.iter().map(|w| 1.0 + w).collect()) } else { weight };
    match norm.kind {
        NormKind::Rms | NormKind::RmsPlusOne => {
            #[expect(clippy::cast_possible_truncation, reason = "the reference divides by the root mean square in f32")]
            let eps = norm.eps as f32;
            norms::Norm::Rms(RmsNorm { weight: weight.unwrap_or_default(), eps })
        }
        _ => norms::Norm::Layer(LayerNorm { weight, bias, eps: norm.eps }),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::model::weights::tensors::tests::HandMade;

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
