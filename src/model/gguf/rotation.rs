//! Rotary embeddings of a file's model: its metadata as the configuration's keys, and factors of frequencies, which are
//! tensors: Llama 3.1's, and Phi 3's for short and long prompts.

use serde_json::{Map, Value as Json, json};

use super::{
    error::{Defect, Unnamed},
    header::Header,
    keys::Keys,
    metadata::{short, wrong},
    names::{LONG_FACTORS, ROPE_FACTORS, SHORT_FACTORS},
    parts::Part,
    tensors::rope_factors,
    translation::Translation,
};
use crate::model::{
    config::{common_config::MOST_NAMED_POSITIONS, rope_config::RopeScaling},
    families::{
        description::Description,
        readers::gguf_names::{Gguf, WindowRotation},
    },
};

pub const TYPE: &str = "rope.scaling.type";
pub const ORIGINAL: &str = "rope.scaling.original_context_length";
pub const LENGTH: &str = "rope.scaling.attn_factor";
pub const YARN_LENGTH: &str = "rope.scaling.yarn_attn_factor";
pub const BASE: &str = "rope.freq_base";
/// Of layers with a window.
pub const WINDOW_BASE: &str = "rope.freq_base_swa";
/// llama.cpp's, where a file does not say.
const THETA: f64 = 10_000.0;

impl Keys<'_, '_> {
    /// The base and the scaling of the rotation, in layers with a window where these have their own.
    ///
    /// # Errors
    /// When a value is something else than a number, or the scaling is not known.
    pub fn rotation(&self, to: &mut Translation) -> Result<(), Defect> {
        for config in ["rope_theta", "rotary_emb_base"] {
            self.copy(to, BASE, config)?;
            if self.get(BASE).is_none() {
                to.set(config, THETA);
            }
        }
        let scaling = self.scaling(to)?;
        let rotation = self.gguf.windows.map_or(WindowRotation::Same, |windows| windows.rotation);
        let named = self.header.metadata.positive(&self.key(WINDOW_BASE))?;
        match rotation {
            WindowRotation::Same => {
                for (key, value) in scaling {
                    to.set(&format!("rope_parameters.{key}"), value);
                }
            }
            WindowRotation::Unscaled { theta } => {
                to.set("rope_parameters.full_attention", scaling);
                let mut sliding = json!({"rope_type": "default"});
                if let Some(theta) = named.or(theta).map(Json::from).or_else(|| to.get("rope_theta").cloned()) {
                    sliding["rope_theta"] = theta;
                }
                to.set("rope_parameters.sliding_attention", sliding);
            }
        }
        Ok(())
    }

    /// The scaling as `rope_parameters` has it.
    fn scaling(&self, to: &mut Translation) -> Result<Map<String, Json>, Defect> {
        let kind = self.header.metadata.text(&self.key(TYPE))?;
        let mut scaling = Map::new();
        let mut put = |config: &'static str, name: &'static str| -> Result<(), Defect> {
            to.name(config, name);
            if let Some(value) = self.json(name)? {
                scaling.insert(config.to_owned(), value);
            }
            Ok(())
        };
        let kind = match kind {
            // That of long prompts has its factors in tensors.
            None | Some("none" | "" | "longrope") => "default",
            Some(kind @ "linear") => {
                put("factor", "rope.scaling.factor")?;
                kind
            }
            Some(kind @ "yarn") => {
                put("factor", "rope.scaling.factor")?;
                put("original_max_position_embeddings", ORIGINAL)?;
                put("beta_fast", "rope.scaling.yarn_beta_fast")?;
                put("beta_slow", "rope.scaling.yarn_beta_slow")?;
                put("attention_factor", YARN_LENGTH)?;
                // The converter divides by ten; both of DeepSeek's numbers are the same in all its files.
                if let Some(log) = self.header.metadata.positive(&self.key("rope.scaling.yarn_log_multiplier"))? {
                    for config in ["mscale", "mscale_all_dim"] {
                        scaling.insert(config.to_owned(), Json::from(10.0 * log));
                    }
                }
                kind
            }
            Some(other) => {
                let supported = "none, linear, yarn and longrope are";
                return Err(Defect::Unsupported { key: self.key(TYPE), found: short(other), supported });
            }
        };
        if kind != "default" && !scaling.contains_key("factor") {
            return Err(wrong(&self.key("rope.scaling.factor"), "a number above 0", "nothing"));
        }
        scaling.insert("rope_type".to_owned(), Json::from(kind));
        Ok(scaling)
    }
}

/// Puts the factors that the file has into the rotation of every layer.
///
/// # Errors
/// When they are not one for each pair of dimensions, not above 0, or go with another scaling.
pub fn read(parts: &[Part], header: &Header<'_>, gguf: &Gguf, description: &mut Description) -> Result<(), Unnamed> {
    let rotary = description.layers.iter().find_map(|layer| layer.attention.rotary.as_ref());
    let n_pairs = rotary.map_or(0, |rotary| rotary.dims.n / 2);
    let factors = |name| rope_factors(parts, header, name, n_pairs);
    let scaling = match (factors(ROPE_FACTORS)?, factors(SHORT_FACTORS)?, factors(LONG_FACTORS)?) {
        (None, None, None) => return Ok(()),
        (Some(factors), None, None) => RopeScaling::Divided(factors),
        (None, Some(short), Some(long)) => long_rope(header, gguf, short, long)?,
        (None, Some(_), None) => return Err(Defect::MissingTensor { name: LONG_FACTORS.to_owned() }.into()),
        (None, None, Some(_)) => return Err(Defect::MissingTensor { name: SHORT_FACTORS.to_owned() }.into()),
        (Some(_), ..) => return Err(twice(gguf, "factors in two kinds of tensors")),
    };
    for rotary in description.layers.iter_mut().filter_map(|layer| layer.attention.rotary.as_mut()) {
        if rotary.rope.scaling != RopeScaling::None {
            return Err(twice(gguf, "another scaling and factors in tensors"));
        }
        rotary.rope.scaling = scaling.clone();
    }
    Ok(())
}

fn twice(gguf: &Gguf, found: &str) -> Unnamed {
    let (key, supported) = (format!("{}.{TYPE}", gguf.architecture), "one scaling of the rotation is");
    Defect::Unsupported { key, found: found.to_owned(), supported }.into()
}

fn long_rope(header: &Header<'_>, gguf: &Gguf, short: Vec<f32>, long: Vec<f32>) -> Result<RopeScaling, Unnamed> {
    let key = |name: &str| format!("{}.{name}", gguf.architecture);
    let original_positions = header.metadata.required_count(&key(ORIGINAL), 1..=MOST_NAMED_POSITIONS)?;
    let nothing = || wrong(&key(LENGTH), "a number above 0", "nothing");
    let attention_factor = header.metadata.positive(&key(LENGTH))?.ok_or_else(nothing)?;
    Ok(RopeScaling::LongRope { short, long, original_positions, attention_factor })
}
