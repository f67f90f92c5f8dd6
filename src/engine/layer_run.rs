use std::sync::{Arc, OnceLock};

use crate::attention::{HeadScores, LayerQkv};

/// The vectors of one layer in one run, with the scores of the heads that were asked for.
#[derive(Debug)]
pub(super) struct LayerRun {
    pub qkv: Arc<LayerQkv>,
    scores: Vec<OnceLock<Arc<HeadScores>>>,
}

impl LayerRun {
    pub fn new(qkv: Arc<LayerQkv>) -> Self {
        let scores = (0..qkv.n_heads()).map(|_| OnceLock::new()).collect();
        Self { qkv, scores }
    }

    /// The scores of a head, computed once. `head` is below `n_heads`.
    pub fn scores(&self, head: usize) -> Arc<HeadScores> {
        self.scores[head].get_or_init(|| Arc::new(self.qkv.head_scores(head))).clone()
    }
}
