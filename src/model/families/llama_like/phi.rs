//! Phi-1, Phi-1.5 and Phi-2: attention and feed-forward block read the same normed residual stream. Phi-3 and Phi-4: Llama
//! with fused projections.
//!
//! - Gunasekar et al. 2023, arXiv 2306.11644 (Phi-1); Abdin et al. 2024, arXiv 2404.14219 (Phi-3).
//! - Reference: `modeling_phi.py`, `modeling_phi3.py` and their configurations under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{Config, common_config::Bias},
    families::{
        description::{
            Description, FeedForward, GateUp, Gated, Layer, Layout, Map, Norm, Norms, Order, Output, Projections,
            QkNorm,
        },
        family::Family,
        readers::{
            gguf_names::{Gguf, LAYER_EPS, Rotated},
            windows::window,
        },
    },
    layers::activation::Activation,
};

pub const PHI: Family = Family { model_types: &["phi"], models: "Phi-1, Phi-1.5, Phi-2", read: read_phi };
pub const PHI3: Family = Family { model_types: &["phi3"], models: "Phi-3, Phi-3.5, Phi-4", read: read_phi3 };

pub const PHI_GGUF: Gguf = Gguf {
    eps: Some((LAYER_EPS, "layer_norm_eps")),
    rotated: Rotated::Some,
    told_by_tensors: &[("qk_layernorm", "attn_q_norm", true)],
    ..Gguf::called("phi2", "phi")
};
pub const PHI3_GGUF: Gguf =
    Gguf { rotated: Rotated::Some, keys: &[("attention.sliding_window", "sliding_window")], ..Gguf::named("phi3") };

fn read_phi(config: Config<'_>) -> Result<Description, ModelError> {
    let defaults = Defaults {
        eps_key: "layer_norm_eps",
        eps: 1e-5,
        rotated_share: Some(0.5),
        activation: Activation::GeluTanh,
        ..Defaults::LLAMA
    };
    let llama = Llama { qkv_bias: Bias::Present, ..Llama::read(config, &defaults)? };
    let norm = |name| Norm::layer(name, llama.eps);
    let has_qk_norm = config.flag("qk_layernorm")?;
    let mut phi = llama.describe();
    for layer in &mut phi.layers {
        layer.attention.output = Map::biased("self_attn.dense");
        if has_qk_norm {
            let norms = QkNorm::per_head(norm("self_attn.q_layernorm"), norm("self_attn.k_layernorm"));
            layer.attention.qk_norm = Some(norms);
        }
        *layer = Layer {
            attention: layer.attention.clone(),
            attention_norms: Norms::before(norm("input_layernorm")),
            feed_forward: FeedForward::Plain {
                up: Map::biased("mlp.fc1"),
                activation: llama.activation,
                down: Map::biased("mlp.fc2"),
                d_ff: llama.d_ff,
            },
            feed_forward_norms: Norms::default(),
            order: Order::ParallelSharedNorm,
            residual_multiplier: None,
        };
    }
    phi.output = Output { norm: Some(norm("final_layernorm")), bias: Some("lm_head.bias"), ..phi.output };
    Ok(phi)
}

fn read_phi3(config: Config<'_>) -> Result<Description, ModelError> {
    let defaults = Defaults { eps: 1e-5, rotated_share: Some(1.0), ..Defaults::LLAMA };
    let llama = Llama::read(config, &defaults)?;
    let mut phi = llama.describe().within(window(config, "sliding_window", None)?, |_| true);
    for layer in &mut phi.layers {
        layer.attention.projections =
            Projections::Fused { map: Map::plain("self_attn.qkv_proj"), layout: Layout::Blocks };
        layer.feed_forward = FeedForward::Gated(Gated {
            gate_up: GateUp::Fused(Map::plain("mlp.gate_up_proj")),
            activation: llama.activation,
            down: Map::plain("mlp.down_proj"),
            d_ff: llama.d_ff,
        });
    }
    Ok(phi)
}
