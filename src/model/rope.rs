//! Rotary position embeddings (Su et al. 2021, arXiv 2104.09864), in the half-rotation layout of Hugging Face:
//! dimension i is rotated together with dimension i + `head_dim`/2.
//!
//! Reference: transformers `modeling_rope_utils.py`, and `LlamaRotaryEmbedding` in `modeling_llama.py`.

use std::f32::consts::TAU;

use super::{ModelError, config::Config};

/// How the rotation's frequencies are chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct RopeConfig {
    /// Base of the geometric series of wavelengths.
    pub theta: f64,
    pub scaling: RopeScaling,
}

/// What is done to the frequencies so that a model reads longer texts than it was trained on.
#[derive(Clone, Debug, PartialEq)]
pub enum RopeScaling {
    None,
    /// The frequency of each pair of dimensions is divided by a factor of its own: how GGUF files write down what
    /// comes next.
    Divided(Vec<f32>),
    /// Llama 3.1: wavelengths beyond `original_positions / low_freq_factor` are stretched by `factor`, those below
    /// `original_positions / high_freq_factor` stay, and in between there is a smooth passage.
    Llama3 {
        factor: f64,
        low_freq_factor: f64,
        high_freq_factor: f64,
        original_positions: usize,
    },
}

/// Where a configuration keeps these numbers outside `rope_parameters`.
#[derive(Clone, Copy, Debug)]
pub struct RopeKeys {
    pub theta: &'static str,
    /// Of each head's dimensions, the share that is rotated.
    pub share: &'static str,
    pub default_share: f64,
}

impl RopeKeys {
    pub const USUAL: Self = Self { theta: "rope_theta", share: "partial_rotary_factor", default_share: 1.0 };
}

impl RopeConfig {
    /// From `rope_parameters` (transformers 5), or `rope_scaling` and `rope_theta` (before), where whole heads are
    /// rotated.
    ///
    /// # Errors
    /// When the type of scaling is neither `default` nor `llama3`, a number is out of bounds, or heads are rotated
    /// only in part.
    pub fn read(config: Config<'_>) -> Result<Self, ModelError> {
        match Self::read_partial(config, RopeKeys::USUAL)? {
            (rope, 1.0) => Ok(rope),
            (_, found) => Err(ModelError::Unsupported {
                what: "partial_rotary_factor",
                found: found.to_string(),
                supported: "only 1 is",
            }),
        }
    }

    /// Like [`Self::read`], with the share of each head's dimensions that is rotated, above 0.
    ///
    /// # Errors
    /// When the type of scaling is neither `default` nor `llama3`, or a number is out of bounds.
    pub fn read_partial(config: Config<'_>, keys: RopeKeys) -> Result<(Self, f64), ModelError> {
        const DEFAULT_THETA: f64 = 10_000.0;
        let theta = config.positive(keys.theta, DEFAULT_THETA)?;
        let share = config.positive(keys.share, keys.default_share)?;
        // Where both are given, transformers takes the older key.
        let Some(parameters) =
            config.object("rope_scaling")?.map_or_else(|| config.object("rope_parameters"), |o| Ok(Some(o)))?
        else {
            return Ok((Self { theta, scaling: RopeScaling::None }, share));
        };
        let theta = parameters.positive("rope_theta", theta)?;
        let share = parameters.positive("partial_rotary_factor", share)?;
        Ok((Self { theta, scaling: RopeScaling::read(parameters)? }, share))
    }

    /// Angle per position of each pair of dimensions, `[head_dim / 2]`; f32 like the reference.
    fn frequencies(&self, head_dim: usize) -> Vec<f32> {
        (0..head_dim / 2).map(|pair| self.frequency(pair, head_dim)).collect()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the reference computes in f32")]
    fn frequency(&self, pair: usize, head_dim: usize) -> f32 {
        let frequency = (1.0 / self.theta.powf(2.0 * pair as f64 / head_dim as f64)) as f32;
        match self.scaling {
            RopeScaling::None => frequency,
            RopeScaling::Divided(ref factors) => frequency / factors.get(pair).copied().unwrap_or(1.0),
            RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_positions } => {
                let (factor, low, high) = (factor as f32, low_freq_factor as f32, high_freq_factor as f32);
                let wavelength = TAU / frequency;
                let turns = original_positions as f32 / wavelength;
                if turns > high {
                    frequency
                } else if turns < low {
                    frequency / factor
                } else {
                    let smooth = (turns - low) / (high - low);
                    (1.0 - smooth) * frequency / factor + smooth * frequency
                }
            }
        }
    }
}

