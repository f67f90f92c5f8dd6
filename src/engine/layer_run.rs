use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use lru::LruCache;

use super::{Panel, memory::KeptScores};
use crate::attention::{Component, Edit, HeadEdit, HeadScores, LayerQkv, Operation, Other};

/// What operations bring in is kept for this many heads, components and operations: a row each of the head on screen,
/// and of those shown lately.
const KEPT_OTHERS: NonZeroUsize = NonZeroUsize::new(12).unwrap();

type Others = LruCache<(usize, Component, Operation), Option<Arc<Other>>>;

/// The vectors of one layer in one run, with the scores of the heads that were asked for.
#[derive(Debug)]
pub(super) struct LayerRun {
    qkv: Arc<LayerQkv>,
    layer: usize,
    /// By head; alive as long as [`KeptScores`] or a panel holds them.
    scores: Vec<Mutex<Weak<HeadScores>>>,
    kept: Arc<KeptScores>,
    others: Mutex<Others>,
}

impl LayerRun {
    /// `qkv` is that of layer `layer`.
    pub fn new(layer: usize, qkv: Arc<LayerQkv>, kept: Arc<KeptScores>) -> Self {
        let scores = (0..qkv.n_heads()).map(|_| Mutex::default()).collect();
        Self { qkv, layer, scores, kept, others: Mutex::new(LruCache::new(KEPT_OTHERS)) }
    }

    pub fn qkv(&self) -> &Arc<LayerQkv> {
        &self.qkv
    }

    /// A head under an edit. `head` is below `n_heads`.
    pub fn panel(&self, head: usize, edit: Option<&Edit>) -> Panel {
        let edit = HeadEdit::new(edit, edit.and_then(|edit| self.other(head, edit)));
        Panel::new(self.scores(head).pattern(&edit), self.qkv.clone(), head, edit)
    }

    /// The scores of a head, computed once while they are kept.
    fn scores(&self, head: usize) -> Arc<HeadScores> {
        let mut known = self.scores[head].lock().unwrap_or_else(PoisonError::into_inner);
        let scores = known.upgrade().unwrap_or_else(|| {
            let scores = Arc::new(self.qkv.head_scores(head));
            *known = Arc::downgrade(&scores);
            scores
        });
        self.kept.keep(&scores);
        scores
    }

    /// What an edit brings into a head, which does not depend on ε and is computed once.
    fn other(&self, head: usize, edit: &Edit) -> Option<Arc<Other>> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let other = || self.qkv.other(self.layer, head, edit).map(Arc::new);
        others.get_or_insert((head, edit.component, edit.operation), other).clone()
    }
}
