//! A layer behind changes: its vectors, and what its heads make of them, with those changes made.

use std::sync::Arc;

use ndarray::{Array2, Array3, Axis};

use super::{Beneath, Blocked, Change, Component, HeadEdit, Intervention, LayerQkv, Other};

/// Layers behind changes, each made once.
#[derive(Debug, Default)]
pub struct LayersUnder(Vec<(Arc<LayerQkv>, Intervention, Arc<LayerQkv>)>);

impl LayersUnder {
    /// [`LayerQkv::under`]; the layer itself where nothing is beneath.
    pub fn get(&mut self, qkv: &Arc<LayerQkv>, layer: usize, beneath: &Beneath<'_>) -> Arc<LayerQkv> {
        if beneath.is_empty() {
            return qkv.clone();
        }
        let under = beneath.to_intervention();
        let known = self.0.iter().find(|(of, other, _)| Arc::ptr_eq(of, qkv) && *other == under);
        if let Some((.., known)) = known {
            return known.clone();
        }
        let made = Arc::new(qkv.under(layer, beneath));
        self.0.push((qkv.clone(), under, made.clone()));
        made
    }
}

impl LayerQkv {
    /// The layer with edges blocked, and behind changes, each of which finds what those before it have left, given that
    /// it is layer `layer` of its model. Changes of outputs come last.
    #[must_use]
    pub fn under(&self, layer: usize, Beneath { blocked, changes }: &Beneath<'_>) -> Self {
        let start = if blocked.is_empty() { self.clone() } else { self.without(layer, blocked) };
        changes.iter().fold(start, |qkv, change| qkv.changed(layer, change))
    }

    fn without(&self, layer: usize, blocked: &[&Blocked]) -> Self {
        let mut parts = self.parts();
        for Blocked { edges, heads } in blocked {
            for head in heads.in_layer(layer).filter(|&head| head < self.n_heads()) {
                let mask = parts.blocked.get(&head).unwrap_or_else(|| self.mask());
                let mask = mask.clone().without(edges.cells(self.n_positions()));
                parts.blocked.insert(head, mask);
            }
        }
        parts.into_layer()
    }

    /// What `head` writes under all that an intervention does in this layer, `[T, value_dim]`; `None` without values.
    pub fn output_under(&self, layer: usize, head: usize, intervention: &Intervention) -> Option<Array2<f32>> {
        let stacked = intervention.in_layer(layer);
        let under = self.under(layer, &stacked.beneath);
        under.output_of(layer, head, stacked.top_at(layer, head), 0..self.n_positions())
    }

    fn changed(&self, layer: usize, change: &Change) -> Self {
        let Change { edit, heads } = change;
        let heads: Vec<usize> = heads.in_layer(layer).filter(|&head| head < self.n_heads()).collect();
        // A mean over heads is the same for all of them.
        let of_all = heads.first().filter(|_| edit.operation.brings_in_one_for_all_heads());
        let of_all = of_all.and_then(|&head| self.brought_in(layer, head, edit));
        let edited = |head: usize, vectors: Array2<f32>| {
            let vectors_of_other = of_all.clone().or_else(|| self.brought_in(layer, head, edit));
            let other = vectors_of_other.map(|vectors| Arc::new(Other { vectors, scores: None }));
            HeadEdit::new(Some(edit), other).applied(edit.component, vectors.view())
        };
        let edit_all = |vectors: &mut Array3<f32>| {
            for &head in &heads {
                let mut of_head = vectors.index_axis_mut(Axis(0), head);
                let edited = edited(head, of_head.to_owned());
                of_head.assign(&edited);
            }
        };
        let mut parts = self.parts();
        match edit.component {
            Component::Query => edit_all(&mut parts.query),
            Component::Key => {
                parts.repeat_kv_heads();
                edit_all(&mut parts.key);
            }
            Component::Value => {
                parts.repeat_kv_heads();
                parts.value.as_mut().map(edit_all).unwrap_or_default();
            }
            Component::Output => {
                parts.written = self.outputs().cloned();
                parts.written.as_mut().map(edit_all).unwrap_or_default();
            }
        }
        let changed = parts.into_layer();
        // What is taken of a prompt as a whole is of its vectors as the next change finds them.
        let prompt = self.prompt().map(|prompt| Arc::new(prompt.changed(layer, change)));
        match prompt {
            Some(prompt) => changed.behind(prompt),
            None => changed,
        }
    }
}
