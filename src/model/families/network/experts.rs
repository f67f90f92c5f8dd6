//! Mixtures of experts: a router chooses a few of many blocks for each position.

use std::cmp::Ordering;

use ndarray::{Array2, ArrayView1, Axis};

use super::{
    super::description::{self, ExpertBlocks, ExpertGroups, Map, RouterScores},
    bounded::Bounded,
    gated::Gated,
    tensors::Tensors,
};
use crate::model::{ModelError, layers::activation::logistic, weights::linear::Linear};

const OPERATION: &str = "mixture of experts";

/// A router, its experts, and a block that all positions go through.
pub struct Experts {
    router: Router,
    blocks: Vec<Expert>,
    shared: Option<Shared>,
}

struct Router {
    map: Linear,
    described: description::Router,
    /// Added to the scores for the choice alone.
    correction: Option<Vec<f32>>,
}

struct Shared {
    block: Gated,
    /// To the number whose sigmoid the block's output is multiplied by.
    gate: Option<Linear>,
}

enum Expert {
    Gated(Gated),
    Bounded(Bounded),
}

impl Expert {
    fn forward(&self, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        match self {
            Self::Gated(gated) => gated.forward(x),
            Self::Bounded(bounded) => bounded.forward(x),
        }
    }
}

impl Experts {
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load(described: &description::Experts, d_model: usize, below: &Tensors<'_>) -> Result<Self, ModelError> {
        let n_experts = described.router.n_experts;
        let blocks = match &described.blocks {
            ExpertBlocks::Numbered { prefix, expert } => {
                let load = |index: usize| {
                    let prefix = format!("{}{prefix}{index}.", below.prefix);
                    Gated::load(expert, d_model, &Tensors { prefix: &prefix, ..*below }).map(Expert::Gated)
                };
                (0..n_experts).map(load).collect::<Result<_, _>>()?
            }
            ExpertBlocks::Stacked(stacked) => {
                let experts = Bounded::load_all(stacked, n_experts, d_model, below)?;
                experts.into_iter().map(Expert::Bounded).collect()
            }
        };
        Ok(Self {
            router: Router::load(&described.router, d_model, below)?,
            blocks,
            shared: described.shared.as_ref().map(|shared| Shared::load(shared, d_model, below)).transpose()?,
        })
    }

    /// `x [T, d_model]` to `[T, d_model]`. Only the experts that a position chose see it.
    ///
    /// # Errors
    /// When `x` has another width, or the file of the weights was changed since it was opened.
    pub fn forward(&self, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        let mut written = Array2::zeros(x.dim());
        let mut of_expert: Vec<Vec<(usize, f32)>> = vec![Vec::new(); self.blocks.len()];
        for (position, logits) in self.router.map.forward(OPERATION, x)?.outer_iter().enumerate() {
            for (expert, weight) in self.router.choose(logits) {
                of_expert[expert].push((position, weight));
            }
        }
        for (expert, chosen) in self.blocks.iter().zip(&of_expert) {
            if chosen.is_empty() {
                continue;
            }
            let positions: Vec<usize> = chosen.iter().map(|&(position, _)| position).collect();
            let outputs = expert.forward(&x.select(Axis(0), &positions))?;
            for (&(position, weight), output) in chosen.iter().zip(outputs.outer_iter()) {
                written.row_mut(position).scaled_add(weight, &output);
            }
        }
        if let Some(shared) = &self.shared {
            written += &shared.forward(x)?;
        }
        Ok(written)
    }
}

impl Router {
    fn load(described: &description::Router, d_model: usize, below: &Tensors<'_>) -> Result<Self, ModelError> {
        Ok(Self {
            map: below.linear(&described.map, d_model, described.n_experts)?,
            correction: match described.scores {
                RouterScores::Softmax | RouterScores::SoftmaxOfChosen => None,
                RouterScores::Sigmoid { correction } => Some(below.vector(correction, described.n_experts)?),
            },
            described: described.clone(),
        })
    }

    /// The experts of a position and their weights.
    fn choose(&self, logits: ArrayView1<'_, f32>) -> Vec<(usize, f32)> {
        let scores: Vec<f32> = match self.described.scores {
            RouterScores::Softmax => softmax(logits.iter().copied()),
            RouterScores::SoftmaxOfChosen => logits.to_vec(),
            RouterScores::Sigmoid { .. } => logits.iter().copied().map(logistic).collect(),
        };
        let mut for_choice = scores.clone();
        if let Some(correction) = &self.correction {
            for_choice.iter_mut().zip(correction).for_each(|(score, correction)| *score += correction);
        }
        if let Some(groups) = self.described.groups {
            // What a softmax leaves out has weight 0; a corrected score may be below that.
            let out = if self.correction.is_some() { f32::NEG_INFINITY } else { 0.0 };
            leave_out_groups(groups, &mut for_choice, out);
        }
        let mut chosen: Vec<(usize, f32)> =
            best(&for_choice, self.described.n_chosen).into_iter().map(|expert| (expert, scores[expert])).collect();
        if self.described.scores == RouterScores::SoftmaxOfChosen {
            let weights = softmax(chosen.iter().map(|(_, logit)| *logit));
            for ((_, weight), softmax) in chosen.iter_mut().zip(weights) {
                *weight = softmax;
            }
        }
        if self.described.renormalized {
            let sum: f32 = chosen.iter().map(|(_, weight)| weight).sum();
            // A sigmoid may be 0 for all of them.
            let sum = if self.correction.is_some() { sum + 1e-20 } else { sum };
            for (_, weight) in &mut chosen {
                *weight /= sum;
            }
        }
        for (_, weight) in &mut chosen {
            *weight *= self.described.multiplier;
        }
        chosen
    }
}

