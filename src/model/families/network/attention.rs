//! From the residual stream to query, key and value vectors.

use std::sync::Arc;

use ndarray::{Array2, Array3};

use super::{
    super::description::{self, Layout, Projections},
    tensors::Tensors,
};
use crate::{
    attention::{LayerQkv, Mask},
    model::{
        ModelError,
        heads::{split_heads, unplaced},
        linear::Linear,
        norms::Norm,
        rope::Rope,
        transformer::ModelShape,
    },
};

/// The projections of one layer and what is done to query and key vectors.
pub struct Attention {
    n_heads: usize,
    n_kv_heads: usize,
    head_dim: usize,
    /// Query, key and value projections as one matrix product.
    qkv: Linear,
    layout: Layout,
    /// Norms of each head's query and key.
    qk_norm: Option<[Norm; 2]>,
    rope: Option<Arc<Rope>>,
    scale: f64,
    mask: Mask,
    pub output: Linear,
}

/// The tables of a model's rotary embeddings: layers that rotate alike share one.
#[derive(Default)]
pub struct Ropes(Vec<(description::Rotary, Arc<Rope>)>);

impl Ropes {
    fn get(&mut self, rotary: &description::Rotary, n_positions: usize) -> Arc<Rope> {
        if let Some((_, rope)) = self.0.iter().find(|(known, _)| known == rotary) {
            return rope.clone();
        }
        let rope = Arc::new(Rope::new(&rotary.rope, rotary.n_dims, n_positions));
        self.0.push((rotary.clone(), rope.clone()));
        rope
    }
}

impl Attention {
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load(
        described: &description::Attention,
        shape: &ModelShape,
        ropes: &mut Ropes,
        below: &Tensors<'_>,
    ) -> Result<Self, ModelError> {
        let &ModelShape { n_heads, n_kv_heads, head_dim, d_model, .. } = shape;
        let (d_heads, d_kv_heads) = (n_heads * head_dim, n_kv_heads * head_dim);
        let (qkv, layout) = match &described.projections {
            Projections::Separate { query, key, value } => {
                let query = below.linear(query, d_model, d_heads)?;
                let [key, value] = [key, value].map(|map| below.linear(map, d_model, d_kv_heads));
                (Linear::stack([query, key?, value?])?, Layout::Blocks)
            }
            Projections::Fused { map, layout } => (below.linear(map, d_model, d_heads + 2 * d_kv_heads)?, *layout),
        };
        let norm = |norm| below.norm(norm, head_dim);
        Ok(Self {
            n_heads,
            n_kv_heads,
            head_dim,
            qkv,
            layout,
            qk_norm: match &described.qk_norm {
                Some(norms) => Some([norm(&norms.query)?, norm(&norms.key)?]),
                None => None,
            },
            rope: described.rotary.as_ref().map(|rotary| ropes.get(rotary, shape.max_positions)),
            scale: described.scale,
            mask: described.mask,
            output: below.linear(&described.output, d_heads, d_model)?,
        })
    }

    /// Query, key and value vectors of layer `index` from what its attention reads, `[T, d_model]`.
    ///
    /// # Errors
    /// When the file of the weights was changed since it was opened.
    pub fn qkv(&self, index: usize, x: &Array2<f32>) -> Result<LayerQkv, ModelError> {
        let projected = self.qkv.forward("query, key and value", x)?;
        let [query_norm, key_norm] = self.qk_norm.as_ref().map_or([None; 2], |norms| norms.each_ref().map(Some));
        let [query, key, value] = self.slots();
        let query = self.placed(&projected, query, query_norm);
        let key = self.placed(&projected, key, key_norm);
        let value = split_heads(&projected, self.head_dim, value, unplaced);
        LayerQkv::new(query, key, Some(value), self.scale, self.mask)
            .map_err(|cause| ModelError::Qkv { layer: index, cause })
    }

    /// Which slots of the projection, `head_dim` wide each, are query, key and value heads.
    fn slots(&self) -> [impl ExactSizeIterator<Item = usize>; 3] {
        let (n_heads, n_kv_heads) = (self.n_heads, self.n_kv_heads);
        let per_group = n_heads / n_kv_heads;
        let layout = self.layout;
        let slot = move |component: usize, head: usize| match layout {
            Layout::Blocks => [0, n_heads, n_heads + n_kv_heads][component] + head,
            Layout::Groups if component == 0 => head / per_group * (per_group + 2) + head % per_group,
            Layout::Groups => head * (per_group + 2) + per_group + component - 1,
        };
        [(0, n_heads), (1, n_kv_heads), (2, n_kv_heads)]
            .map(|(component, heads)| (0..heads).map(move |head| slot(component, head)))
    }

    /// Query or key vectors, `[heads, T, head_dim]`: normed, where the model does, and rotated to their positions.
    fn placed(
        &self,
        projected: &Array2<f32>,
        slots: impl ExactSizeIterator<Item = usize>,
        norm: Option<&Norm>,
    ) -> Array3<f32> {
        split_heads(projected, self.head_dim, slots, |position, vector| {
            if let Some(norm) = norm {
                norm.in_place(vector);
            }
            if let Some(rope) = &self.rope {
                rope.rotate(position, vector);
            }
        })
    }
}
