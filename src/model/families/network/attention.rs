//! From the residual stream to query, key and value vectors.

use std::{ops::Range, sync::Arc};

use half::bf16;
use ndarray::{Array2, Array3, ArrayView2, Axis, s};

use super::{
    super::description::{self, Alibi, AlibiForm, Layout, NormPlace, Projections},
    low_rank::LowRank,
    qk_norms::{HeadNorms, QkNorms},
    tensors::Tensors,
};
use crate::{
    attention::Rule,
    model::{
        ModelError,
        layers::{
            heads::{Vectors, split_heads},
            rope::{Rope, Turns},
        },
        transformer::ModelShape,
        weights::linear::Linear,
    },
};

/// The projections of one layer and what is done to query and key vectors.
pub struct Attention {
    projections: Projected,
    rope: Option<Arc<Rope>>,
    rule: Rule,
    alibi: Option<Alibi>,
    pub output: Linear,
}

enum Projected {
    Heads(Heads),
    LowRank(LowRank),
}

/// Query, key and value of all heads out of one matrix product.
#[expect(clippy::struct_field_names, reason = "n_heads and n_kv_heads are called so everywhere")]
struct Heads {
    n_heads: usize,
    n_kv_heads: usize,
    head_dim: usize,
    /// Query, key and value projections as one.
    qkv: Linear,
    layout: Layout,
    clamp: Option<f32>,
    norms: Option<QkNorms>,
}

/// The tables of a model's rotary embeddings: layers that rotate alike share one.
#[derive(Default)]
pub struct Ropes(Vec<(description::Rotary, Arc<Rope>)>);

impl Ropes {
    fn get(&mut self, rotary: &description::Rotary, n_positions: usize) -> Arc<Rope> {
        if let Some((_, rope)) = self.0.iter().find(|(known, _)| known == rotary) {
            return rope.clone();
        }
        let rope = Arc::new(Rope::new(&rotary.rope, rotary.dims, n_positions));
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
        let heads = |qkv, layout| Heads::load(qkv, layout, described, shape, below).map(Projected::Heads);
        let (projections, value_dim) = match &described.projections {
            Projections::Separate { query, key, value } => {
                let qkv = Linear::stack([
                    below.linear(query, d_model, d_heads)?,
                    below.linear(key, d_model, d_kv_heads)?,
                    below.linear(value, d_model, d_kv_heads)?,
                ])?;
                (heads(qkv, Layout::Blocks)?, head_dim)
            }
            Projections::Fused { map, layout } => {
                (heads(below.linear(map, d_model, d_heads + 2 * d_kv_heads)?, *layout)?, head_dim)
            }
            Projections::LowRank(low_rank) => {
                (Projected::LowRank(LowRank::load(low_rank, shape, below)?), low_rank.value_dim)
            }
        };
        Ok(Self {
            projections,
            rope: described.rotary.as_ref().map(|rotary| ropes.get(rotary, shape.max_positions)),
            rule: rule(&described.rule, n_heads, below)?,
            alibi: described.rule.alibi.clone(),
            output: below.linear(&described.output, n_heads * value_dim, d_model)?,
        })
    }

    /// Query, key and value vectors from what attention reads at these positions of a text of `n_text`,
    /// `[runs · positions, d_model]`, by run.
    ///
    /// # Errors
    /// When the file of the weights was changed since it was opened.
    pub fn vectors(&self, x: &Array2<f32>, positions: Range<usize>, n_text: usize) -> Result<Vec<Vectors>, ModelError> {
        let turns = self.rope.as_ref().map(|rope| rope.turns(positions.start, n_text));
        match &self.projections {
            Projected::Heads(heads) => heads.forward(x, positions.len(), turns.as_ref()),
            Projected::LowRank(low_rank) => low_rank.forward(x, positions.len(), turns.as_ref()),
        }
    }

    /// The rule of a text of so many positions.
    pub fn rule(&self, n_positions: usize) -> Rule {
        let bias = |alibi| Arc::new(bias(alibi, self.rule.scale, n_positions));
        Rule { bias: self.alibi.as_ref().map(bias), ..self.rule.clone() }
    }

    /// Whether no norm of queries and keys stands behind their rotary embedding.
    pub fn turns_last(&self) -> bool {
        match &self.projections {
            Projected::Heads(Heads { norms: Some(norms), .. }) => {
                self.rope.is_none() || norms.place == NormPlace::BeforeRotation
            }
            Projected::Heads(_) | Projected::LowRank(_) => true,
        }
    }

    /// Whether vectors stay as they are while a text grows from `shorter` positions to `longer`.
    pub fn keeps_vectors(&self, shorter: usize, longer: usize) -> bool {
        self.rope.as_ref().is_none_or(|rope| rope.turns_alike(shorter, longer))
    }
}

