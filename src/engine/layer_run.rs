use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use lru::LruCache;

use super::{
    Panel,
    memory::{Held, Keeper, Part},
    outcome::ValueNorms,
};
use crate::attention::{
    Beneath, Component, Edit, HeadEdit, HeadScores, Intervention, LayerAttention, LayersUnder, Operation, Other,
};

/// What operations bring in is known for this many heads, components and operations: a row each of the head on screen,
/// and of those shown lately.
const KEPT_OTHERS: NonZeroUsize = NonZeroUsize::new(12).unwrap();

/// Lengths of value vectors are kept for this many kv heads and edits of theirs.
const KEPT_NORMS: NonZeroUsize = NonZeroUsize::new(24).unwrap();

/// The layer is kept behind this many lists of changes: those in force, and with a row's own among them.
const KEPT_UNDER: NonZeroUsize = NonZeroUsize::new(3).unwrap();

type Others = LruCache<(usize, Component, Operation), Weak<Other>>;

/// The vectors of one layer in one run, or its weights, with the scores of the heads that were asked for.
#[derive(Debug)]
pub(super) struct LayerRun {
    attention: LayerAttention,
    layer: usize,
    /// By head; alive as long as the [`Keeper`] or a panel holds them.
    scores: Vec<Mutex<Weak<HeadScores>>>,
    keeper: Keeper,
    /// Alive as long as the [`Keeper`] or a panel holds them.
    others: Mutex<Others>,
    /// By kv head and what is done to its values.
    norms: Mutex<LruCache<(usize, Option<Edit>), ValueNorms>>,
    /// The layer behind changes of its vectors.
    under: Mutex<LruCache<Intervention, Arc<LayerRun>>>,
}

impl LayerRun {
    /// `attention` is that of layer `layer`.
    pub fn new(layer: usize, attention: LayerAttention, keeper: Keeper) -> Self {
        let scores = (0..attention.n_heads()).map(|_| Mutex::default()).collect();
        let (others, norms) = (Mutex::new(LruCache::new(KEPT_OTHERS)), Mutex::new(LruCache::new(KEPT_NORMS)));
        let under = Mutex::new(LruCache::new(KEPT_UNDER));
        Self { attention, layer, scores, keeper, others, norms, under }
    }

    pub fn attention(&self) -> &LayerAttention {
        &self.attention
    }

    /// A head under what an intervention does in the layer. `head` is below `n_heads`.
    pub fn panel(&self, head: usize, intervention: &Intervention) -> Panel {
        let all = intervention.in_layer(self.layer);
        if all.beneath.is_empty() {
            return self.edited(head, all.top_at(self.layer, head));
        }
        let of_vectors = intervention.of_vectors(self.layer);
        let edit = of_vectors.top_at(self.layer, head);
        let panel = if of_vectors.beneath.is_empty() {
            self.edited(head, edit)
        } else {
            self.under(&of_vectors.beneath).edited(head, edit)
        };
        let is_of_outputs = all.top.is_some_and(|change| change.edit.component == Component::Output);
        match self.attention.vectors().filter(|_| is_of_outputs) {
            Some(qkv) => panel.writing_under(qkv.clone(), self.layer, intervention.clone()),
            None => panel,
        }
    }

    /// The layer behind changes of its vectors, made once while it is kept.
    fn under(&self, beneath: &Beneath<'_>) -> Arc<Self> {
        let mut known = self.under.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let attention = self.attention.under(self.layer, beneath, &mut LayersUnder::default());
            Arc::new(Self::new(self.layer, attention, self.keeper.clone()))
        };
        known.get_or_insert(beneath.to_intervention(), make).clone()
    }

    /// A head under one edit. `head` is below `n_heads`.
    pub fn edited(&self, head: usize, edit: Option<&Edit>) -> Panel {
        let norms = self.norms(head, edit);
        let edit = HeadEdit::new(edit, edit.and_then(|edit| self.other(head, edit)));
        Panel::new(self.scores(head).pattern(&edit), self.attention.clone(), head, edit).with_norms(norms)
    }

    /// The lengths of a head's value vectors, which are computed when they are asked for.
    fn norms(&self, head: usize, edit: Option<&Edit>) -> ValueNorms {
        let of_value = edit.filter(|edit| edit.component == Component::Value).cloned();
        let mut norms = self.norms.lock().unwrap_or_else(PoisonError::into_inner);
        norms.get_or_insert((self.attention.kv_head(head), of_value), ValueNorms::default).clone()
    }

    /// The scores of a head, computed once while they are kept.
    fn scores(&self, head: usize) -> Arc<HeadScores> {
        let mut known = self.scores[head].lock().unwrap_or_else(PoisonError::into_inner);
        let scores = known.upgrade().unwrap_or_else(|| {
            let scores = Arc::new(self.attention.head_scores(head));
            *known = Arc::downgrade(&scores);
            scores
        });
        self.keeper.keep(scores.clone());
        scores
    }

    /// Whether a part of the head's panels behind changes of the layer's vectors is there already.
    pub fn has(&self, beneath: &Beneath<'_>, head: usize, part: Part) -> bool {
        if !beneath.is_empty() {
            let known = self.under.lock().unwrap_or_else(PoisonError::into_inner);
            let under = known.peek(&beneath.to_intervention()).cloned();
            return under.is_some_and(|under| under.has(&Beneath::default(), head, part));
        }
        let scores = || self.scores[head].lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        match part {
            Part::Scores => scores().is_some(),
            Part::ScoresInF64 => scores().is_some_and(|scores| scores.is_in_f64()),
            Part::Other(component, operation) => {
                let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
                others.peek(&(head, component, operation)).is_some_and(|other| other.strong_count() > 0)
            }
        }
    }

    /// What an edit brings into a head, which does not depend on ε and is computed once while it is kept; `None` where it
    /// brings in nothing.
    fn other(&self, head: usize, edit: &Edit) -> Option<Arc<Other>> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (head, edit.component, edit.operation.clone());
        if let Some(other) = others.get(&key).and_then(Weak::upgrade) {
            self.keeper.keep(other.clone());
            return Some(other);
        }
        let other = Arc::new(self.attention.other(self.layer, head, edit)?);
        self.keeper.keep_under(&mut others, key, &other);
        Some(other)
    }
}

impl Drop for LayerRun {
    /// Nobody finds what was made from the layer any more.
    fn drop(&mut self) {
        let of =
            |known: &mut Mutex<Weak<HeadScores>>| known.get_mut().unwrap_or_else(PoisonError::into_inner).upgrade();
        for scores in self.scores.iter_mut().filter_map(of) {
            self.keeper.forget(scores);
        }
        let others = self.others.get_mut().unwrap_or_else(PoisonError::into_inner);
        for other in others.iter().filter_map(|(_, other)| other.upgrade()) {
            self.keeper.forget(other);
        }
    }
}

impl Held for LayerRun {
    fn bytes(&self) -> usize {
        let under = self.under.lock().unwrap_or_else(PoisonError::into_inner);
        self.attention.bytes() + under.iter().map(|(_, run)| run.bytes()).sum::<usize>()
    }
}