impl Shared {
    fn load(described: &description::Shared, d_model: usize, below: &Tensors<'_>) -> Result<Self, ModelError> {
        let prefix = format!("{}{}", below.prefix, described.prefix);
        Ok(Self {
            block: Gated::load(&described.block, d_model, &Tensors { prefix: &prefix, ..*below })?,
            gate: described.gate.map(|name| below.linear(&Map::plain(name), d_model, 1)).transpose()?,
        })
    }

    fn forward(&self, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        let mut written = self.block.forward(x)?;
        if let Some(gate) = &self.gate {
            written *= &gate.forward(OPERATION, x)?.mapv_into(logistic);
        }
        Ok(written)
    }
}

fn softmax(logits: impl Iterator<Item = f32> + Clone) -> Vec<f32> {
    let max = logits.clone().fold(f32::NEG_INFINITY, f32::max);
    let mut weights: Vec<f32> = logits.map(|logit| (logit - max).exp()).collect();
    let sum: f32 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    weights
}

/// The places of the `n` largest, the largest first; of equals the first.
fn best(scores: &[f32], n: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..scores.len()).collect();
    places.sort_by(|&a, &b| scores[b].partial_cmp(&scores[a]).unwrap_or(Ordering::Equal));
    places.truncate(n);
    places
}

/// Sets the scores outside of the best groups to `out`.
fn leave_out_groups(groups: ExpertGroups, scores: &mut [f32], out: f32) {
    let size = (scores.len() / groups.n_groups).max(1);
    let of_group = |group: &[f32]| best(group, groups.n_best).into_iter().map(|place| group[place]).sum::<f32>();
    let of_groups: Vec<f32> = scores.chunks_exact(size).map(of_group).collect();
    let chosen = best(&of_groups, groups.n_chosen);
    for (group, scores) in scores.chunks_exact_mut(size).enumerate() {
        if !chosen.contains(&group) {
            scores.fill(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::model::weights::matrix::Matrix;

    fn router(described: description::Router, correction: Option<Vec<f32>>) -> Router {
        let map = Linear::new(Matrix::held([described.n_experts, 1], vec![0.0; described.n_experts]).unwrap());
        Router { map, described, correction }
    }

    fn described() -> description::Router {
        description::Router {
            map: Map::plain("gate"),
            n_experts: 4,
            n_chosen: 2,
            scores: RouterScores::Softmax,
            groups: None,
            renormalized: false,
            multiplier: 1.0,
        }
    }

    /// Exponentials 1, 2, 3, 4.
    fn logits() -> ndarray::Array1<f32> {
        array![1.0_f32, 2.0, 3.0, 4.0].mapv(f32::ln)
    }

    fn close(found: &[(usize, f32)], expected: &[(usize, f32)]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.0 == expected.0 && (found.1 - expected.1).abs() < 1e-6, "{found:?}, not {expected:?}");
        }
    }

    #[test]
    fn the_best_experts_are_weighed_by_the_softmax_of_all() {
        close(&router(described(), None).choose(logits().view()), &[(3, 0.4), (2, 0.3)]);
        let renormalized = description::Router { renormalized: true, multiplier: 2.0, ..described() };
        close(&router(renormalized, None).choose(logits().view()), &[(3, 8.0 / 7.0), (2, 6.0 / 7.0)]);
    }

    #[test]
    fn a_softmax_of_those_chosen_sums_to_one() {
        let scores = RouterScores::SoftmaxOfChosen;
        let chosen = router(description::Router { scores, ..described() }, None).choose(logits().view());
        close(&chosen, &[(3, 4.0 / 7.0), (2, 3.0 / 7.0)]);
    }

    #[test]
    fn a_correction_changes_the_choice_and_not_the_weights() {
        let scores = RouterScores::Sigmoid { correction: "b" };
        let corrected = router(description::Router { scores, ..described() }, Some(vec![1.0, 0.0, 0.0, 0.0]));
        // Sigmoids 1/2, 2/3, 3/4, 4/5.
        close(&corrected.choose(logits().view()), &[(0, 0.5), (3, 0.8)]);
    }

    #[test]
    fn experts_outside_of_the_best_groups_are_left_out() {
        let groups = |n_best| Some(ExpertGroups { n_groups: 2, n_chosen: 1, n_best });
        let scores = array![0.9_f32, 0.1, 0.6, 0.5].mapv(f32::ln);
        let by_best = router(description::Router { groups: groups(1), ..described() }, None);
        assert_eq!(by_best.choose(scores.view()).iter().map(|chosen| chosen.0).collect::<Vec<_>>(), [0, 1]);
        let by_two = router(description::Router { groups: groups(2), ..described() }, None);
        assert_eq!(by_two.choose(scores.view()).iter().map(|chosen| chosen.0).collect::<Vec<_>>(), [2, 3]);
    }
}
