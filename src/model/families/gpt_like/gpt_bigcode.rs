//! GPT `BigCode`, among them `StarCoder` and `SantaCoder`: GPT-2 whose query heads share one key and one value head.
//!
//! - Li et al. 2023, arXiv 2305.06161 (StarCoder); Ben Allal et al. 2023, arXiv 2301.03988 (SantaCoder).
//! - Reference: `modeling_gpt_bigcode.py` and `configuration_gpt_bigcode.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/gpt_bigcode>.

use crate::{
    attention::Mask,
    model::{
        ModelError,
        config::{
            Config,
            common_config::{MOST_NAMED_POSITIONS, MOST_WIDTH, ShapeKeys, Unembedding},
        },
        families::{
            description::{
                Attention, Description, Embedding, FeedForward, Layer, LayerRule, Layout, Map, Names, Norm, Norms,
                Order, Output, PositionRows, Positions, Projections, usual_scale,
            },
            family::Family,
            readers::gguf_names::{Gguf, LAYER_EPS, ShapeNames},
        },
        layers::activation::Activation,
        transformer::ModelShape,
    },
};

pub const GPT_BIGCODE: Family = Family { model_types: &["gpt_bigcode"], models: "SantaCoder, StarCoder", read };

pub const GPT_BIGCODE_GGUF: Gguf = Gguf {
    shape: ShapeNames::GPT2,
    eps: Some((LAYER_EPS, "layer_norm_epsilon")),
    ..Gguf::called("starcoder", "gpt_bigcode")
};

const NAMES: Names = Names {
    prefix: "transformer.",
    layers: "h.",
    complete: &[],
    // The causal mask and what masked scores are set to.
    redundant: &[".attn.bias", ".attn.masked_bias"],
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse(&["quantization_config"], "only unquantized weights are")?;
    config.refuse_flag("add_cross_attention", "only attention within the prompt is")?;
    // `attention_softmax_in_fp32` and its like compute the same in f32, as is done here always.
    let shape = ShapeKeys::GPT2.read(config)?;
    let is_multi_query = config.flag_or("multi_query", true)?;
    let shape = ModelShape { n_kv_heads: if is_multi_query { 1 } else { shape.n_heads }, ..shape };
    let eps = config.positive("layer_norm_epsilon", 1e-5)?;
    let layer = Layer {
        attention: Attention {
            // With one kv head a group is all there is.
            projections: Projections::Fused { map: Map::biased("attn.c_attn"), layout: Layout::Groups },
            clamp: None,
            qk_norm: None,
            rotary: None,
            rule: LayerRule::plain(
                if config.flag_or("scale_attn_weights", true)? { usual_scale(shape.head_dim) } else { 1.0 },
                Mask::CAUSAL,
            ),
            output: Map::biased("attn.c_proj"),
        },
        attention_norms: Norms::before(Norm::layer("ln_1", eps)),
        feed_forward: FeedForward::Plain {
            up: Map::biased("mlp.c_fc"),
            activation: Activation::read(config, "activation_function", Activation::GeluTanh)?,
            down: Map::biased("mlp.c_proj"),
            d_ff: config.count("n_inner", 1..=MOST_WIDTH)?.unwrap_or(4 * shape.d_model),
        },
        feed_forward_norms: Norms::before(Norm::layer("ln_2", eps)),
        order: Order::Sequential,
        residual_multiplier: None,
    };
    let n_rows = config.required_count(ShapeKeys::GPT2.max_positions, 1..=MOST_NAMED_POSITIONS)?;
    Ok(Description {
        names: NAMES,
        embedding: Embedding {
            positions: Some(Positions { name: "wpe", n_rows, rows: PositionRows::From(0) }),
            ..Embedding::new("wte", shape.d_model)
        },
        layers: vec![layer; shape.n_layers],
        output: Output::new(Some(Norm::layer("ln_f", eps)), "lm_head", Unembedding::read(config, Unembedding::Tied)?),
        shape,
    })
}
