//! How a configuration describes a rotary embedding.
//!
//! Reference: transformers `modeling_rope_utils.py`.

use std::f64::consts::TAU;

use super::{Config, common_config::MOST_NAMED_POSITIONS, wrong};
use crate::model::ModelError;

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
    /// The frequency of each pair of dimensions is divided by a factor of its own: how GGUF files write down what Llama
    /// 3.1 does.
    Divided(Vec<f32>),
    /// All positions are divided by a factor (Chen et al. 2023, arXiv 2306.15595).
    Linear {
        factor: f64,
    },
    /// Beyond the original positions the base grows with the length of the prompt.
    Dynamic {
        factor: f64,
        original_positions: usize,
    },
    /// Llama 3.1: wavelengths beyond `original_positions / low_freq_factor` are stretched by `factor`, those below
    /// `original_positions / high_freq_factor` stay, and in between there is a smooth passage.
    Llama3 {
        factor: f64,
        low_freq_factor: f64,
        high_freq_factor: f64,
        original_positions: usize,
    },
    Yarn(Yarn),
    /// Factors of each pair, one set for prompts up to the original positions and one beyond (Ding et al. 2024, arXiv
    /// 2402.13753).
    LongRope {
        short: Vec<f32>,
        long: Vec<f32>,
        original_positions: usize,
        /// On cosines and sines.
        attention_factor: f64,
    },
}

/// Peng et al. 2023, arXiv 2309.00071: pairs that turn seldom over the original positions are stretched by a factor,
/// those that turn often stay, and in between there is a linear passage.
#[derive(Clone, Debug, PartialEq)]
pub struct Yarn {
    pub factor: f64,
    /// Turns over the original positions from which on a pair stays.
    pub beta_fast: f64,
    /// Turns over the original positions up to which a pair is stretched.
    pub beta_slow: f64,
    pub original_positions: usize,
    /// Whether the bounds of the passage are whole pairs.
    pub truncate: bool,
    /// On cosines and sines.
    pub attention_factor: f64,
}

impl Yarn {
    /// The pairs between which frequencies pass from those that stay to those that are stretched.
    pub fn interpolated_pairs(&self, theta: f64, n_dims: usize) -> [f64; 2] {
        let n_dims = n_dims as f64;
        let pair = |turns: f64| n_dims * (self.original_positions as f64 / (turns * TAU)).ln() / (2.0 * theta.ln());
        let (mut low, mut high) = (pair(self.beta_fast), pair(self.beta_slow));
        if self.truncate {
            (low, high) = (low.floor(), high.ceil());
        }
        (low, high) = (low.max(0.0), high.min(n_dims - 1.0));
        [low, if low == high { high + 0.001 } else { high }]
    }
}

impl RopeScaling {
    /// Whether the frequencies are others in a longer prompt.
    pub fn depends_on_length(&self) -> bool {
        matches!(self, Self::Dynamic { .. } | Self::LongRope { .. })
    }

    /// What cosines and sines are multiplied by, if anything.
    #[expect(clippy::cast_possible_truncation, reason = "the reference computes in f32")]
    pub fn attention_factor(&self) -> Option<f32> {
        match self {
            Self::Yarn(Yarn { attention_factor, .. }) | Self::LongRope { attention_factor, .. } => {
                Some(*attention_factor as f32)
            }
            _ => None,
        }
    }
}

/// Where a configuration keeps these numbers outside `rope_parameters`, and what they are where it has none.
#[derive(Clone, Copy, Debug)]
pub struct RopeKeys {
    pub theta: &'static str,
    pub default_theta: f64,
    /// Of each head's dimensions, the share that is rotated.
    pub share: &'static str,
    pub default_share: f64,
}

impl RopeKeys {
    pub const USUAL: Self =
        Self { theta: "rope_theta", default_theta: 10_000.0, share: "partial_rotary_factor", default_share: 1.0 };
}

impl RopeConfig {
    /// From `rope_parameters` (transformers 5), or `rope_scaling` and `rope_theta` (before), with the share of each
    /// head's dimensions that is rotated, above 0.
    ///
    /// # Errors
    /// When the type of scaling is not known, or a number is out of bounds.
    pub fn read(config: Config<'_>, keys: RopeKeys) -> Result<(Self, f64), ModelError> {
        // Where both are given, transformers takes the older key.
        let parameters =
            config.object("rope_scaling")?.map_or_else(|| config.object("rope_parameters"), |o| Ok(Some(o)))?;
        Self::read_from(config, parameters, keys)
    }

    /// From an object of the same form as `rope_parameters`.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub fn read_from(
        config: Config<'_>,
        parameters: Option<Config<'_>>,
        keys: RopeKeys,
    ) -> Result<(Self, f64), ModelError> {
        let theta = config.positive(keys.theta, keys.default_theta)?;
        let share = config.positive(keys.share, keys.default_share)?;
        let Some(parameters) = parameters else { return Ok((Self { theta, scaling: RopeScaling::None }, share)) };
        let theta = parameters.positive("rope_theta", theta)?;
        let share = parameters.positive("partial_rotary_factor", share)?;
        Ok((Self { theta, scaling: RopeScaling::read(parameters, config)? }, share))
    }
}

