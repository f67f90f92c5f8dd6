//! `StarCoder2`: Llama with layer norms, biases and no gate.
//!
//! - Lozhkov et al. 2024, arXiv 2402.19173.
//! - Reference: `modeling_starcoder2.py` and `configuration_starcoder2.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/starcoder2>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::{Bias, Unembedding},
    },
    families::{
        description::{Description, FeedForward, Map, Norm, Norms},
        family::Family,
        readers::{
            gguf_names::{Gguf, LAYER_EPS},
            windows::window,
        },
    },
    layers::activation::Activation,
};

pub const STARCODER2: Family = Family { model_types: &["starcoder2"], models: "StarCoder2", read };

pub const STARCODER2_GGUF: Gguf = Gguf { eps: Some((LAYER_EPS, "norm_epsilon")), ..Gguf::named("starcoder2") };

const DEFAULTS: Defaults = Defaults {
    n_kv_heads: Some(2),
    eps_key: "norm_epsilon",
    eps: 1e-5,
    activation: Activation::GeluTanh,
    unembedding: Unembedding::Tied,
    ..Defaults::LLAMA
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let bias = Bias::from(config.flag_or("use_bias", true)?);
    let llama = Llama { qkv_bias: bias, output_bias: bias, ..Llama::read(config, &DEFAULTS)? };
    let norm = |name| Norm::layer(name, llama.eps);
    let mut starcoder = llama.describe().within(window(config, "sliding_window", None)?, |_| true);
    for layer in &mut starcoder.layers {
        layer.attention_norms = Norms::before(norm("input_layernorm"));
        layer.feed_forward_norms = Norms::before(norm("post_attention_layernorm"));
        layer.feed_forward = FeedForward::Plain {
            up: Map::new("mlp.c_fc", bias),
            activation: llama.activation,
            down: Map::new("mlp.c_proj", bias),
            d_ff: llama.d_ff,
        };
    }
    starcoder.output.norm = Some(norm("norm"));
    Ok(starcoder)
}
