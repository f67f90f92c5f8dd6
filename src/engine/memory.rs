//! How much memory a prompt takes, known before it is taken, and which score matrices are kept.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use super::EngineError;
use crate::{attention::HeadScores, base::available_memory};

/// Score matrices of one prompt that are kept whatever their size: the baseline's, and those of nine panels whose
/// interventions act upstream of the shown layer.
const ALWAYS_KEPT: usize = 10;
/// Bytes of score matrices beyond those that one prompt keeps, for stepping through heads and layers and back.
const BUDGET: u64 = 256 << 20;
/// Assumed where the system does not say how much memory is free.
const USUALLY_FREE: u64 = 8 << 30;

/// Bytes of one head's scores, `[T, T]` in f32, at most.
const fn bytes_of_scores(n_positions: usize) -> u64 {
    let n = n_positions as u64;
    n.saturating_mul(n).saturating_mul(4)
}

/// Whether the scores of one prompt fit into the memory that is free: the baseline's and one intervention's.
///
/// # Errors
/// When they do not, with the bytes that are needed and those that are free.
pub(super) fn check(n_positions: usize) -> Result<(), EngineError> {
    let needed = bytes_of_scores(n_positions).saturating_mul(2);
    let available = available_memory().unwrap_or(USUALLY_FREE);
    if needed <= available { Ok(()) } else { Err(EngineError::TooLarge { n_positions, needed, available }) }
}

/// The scores that were asked for lately, held so that whoever refers to them weakly finds them again.
#[derive(Debug, Default)]
pub(super) struct KeptScores(Mutex<VecDeque<Arc<HeadScores>>>);

impl KeptScores {
    /// Keeps `scores` as the newest, and lets go of the oldest beyond the budget.
    pub fn keep(&self, scores: &Arc<HeadScores>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| !Arc::ptr_eq(other, scores));
        kept.push_front(scores.clone());
        let most = BUDGET / bytes_of_scores(scores.n_positions()).max(1);
        kept.truncate(usize::try_from(most).unwrap_or(usize::MAX).max(ALWAYS_KEPT));
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::attention::{LayerQkv, Mask};

    fn scores(n_positions: usize) -> Arc<HeadScores> {
        let vectors = Array3::zeros((1, n_positions, 1));
        let qkv = LayerQkv::new(vectors.clone(), vectors, None, 1.0, Mask::Causal).unwrap();
        Arc::new(qkv.head_scores(0))
    }

    #[test]
    fn what_cannot_fit_is_refused_with_its_bytes() {
        assert!(check(4096).is_ok());
        let message = check(10_000_000).unwrap_err().to_string();
        assert!(message.starts_with("10000000 tokens need 800 TB of memory, "), "{message}");
    }

    #[test]
    fn the_oldest_go_first_and_ten_stay_always() {
        let kept = KeptScores::default();
        // 16 MiB each: 16 of them are the budget.
        let all: Vec<_> = (0..20).map(|_| scores(2048)).collect();
        for scores in &all {
            kept.keep(scores);
        }
        let is_kept: Vec<bool> = all.iter().map(|scores| Arc::strong_count(scores) > 1).collect();
        assert_eq!(is_kept, (0..20).map(|number| number >= 4).collect::<Vec<_>>());
        kept.keep(&all[4]);
        kept.keep(&all[0]);
        assert!(Arc::strong_count(&all[4]) == 2 && Arc::strong_count(&all[5]) == 1, "asked for again is new again");
        let large: Vec<_> = (0..12).map(|_| scores(8192)).collect();
        for scores in &large {
            kept.keep(scores);
        }
        assert_eq!(large.iter().filter(|scores| Arc::strong_count(scores) > 1).count(), ALWAYS_KEPT);
    }
}
