//! How much memory the scores of a prompt take, known before it is taken, and which of them are kept.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use super::EngineError;
use crate::{
    attention::{Component, Edit, HeadScores, Mask, Operation, Other, Rule},
    base::available_memory,
};

/// Bytes of scores that one prompt keeps for stepping through heads, layers and operations and back.
const BUDGET: usize = 256 << 20;
/// Less than this is taken without asking the system how much is free, which takes longer than a small answer.
const SMALL: u64 = 64 << 20;
/// Assumed where the system does not say how much memory is free.
const USUALLY_FREE: u64 = 8 << 30;

/// One piece of the memory behind a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The head's scores in f32, from which weights are made.
    Scores,
    /// The head's scores in f64, for edits that are no factor on whole rows. Under a soft cap they are made for steep rows
    /// alone, which is not known beforehand: they are counted.
    ScoresInF64,
    /// The scores in f64 of what an operation brings in.
    Other(Component, Operation),
}

impl Part {
    /// What a panel under `edit` consists of, in a layer with this rule.
    pub fn of(edit: Option<&Edit>, rule: &Rule) -> Vec<Self> {
        let mut parts = vec![Self::Scores];
        if let Some(edit) = edit.filter(|edit| edit.component.makes_scores()) {
            if !edit.is_row_factor() || !rule.is_linear() {
                parts.push(Self::ScoresInF64);
            }
            if edit.operation != Operation::Scale {
                parts.push(Self::Other(edit.component, edit.operation));
            }
        }
        parts
    }

    /// Bytes of this part for a prompt of `n_positions`.
    pub fn bytes(self, mask: &Mask, n_positions: usize) -> u64 {
        let number = match self {
            Self::Scores => size_of::<f32>(),
            Self::ScoresInF64 | Self::Other(..) => size_of::<f64>(),
        };
        (mask.n_cells(n_positions) as u64).saturating_mul(number as u64)
    }
}

/// Whether `needed` bytes for the scores of a prompt of `n_positions` fit into the memory that is free.
///
/// # Errors
/// When they do not, with the bytes that are needed and those that are free.
pub(super) fn check(n_positions: usize, needed: u64) -> Result<(), EngineError> {
    if needed <= SMALL {
        return Ok(());
    }
    let available = available_memory().unwrap_or(USUALLY_FREE);
    if needed <= available { Ok(()) } else { Err(EngineError::TooLarge { n_positions, needed, available }) }
}

/// The scores that were asked for last, held so that whoever refers to them weakly finds them again.
#[derive(Debug)]
pub(super) struct KeptScores {
    /// In bytes.
    budget: usize,
    /// The newest first.
    kept: Mutex<VecDeque<Kept>>,
}

/// What takes memory with every prompt and head.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Scores(Arc<HeadScores>),
    Other(Arc<Other>),
}

