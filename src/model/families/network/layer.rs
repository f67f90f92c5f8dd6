//! One layer: where the norms are and in which order the blocks add to the residual stream.

use std::borrow::Cow;

use ndarray::{Array1, Array2, Axis};

use super::{
    super::description::{self, Order},
    attention::{Attention, Ropes},
    feed_forward::FeedForward,
    tensors::Tensors,
};
use crate::{
    attention::Rule,
    model::{
        ModelError, NormInput,
        layers::{heads::Vectors, norm_at::NormAt, norms::Norm},
        parts::LayerParts,
        transformer::{ModelShape, Residual},
    },
};

/// Attention and the feed-forward block.
pub struct Layer {
    attention: Attention,
    attention_norms: Norms,
    feed_forward: FeedForward,
    feed_forward_norms: Norms,
    order: Order,
    residual_multiplier: Option<f32>,
}

struct Norms {
    before: Option<Norm>,
    behind: Option<Norm>,
    on_sum: Option<Norm>,
}

impl Norms {
    fn load(norms: &description::Norms, width: usize, below: &Tensors<'_>) -> Result<Self, ModelError> {
        let load = |norm: Option<description::Norm>| norm.map(|norm| below.norm(&norm, width)).transpose();
        Ok(Self { before: load(norms.before)?, behind: load(norms.behind)?, on_sum: load(norms.on_sum)? })
    }

    /// What the block reads.
    fn before<'a>(&self, x: &'a Array2<f32>) -> Cow<'a, Array2<f32>> {
        self.before.as_ref().map_or(Cow::Borrowed(x), |norm| Cow::Owned(norm.forward(x)))
    }

    /// What the block adds to the residual stream.
    fn behind(&self, written: Array2<f32>, multiplier: Option<f32>) -> Array2<f32> {
        let written = match &self.behind {
            Some(norm) => norm.forward(&written),
            None => written,
        };
        match multiplier {
            Some(multiplier) => written * multiplier,
            None => written,
        }
    }

    /// The residual stream behind the block.
    fn on_sum(&self, x: Array2<f32>) -> Array2<f32> {
        match &self.on_sum {
            Some(norm) => norm.forward(&x),
            None => x,
        }
    }
}

impl Layer {
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load(
        layer: &description::Layer,
        shape: &ModelShape,
        ropes: &mut Ropes,
        below: &Tensors<'_>,
    ) -> Result<Self, ModelError> {
        let d_model = shape.d_model;
        Ok(Self {
            attention: Attention::load(&layer.attention, shape, ropes, below)?,
            attention_norms: Norms::load(&layer.attention_norms, d_model, below)?,
            feed_forward: FeedForward::load(&layer.feed_forward, d_model, below)?,
            feed_forward_norms: Norms::load(&layer.feed_forward_norms, d_model, below)?,
            order: layer.order,
            residual_multiplier: layer.residual_multiplier,
        })
    }

    /// Query, key and value vectors of each run from the residual streams in front of this layer.
    ///
    /// # Errors
    /// When the file of the weights was changed since it was opened.
    pub fn vectors(&self, residual: &Residual) -> Result<Vec<Vectors>, ModelError> {
        self.attention.vectors(&self.attention_norms.before(&residual.rows), residual.positions(), residual.n_text())
    }

    /// The rule of a text of so many positions.
    pub fn rule(&self, n_positions: usize) -> Rule {
        self.attention.rule(n_positions)
    }

    /// Whether vectors stay as they are while a text grows from `shorter` positions to `longer`.
    pub fn keeps_vectors(&self, shorter: usize, longer: usize) -> bool {
        self.attention.keeps_vectors(shorter, longer)
    }

    /// Whether nothing stands between the rotary embedding of queries and keys and their product.
    pub fn turns_last(&self) -> bool {
        self.attention.turns_last()
    }

