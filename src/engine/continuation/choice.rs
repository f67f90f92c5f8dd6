//! Which token a text goes on with.

use std::{num::NonZeroUsize, str::FromStr};

use ndarray::ArrayView1;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use serde::{Deserialize, Serialize};

use crate::engine::effect::softmax;

/// How the next token is chosen from its distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// The likeliest; of equals the one with the lowest id.
    #[default]
    Greedy,
    /// Drawn.
    Sampled(Sampling),
}

/// A distribution to draw from. The random number of a step is the same in every text.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// What logits are divided by.
    pub temperature: Temperature,
    /// Of the likeliest so many; `None` of all.
    pub top_k: Option<NonZeroUsize>,
    /// Of the random numbers: the same seed, the same numbers.
    pub seed: u64,
}

/// What logits are divided by before a token is drawn: above 0 and finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Temperature(f64);

impl Temperature {
    /// The distribution as it is.
    pub const ONE: Self = Self(1.0);

    /// As a number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Temperature {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        let temperature = Some(number).filter(|number| *number > 0.0 && number.is_finite()).map(Self);
        temperature.ok_or_else(|| format!("{TEMPERATURE}, found {number}"))
    }
}

impl From<Temperature> for f64 {
    fn from(temperature: Temperature) -> Self {
        temperature.0
    }
}

impl FromStr for Temperature {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().parse::<f64>().ok().and_then(|number| Self::try_from(number).ok());
        number.ok_or_else(|| format!("{TEMPERATURE}, found “{text}”"))
    }
}

const TEMPERATURE: &str = "expected a number above 0 (without it the likeliest token follows)";

impl Choice {
    /// The token that follows at a step, counted from 0, by its logits `[vocab]`; `None` where these are no numbers.
    pub(super) fn token(self, logits: ArrayView1<'_, f32>, step: usize) -> Option<u32> {
        let token = match self {
            Self::Greedy => {
                let numbers = logits.iter().enumerate().filter(|(_, logit)| !logit.is_nan());
                numbers.reduce(|best, other| if other.1 > best.1 { other } else { best })?.0
            }
            Self::Sampled(sampling) => sampling.draw(logits, step)?,
        };
        u32::try_from(token).ok()
    }
}

impl Sampling {
    /// The first token, by id, up to which the distribution sums to more than the step's random number.
    fn draw(self, logits: ArrayView1<'_, f32>, step: usize) -> Option<usize> {
        let mut candidates: Vec<usize> = (0..logits.len()).collect();
        if let Some(top_k) = self.top_k.filter(|top_k| top_k.get() < candidates.len()) {
            candidates.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
            candidates.truncate(top_k.get());
            candidates.sort_unstable();
        }
        let tempered = candidates.iter().map(|&id| f64::from(logits[id]) / self.temperature.get()).collect::<Vec<_>>();
        let probabilities = softmax(&tempered);
        if probabilities.iter().any(|probability| probability.is_nan()) {
            return None;
        }
        let mut rest = self.random(step);
        let is_reached = |&(_, probability): &(usize, f64)| {
            rest -= probability;
            rest < 0.0
        };
        let drawn = candidates.iter().copied().zip(probabilities.iter().copied()).find(is_reached);
        // Rounding may leave the sum below 1.
        let last = || candidates.iter().zip(&probabilities).rfind(|(_, probability)| **probability > 0.0);
        drawn.map(|(id, _)| id).or_else(|| last().map(|(id, _)| *id))
    }

    /// From 0 to 1, without 1.
    fn random(self, step: usize) -> f64 {
        /// A number takes two words of the generator.
        const WORDS: u128 = 2;
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        generator.set_word_pos(WORDS * step as u128);
        (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    const SAMPLING: Sampling = Sampling { temperature: Temperature::ONE, top_k: None, seed: 1 };

    #[test]
    fn greedy_takes_the_first_of_the_likeliest() {
        let token = |logits: ndarray::Array1<f32>| Choice::Greedy.token(logits.view(), 0);
        assert_eq!(token(array![0.0, 3.0, 3.0, 1.0]), Some(1));
        assert_eq!(token(array![f32::NAN, -3.0, f32::NEG_INFINITY]), Some(1));
        assert_eq!(token(array![f32::NAN]), None);
    }

    #[test]
    fn tokens_come_as_often_as_they_are_likely() {
        let logits = array![1.0_f32.ln(), 2.0_f32.ln(), 5.0_f32.ln()];
        let count = |sampling: Sampling| {
            let mut counts = [0_usize; 3];
            (0..4000).for_each(|step| counts[sampling.draw(logits.view(), step).unwrap()] += 1);
            counts
        };
        // Standard deviations are at most 32.
        let near = |counts: [usize; 3], expected: [usize; 3]| {
            assert!(counts.iter().zip(expected).all(|(&found, expected)| found.abs_diff(expected) < 160), "{counts:?}");
        };
        near(count(SAMPLING), [500, 1000, 2500]);
        near(count(Sampling { top_k: NonZeroUsize::new(2), ..SAMPLING }), [0, 1143, 2857]);
        near(count(Sampling { temperature: "0.5".parse().unwrap(), ..SAMPLING }), [133, 533, 3333]);
        assert_eq!(count(Sampling { top_k: NonZeroUsize::new(1), ..SAMPLING }), [0, 0, 4000]);
    }

    #[test]
    fn a_steps_random_number_depends_on_seed_and_step_alone() {
        let numbers: Vec<f64> = (0..100).map(|step| SAMPLING.random(step)).collect();
        assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
        assert_eq!(SAMPLING.random(7), numbers[7]);
        assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]));
        assert_ne!(Sampling { seed: 2, ..SAMPLING }.random(0), numbers[0]);
    }
}
