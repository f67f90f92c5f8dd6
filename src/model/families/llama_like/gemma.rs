//! Gemma: Llama with norms of 1 + weight and an embedding that is multiplied by the root of its width. Gemma 2: with norms
//! before and behind the blocks, bounded scores, and every other layer within a window. Gemma 3: with norms of query and
//! key in place of the bounds.
//!
//! - Gemma team 2024, arXiv 2403.08295; Gemma team 2024, arXiv 2408.00118 (Gemma 2); Gemma team
//!   2025, arXiv 2503.19786 (Gemma 3).
//! - Reference: `modeling_gemma.py`, `modeling_gemma2.py`, `modeling_gemma3.py` and their configurations under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::{MOST_LAYERS, Unembedding},
        rope_config::{RopeConfig, RopeKeys},
    },
    families::{
        description::{Description, Layer, Norm, NormKind, Norms, QkNorm, Rotary},
        family::Family,
        readers::{
            gguf_names::{FullLayer, Gguf, QueryScale, WindowRotation, Windows},
            rotary,
            windows::{sliding_layers, window},
        },
    },
    layers::activation::Activation,
};

pub const GEMMA: Family = Family { model_types: &["gemma"], models: "Gemma 1", read: read_gemma };
pub const GEMMA2: Family = Family { model_types: &["gemma2"], models: "Gemma 2", read: read_gemma2 };
pub const GEMMA3: Family =
    Family { model_types: &["gemma3_text"], models: "Gemma 3 (of larger ones the text part)", read: read_gemma3 };

pub const GEMMA_GGUF: Gguf = Gguf::named("gemma");
/// The 27B divides scores by the root of the width's share.
pub const GEMMA2_GGUF: Gguf = Gguf {
    keys: &[
        ("attention.sliding_window", "sliding_window"),
        ("attn_logit_softcapping", "attn_logit_softcapping"),
        ("final_logit_softcapping", "final_logit_softcapping"),
    ],
    windows: Some(Windows { period: 2, full: FullLayer::Last, default: Some(4096), rotation: WindowRotation::Same }),
    query_scale: QueryScale::ShareOfWidth { n_layers: 46 },
    ..Gguf::named("gemma2")
};
/// As Gemma 2's; of layers with a window no file names the base.
pub const GEMMA3_GGUF: Gguf = Gguf {
    keys: &[("attention.sliding_window", "sliding_window"), ("final_logit_softcapping", "final_logit_softcapping")],
    windows: Some(Windows {
        period: 6,
        full: FullLayer::Last,
        default: None,
        rotation: WindowRotation::Unscaled { theta: Some(10_000.0) },
    }),
    query_scale: QueryScale::ShareOfWidth { n_layers: 62 },
    ..Gguf::called("gemma3", "gemma3_text")
};

const DEFAULTS: Defaults = Defaults {
    head_dim: Some(256),
    n_kv_heads: Some(16),
    activation: Activation::GeluTanh,
    unembedding: Unembedding::Tied,
    ..Defaults::LLAMA
};

fn read_gemma(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse_flag("use_bidirectional_attention", "only causal attention is")?;
    let mut llama = Llama::read(config, &DEFAULTS)?.with_attention_bias(config)?;
    // As the reference does, since the first files said gelu and meant its approximation.
    if llama.activation == Activation::Gelu {
        llama.activation = Activation::GeluTanh;
    }
    let mut gemma = with_multiplied_embedding(&llama);
    for layer in &mut gemma.layers {
        layer.attention_norms = Norms::before(norm(&llama, "input_layernorm"));
        layer.feed_forward_norms = Norms::before(norm(&llama, "post_attention_layernorm"));
    }
    Ok(gemma)
}

fn read_gemma2(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse_flag("use_bidirectional_attention", "only causal attention is")?;
    let defaults =
        Defaults { n_kv_heads: Some(4), activation_key: "hidden_activation", has_softcaps: true, ..DEFAULTS };
    let llama = Llama::read(config, &defaults)?.with_attention_bias(config)?;
    let is_sliding = sliding_layers(config, llama.shape.n_layers, |layer| layer % 2 == 0)?;
    let cap = softcap(config, "attn_logit_softcapping", Some(50.0))?;
    let mut gemma = with_multiplied_embedding(&llama);
    for layer in &mut gemma.layers {
        norm_around_blocks(&llama, layer);
        layer.attention.rule.scale = query_scale(config)?;
        layer.attention.rule.softcap = cap.map(f64::from);
    }
    gemma.output.softcap = softcap(config, "final_logit_softcapping", Some(30.0))?;
    Ok(gemma.within(window(config, "sliding_window", Some(4096))?, |layer| is_sliding[layer]))
}