impl Kept {
    /// Grows where scores are shown in f64.
    fn bytes(&self) -> usize {
        match self {
            Self::Scores(scores) => scores.bytes(),
            Self::Other(other) => other.bytes(),
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Scores(ours), Self::Scores(theirs)) => Arc::ptr_eq(ours, theirs),
            (Self::Other(ours), Self::Other(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }
}

impl Default for KeptScores {
    fn default() -> Self {
        Self { budget: BUDGET, kept: Mutex::default() }
    }
}

impl KeptScores {
    /// Keeps `item` as the newest, and lets go of the oldest beyond the budget.
    pub fn keep(&self, item: Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| !other.is(&item));
        kept.push_front(item);
        let mut bytes = 0;
        let fits = |item: &&Kept| {
            bytes += item.bytes();
            bytes <= self.budget
        };
        let n_fitting = kept.iter().take_while(fits).count();
        kept.truncate(n_fitting);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::attention::{Epsilon, LayerQkv, PositionScope};

    fn layer(n_positions: usize, mask: Mask) -> LayerQkv {
        let vectors = Array3::ones((1, n_positions, 1));
        LayerQkv::new(vectors.clone(), vectors, None, 1.0, mask).unwrap()
    }

    fn edit(component: Component, operation: Operation) -> Edit {
        Edit { component, operation, epsilon: Epsilon::ZERO, positions: PositionScope::All }
    }

    #[test]
    fn what_cannot_fit_is_refused_with_its_bytes() {
        let least = |n_positions| Part::Scores.bytes(&Mask::CAUSAL, n_positions);
        assert!(check(4096, least(4096)).is_ok());
        let message = check(10_000_000, least(10_000_000)).unwrap_err().to_string();
        assert!(message.starts_with("10000000 tokens need 200 TB of memory, "), "{message}");
    }

    #[test]
    fn the_bytes_foreseen_are_those_that_are_held() {
        const T: usize = 40;
        // Vectors of one number each, query and key.
        const VECTORS: usize = 2 * 4 * T;
        for (mask, n_cells) in [(Mask::CAUSAL, 820), (Mask::BIDIRECTIONAL, 1600)] {
            let layer = layer(T, mask.clone());
            let bytes = |part: Part| usize::try_from(part.bytes(&mask, T)).unwrap();
            let scores = Arc::new(layer.head_scores(0));
            assert_eq!((scores.bytes(), bytes(Part::Scores)), (4 * n_cells + VECTORS, 4 * n_cells), "{mask:?}");

            let scale = edit(Component::Query, Operation::Scale);
            scores.pattern(&layer.head_edit(0, 0, Some(&scale))).row_into(7, &mut [0.0; T]);
            assert_eq!(scores.bytes(), 4 * n_cells + VECTORS, "a factor needs nothing more");
            assert_eq!(Part::of(Some(&scale), layer.rule()), [Part::Scores]);
            let capped = Rule { softcap: Some(50.0), ..layer.rule().clone() };
            assert_eq!(Part::of(Some(&scale), &capped), [Part::Scores, Part::ScoresInF64]);

            let noise = edit(Component::Key, Operation::Noise { seed: 1 });
            let noisy = layer.head_edit(0, 0, Some(&noise));
            let other = Kept::Other(noisy.other().unwrap().clone());
            assert_eq!(other.bytes(), 8 * n_cells + VECTORS + 4 * T, "nothing in f32, and the noise itself");
            scores.pattern(&noisy).row_into(7, &mut [0.0; T]);
            assert_eq!(scores.bytes(), 12 * n_cells + VECTORS);
            let parts = Part::of(Some(&noise), layer.rule());
            assert_eq!(parts.iter().map(|&part| bytes(part)).sum::<usize>(), (12 + 8) * n_cells);
            assert_eq!(other.bytes(), 8 * n_cells + VECTORS + 4 * T, "the picture has not added to it");
        }
        assert_eq!(
            Part::of(Some(&edit(Component::Value, Operation::MeanHeads)), &Rule::plain(1.0, Mask::CAUSAL)),
            [Part::Scores]
        );
    }

    #[test]
    fn a_picture_of_scores_adds_eight_bytes_a_cell() {
        let scores = Arc::new(layer(40, Mask::CAUSAL).head_scores(0));
        let before = scores.bytes();
        scores.pattern(&crate::attention::HeadEdit::NOTHING).scores_into(3, &mut [0.0; 40]);
        assert_eq!(scores.bytes() - before, 8 * 820);
    }

    #[test]
    fn the_oldest_go_first_by_the_bytes_that_they_hold() {
        let scores = || Arc::new(layer(40, Mask::CAUSAL).head_scores(0));
        let each = scores().bytes();
        let kept = KeptScores { budget: 4 * each, ..KeptScores::default() };
        let all: Vec<_> = (0..6).map(|_| scores()).collect();
        let is_kept = || all.iter().map(|scores| Arc::strong_count(scores) > 1).collect::<Vec<_>>();
        for scores in &all {
            kept.keep(Kept::Scores(scores.clone()));
        }
        assert_eq!(is_kept(), [false, false, true, true, true, true]);
        kept.keep(Kept::Scores(all[2].clone()));
        kept.keep(Kept::Scores(all[0].clone()));
        assert_eq!(is_kept(), [true, false, true, false, true, true], "asked for again is new again");
        // In f64 too it is three times as large.
        all[0].pattern(&crate::attention::HeadEdit::NOTHING).scores_into(3, &mut [0.0; 40]);
        kept.keep(Kept::Scores(all[2].clone()));
        assert_eq!(is_kept(), [true, false, true, false, false, false], "what grew counts as what it has become");
    }
}
