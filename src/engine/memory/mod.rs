//! How much memory a prompt takes, known before it is taken.

mod budget;

pub(super) use budget::{Budget, Held, Keep, Keeper};

use super::EngineError;
use crate::{
    attention::{Component, Edit, HeadScores, Mask, Operation, Other, Rule},
    base::available_memory,
    model::ModelShape,
};

/// Less than this is taken without asking the system how much is free, which takes longer than a small answer.
const SMALL: u64 = 64 << 20;
/// Assumed where the system does not say how much memory is free.
const USUALLY_FREE: u64 = 8 << 30;

/// About how many bytes a run of a prompt holds between two products of a model: the residual stream in front of a layer
/// and behind it, vectors as they come from their product and by head, and outputs of heads likewise.
pub(super) fn run_bytes(shape: &ModelShape, n_positions: usize) -> u64 {
    let &ModelShape { n_heads, n_kv_heads, head_dim, d_model, .. } = shape;
    let numbers = 3 * d_model + 2 * (n_heads + 2 * n_kv_heads) * head_dim + 2 * n_heads * head_dim;
    (n_positions as u64).saturating_mul((numbers * size_of::<f32>()) as u64)
}

/// One piece of the memory behind a panel.
#[derive(Clone, Debug, PartialEq, Eq)]
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
                parts.push(Self::Other(edit.component, edit.operation.clone()));
            }
        }
        parts
    }

    /// Bytes of this part for a prompt of `n_positions`.
    pub fn bytes(&self, mask: &Mask, n_positions: usize) -> u64 {
        let number = match self {
            Self::Scores => size_of::<f32>(),
            Self::ScoresInF64 | Self::Other(..) => size_of::<f64>(),
        };
        (mask.n_cells(n_positions) as u64).saturating_mul(number as u64)
    }
}

/// Whether `needed` bytes for a prompt of `n_positions` fit into the memory that is free.
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

impl Held for HeadScores {
    fn bytes(&self) -> usize {
        self.bytes()
    }
}

impl Held for Other {
    fn bytes(&self) -> usize {
        self.bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
            let other = noisy.other().unwrap().clone();
            assert_eq!(other.bytes(), 8 * n_cells + VECTORS + 4 * T, "nothing in f32, and the noise itself");
            scores.pattern(&noisy).row_into(7, &mut [0.0; T]);
            assert_eq!(scores.bytes(), 12 * n_cells + VECTORS);
            let parts = Part::of(Some(&noise), layer.rule());
            assert_eq!(parts.into_iter().map(bytes).sum::<usize>(), (12 + 8) * n_cells);
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
}
