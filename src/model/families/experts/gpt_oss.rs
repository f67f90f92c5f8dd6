//! gpt-oss: every other layer within a window, a logit in each head's softmax that belongs to no key, and a mixture of
//! experts.
//!
//! - OpenAI 2025, arXiv 2508.10925.
//! - Reference: `modeling_gpt_oss.py` and `configuration_gpt_oss.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/gpt_oss>.

use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::{Bias, MOST_EXPERTS},
        rope_config::{RopeScaling, Yarn, yarn_length},
    },
    families::{
        description::{
            Description, ExpertBlocks, Experts, FeedForward, Map, Router, RouterScores, StackedExperts, StackedMaps,
        },
        family::Family,
        llama_like::llama::{Defaults, Llama},
        readers::{
            gguf_names::{FullLayer, Gguf, WindowRotation, Windows},
            windows::{sliding_layers, window},
        },
    },
};

pub const GPT_OSS: Family = Family { model_types: &["gpt_oss"], models: "gpt-oss", read };

/// No file says that yarn's passage ends between two pairs, which it does in all published models.
pub const GPT_OSS_GGUF: Gguf = Gguf {
    keys: &[
        ("attention.sliding_window", "sliding_window"),
        ("expert_count", "num_local_experts"),
        ("expert_used_count", "num_experts_per_tok"),
        ("expert_feed_forward_length", "intermediate_size"),
    ],
    constants: &[("rope_parameters.truncate", false)],
    windows: Some(Windows { period: 2, full: FullLayer::Last, default: None, rotation: WindowRotation::Same }),
    renamed: &[("post_attention_layernorm", "post_attention_norm")],
    ..Gguf::called("gpt-oss", "gpt_oss")
};

const DEFAULTS: Defaults =
    Defaults { head_dim: Some(64), n_kv_heads: Some(8), eps: 1e-5, theta: 150_000.0, ..Defaults::LLAMA };

#[expect(clippy::cast_possible_truncation, reason = "activations are computed in f32")]
fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let bias = Bias::from(config.flag_or("attention_bias", true)?);
    let mut llama = Llama { qkv_bias: bias, output_bias: bias, ..Llama::read(config, &DEFAULTS)? };
    if config.get("rope_parameters").is_none() && config.get("rope_scaling").is_none() {
        llama.rotary.rope.scaling = default_scaling();
    }
    let n_experts = config.count("num_local_experts", 1..=MOST_EXPERTS)?.unwrap_or(128);
    let experts = Experts {
        router: Router {
            map: Map::biased("mlp.router"),
            n_experts,
            n_chosen: config.count("num_experts_per_tok", 1..=n_experts)?.unwrap_or(4),
            scores: RouterScores::SoftmaxOfChosen,
            groups: None,
            renormalized: false,
            multiplier: 1.0,
        },
        // `hidden_act` means nothing to the reference.
        blocks: ExpertBlocks::Stacked(StackedExperts {
            maps: StackedMaps::InTurns { gate_up: "mlp.experts.gate_up_proj", down: "mlp.experts.down_proj" },
            d_ff: llama.d_ff,
            alpha: config.positive("swiglu_alpha", 1.702)? as f32,
            limit: config.positive("swiglu_limit", 7.0)? as f32,
        }),
        shared: None,
    };
    let is_sliding = sliding_layers(config, llama.shape.n_layers, |layer| layer % 2 == 0)?;
    let mut gpt = llama.describe();
    for layer in &mut gpt.layers {
        layer.attention.rule.sinks = Some("self_attn.sinks");
        layer.feed_forward = FeedForward::Experts(Box::new(experts.clone()));
    }
    Ok(gpt.within(window(config, "sliding_window", Some(128))?, |layer| is_sliding[layer]))
}

fn default_scaling() -> RopeScaling {
    const FACTOR: f64 = 32.0;
    RopeScaling::Yarn(Yarn {
        factor: FACTOR,
        beta_fast: 32.0,
        beta_slow: 1.0,
        original_positions: 4096,
        truncate: false,
        attention_factor: yarn_length(FACTOR, 1.0),
    })
}
