//! What an intervention does to the model's output.

use ndarray::ArrayView1;

use crate::attention::kl_divergence;

/// How many of the likeliest next tokens are listed.
const TOP: usize = 10;

/// A next token and its probabilities without and with the intervention.
#[derive(Clone, Debug, PartialEq)]
pub struct NextToken {
    /// In the vocabulary.
    pub id: u32,
    /// As a reader sees it.
    pub text: String,
    /// Its probability without the intervention, 0 to 1.
    pub baseline: f64,
    /// Its probability under the intervention, 0 to 1.
    pub modified: f64,
}

/// The change of the next-token distribution after the last position.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// KL(baseline ‖ modified) in nats: *Ships*, the safety head importance score of arXiv 2410.13708.
    pub kl: f64,
    /// The likeliest tokens of either distribution, by baseline probability.
    pub top: Vec<NextToken>,
}

impl Effect {
    /// From two rows of logits `[vocab]`; `text_of` names a token.
    pub(super) fn new(
        baseline: ArrayView1<'_, f32>,
        modified: ArrayView1<'_, f32>,
        text_of: impl Fn(u32) -> String,
    ) -> Self {
        let (baseline, modified) = (probabilities(baseline), probabilities(modified));
        let mut ids = likeliest(&baseline);
        for id in likeliest(&modified) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.sort_by(|&a, &b| baseline[b].total_cmp(&baseline[a]));
        let top = ids
            .into_iter()
            .filter_map(|id| {
                let number = u32::try_from(id).ok()?;
                Some(NextToken { id: number, text: text_of(number), baseline: baseline[id], modified: modified[id] })
            })
            .collect();
        Self { kl: non_negative(kl_divergence(baseline.iter().copied(), modified.iter().copied())), top }
    }
}

/// KL(baseline ‖ modified) in nats of the distributions of two rows of logits `[vocab]`.
pub(super) fn kl(baseline: ArrayView1<'_, f32>, modified: ArrayView1<'_, f32>) -> f64 {
    non_negative(kl_divergence(probabilities(baseline), probabilities(modified)))
}

/// ln p of one token in the distribution of a row of logits `[vocab]`; NaN of a token that is not there.
pub(super) fn log_probability(logits: ArrayView1<'_, f32>, id: u32) -> f64 {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&logit| f64::from(logit - max).exp()).sum();
    let logit = usize::try_from(id).ok().and_then(|id| logits.get(id));
    logit.map_or(f64::NAN, |&logit| f64::from(logit) - f64::from(max) - sum.ln())
}

/// Rounding may leave the divergence of nearly equal distributions below zero; what is not a number stays so.
fn non_negative(kl: f64) -> f64 {
    if kl < 0.0 { 0.0 } else { kl }
}

fn probabilities(logits: ArrayView1<'_, f32>) -> Vec<f64> {
    softmax(&logits.iter().map(|&logit| f64::from(logit)).collect::<Vec<_>>())
}

/// exp(x) over the sum of all.
pub(super) fn softmax(logits: &[f64]) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exps: Vec<f64> = logits.iter().map(|logit| (logit - max).exp()).collect();
    let sum: f64 = exps.iter().sum();
    exps.into_iter().map(|exp| exp / sum).collect()
}

fn likeliest(probabilities: &[f64]) -> Vec<usize> {
    let by_probability = |&a: &usize, &b: &usize| probabilities[b].total_cmp(&probabilities[a]).then(a.cmp(&b));
    let mut ids: Vec<usize> = (0..probabilities.len()).collect();
    // A vocabulary is not sorted at every step of a text.
    if ids.len() > TOP {
        ids.select_nth_unstable_by(TOP, by_probability);
        ids.truncate(TOP);
    }
    ids.sort_unstable_by(by_probability);
    ids
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn is_the_divergence_of_two_known_distributions() {
        // Probabilities 3/4, 1/4 against 1/2, 1/2: KL = 3/4·ln(3/2) + 1/4·ln(1/2).
        let baseline = array![3.0_f32.ln(), 0.0];
        let effect = Effect::new(baseline.view(), array![0.0, 0.0].view(), |id| id.to_string());
        let expected = 0.75 * 1.5_f64.ln() + 0.25 * 0.5_f64.ln();
        assert!((effect.kl - expected).abs() < 1e-7, "{}", effect.kl);
        assert_eq!(effect.top[0].id, 0);
        assert!((effect.top[0].baseline - 0.75).abs() < 1e-7);
        assert_eq!(Effect::new(baseline.view(), baseline.view(), |id| id.to_string()).kl, 0.0);
    }

    #[test]
    fn the_likeliest_come_first_and_of_equals_the_lower_id() {
        let mut probabilities = vec![0.01; 30];
        (probabilities[17], probabilities[3], probabilities[29]) = (0.3, 0.2, 0.2);
        assert_eq!(likeliest(&probabilities), [17, 3, 29, 0, 1, 2, 4, 5, 6, 7]);
        assert_eq!(likeliest(&[0.1, 0.9]), [1, 0]);
    }
}
