//! GPT-J: attention and feed-forward block read the same normed residual stream; the first dimensions of query and key are
//! rotated, neighbours together.
//!
//! - Wang and Komatsuzaki 2021, <https://github.com/kingoflolz/mesh-transformer-jax>.
//! - Reference: `modeling_gptj.py` and `configuration_gptj.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/gptj>.

use crate::{
    attention::Mask,
    model::{
        ModelError,
        config::{
            Config,
            common_config::{MOST_WIDTH, ShapeKeys, Unembedding},
            rope_config::{RopeConfig, RopeScaling},
            wrong,
        },
        families::{
            description::{
                Attention, Description, Embedding, FeedForward, Layer, LayerRule, Map, Names, Norm, Norms, Order,
                Output, Projections, Rotary, usual_scale,
            },
            family::Family,
        },
        layers::activation::Activation,
    },
};

pub const GPTJ: Family = Family { model_types: &["gptj"], models: "GPT-J", read };

const NAMES: Names = Names {
    prefix: "transformer.",
    layers: "h.",
    complete: &[],
    // The causal mask and what masked scores are set to.
    redundant: &[".attn.bias", ".attn.masked_bias"],
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse(&["quantization_config"], "only unquantized weights are")?;
    let shape = ShapeKeys::GPT2.read(config)?;
    let eps = config.positive("layer_norm_epsilon", 1e-5)?;
    let layer = Layer {
        attention: Attention {
            projections: Projections::Separate {
                query: Map::plain("attn.q_proj"),
                key: Map::plain("attn.k_proj"),
                value: Map::plain("attn.v_proj"),
            },
            clamp: None,
            qk_norm: None,
            rotary: Some(rotary(config, shape.head_dim)?),
            rule: LayerRule::plain(usual_scale(shape.head_dim), Mask::CAUSAL),
            output: Map::plain("attn.out_proj"),
        },
        attention_norms: Norms::before(Norm::layer("ln_1", eps)),
        feed_forward: FeedForward::Plain {
            up: Map::biased("mlp.fc_in"),
            activation: Activation::read(config, "activation_function", Activation::GeluTanh)?,
            down: Map::biased("mlp.fc_out"),
            d_ff: config.count("n_inner", 1..=MOST_WIDTH)?.unwrap_or(4 * shape.d_model),
        },
        feed_forward_norms: Norms::default(),
        order: Order::ParallelSharedNorm,
        residual_multiplier: None,
    };
    Ok(Description {
        names: NAMES,
        embedding: Embedding::new("wte", shape.d_model),
        layers: vec![layer; shape.n_layers],
        output: Output {
            bias: Some("lm_head.bias"),
            ..Output::new(Some(Norm::layer("ln_f", eps)), "lm_head", Unembedding::read(config, Unembedding::Own)?)
        },
        shape,
    })
}

fn rotary(config: Config<'_>, head_dim: usize) -> Result<Rotary, ModelError> {
    const KEY: &str = "rotary_dim";
    let n_dims = if config.has(KEY) { config.required_count(KEY, 2..=head_dim)? } else { 64 };
    if !n_dims.is_multiple_of(2) || n_dims > head_dim {
        return Err(wrong(KEY, format!("an even number of {head_dim} dimensions"), n_dims));
    }
    let rope = RopeConfig { theta: 10_000.0, scaling: RopeScaling::None };
    Ok(Rotary::halves(rope, n_dims).adjacent())
}