impl RopeScaling {
    fn read(parameters: Config<'_>) -> Result<Self, ModelError> {
        let kind = parameters.text("rope_type")?.map_or_else(|| parameters.text("type"), |kind| Ok(Some(kind)))?;
        match kind {
            Some("default") => Ok(Self::None),
            // Per-layer parameters, as some families have, are objects without a type of their own.
            None => parameters
                .refuse(&["full_attention", "sliding_attention", "factor"], "rope_type must say how")
                .map(|()| Self::None),
            Some("llama3") => {
                let scaling = Self::Llama3 {
                    factor: parameters.positive("factor", 0.0)?,
                    low_freq_factor: parameters.positive("low_freq_factor", 0.0)?,
                    high_freq_factor: parameters.positive("high_freq_factor", 0.0)?,
                    original_positions: parameters
                        .required_count("original_max_position_embeddings", 1..=u32::MAX as usize)?,
                };
                scaling.check().map(|()| scaling)
            }
            Some(other) => {
                let supported = "default and llama3 are";
                Err(ModelError::Unsupported { what: "rope_type", found: other.to_owned(), supported })
            }
        }
    }

    fn check(&self) -> Result<(), ModelError> {
        let &Self::Llama3 { factor, low_freq_factor, high_freq_factor, .. } = self else { return Ok(()) };
        if factor <= 0.0 || low_freq_factor <= 0.0 || high_freq_factor <= low_freq_factor {
            return Err(super::config::wrong(
                "rope_type llama3",
                "given with factor above 0 and low_freq_factor below high_freq_factor",
                format!("{factor}, {low_freq_factor} and {high_freq_factor}"),
            ));
        }
        Ok(())
    }
}

/// Cosines and sines of every position and pair of dimensions.
#[derive(Clone, Debug)]
pub struct Rope {
    n_pairs: usize,
    /// `[position, pair]`: cosine and sine
    table: Vec<(f32, f32)>,
}

impl Rope {
    /// For positions below `n_positions`; `head_dim`, or what is rotated of it, is even.
    #[expect(clippy::cast_precision_loss, reason = "positions are far below 2²⁴")]
    pub fn new(config: &RopeConfig, head_dim: usize, n_positions: usize) -> Self {
        let frequencies = config.frequencies(head_dim);
        let table = (0..n_positions)
            .flat_map(|position| frequencies.iter().map(move |frequency| position as f32 * frequency))
            .map(|angle| (angle.cos(), angle.sin()))
            .collect();
        Self { n_pairs: head_dim / 2, table }
    }