/// The rule of a layer but for what depends on the prompt.
fn rule(described: &description::LayerRule, n_heads: usize, below: &Tensors<'_>) -> Result<Rule, ModelError> {
    let &description::LayerRule { scale, ref mask, softcap, sinks, .. } = described;
    let sinks = sinks.map(|name| below.vector(name, n_heads)).transpose()?;
    Ok(Rule { softcap, sinks: sinks.map(Arc::from), ..Rule::plain(scale, mask.clone()) })
}

/// What is added to the scores of each head, by key, `[n_heads, T]`.
#[expect(clippy::cast_possible_truncation, reason = "the reference adds f32")]
fn bias(alibi: &Alibi, scale: f64, n_positions: usize) -> Array2<f32> {
    let of_key = |slope: f32, key: usize| match alibi.form {
        AlibiForm::Absolute => slope * key as f32,
        AlibiForm::FromEnd => slope * (key as f32 + 1.0 - n_positions as f32),
        AlibiForm::RoundedAndScaledTwice => {
            let rounded = |x: f32| bf16::from_f32(x).to_f32();
            2.0 * rounded(rounded(slope) * rounded(key as f32)) * scale as f32
        }
    };
    Array2::from_shape_fn((alibi.slopes.len(), n_positions), |(head, key)| of_key(alibi.slopes[head], key))
}

impl Heads {
    fn load(
        qkv: Linear,
        layout: Layout,
        described: &description::Attention,
        shape: &ModelShape,
        below: &Tensors<'_>,
    ) -> Result<Self, ModelError> {
        let &ModelShape { n_heads, n_kv_heads, head_dim, .. } = shape;
        let norms = |norms| QkNorms::load(norms, [n_heads, n_kv_heads, head_dim], below);
        let norms = described.qk_norm.as_ref().map(norms).transpose()?;
        Ok(Self { n_heads, n_kv_heads, head_dim, qkv, layout, clamp: described.clamp, norms })
    }

    /// The vectors of each run.
    fn forward(&self, x: &Array2<f32>, n_positions: usize, turns: Option<&Turns>) -> Result<Vec<Vectors>, ModelError> {
        let mut projected = self.qkv.forward("query, key and value", x)?;
        if let Some(norms) = &self.norms {
            let (d_heads, d_kv_heads) = (self.n_heads * self.head_dim, self.n_kv_heads * self.head_dim);
            norm_widths(&mut projected, 0..d_heads, &norms.query);
            norm_widths(&mut projected, d_heads..d_heads + d_kv_heads, &norms.key);
        }
        if let Some(clamp) = self.clamp {
            projected.mapv_inplace(|x| x.clamp(-clamp, clamp));
        }
        let norms = self.norms.as_ref();
        let of_run = |projected: ArrayView2<'_, f32>| {
            let [query, key, value] = self.slots();
            [
                self.placed(projected, query, norms.map(|norms| (&norms.query, norms.place)), turns),
                self.placed(projected, key, norms.map(|norms| (&norms.key, norms.place)), turns),
                split_heads(projected, self.head_dim, value, |_, _, _| {}),
            ]
        };
        Ok(projected.axis_chunks_iter(Axis(0), n_positions.max(1)).map(of_run).collect())
    }

    /// Which slots of the projection, `head_dim` wide each, are query, key and value heads.
    fn slots(&self) -> [impl ExactSizeIterator<Item = usize> + use<>; 3] {
        let (n_heads, n_kv_heads, layout) = (self.n_heads, self.n_kv_heads, self.layout);
        let per_group = n_heads / n_kv_heads;
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
        projected: ArrayView2<'_, f32>,
        slots: impl ExactSizeIterator<Item = usize>,
        norms: Option<(&HeadNorms, NormPlace)>,
        turns: Option<&Turns>,
    ) -> Array3<f32> {
        let norm_at = |wanted: NormPlace, head: usize, vector: &mut [f32]| {
            if let Some((norms, place)) = norms
                && place == wanted
            {
                norms.norm_head(head, vector);
            }
        };
        split_heads(projected, self.head_dim, slots, |head, place, vector| {
            norm_at(NormPlace::BeforeRotation, head, vector);
            if let Some(turns) = turns {
                turns.rotate(place, vector);
            }
            norm_at(NormPlace::BehindRotation, head, vector);
        })
    }
}

/// Norms all heads of each position together, where that is how they are normed.
fn norm_widths(projected: &mut Array2<f32>, columns: Range<usize>, norms: &HeadNorms) {
    if matches!(norms, HeadNorms::Width(_)) {
        projected.slice_mut(s![.., columns]).outer_iter_mut().for_each(|heads| norms.norm_width(heads));
    }
}
