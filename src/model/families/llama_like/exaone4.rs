//! EXAONE 4: norms behind the blocks and of query and key; most layers within a window, and those without one are not
//! rotated.
//!
//! - LG AI Research 2025, arXiv 2507.11407.
//! - Reference: `modeling_exaone4.py` and `configuration_exaone4.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/exaone4>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{Config, common_config::MOST_LAYERS},
    families::{
        description::{Description, Norms},
        family::Family,
        readers::{
            gguf_names::{FullLayer, Gguf, WindowRotation, Windows},
            windows::{sliding_layers, window},
        },
    },
};

pub const EXAONE4: Family = Family { model_types: &["exaone4"], models: "EXAONE 4", read };

/// The small one has no window.
pub const EXAONE4_GGUF: Gguf = Gguf {
    keys: &[("attention.sliding_window", "sliding_window")],
    windows: Some(Windows { period: 4, full: FullLayer::Last, default: None, rotation: WindowRotation::Same }),
    ..Gguf::named("exaone4")
};

const DEFAULTS: Defaults = Defaults { n_kv_heads: Some(32), eps: 1e-5, ..Defaults::LLAMA };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let llama = Llama { has_qk_norm: true, ..Llama::read(config, &DEFAULTS)? };
    let window = window(config, "sliding_window", Some(4096))?;
    let every = pattern(config)?;
    let slides = |layer: usize| window.is_some() && !(layer + 1).is_multiple_of(every);
    let is_sliding = sliding_layers(config, llama.shape.n_layers, slides)?;
    let mut exaone = llama.describe();
    for (layer, &is_sliding) in exaone.layers.iter_mut().zip(&is_sliding) {
        layer.attention_norms = Norms::behind(llama.norm("post_attention_layernorm"));
        layer.feed_forward_norms = Norms::behind(llama.norm("post_feedforward_layernorm"));
        if window.is_some() && !is_sliding {
            layer.attention.rotary = None;
        }
    }
    Ok(exaone.within(window, |layer| is_sliding[layer]))
}

/// Every so many layers one has no window; files also write a word of L for those with one and G for those without.
fn pattern(config: Config<'_>) -> Result<usize, ModelError> {
    const KEY: &str = "sliding_window_pattern";
    match config.get(KEY) {
        // `layer_types` says the same then.
        Some(word) if word.is_string() && config.get("layer_types").is_some() => Ok(4),
        _ => Ok(config.count(KEY, 1..=MOST_LAYERS)?.unwrap_or(4)),
    }
}