    /// Rotates one head's vector `[head_dim]` to its position. Dimensions behind those that are rotated stay.
    pub fn rotate(&self, position: usize, vector: &mut [f32]) {
        let (first, second) = vector.split_at_mut(self.n_pairs.min(vector.len()));
        let row = self.table.iter().skip(position * self.n_pairs);
        for ((a, b), &(cos, sin)) in first.iter_mut().zip(second).zip(row) {
            (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<RopeConfig, ModelError> {
        let keys = super::super::config::parse_config(json.as_bytes()).unwrap();
        RopeConfig::read(Config::new(&keys))
    }

    const LLAMA3: &str = r#"{"rope_theta": 10000.0, "rope_scaling": {"type": "llama3", "factor": 8.0,
        "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 100}}"#;

    #[test]
    fn old_and_new_keys_mean_the_same() {
        let old = read(LLAMA3).unwrap();
        let new = read(
            r#"{"rope_parameters": {"rope_theta": 10000.0, "rope_type": "llama3", "factor": 8.0,
            "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 100}}"#,
        );
        assert_eq!(new.unwrap(), old);
        let plain = RopeConfig { theta: 5e5, scaling: RopeScaling::None };
        assert_eq!(read(r#"{"rope_theta": 500000, "rope_scaling": null}"#).unwrap(), plain);
        assert_eq!(read(r#"{"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}}"#).unwrap(), plain);
        assert_eq!(read("{}").unwrap().theta, 10_000.0);
    }

    #[test]
    fn other_rotations_are_refused_by_name() {
        let refusal = |json| read(json).unwrap_err().to_string();
        assert_eq!(
            refusal(r#"{"rope_scaling": {"type": "yarn", "factor": 4.0}}"#),
            "rope_type yarn is not supported: default and llama3 are"
        );
        assert_eq!(
            refusal(r#"{"rope_parameters": {"rope_type": "default", "partial_rotary_factor": 0.5}}"#),
            "partial_rotary_factor 0.5 is not supported: only 1 is"
        );
        assert!(
            refusal(r#"{"rope_parameters": {"full_attention": {"rope_type": "default"}}}"#).contains("full_attention")
        );
        assert!(refusal(r#"{"rope_scaling": {"rope_type": "llama3"}}"#).contains("original_max_position_embeddings"));
        assert!(refusal(r#"{"rope_theta": -1}"#).contains("rope_theta must be a number above 0, found -1"));
        assert!(refusal(r#"{"rope_scaling": [1]}"#).contains("rope_scaling must be an object"));
    }

    /// `head_dim` 4 and θ 10⁴ give frequencies 1 and 0.01: wavelengths 2π and 200π. Over 100 positions the first turns
    /// 15.9 times (above 4: kept), the second 0.159 times (below 1: divided by 8).
    #[test]
    fn llama3_stretches_long_wavelengths_only() {
        assert_eq!(read(LLAMA3).unwrap().frequencies(4), [1.0, 0.01 / 8.0]);
    }

    /// θ = 4π² at `head_dim` 4 gives frequencies 1 and 1/(2π): the second turns 100/(4π²) = 2.533 times, so that
    /// smooth = (2.533 − 1)/3 = 0.5110 and it becomes (0.4890/8 + 0.5110)/(2π).
    #[test]
    fn llama3_passes_smoothly_between() {
        use std::f64::consts::PI;
        let config = RopeConfig { theta: 4.0 * PI * PI, ..read(LLAMA3).unwrap() };
        let smooth = (100.0 / (4.0 * PI * PI) - 1.0) / 3.0;
        let expected = ((1.0 - smooth) / 8.0 + smooth) / (2.0 * PI);
        let found = f64::from(config.frequencies(4)[1]);
        assert!((found - expected).abs() < 1e-7, "{found}, expected {expected}");
    }

    #[test]
    fn rotates_dimension_i_with_dimension_i_plus_half() {
        let rope = Rope::new(&RopeConfig { theta: 1e4, scaling: RopeScaling::None }, 4, 3);
        let mut vector = [1.0, 0.0, 0.0, 2.0];
        rope.rotate(0, &mut vector);
        assert_eq!(vector, [1.0, 0.0, 0.0, 2.0], "position 0 is not rotated");
        rope.rotate(2, &mut vector);
        let (cos, sin) = (|x: f32| x.cos(), |x: f32| x.sin());
        assert_eq!(vector, [cos(2.0), -2.0 * sin(0.02), sin(2.0), 2.0 * cos(0.02)]);
    }

    #[test]
    fn dimensions_behind_the_rotated_ones_stay() {
        let rope = Rope::new(&RopeConfig { theta: 1e4, scaling: RopeScaling::None }, 2, 2);
        let mut vector = [1.0, 0.0, 5.0, 7.0];
        rope.rotate(1, &mut vector);
        assert_eq!(vector, [1.0_f32.cos(), 1.0_f32.sin(), 5.0, 7.0]);
    }

    #[test]
    fn rope_parameters_come_before_the_keys_outside() {
        let keys = RopeKeys { theta: "rotary_emb_base", share: "rotary_pct", default_share: 0.25 };
        let read = |json: &str| {
            let config = super::super::config::parse_config(json.as_bytes()).unwrap();
            RopeConfig::read_partial(Config::new(&config), keys).map(|(rope, share)| (rope.theta, share)).unwrap()
        };
        assert_eq!(read("{}"), (1e4, 0.25));
        assert_eq!(read(r#"{"rotary_emb_base": 500, "rotary_pct": 0.5}"#), (500.0, 0.5));
        let inside = r#""rope_parameters": {"rope_type": "default", "partial_rotary_factor": 1.0, "rope_theta": 7}"#;
        assert_eq!(read(&format!(r#"{{"rotary_emb_base": 500, "rotary_pct": 0.5, {inside}}}"#)), (7.0, 1.0));
    }
}
