//! Nemotron: Llama with layer norms of 1 + weight, a squared relu without a gate and a partial rotation.
//!
//! - Parmar et al. 2024, arXiv 2402.16819.
//! - Reference: `modeling_nemotron.py` and `configuration_nemotron.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/nemotron>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{Config, common_config::Bias},
    families::{
        description::{Description, FeedForward, Map, Norm, NormKind, Norms},
        family::Family,
        readers::gguf_names::{Gguf, LAYER_EPS, Rotated},
    },
    layers::activation::Activation,
};

pub const NEMOTRON: Family = Family { model_types: &["nemotron"], models: "Nemotron-4, Minitron", read };

pub const NEMOTRON_GGUF: Gguf =
    Gguf { eps: Some((LAYER_EPS, "norm_eps")), rotated: Rotated::Some, ..Gguf::named("nemotron") };

const DEFAULTS: Defaults = Defaults {
    eps_key: "norm_eps",
    eps: 1e-5,
    rotated_share: Some(0.5),
    activation: Activation::SquaredRelu,
    ..Defaults::LLAMA
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let bias = Bias::from(config.flag("mlp_bias")?);
    let llama = Llama::read(config, &DEFAULTS)?.with_attention_bias(config)?;
    let norm = |name| Norm::new(name, NormKind::LayerPlusOne, llama.eps);
    let mut nemotron = llama.describe();
    for layer in &mut nemotron.layers {
        layer.attention_norms = Norms::before(norm("input_layernorm"));
        layer.feed_forward_norms = Norms::before(norm("post_attention_layernorm"));
        layer.feed_forward = FeedForward::Plain {
            up: Map::new("mlp.up_proj", bias),
            activation: llama.activation,
            down: Map::new("mlp.down_proj", bias),
            d_ff: llama.d_ff,
        };
    }
    nemotron.output.norm = Some(norm("norm"));
    Ok(nemotron)
}
