//! OLMo: Llama with layer norms that have no weights. OLMo 2: with norms behind the blocks and of query and key. OLMo 3:
//! three of four layers within a window. OLMoE: a mixture of experts.
//!
//! - Groeneveld et al. 2024, arXiv 2402.00838 (OLMo); OLMo team 2024, arXiv 2501.00656 (OLMo 2); Muennighoff et al. 2024,
//!   arXiv 2409.02060 (OLMoE).
//! - Reference: `modeling_olmo.py`, `modeling_olmo2.py`, `modeling_olmo3.py`, `modeling_olmoe.py` and their configurations under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::MOST_EXPERTS,
        rope_config::{RopeConfig, RopeKeys},
    },
    families::{
        description::{
            Description, ExpertBlocks, Experts, FeedForward, Gated, Map, Norm, NormKind, Norms, QkNorm, Rotary, Router,
            RouterScores,
        },
        family::Family,
        readers::{
            gguf_names::{FullLayer, Gguf, RowOrder, When, WindowRotation, Windows},
            rotary,
            windows::{sliding_layers, window},
        },
    },
};

pub const OLMO: Family = Family { model_types: &["olmo"], models: "OLMo 1", read: read_olmo };
pub const OLMO2: Family = Family { model_types: &["olmo2"], models: "OLMo 2", read: read_olmo2 };
pub const OLMO3: Family = Family { model_types: &["olmo3"], models: "OLMo 3", read: read_olmo3 };
pub const OLMOE: Family = Family { model_types: &["olmoe"], models: "OLMoE", read: read_olmoe };

/// The norms have no weights; the converter writes the eps that the reference always takes.
pub const OLMO_GGUF: Gguf = Gguf {
    eps: None,
    keys: &[("attention.clamp_kqv", "clip_qkv")],
    rows: RowOrder::Interleaved,
    ..Gguf::named("olmo")
};
pub const OLMO2_GGUF: Gguf = Gguf::named("olmo2");
/// Files of OLMo 2's architecture with a window. Only layers without one are scaled.
pub const OLMO3_GGUF: Gguf = Gguf {
    when: When::Windowed,
    keys: &[("attention.sliding_window", "sliding_window")],
    windows: Some(Windows {
        period: 4,
        full: FullLayer::Last,
        default: None,
        rotation: WindowRotation::Unscaled { theta: None },
    }),
    ..Gguf::called("olmo2", "olmo3")
};
pub const OLMOE_GGUF: Gguf = Gguf {
    keys: &[
        ("expert_count", "num_experts"),
        ("expert_used_count", "num_experts_per_tok"),
        ("expert_weights_norm", "norm_topk_prob"),
        ("attention.clamp_kqv", "clip_qkv"),
    ],
    ..Gguf::named("olmoe")
};

const DEFAULTS: Defaults = Defaults { eps: 1e-5, ..Defaults::LLAMA };

fn read_olmo(config: Config<'_>) -> Result<Description, ModelError> {
    let norm = Norm::new("", NormKind::LayerWithoutWeight, 1e-5);
    let mut olmo = Llama::read(config, &DEFAULTS)?.with_attention_bias(config)?.describe();
    for layer in &mut olmo.layers {
        layer.attention_norms = Norms::before(norm);
        layer.feed_forward_norms = Norms::before(norm);
        layer.attention.clamp = clamp(config)?;
    }
    olmo.output.norm = Some(norm);
    Ok(olmo)
}

fn read_olmo2(config: Config<'_>) -> Result<Description, ModelError> {
    Ok(with_norms_behind(&Llama::read(config, &DEFAULTS)?.with_attention_bias(config)?))
}

fn read_olmo3(config: Config<'_>) -> Result<Description, ModelError> {
    const THETA: f64 = 500_000.0;
    let llama = Llama::read_unrotated(config, &DEFAULTS)?.with_attention_bias(config)?;
    let head_dim = llama.shape.head_dim;
    let keys = RopeKeys { default_theta: THETA, ..RopeKeys::USUAL };
    let full = match config.object("rope_scaling")? {
        Some(scaling) => {
            rotary::checked(Rotary::halves(RopeConfig::read_from(config, Some(scaling), keys)?.0, head_dim))?
        }
        None => rotary::of_layers(config, "full_attention", keys, head_dim)?,
    };
    // The reference takes a base from outside of `rope_parameters` for the layers without a window alone.
    let keys = RopeKeys { theta: "", ..keys };
    let sliding = rotary::of_layers(config, "sliding_attention", keys, head_dim)?;
    let is_sliding = sliding_layers(config, llama.shape.n_layers, |layer| !(layer + 1).is_multiple_of(4))?;
    let mut olmo = with_norms_behind(&llama);
    for (layer, &is_sliding) in olmo.layers.iter_mut().zip(&is_sliding) {
        layer.attention.rotary = Some(if is_sliding { sliding.clone() } else { full.clone() });
    }
    Ok(olmo.within(window(config, "sliding_window", Some(4096))?, |layer| is_sliding[layer]))
}

fn with_norms_behind(llama: &Llama) -> Description {
    let mut olmo = llama.describe();
    for layer in &mut olmo.layers {
        layer.attention_norms = Norms::behind(llama.norm("post_attention_layernorm"));
        layer.feed_forward_norms = Norms::behind(llama.norm("post_feedforward_layernorm"));
        layer.attention.qk_norm = Some(qk_norm(llama));
    }
    olmo
}

fn read_olmoe(config: Config<'_>) -> Result<Description, ModelError> {
    let llama = Llama::read(config, &DEFAULTS)?.with_attention_bias(config)?;
    let n_experts = config.count("num_experts", 1..=MOST_EXPERTS)?.unwrap_or(64);
    let experts = Experts {
        router: Router {
            map: Map::plain("mlp.gate"),
            n_experts,
            n_chosen: config.count("num_experts_per_tok", 1..=n_experts)?.unwrap_or(8),
            scores: RouterScores::Softmax,
            groups: None,
            renormalized: config.flag("norm_topk_prob")?,
            multiplier: 1.0,
        },
        blocks: ExpertBlocks::Numbered { prefix: "mlp.experts.", expert: Gated::usual(llama.activation, llama.d_ff) },
        shared: None,
    };
    let mut olmoe = llama.describe();
    for layer in &mut olmoe.layers {
        layer.attention.qk_norm = Some(qk_norm(&llama));
        layer.attention.clamp = clamp(config)?;
        layer.feed_forward = FeedForward::Experts(Box::new(experts.clone()));
    }
    Ok(olmoe)
}

fn qk_norm(llama: &Llama) -> QkNorm {
    QkNorm::whole_width(llama.norm("self_attn.q_norm"), llama.norm("self_attn.k_norm"))
}

#[expect(clippy::cast_possible_truncation, reason = "activations are computed in f32")]
fn clamp(config: Config<'_>) -> Result<Option<f32>, ModelError> {
    match config.get("clip_qkv") {
        None => Ok(None),
        Some(_) => config.positive("clip_qkv", 1.0).map(|clamp| Some(clamp as f32)),
    }
}
