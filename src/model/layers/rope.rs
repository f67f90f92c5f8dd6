//! Rotary position embeddings (Su et al. 2021, arXiv 2104.09864): pairs of dimensions are turned by an angle that grows
//! with the position.
//!
//! Reference: transformers `modeling_rope_utils.py`, and `LlamaRotaryEmbedding` in `modeling_llama.py`.

use std::{
    f32::consts::TAU,
    sync::{Arc, Mutex, PoisonError},
};

use crate::model::config::rope_config::{RopeConfig, RopeScaling};

/// Which dimensions are turned together, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotatedDims {
    /// The first of them.
    pub first: usize,
    /// Even.
    pub n: usize,
    pub pairs: Pairs,
}

/// Which two dimensions make a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// Dimension i and i + n/2, as Llama has it.
    Halves,
    /// Dimension 2i and 2i + 1, as GPT-J has it.
    Adjacent,
}

/// Cosines and sines of every position and pair of dimensions.
#[derive(Debug)]
pub struct Rope {
    config: RopeConfig,
    dims: RotatedDims,
    /// The table made last, and for how many positions. Most rotations have the same one for every length.
    last: Mutex<(usize, Arc<RopeTable>)>,
}

/// Cosines and sines of the positions from one on.
#[derive(Debug)]
pub struct Turns {
    table: Arc<RopeTable>,
    first: usize,
}

impl Turns {
    /// Rotates one head's vector `[head_dim]` to the position at `place` among these. Dimensions that are not rotated stay.
    pub fn rotate(&self, place: usize, vector: &mut [f32]) {
        self.table.rotate(self.first + place, vector);
    }
}

/// The table for prompts of one length.
#[derive(Debug)]
struct RopeTable {
    dims: RotatedDims,
    /// `[position, pair]`: cosine and sine
    turns: Vec<(f32, f32)>,
}

impl Rope {
    /// For positions below `n_positions`.
    pub fn new(config: &RopeConfig, dims: RotatedDims, n_positions: usize) -> Self {
        let n_positions = if config.scaling.depends_on_length() { 0 } else { n_positions };
        let last = Mutex::new((n_positions, Arc::new(RopeTable::new(config, dims, n_positions))));
        Self { config: config.clone(), dims, last }
    }

    /// Those of the positions from `first` on, of a text of `n_text`.
    pub fn turns(&self, first: usize, n_text: usize) -> Turns {
        Turns { table: self.table(n_text), first }
    }

    /// Whether texts of two lengths turn alike at the positions that both have.
    pub fn turns_alike(&self, shorter: usize, longer: usize) -> bool {
        let frequencies = |n_positions| self.config.frequencies(self.dims.n, n_positions);
        !self.config.scaling.depends_on_length() || frequencies(shorter) == frequencies(longer)
    }

    /// The table for a text of `n_positions`.
    fn table(&self, n_positions: usize) -> Arc<RopeTable> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = if self.config.scaling.depends_on_length() { last.0 == n_positions } else { n_positions <= last.0 };
        if !fits {
            *last = (n_positions, Arc::new(RopeTable::new(&self.config, self.dims, n_positions)));
        }
        last.1.clone()
    }
}

impl RopeTable {
    fn new(config: &RopeConfig, dims: RotatedDims, n_positions: usize) -> Self {
        let frequencies = config.frequencies(dims.n, n_positions);
        let length = config.scaling.attention_factor();
        let turns = (0..n_positions)
            .flat_map(|position| frequencies.iter().map(move |frequency| position as f32 * frequency))
            .map(|angle| match length {
                None => (angle.cos(), angle.sin()),
                Some(length) => (angle.cos() * length, angle.sin() * length),
            })
            .collect();
        Self { dims, turns }
    }

