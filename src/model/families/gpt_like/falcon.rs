//! Falcon: attention and feed-forward block in parallel; query heads share one key and value head, or in the newer layout
//! some.
//!
//! Where `alibi` is true, the reference's eager attention adds the bias twice, to the scores and in the mask (its SDPA
//! attention once). As everywhere the numbers here are those of eager attention.
//!
//! - Almazrouei et al. 2023, arXiv 2311.16867.
//! - Reference: `modeling_falcon.py` and `configuration_falcon.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/falcon>.

use crate::{
    attention::Mask,
    model::{
        ModelError,
        config::{
            Config,
            common_config::{Bias, MOST_WIDTH, ShapeKeys, Unembedding},
            rope_config::RopeKeys,
            wrong,
        },
        families::{
            description::{
                Alibi, AlibiForm, Attention, Description, Embedding, FeedForward, Layer, LayerRule, Layout, Map, Names,
                Norm, Norms, Order, Output, Projections, usual_scale,
            },
            family::Family,
            readers::{
                alibi,
                gguf_names::{Gguf, LAYER_EPS, ShapeNames},
                rotary,
            },
        },
        layers::activation::Activation,
        transformer::ModelShape,
    },
};

pub const FALCON: Family = Family { model_types: &["falcon"], models: "Falcon 7B, 40B, 180B", read };

/// Of two norms side by side, that of the feed-forward block is the file's `attn_norm`.
pub const FALCON_GGUF: Gguf = Gguf {
    shape: ShapeNames {
        n_kv_heads: Some("num_kv_heads"),
        head_dim: None,
        d_ff: "ffn_hidden_size",
        ..ShapeNames::USUAL
    },
    eps: Some((LAYER_EPS, "layer_norm_epsilon")),
    told_by_tensors: &[("new_decoder_architecture", "attn_norm_2", true)],
    renamed: &[("ln_attn", "attn_norm_2"), ("ln_mlp", "attn_norm")],
    ..Gguf::named("falcon")
};

const NAMES: Names = Names { prefix: "transformer.", layers: "h.", complete: &[], redundant: &[".rotary.inv_freq"] };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse(&["quantization_config"], "only unquantized weights are")?;
    let is_new = config.flag("new_decoder_architecture")?;
    let has_alibi = config.flag("alibi")?;
    let shape = shape(config, is_new)?;
    let bias = Bias::from(config.flag("bias")?);
    let eps = config.positive("layer_norm_epsilon", 1e-5)?;
    let norm = |name| Norms::before(Norm::layer(name, eps));
    let (attention_norms, feed_forward_norms, order) = match order(config, is_new)? {
        Order::Parallel => (norm("ln_attn"), norm("ln_mlp"), Order::Parallel),
        Order::Sequential => (norm("input_layernorm"), norm("post_attention_layernorm"), Order::Sequential),
        shared @ Order::ParallelSharedNorm => (norm("input_layernorm"), Norms::default(), shared),
    };
    let layer = Layer {
        attention: Attention {
            projections: Projections::Fused {
                map: Map::new("self_attention.query_key_value", bias),
                layout: Layout::Groups,
            },
            clamp: None,
            qk_norm: None,
            rotary: if has_alibi { None } else { Some(rotary::whole(config, RopeKeys::USUAL, shape.head_dim)?) },
            rule: LayerRule {
                alibi: has_alibi.then(|| Alibi {
                    slopes: alibi::from_smaller_power(shape.n_heads),
                    form: AlibiForm::RoundedAndScaledTwice,
                }),
                ..LayerRule::plain(usual_scale(shape.head_dim), Mask::CAUSAL)
            },
            output: Map::new("self_attention.dense", bias),
        },
        attention_norms,
        feed_forward: FeedForward::Plain {
            up: Map::new("mlp.dense_h_to_4h", bias),
            activation: Activation::read(config, "activation", Activation::Gelu)?,
            down: Map::new("mlp.dense_4h_to_h", bias),
            d_ff: config.count("ffn_hidden_size", 1..=MOST_WIDTH)?.unwrap_or(4 * shape.d_model),
        },
        feed_forward_norms,
        order,
        residual_multiplier: None,
    };
    Ok(Description {
        names: NAMES,
        embedding: Embedding::new("word_embeddings", shape.d_model),
        layers: vec![layer; shape.n_layers],
        output: Output::new(Some(Norm::layer("ln_f", eps)), "lm_head", Unembedding::read(config, Unembedding::Tied)?),
        shape,
    })
}

fn shape(config: Config<'_>, is_new: bool) -> Result<ModelShape, ModelError> {
    const KEY: &str = "num_kv_heads";
    // The first files leave the length out.
    let positions = if config.get("max_position_embeddings").is_some() { None } else { Some(2048) };
    let shape = ShapeKeys::USUAL.read_with(config, positions)?;
    let named = config.count(KEY, 1..=shape.n_heads)?.unwrap_or(shape.n_heads);
    let is_multi_query = config.flag_or("multi_query", true)?;
    let n_kv_heads = if is_new || !is_multi_query { named } else { 1 };
    if !shape.head_dim.is_multiple_of(2) {
        return Err(wrong("hidden_size", "an even number of dimensions for each head", shape.head_dim));
    }
    if !shape.n_heads.is_multiple_of(n_kv_heads) {
        return Err(wrong(KEY, format!("a divisor of num_attention_heads, {}", shape.n_heads), n_kv_heads));
    }
    if !is_new && !is_multi_query && n_kv_heads != shape.n_heads {
        return Err(wrong(KEY, format!("num_attention_heads, {}", shape.n_heads), n_kv_heads));
    }
    Ok(ModelShape { n_kv_heads, ..shape })
}

/// Where the reference itself fails, there is no such model.
fn order(config: Config<'_>, is_new: bool) -> Result<Order, ModelError> {
    const KEY: &str = "num_ln_in_parallel_attn";
    let n_norms = config.count(KEY, 1..=2)?;
    match (config.flag_or("parallel_attn", true)?, is_new, n_norms) {
        (true, true, None | Some(2)) => Ok(Order::Parallel),
        (true, true, _) | (true, false, None | Some(1)) => Ok(Order::ParallelSharedNorm),
        (true, false, Some(found)) => Err(wrong(KEY, "1 without new_decoder_architecture", found)),
        (false, false, _) => Ok(Order::Sequential),
        (false, true, _) => Err(wrong("parallel_attn", "true with new_decoder_architecture", false)),
    }
}