fn read_gemma3(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse_flag("use_bidirectional_attention", "only causal attention is")?;
    // The reference passes over `attn_logit_softcapping`.
    let defaults =
        Defaults { n_kv_heads: Some(4), activation_key: "hidden_activation", has_softcaps: true, ..DEFAULTS };
    let llama = Llama::read_unrotated(config, &defaults)?.with_attention_bias(config)?;
    let (full, sliding) = gemma3_rotations(config, llama.shape.head_dim)?;
    let every = config.count("sliding_window_pattern", 1..=MOST_LAYERS)?.unwrap_or(6);
    let is_sliding = sliding_layers(config, llama.shape.n_layers, |layer| !(layer + 1).is_multiple_of(every))?;
    let mut gemma = with_multiplied_embedding(&llama);
    for (layer, &is_sliding) in gemma.layers.iter_mut().zip(&is_sliding) {
        norm_around_blocks(&llama, layer);
        layer.attention.qk_norm =
            Some(QkNorm::per_head(norm(&llama, "self_attn.q_norm"), norm(&llama, "self_attn.k_norm")));
        layer.attention.rotary = Some(if is_sliding { sliding.clone() } else { full.clone() });
        layer.attention.rule.scale = query_scale(config)?;
    }
    gemma.output.softcap = softcap(config, "final_logit_softcapping", None)?;
    Ok(gemma.within(window(config, "sliding_window", Some(4096))?, |layer| is_sliding[layer]))
}

/// In layers without a window and in those with one.
fn gemma3_rotations(config: Config<'_>, head_dim: usize) -> Result<(Rotary, Rotary), ModelError> {
    let full = RopeKeys { default_theta: 1_000_000.0, ..RopeKeys::USUAL };
    let sliding = RopeKeys { theta: "rope_local_base_freq", ..RopeKeys::USUAL };
    // Older files scale the rotation of the layers without a window.
    let scaled = match config.object("rope_scaling")? {
        Some(scaling) => Rotary::halves(RopeConfig::read_from(config, Some(scaling), full)?.0, head_dim),
        None => rotary::of_layers(config, "full_attention", full, head_dim)?,
    };
    Ok((rotary::checked(scaled)?, rotary::of_layers(config, "sliding_attention", sliding, head_dim)?))
}

fn norm(llama: &Llama, name: &'static str) -> Norm {
    Norm::new(name, NormKind::RmsPlusOne, llama.eps)
}

fn with_multiplied_embedding(llama: &Llama) -> Description {
    let mut gemma = llama.describe();
    #[expect(clippy::cast_possible_truncation, reason = "activations are computed in f32")]
    let multiplier = (gemma.shape.d_model as f64).sqrt() as f32;
    gemma.embedding.multiplier = Some(multiplier);
    gemma.output.norm = Some(norm(llama, "norm"));
    gemma
}

fn norm_around_blocks(llama: &Llama, layer: &mut Layer) {
    let norm = |name| norm(llama, name);
    layer.attention_norms = Norms::around(norm("input_layernorm"), norm("post_attention_layernorm"));
    layer.feed_forward_norms = Norms::around(norm("pre_feedforward_layernorm"), norm("post_feedforward_layernorm"));
}

/// `query_pre_attn_scalar` to the power of −½.
fn query_scale(config: Config<'_>) -> Result<f64, ModelError> {
    Ok(config.positive("query_pre_attn_scalar", 256.0)?.powf(-0.5))
}

/// `default` where the key is left out; null says that there is none.
#[expect(clippy::cast_possible_truncation, reason = "logits are computed in f32")]
fn softcap(config: Config<'_>, key: &'static str, default: Option<f64>) -> Result<Option<f32>, ModelError> {
    let cap = match (config.get(key), config.has(key)) {
        (Some(_), _) => Some(config.positive(key, 1.0)?),
        (None, true) => None,
        (None, false) => default,
    };
    Ok(cap.map(|cap| cap as f32))
}
