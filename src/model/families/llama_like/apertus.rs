//! Apertus: Llama with norms of query and key, and a function with learned parameters in place of a gate.
//!
//! - Project Apertus 2025, arXiv 2509.14233.
//! - Reference: `modeling_apertus.py` and `configuration_apertus.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/apertus>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{Config, rope_config::RopeScaling},
    families::{
        description::{Description, FeedForward, Map, Norms},
        family::Family,
        readers::gguf_names::Gguf,
    },
};

pub const APERTUS: Family = Family { model_types: &["apertus"], models: "Apertus", read };

pub const APERTUS_GGUF: Gguf = Gguf::named("apertus");

const DEFAULTS: Defaults = Defaults { eps: 1e-5, theta: 12_000_000.0, ..Defaults::LLAMA };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let is_xielu = matches!(config.text("hidden_act")?, None | Some("xielu"));
    // The default function has parameters of its own, which are tensors: there is no key to read.
    let defaults = if is_xielu { Defaults { activation_key: "xielu", ..DEFAULTS } } else { DEFAULTS };
    let mut llama = Llama { has_qk_norm: true, ..Llama::read(config, &defaults)?.with_attention_bias(config)? };
    if config.get("rope_parameters").is_none() && config.get("rope_scaling").is_none() {
        llama.rotary.rope.scaling = DEFAULT_SCALING;
    }
    let (up, down, d_ff) = (Map::plain("mlp.up_proj"), Map::plain("mlp.down_proj"), llama.d_ff);
    let mut apertus = llama.describe();
    for layer in &mut apertus.layers {
        layer.attention_norms = Norms::before(llama.norm("attention_layernorm"));
        layer.feed_forward_norms = Norms::before(llama.norm("feedforward_layernorm"));
        layer.feed_forward = if is_xielu {
            FeedForward::Xielu { up, name: "mlp.act_fn", down, d_ff }
        } else {
            FeedForward::Plain { up, activation: llama.activation, down, d_ff }
        };
    }
    Ok(apertus)
}

const DEFAULT_SCALING: RopeScaling =
    RopeScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_positions: 8192 };
