//! `ModernBERT`: an encoder with rotated queries and keys and gated blocks, most layers within a window.
//!
//! - Warner et al. 2024, arXiv 2412.13663.
//! - Reference: `modeling_modernbert.py` and `configuration_modernbert.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/modernbert>.

use crate::{
    attention::Mask,
    model::{
        ModelError,
        config::{
            Config,
            common_config::{Bias, MOST_LAYERS, MOST_NAMED_POSITIONS, MOST_WIDTH, ShapeKeys, Unembedding},
            rope_config::RopeKeys,
            wrong,
        },
        families::{
            description::{
                Attention, Description, Embedding, FeedForward, GateUp, Gated, Layer, LayerRule, Layout, Map, Names,
                Norm, NormKind, Norms, Order, Output, Projections, Transform, usual_scale,
            },
            family::Family,
            readers::{
                gguf_names::{FullLayer, Gguf, LAYER_EPS, ShapeNames, WindowRotation, Windows},
                rotary,
                windows::sliding_layers,
            },
        },
        layers::activation::Activation,
    },
};

pub const MODERNBERT: Family = Family { model_types: &["modernbert"], models: "ModernBERT (no causal mask)", read };

/// Without the map to tokens, of which the converter writes the transform alone, as that of classes.
pub const MODERNBERT_GGUF: Gguf = Gguf {
    shape: ShapeNames { n_kv_heads: None, head_dim: None, ..ShapeNames::USUAL },
    eps: Some((LAYER_EPS, "norm_eps")),
    keys: &[("attention.sliding_window", "local_attention"), ("rope.freq_base", "global_rope_theta")],
    windows: Some(Windows {
        period: 3,
        full: FullLayer::First,
        default: None,
        rotation: WindowRotation::Unscaled { theta: None },
    }),
    other_heads: &["cls."],
    ..Gguf::called("modern-bert", "modernbert")
};

const NAMES: Names = Names { prefix: "model.", layers: "layers.", complete: &["embeddings."], redundant: &[] };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse(&["quantization_config", "rope_scaling"], "only unquantized weights and plain rotations are")?;
    let shape = ShapeKeys::USUAL.read(config)?;
    if !shape.head_dim.is_multiple_of(2) {
        return Err(wrong("hidden_size", "an even number of dimensions for each head", shape.head_dim));
    }
    let eps = config.positive("norm_eps", 1e-5)?;
    let kind = if config.flag("norm_bias")? { NormKind::Layer } else { NormKind::LayerWithoutBias };
    let norm = |name| Norm::new(name, kind, eps);
    let bias = |key| config.flag(key).map(Bias::from);
    let rotary = |kind, theta, default_theta| {
        rotary::of_layers(config, kind, RopeKeys { theta, default_theta, ..RopeKeys::USUAL }, shape.head_dim)
    };
    let full = rotary("full_attention", "global_rope_theta", 160_000.0)?;
    let sliding = rotary("sliding_attention", "local_rope_theta", 10_000.0)?;
    let every = config.count("global_attn_every_n_layers", 1..=MOST_LAYERS)?.unwrap_or(3);
    let is_sliding = sliding_layers(config, shape.n_layers, |layer| !layer.is_multiple_of(every))?;
    let (attention_bias, mlp_bias) = (bias("attention_bias")?, bias("mlp_bias")?);
    let activation = Activation::read(config, "hidden_activation", Activation::Gelu)?;
    let d_ff = config.required_count("intermediate_size", 1..=MOST_WIDTH)?;
    let layer = |index: usize| Layer {
        attention: Attention {
            projections: Projections::Fused { map: Map::new("attn.Wqkv", attention_bias), layout: Layout::Blocks },
            clamp: None,
            qk_norm: None,
            rotary: Some(if is_sliding[index] { sliding.clone() } else { full.clone() }),
            rule: LayerRule::plain(usual_scale(shape.head_dim), Mask::BIDIRECTIONAL),
            output: Map::new("attn.Wo", attention_bias),
        },
        // The embedding is normed already.
        attention_norms: if index == 0 { Norms::default() } else { Norms::before(norm("attn_norm")) },
        feed_forward: FeedForward::Gated(Gated {
            gate_up: GateUp::Fused(Map::new("mlp.Wi", mlp_bias)),
            activation,
            down: Map::new("mlp.Wo", mlp_bias),
            d_ff,
        }),
        feed_forward_norms: Norms::before(norm("mlp_norm")),
        order: Order::Sequential,
        residual_multiplier: None,
    };
    let transform = Transform {
        map: Map::new("head.dense", bias("classifier_bias")?),
        activation: Activation::read(config, "classifier_activation", Activation::Gelu)?,
        norm: norm("head.norm"),
    };
    // Half of `local_attention` on each side of the query.
    let local = config.count("local_attention", 1..=MOST_NAMED_POSITIONS)?.unwrap_or(128);
    let described = Description {
        names: NAMES,
        embedding: Embedding {
            norm: Some(norm("embeddings.norm")),
            ..Embedding::new("embeddings.tok_embeddings", shape.d_model)
        },
        layers: (0..shape.n_layers).map(layer).collect(),
        output: Output {
            transform: Some(transform),
            bias: config.flag_or("decoder_bias", true)?.then_some("decoder.bias"),
            ..Output::new(Some(norm("final_norm")), "decoder", Unembedding::read(config, Unembedding::Tied)?)
        },
        shape,
    };
    Ok(described.within(Some(local / 2 + 1), |layer| is_sliding[layer]))
}