impl RopeScaling {
    fn read(parameters: Config<'_>, config: Config<'_>) -> Result<Self, ModelError> {
        let kind = parameters.text("rope_type")?.map_or_else(|| parameters.text("type"), |kind| Ok(Some(kind)))?;
        match kind {
            Some("default") => Ok(Self::None),
            // Per-layer parameters, as some families have, are objects without a type of their own.
            None => parameters
                .refuse(&["full_attention", "sliding_attention", "factor"], "rope_type must say how")
                .map(|()| Self::None),
            Some("linear") => Ok(Self::Linear { factor: factor(parameters)? }),
            Some("dynamic") => Ok(Self::Dynamic {
                factor: factor(parameters)?,
                original_positions: config.required_count("max_position_embeddings", 1..=MOST_NAMED_POSITIONS)?,
            }),
            Some("llama3") => Self::llama3(parameters, config),
            Some("yarn") => Self::yarn(parameters, config),
            Some("longrope" | "su") => Self::long_rope(parameters, config),
            Some(other) => Err(ModelError::Unsupported {
                what: "rope_type",
                found: other.to_owned(),
                supported: "default, linear, dynamic, llama3, yarn and longrope are",
            }),
        }
    }

    fn llama3(parameters: Config<'_>, config: Config<'_>) -> Result<Self, ModelError> {
        let factor = parameters.positive("factor", 0.0)?;
        let low_freq_factor = parameters.positive("low_freq_factor", 0.0)?;
        let high_freq_factor = parameters.positive("high_freq_factor", 0.0)?;
        let original_positions = original_positions(parameters, config)?;
        if factor <= 0.0 || low_freq_factor <= 0.0 || high_freq_factor <= low_freq_factor {
            return Err(wrong(
                "rope_type llama3",
                "given with factor above 0 and low_freq_factor below high_freq_factor",
                format!("{factor}, {low_freq_factor} and {high_freq_factor}"),
            ));
        }
        Ok(Self::Llama3 { factor, low_freq_factor, high_freq_factor, original_positions })
    }

    fn yarn(parameters: Config<'_>, config: Config<'_>) -> Result<Self, ModelError> {
        let original_positions = original_positions(parameters, config)?;
        let factor = factor_or_ratio(parameters, config, original_positions)?;
        let inferred = match (parameters.number("mscale")?, parameters.number("mscale_all_dim")?) {
            (Some(mscale), Some(all)) if mscale != 0.0 && all != 0.0 => {
                yarn_length(factor, mscale) / yarn_length(factor, all)
            }
            _ => yarn_length(factor, 1.0),
        };
        Ok(Self::Yarn(Yarn {
            factor,
            beta_fast: parameters.positive("beta_fast", 32.0)?,
            beta_slow: parameters.positive("beta_slow", 1.0)?,
            original_positions,
            truncate: parameters.flag_or("truncate", true)?,
            attention_factor: parameters.positive("attention_factor", inferred)?,
        }))
    }

    fn long_rope(parameters: Config<'_>, config: Config<'_>) -> Result<Self, ModelError> {
        let factors = |key| {
            let factors = parameters.numbers(key)?.ok_or_else(|| wrong(key, "a list of numbers", "nothing"))?;
            match factors.iter().find(|&&factor| factor <= 0.0) {
                Some(found) => Err(wrong(key, "a list of numbers above 0", found)),
                None => Ok(factors),
            }
        };
        let original_positions = original_positions(parameters, config)?;
        let factor = factor_or_ratio(parameters, config, original_positions)?;
        let inferred = if factor <= 1.0 || original_positions <= 1 {
            1.0
        } else {
            (1.0 + factor.ln() / (original_positions as f64).ln()).sqrt()
        };
        Ok(Self::LongRope {
            short: factors("short_factor")?,
            long: factors("long_factor")?,
            original_positions,
            attention_factor: parameters.positive("attention_factor", inferred)?,
        })
    }

    /// The number of factors that the configuration gives for each pair, where it gives any: key, found.
    pub fn n_factors(&self) -> Vec<(&'static str, usize)> {
        match self {
            Self::LongRope { short, long, .. } => vec![("short_factor", short.len()), ("long_factor", long.len())],
            _ => Vec::new(),
        }
    }
}

fn factor(parameters: Config<'_>) -> Result<f64, ModelError> {
    match parameters.get("factor") {
        None => Err(wrong("factor", "a number above 0", "nothing")),
        Some(_) => parameters.positive("factor", 1.0),
    }
}

/// Some configurations give the ratio of both lengths in place of the factor.
fn factor_or_ratio(parameters: Config<'_>, config: Config<'_>, original_positions: usize) -> Result<f64, ModelError> {
    let positions = config.required_count("max_position_embeddings", 1..=MOST_NAMED_POSITIONS)?;
    parameters.positive("factor", positions as f64 / original_positions as f64)
}