    /// What enters the norm that stands between the output projection and the residual stream; `None` where there is none,
    /// or where the projection has a bias, so that a factor on the heads is none on what enters.
    ///
    /// # Errors
    /// When an array has another shape, or the file of the weights was changed since it was opened.
    pub fn behind_attention(
        &self,
        head_outputs: &dyn Fn() -> Result<Array2<f32>, ModelError>,
    ) -> Result<Option<NormInput>, ModelError> {
        let Some(norm) = self.attention_norms.behind.as_ref().filter(|_| !self.attention.output.has_bias()) else {
            return Ok(None);
        };
        Ok(Some(norm.input(&self.attention.output.forward("output projection", &head_outputs()?)?)))
    }

    /// The residual streams behind the layer, `[runs · T, d_model]`.
    ///
    /// # Errors
    /// When an array has another shape, or the file of the weights was changed since it was opened.
    pub fn finish(&self, residual: &Residual, head_outputs: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        let mut x = self.behind_attention_block(residual, head_outputs)?;
        x += &self.of_feed_forward(residual, &x)?;
        Ok(self.feed_forward_norms.on_sum(x))
    }

    /// The residual streams with what attention adds.
    fn behind_attention_block(
        &self,
        residual: &Residual,
        head_outputs: &Array2<f32>,
    ) -> Result<Array2<f32>, ModelError> {
        let written = self.attention.output.forward("output projection", head_outputs)?;
        residual.expect("output projection", written.dim().into())?;
        let mut x = self.attention_norms.behind(written, self.residual_multiplier);
        x += &*residual.rows;
        Ok(self.attention_norms.on_sum(x))
    }

    /// What the feed-forward block adds; `x` are the residual streams behind attention.
    fn of_feed_forward(&self, residual: &Residual, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        let read = match self.order {
            Order::Sequential => self.feed_forward_norms.before(x),
            Order::Parallel => self.feed_forward_norms.before(&residual.rows),
            Order::ParallelSharedNorm => self.attention_norms.before(&residual.rows),
        };
        let written = self.feed_forward.forward(&read)?;
        Ok(self.feed_forward_norms.behind(written, self.residual_multiplier))
    }

    /// Whether what is written stays in the stream as it is.
    pub fn keeps_what_is_written(&self) -> bool {
        self.attention_norms.on_sum.is_none() && self.feed_forward_norms.on_sum.is_none()
    }

    /// What is added at one position, by what writes it; see [`crate::model::Transformer::layer_parts`].
    ///
    /// # Errors
    /// When an array has another shape, or the file of the weights was changed since it was opened.
    pub fn parts(
        &self,
        residual: &Residual,
        head_outputs: &Array2<f32>,
        n_heads: usize,
    ) -> Result<LayerParts, ModelError> {
        let x = self.behind_attention_block(residual, head_outputs)?;
        let feed_forward = self.of_feed_forward(residual, &x)?.row(0).mapv(f64::from);
        let mut heads = self.attention.output.of_groups(head_outputs.row(0), n_heads)?;
        let bias = self.attention.output.bias();
        let mut bias: Option<Array1<f64>> = bias.map(|bias| bias.iter().map(|&x| f64::from(x)).collect());
        if let Some(norm) = &self.attention_norms.behind {
            let mut written = heads.sum_axis(Axis(0));
            if let Some(bias) = &bias {
                written += bias;
            }
            let norm = NormAt::new(norm, written.view());
            heads.outer_iter_mut().for_each(|head| norm.apply(head));
            if let Some(bias) = &mut bias {
                norm.apply(bias.view_mut());
            }
            bias = match (bias, norm.bias()) {
                (Some(bias), Some(of_norm)) => Some(bias + of_norm),
                (bias, of_norm) => bias.or(of_norm),
            };
        }
        if let Some(multiplier) = self.residual_multiplier.map(f64::from) {
            heads *= multiplier;
            bias = bias.map(|bias| bias * multiplier);
        }
        Ok(LayerParts { heads, bias, feed_forward })
    }
}
