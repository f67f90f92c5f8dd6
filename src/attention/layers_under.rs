//! A layer behind changes: its vectors, and what its heads make of them, with those changes made.

use std::sync::Arc;

use ndarray::{Array2, Array3, Axis};

use super::{Change, Component, HeadEdit, Intervention, LayerQkv, Other};

/// Layers behind changes, each made once.
#[derive(Debug, Default)]
pub struct LayersUnder(Vec<(Arc<LayerQkv>, Vec<Change>, Arc<LayerQkv>)>);

impl LayersUnder {
    /// [`LayerQkv::under`]; the layer itself where there are no changes.
    pub fn get(&mut self, qkv: &Arc<LayerQkv>, layer: usize, changes: &[&Change]) -> Arc<LayerQkv> {
        if changes.is_empty() {
            return qkv.clone();
        }
        let is_same = |(of, under, _): &&(Arc<LayerQkv>, Vec<Change>, _)| {
            Arc::ptr_eq(of, qkv) && under.iter().eq(changes.iter().copied())
        };
        if let Some((.., known)) = self.0.iter().find(is_same) {
            return known.clone();
        }
        let made = Arc::new(qkv.under(layer, changes));
        self.0.push((qkv.clone(), changes.iter().copied().cloned().collect(), made.clone()));
        made
    }
}

impl LayerQkv {
    /// The layer behind changes, each of which finds what those before it have left, given that it is layer `layer` of
    /// its model. Those of outputs come last.
    #[must_use]
    pub fn under(&self, layer: usize, changes: &[&Change]) -> Self {
        let Some((first, rest)) = changes.split_first() else { return self.clone() };
        rest.iter().fold(self.changed(layer, first), |qkv, change| qkv.changed(layer, change))
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
        let of_all = heads.first().filter(|_| !edit.operation.is_of_one_head());
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