/// A number outside `rope_parameters` comes first, as Phi-3 has it; without any it is the model's length.
fn original_positions(parameters: Config<'_>, config: Config<'_>) -> Result<usize, ModelError> {
    const KEY: &str = "original_max_position_embeddings";
    let bounds = 1..=MOST_NAMED_POSITIONS;
    match config.count(KEY, bounds.clone())? {
        Some(outside) => Ok(outside),
        None => match parameters.count(KEY, bounds.clone())? {
            Some(inside) => Ok(inside),
            None => config.required_count("max_position_embeddings", bounds),
        },
    }
}

/// What YaRN multiplies cosines and sines by, so that attention stays as sharp over longer texts.
pub fn yarn_length(factor: f64, mscale: f64) -> f64 {
    if factor <= 1.0 { 1.0 } else { 0.1 * mscale * factor.ln() + 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::parse_config;

    fn read(json: &str) -> Result<RopeConfig, ModelError> {
        let keys = parse_config(json.as_bytes()).unwrap();
        RopeConfig::read(Config::new(&keys), RopeKeys::USUAL).map(|(rope, _)| rope)
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
        let refusal = |json: &str| read(json).unwrap_err().to_string();
        assert_eq!(
            refusal(r#"{"rope_scaling": {"type": "ntk", "factor": 4.0}}"#),
            "rope_type ntk is not supported: default, linear, dynamic, llama3, yarn and longrope are"
        );
        assert!(
            refusal(r#"{"rope_parameters": {"full_attention": {"rope_type": "default"}}}"#).contains("full_attention")
        );
        assert!(refusal(r#"{"rope_scaling": {"rope_type": "llama3"}}"#).contains("max_position_embeddings"));
        for kind in ["linear", "dynamic"] {
            let absent = format!(r#"{{"rope_scaling": {{"rope_type": "{kind}"}}}}"#);
            assert!(refusal(&absent).contains("factor must be a number above 0, found nothing"));
        }
        let long = |short: &str, long: &str| {
            refusal(&format!(
                r#"{{"max_position_embeddings": 8, "rope_scaling": {{"rope_type": "longrope", {short} {long}}}}}"#
            ))
        };
        assert!(long("", "\"factor\": 2").contains("short_factor must be a list of numbers, found nothing"));
        assert!(
            long("\"short_factor\": [1],", "\"long_factor\": [0]")
                .contains("long_factor must be a list of numbers above 0")
        );
        assert!(long("\"short_factor\": [1],", "\"long_factor\": 3").contains("long_factor must be a list of numbers"));
        assert!(refusal(r#"{"rope_theta": -1}"#).contains("rope_theta must be a number above 0, found -1"));
        assert!(refusal(r#"{"rope_scaling": [1]}"#).contains("rope_scaling must be an object"));
    }

    #[test]
    fn rope_parameters_come_before_the_keys_outside() {
        let keys = RopeKeys { default_theta: 1e4, theta: "rotary_emb_base", share: "rotary_pct", default_share: 0.25 };
        let read = |json: &str| {
            let config = parse_config(json.as_bytes()).unwrap();
            RopeConfig::read(Config::new(&config), keys).map(|(rope, share)| (rope.theta, share)).unwrap()
        };
        assert_eq!(read("{}"), (1e4, 0.25));
        assert_eq!(read(r#"{"rotary_emb_base": 500, "rotary_pct": 0.5}"#), (500.0, 0.5));
        let inside = r#""rope_parameters": {"rope_type": "default", "partial_rotary_factor": 1.0, "rope_theta": 7}"#;
        assert_eq!(read(&format!(r#"{{"rotary_emb_base": 500, "rotary_pct": 0.5, {inside}}}"#)), (7.0, 1.0));
    }

    #[test]
    fn the_length_of_cosines_is_inferred_where_it_is_not_given() {
        let length = |parameters: &str| {
            let json = format!(r#"{{"max_position_embeddings": 64, "rope_scaling": {{{parameters}}}}}"#);
            read(&json).unwrap().scaling.attention_factor().unwrap()
        };
        let close = |found: f32, expected: f64| assert!((f64::from(found) - expected).abs() < 1e-6, "{found}");
        let yarn = r#""rope_type": "yarn", "original_max_position_embeddings": 16"#;
        close(length(yarn), 0.1 * 4.0_f64.ln() + 1.0);
        close(length(&format!(r#"{yarn}, "factor": 2, "attention_factor": 1.25"#)), 1.25);
        let both = length(&format!(r#"{yarn}, "factor": 2, "mscale": 2, "mscale_all_dim": 1"#));
        close(both, (0.2 * 2.0_f64.ln() + 1.0) / (0.1 * 2.0_f64.ln() + 1.0));
        let long = r#""rope_type": "longrope", "original_max_position_embeddings": 16, "short_factor": [1],
            "long_factor": [2]"#;
        close(length(long), (1.0 + 4.0_f64.ln() / 16.0_f64.ln()).sqrt());
    }
}
