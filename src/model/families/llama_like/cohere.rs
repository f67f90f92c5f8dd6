//! Command R: attention and feed-forward block read the same normed residual stream, and logits are scaled. Command R7B
//! and A: most layers within a window, and those without one are not rotated.
//!
//! - Cohere 2024, <https://docs.cohere.com/docs/command-r>.
//! - Reference: `modeling_cohere.py` and `configuration_cohere.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/cohere>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::{MOST_LAYERS, Unembedding},
    },
    families::{
        description::{Description, Norm, NormExtent, NormKind, NormPlace, Norms, Order, QkNorm},
        family::Family,
        readers::{
            gguf_names::{FullLayer, Gguf, LAYER_EPS, WindowRotation, Windows},
            windows::{sliding_layers, window},
        },
    },
};

pub const COHERE: Family = Family { model_types: &["cohere"], models: "Command R, Aya", read: read_cohere };
pub const COHERE2: Family = Family { model_types: &["cohere2"], models: "Command R7B, Command A", read: read_cohere2 };

pub const COHERE_GGUF: Gguf = Gguf {
    eps: Some((LAYER_EPS, "layer_norm_eps")),
    keys: &[("logit_scale", "logit_scale")],
    told_by_tensors: &[("use_qk_norm", "attn_q_norm", true)],
    ..Gguf::called("command-r", "cohere")
};

pub const COHERE2_GGUF: Gguf = Gguf {
    eps: Some((LAYER_EPS, "layer_norm_eps")),
    keys: &[("logit_scale", "logit_scale"), ("attention.sliding_window", "sliding_window")],
    windows: Some(Windows { period: 4, full: FullLayer::Last, default: None, rotation: WindowRotation::Same }),
    ..Gguf::named("cohere2")
};

const DEFAULTS: Defaults = Defaults {
    eps_key: "layer_norm_eps",
    eps: 1e-5,
    theta: 500_000.0,
    unembedding: Unembedding::Tied,
    ..Defaults::LLAMA
};

fn read_cohere(config: Config<'_>) -> Result<Description, ModelError> {
    let llama = Llama::read(config, &DEFAULTS)?.with_attention_bias(config)?;
    let norm = |name| norm(&llama, name);
    let qk_norm = config.flag("use_qk_norm")?.then(|| QkNorm {
        query: norm("self_attn.q_norm"),
        key: norm("self_attn.k_norm"),
        extent: NormExtent::EachHead,
        place: NormPlace::BeforeRotation,
    });
    let mut cohere = describe(config, &llama)?;
    for layer in &mut cohere.layers {
        layer.attention.qk_norm = qk_norm;
    }
    Ok(cohere)
}

fn read_cohere2(config: Config<'_>) -> Result<Description, ModelError> {
    let defaults = Defaults { theta: 10_000.0, ..DEFAULTS };
    let llama = Llama::read(config, &defaults)?.with_attention_bias(config)?;
    let every = config.count("sliding_window_pattern", 1..=MOST_LAYERS)?.unwrap_or(4);
    let is_sliding = sliding_layers(config, llama.shape.n_layers, |layer| !(layer + 1).is_multiple_of(every))?;
    let window = window(config, "sliding_window", Some(4096))?;
    let mut cohere = describe(config, &llama)?;
    for (layer, &is_sliding) in cohere.layers.iter_mut().zip(&is_sliding) {
        if window.is_none() || !is_sliding {
            layer.attention.rotary = None;
        }
    }
    Ok(cohere.within(window, |layer| is_sliding[layer]))
}

fn norm(llama: &Llama, name: &'static str) -> Norm {
    Norm::new(name, NormKind::LayerWithoutBias, llama.eps)
}

#[expect(clippy::cast_possible_truncation, reason = "logits are computed in f32")]
fn describe(config: Config<'_>, llama: &Llama) -> Result<Description, ModelError> {
    let mut cohere = llama.describe();
    for layer in &mut cohere.layers {
        layer.attention.rotary = Some(llama.rotary.clone().adjacent());
        layer.attention_norms = Norms::before(norm(llama, "input_layernorm"));
        layer.feed_forward_norms = Norms::default();
        layer.order = Order::ParallelSharedNorm;
    }
    cohere.output.norm = Some(norm(llama, "norm"));
    cohere.output.multiplier = Some(config.positive("logit_scale", 0.0625)? as f32);
    Ok(cohere)
}
