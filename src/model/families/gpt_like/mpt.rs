//! MPT: like GPT-2 without biases, and with a bias of scores in place of position embeddings.
//!
//! - MosaicML 2023, <https://www.databricks.com/blog/mpt-7b>.
//! - Reference: `modeling_mpt.py` and `configuration_mpt.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/mpt>.

use crate::{
    attention::Mask,
    model::{
        ModelError,
        config::{
            Config,
            common_config::{ShapeKeys, Unembedding},
        },
        families::{
            description::{
                Alibi, AlibiForm, Attention, Description, Embedding, FeedForward, Layer, LayerRule, Layout, Map, Names,
                Norm, NormKind, Norms, Order, Output, Projections, usual_scale,
            },
            family::Family,
            readers::{
                alibi,
                gguf_names::{Gguf, LAYER_EPS, ShapeNames},
            },
        },
        layers::activation::Activation,
    },
};

pub const MPT: Family = Family { model_types: &["mpt"], models: "MPT", read };

pub const MPT_GGUF: Gguf = Gguf {
    shape: ShapeNames { common: KEYS, n_kv_heads: None, head_dim: None, ..ShapeNames::USUAL },
    eps: Some((LAYER_EPS, "layer_norm_epsilon")),
    keys: &[
        ("attention.clamp_kqv", "attn_config.clip_qkv"),
        ("attention.max_alibi_bias", "attn_config.alibi_bias_max"),
    ],
    ..Gguf::named("mpt")
};

const NAMES: Names = Names { prefix: "transformer.", layers: "blocks.", complete: &[], redundant: &[] };

const KEYS: ShapeKeys =
    ShapeKeys { d_model: "d_model", n_layers: "n_layers", n_heads: "n_heads", max_positions: "max_seq_len" };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse(&["quantization_config"], "only unquantized weights are")?;
    config.refuse(&["logit_scale"], "logits must not be scaled")?;
    let shape = KEYS.read(config)?;
    let (scale, clamp) = match config.object("attn_config")? {
        Some(attention) => read_attention(attention, shape.head_dim)?,
        None => (usual_scale(shape.head_dim), None),
    };
    let eps = config.positive("layer_norm_epsilon", 1e-5)?;
    let norm = |name| Norm::new(name, NormKind::LayerWithoutBias, eps);
    let slopes = alibi::from_larger_power(shape.n_heads);
    let layer = Layer {
        attention: Attention {
            projections: Projections::Fused { map: Map::plain("attn.Wqkv"), layout: Layout::Blocks },
            clamp,
            qk_norm: None,
            rotary: None,
            rule: LayerRule {
                alibi: Some(Alibi { slopes, form: AlibiForm::FromEnd }),
                ..LayerRule::plain(scale, Mask::CAUSAL)
            },
            output: Map::plain("attn.out_proj"),
        },
        attention_norms: Norms::before(norm("norm_1")),
        feed_forward: FeedForward::Plain {
            up: Map::plain("ffn.up_proj"),
            activation: Activation::Gelu,
            down: Map::plain("ffn.down_proj"),
            // Whatever `expansion_ratio` says: the reference has four.
            d_ff: 4 * shape.d_model,
        },
        feed_forward_norms: Norms::before(norm("norm_2")),
        order: Order::Sequential,
        residual_multiplier: None,
    };
    Ok(Description {
        names: NAMES,
        embedding: Embedding::new("wte", shape.d_model),
        layers: vec![layer; shape.n_layers],
        output: Output::new(Some(norm("norm_f")), "lm_head", Unembedding::read(config, Unembedding::Tied)?),
        shape,
    })
}

/// The scale of scores and the bound on query, key and value.
#[expect(clippy::cast_possible_truncation, reason = "activations are computed in f32")]
fn read_attention(config: Config<'_>, head_dim: usize) -> Result<(f64, Option<f32>), ModelError> {
    for key in ["qk_ln", "prefix_lm"] {
        config.refuse_flag(key, "plain causal attention is")?;
    }
    let unsupported = |what, found: String, supported| Err(ModelError::Unsupported { what, found, supported });
    if !config.flag_or("alibi", true)? {
        return unsupported("alibi", "false".to_owned(), "a bias of scores by position is");
    }
    let most = config.positive("alibi_bias_max", 8.0)?;
    if most != 8.0 {
        return unsupported("alibi_bias_max", most.to_string(), "only 8 is");
    }
    match config.text("attn_type")? {
        None | Some("multihead_attention") => {}
        Some(other) => return unsupported("attn_type", other.to_owned(), "only multihead_attention is"),
    }
    let clamp = match config.number("clip_qkv")? {
        None | Some(0.0) => None,
        Some(_) => Some(config.positive("clip_qkv", 1.0)? as f32),
    };
    Ok((config.positive("softmax_scale", usual_scale(head_dim))?, clamp))
}
