//! GLM-4: Llama with norms before and behind the blocks, and a partial rotation of neighbouring dimensions.
//!
//! - GLM team 2024, arXiv 2406.12793.
//! - Reference: `modeling_glm4.py` and `configuration_glm4.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/glm4>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{Config, common_config::Bias},
    families::{
        description::{Description, FeedForward, GateUp, Gated, Map, Norms},
        family::Family,
        readers::gguf_names::{Gguf, Rotated},
    },
};

pub const GLM4: Family = Family { model_types: &["glm4"], models: "GLM-4-0414", read };

pub const GLM4_GGUF: Gguf = Gguf { rotated: Rotated::Some, ..Gguf::named("glm4") };

const DEFAULTS: Defaults =
    Defaults { head_dim: Some(128), n_kv_heads: Some(2), eps: 1.5625e-7, rotated_share: Some(0.5), ..Defaults::LLAMA };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let qkv_bias = Bias::from(config.flag_or("attention_bias", true)?);
    let llama = Llama { qkv_bias, ..Llama::read(config, &DEFAULTS)? };
    let norm = |name| llama.norm(name);
    let mut glm = llama.describe();
    for layer in &mut glm.layers {
        layer.attention.rotary = Some(llama.rotary.clone().adjacent());
        layer.attention_norms = Norms::around(norm("input_layernorm"), norm("post_self_attn_layernorm"));
        layer.feed_forward_norms = Norms::around(norm("post_attention_layernorm"), norm("post_mlp_layernorm"));
        layer.feed_forward = FeedForward::Gated(Gated {
            gate_up: GateUp::Fused(Map::plain("mlp.gate_up_proj")),
            activation: llama.activation,
            down: Map::plain("mlp.down_proj"),
            d_ff: llama.d_ff,
        });
    }
    Ok(glm)
}