    fn rotate(&self, position: usize, vector: &mut [f32]) {
        let RotatedDims { first, n, pairs } = self.dims;
        let Some(vector) = vector.get_mut(first..first + n) else { return };
        let row = self.turns.iter().skip(position * (n / 2));
        match pairs {
            Pairs::Halves => {
                let (first, second) = vector.split_at_mut(n / 2);
                for ((a, b), &(cos, sin)) in first.iter_mut().zip(second).zip(row) {
                    (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
                }
            }
            Pairs::Adjacent => {
                for ([a, b], &(cos, sin)) in vector.as_chunks_mut().0.iter_mut().zip(row) {
                    (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
                }
            }
        }
    }
}

impl RopeConfig {
    /// Angle per position of each pair of dimensions, `[n_dims / 2]`, in a prompt of `n_positions`: in f32, step by step
    /// like the reference, for what is rounded here is multiplied by the position.
    fn frequencies(&self, n_dims: usize, n_positions: usize) -> Vec<f32> {
        let theta = self.theta_at(n_dims, n_positions);
        let wavelength = |pair: usize| power(theta, (2 * pair) as f32 / n_dims as f32); // over 2π
        (0..n_dims / 2).map(|pair| self.frequency(wavelength(pair), pair, n_dims, n_positions)).collect()
    }

    /// The base of the wavelengths: dynamic scaling raises it for long prompts.
    #[expect(clippy::cast_possible_truncation, reason = "the reference computes in f32")]
    fn theta_at(&self, n_dims: usize, n_positions: usize) -> f32 {
        let theta = self.theta as f32;
        match self.scaling {
            RopeScaling::Dynamic { factor, original_positions } if n_positions > original_positions => {
                let stretched = (factor as f32 * n_positions as f32) / original_positions as f32;
                let longer = stretched - (factor - 1.0) as f32;
                theta * power(longer, (n_dims as f64 / (n_dims as f64 - 2.0)) as f32)
            }
            _ => theta,
        }
    }

    /// `wavelength`: over 2π, and not scaled.
    #[expect(clippy::cast_possible_truncation, reason = "the reference computes in f32")]
    fn frequency(&self, wavelength: f32, pair: usize, n_dims: usize, n_positions: usize) -> f32 {
        let frequency = 1.0 / wavelength;
        let factor_of = |factors: &[f32]| factors.get(pair).copied().unwrap_or(1.0);
        let stretched = |factors: &[f32]| 1.0 / (factor_of(factors) * wavelength);
        match &self.scaling {
            RopeScaling::None | RopeScaling::Dynamic { .. } => frequency,
            RopeScaling::Divided(factors) => frequency / factor_of(factors),
            RopeScaling::Linear { factor } => frequency / *factor as f32,
            &RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_positions } => {
                let longest = |freq_factor: f64| (original_positions as f64 / freq_factor) as f32;
                let wavelength = TAU / frequency;
                if wavelength < longest(high_freq_factor) {
                    frequency
                } else if wavelength > longest(low_freq_factor) {
                    frequency / factor as f32
                } else {
                    let turns = original_positions as f32 / wavelength;
                    let smooth = (turns - low_freq_factor as f32) / (high_freq_factor - low_freq_factor) as f32;
                    (1.0 - smooth) * frequency / factor as f32 + smooth * frequency
                }
            }
            RopeScaling::Yarn(yarn) => {
                let [low, high] = yarn.interpolated_pairs(self.theta, n_dims);
                let ramp = ((pair as f32 - low as f32) / (high - low) as f32).clamp(0.0, 1.0);
                let kept = 1.0 - ramp;
                1.0 / (yarn.factor as f32 * wavelength) * (1.0 - kept) + frequency * kept
            }
            RopeScaling::LongRope { long, original_positions, .. } if n_positions > *original_positions => {
                stretched(long)
            }
            RopeScaling::LongRope { short, .. } => stretched(short),
        }
    }
}

/// A power in f32, rounded once on every platform: libraries differ in the last bit.
#[expect(clippy::cast_possible_truncation, reason = "that is the rounding")]
fn power(base: f32, exponent: f32) -> f32 {
    f64::from(base).powf(f64::from(exponent)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::{Config, parse_config, rope_config::RopeKeys};

    fn read(json: &str) -> RopeConfig {
        let keys = parse_config(json.as_bytes()).unwrap();
        RopeConfig::read(Config::new(&keys), RopeKeys::USUAL).unwrap().0
    }

    fn halves(n: usize) -> RotatedDims {
        RotatedDims { first: 0, n, pairs: Pairs::Halves }
    }

    const PLAIN: RopeConfig = RopeConfig { theta: 1e4, scaling: RopeScaling::None };

    const LLAMA3: &str = r#"{"rope_theta": 10000.0, "rope_scaling": {"type": "llama3", "factor": 8.0,
        "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 100}}"#;

    /// `head_dim` 4 and θ 10⁴ give frequencies 1 and 0.01: wavelengths 2π and 200π. Over 100 positions the first turns
    /// 15.9 times (above 4: kept), the second 0.159 times (below 1: divided by 8).
    #[test]
    fn llama3_stretches_long_wavelengths_only() {
        assert_eq!(read(LLAMA3).frequencies(4, 100), [1.0, 0.01 / 8.0]);
    }

    /// θ = 4π² at `head_dim` 4 gives frequencies 1 and 1/(2π): the second turns 100/(4π²) = 2.533 times, so that
    /// smooth = (2.533 − 1)/3 = 0.5110 and it becomes (0.4890/8 + 0.5110)/(2π).
    #[test]
    fn llama3_passes_smoothly_between() {
        use std::f64::consts::PI;
        let config = RopeConfig { theta: 4.0 * PI * PI, ..read(LLAMA3) };
        let smooth = (100.0 / (4.0 * PI * PI) - 1.0) / 3.0;
        let expected = ((1.0 - smooth) / 8.0 + smooth) / (2.0 * PI);
        let found = f64::from(config.frequencies(4, 100)[1]);
        assert!((found - expected).abs() < 1e-7, "{found}, expected {expected}");
    }

    #[test]
    fn rotates_dimension_i_with_dimension_i_plus_half() {
        let rope = Rope::new(&PLAIN, halves(4), 3).table(3);
        let mut vector = [1.0, 0.0, 0.0, 2.0];
        rope.rotate(0, &mut vector);
        assert_eq!(vector, [1.0, 0.0, 0.0, 2.0], "position 0 is not rotated");
        rope.rotate(2, &mut vector);
        let (cos, sin) = (|x: f32| x.cos(), |x: f32| x.sin());
        assert_eq!(vector, [cos(2.0), -2.0 * sin(0.02), sin(2.0), 2.0 * cos(0.02)]);
    }

    #[test]
    fn dimensions_behind_the_rotated_ones_stay() {
        let rope = Rope::new(&PLAIN, halves(2), 2).table(2);
        let mut vector = [1.0, 0.0, 5.0, 7.0];
        rope.rotate(1, &mut vector);
        assert_eq!(vector, [1.0_f32.cos(), 1.0_f32.sin(), 5.0, 7.0]);
    }

    #[test]
    fn adjacent_dimensions_are_turned_together_from_the_first_on() {
        let dims = RotatedDims { first: 1, n: 4, pairs: Pairs::Adjacent };
        let mut vector = [9.0, 1.0, 0.0, 0.0, 2.0, 9.0];
        Rope::new(&PLAIN, dims, 3).table(3).rotate(2, &mut vector);
        let (cos, sin) = (|x: f32| x.cos(), |x: f32| x.sin());
        assert_eq!(vector, [9.0, cos(2.0), sin(2.0), -2.0 * sin(0.02), 2.0 * cos(0.02), 9.0]);
    }

    #[test]
    fn dynamic_scaling_raises_the_base_for_long_prompts_only() {
        let dynamic = RopeConfig { theta: 1e4, scaling: RopeScaling::Dynamic { factor: 3.0, original_positions: 8 } };
        assert_eq!(dynamic.frequencies(4, 8), PLAIN.frequencies(4, 8));
        // 3·12/8 − 2 = 2.5, to the power of 4/2.
        let longer = RopeConfig { theta: 6.25e4, scaling: RopeScaling::None };
        assert_eq!(dynamic.frequencies(4, 12), longer.frequencies(4, 12));
        let rope = Rope::new(&dynamic, halves(4), 64);
        assert_ne!(rope.table(12).turns[..16], rope.table(8).turns[..16], "a table for each length");
    }

    #[test]
    fn linear_scaling_divides_every_frequency() {
        let linear = RopeConfig { theta: 1e4, scaling: RopeScaling::Linear { factor: 4.0 } };
        assert_eq!(linear.frequencies(4, 1), [0.25, 0.01 / 4.0]);
    }

    #[test]
    fn long_factors_are_for_prompts_beyond_the_original_length() {
        let scaling = RopeScaling::LongRope {
            short: vec![1.0, 2.0],
            long: vec![4.0, 5.0],
            original_positions: 8,
            attention_factor: 1.5,
        };
        let rope = RopeConfig { theta: 1e4, scaling };
        assert_eq!(rope.frequencies(4, 8), [1.0, 0.005]);
        assert_eq!(rope.frequencies(4, 9), [0.25, 0.002]);
        assert_eq!(Rope::new(&rope, halves(4), 9).table(1).turns, [(1.5, 0.0), (1.5, 0.0)]);
    }

    /// Over 2π·16 positions the four pairs of θ = 16 at 8 dimensions turn 16, 8, 4 and 2 times.
    #[test]
    fn yarn_stretches_what_turns_seldom() {
        let yarn = |beta_fast, beta_slow| {
            let original_positions = 101; // 2π·16.07
            let (factor, truncate, attention_factor) = (8.0, true, 1.0);
            let scaling = RopeScaling::Yarn(crate::model::config::rope_config::Yarn {
                factor,
                beta_fast,
                beta_slow,
                original_positions,
                truncate,
                attention_factor,
            });
            RopeConfig { theta: 16.0, scaling }.frequencies(8, 1)
        };
        // From pair ⌊0.006⌋ = 0 to pair ⌈3.006⌉ = 4 in equal steps.
        let expected = [1.0, 0.5 * (0.75 + 0.25 / 8.0), 0.25 * (0.5 + 0.5 / 8.0), 0.125 * (0.25 + 0.75 / 8.0)];
        for (found, expected) in yarn(16.0, 2.0).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
        }
    }
}
