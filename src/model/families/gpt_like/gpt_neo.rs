//! GPT-Neo, among them the `TinyStories` models: like GPT-2 without a scale of the scores, every other layer within a window.
//!
//! - Black et al. 2021, <https://github.com/EleutherAI/gpt-neo>; Eldan and Li 2023, arXiv 2305.07759 (`TinyStories`).
//! - Reference: `modeling_gpt_neo.py` and `configuration_gpt_neo.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/gpt_neo>.

use crate::{
    attention::Mask,
    model::{
        ModelError,
        config::{
            Config,
            common_config::{MOST_LAYERS, MOST_NAMED_POSITIONS, MOST_WIDTH, ShapeKeys, Unembedding},
            wrong,
        },
        families::{
            description::{
                Attention, Description, Embedding, FeedForward, Layer, LayerRule, Map, Names, Norm, Norms, Order,
                Output, PositionRows, Positions, Projections,
            },
            family::Family,
            readers::windows::window,
        },
        layers::activation::Activation,
    },
};

pub const GPT_NEO: Family = Family { model_types: &["gpt_neo"], models: "GPT-Neo, TinyStories", read };

const NAMES: Names = Names {
    prefix: "transformer.",
    layers: "h.",
    complete: &[],
    // The causal mask and what masked scores are set to.
    redundant: &[".attn.attention.bias", ".attn.attention.masked_bias"],
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    const KEYS: ShapeKeys = ShapeKeys { n_layers: "num_layers", n_heads: "num_heads", ..ShapeKeys::USUAL };
    config.refuse(&["quantization_config"], "only unquantized weights are")?;
    let shape = KEYS.read(config)?;
    let eps = config.positive("layer_norm_epsilon", 1e-5)?;
    let layer = Layer {
        attention: Attention {
            projections: Projections::Separate {
                query: Map::plain("attn.attention.q_proj"),
                key: Map::plain("attn.attention.k_proj"),
                value: Map::plain("attn.attention.v_proj"),
            },
            clamp: None,
            qk_norm: None,
            rotary: None,
            rule: LayerRule::plain(1.0, Mask::CAUSAL),
            output: Map::biased("attn.attention.out_proj"),
        },
        attention_norms: Norms::before(Norm::layer("ln_1", eps)),
        feed_forward: FeedForward::Plain {
            up: Map::biased("mlp.c_fc"),
            activation: Activation::read(config, "activation_function", Activation::GeluTanh)?,
            down: Map::biased("mlp.c_proj"),
            d_ff: config.count("intermediate_size", 1..=MOST_WIDTH)?.unwrap_or(4 * shape.d_model),
        },
        feed_forward_norms: Norms::before(Norm::layer("ln_2", eps)),
        order: Order::Sequential,
        residual_multiplier: None,
    };
    let is_local = local_layers(config, shape.n_layers)?;
    let n_rows = config.required_count(KEYS.max_positions, 1..=MOST_NAMED_POSITIONS)?;
    let described = Description {
        names: NAMES,
        embedding: Embedding {
            positions: Some(Positions { name: "wpe", n_rows, rows: PositionRows::From(0) }),
            ..Embedding::new("wte", shape.d_model)
        },
        layers: vec![layer; shape.n_layers],
        output: Output::new(Some(Norm::layer("ln_f", eps)), "lm_head", Unembedding::read(config, Unembedding::Tied)?),
        shape,
    };
    Ok(described.within(window(config, "window_size", Some(256))?, |layer| is_local[layer]))
}

/// `attention_types` is a list of pairs: kinds of layers, and how often they are repeated.
fn local_layers(config: Config<'_>, n_layers: usize) -> Result<Vec<bool>, ModelError> {
    const KEY: &str = "attention_types";
    let malformed =
        |found: &dyn std::fmt::Display| wrong(KEY, "a list of pairs such as [[\"global\", \"local\"], 12]", found);
    let Some(value) = config.get(KEY) else {
        return if n_layers == 24 {
            Ok((0..24).map(|layer| layer % 2 == 1).collect())
        } else {
            Err(malformed(&"nothing"))
        };
    };
    let mut layers = Vec::new();
    for pair in value.as_array().ok_or_else(|| malformed(value))? {
        let kinds = pair.get(0).and_then(|kinds| kinds.as_array()).ok_or_else(|| malformed(pair))?;
        let times = pair.get(1).and_then(serde_json::Value::as_u64).and_then(|times| usize::try_from(times).ok());
        let times = times.filter(|&times| times <= MOST_LAYERS).ok_or_else(|| malformed(pair))?;
        for _ in 0..times {
            for kind in kinds {
                match kind.as_str() {
                    Some("global") => layers.push(false),
                    Some("local") => layers.push(true),
                    _ => return Err(malformed(kind)),
                }
                if layers.len() > n_layers {
                    return Err(wrong(KEY, format!("kinds of {n_layers} layers"), "more"));
                }
            }
        }
    }
    if layers.len() == n_layers {
        Ok(layers)
    } else {
        Err(wrong(KEY, format!("kinds of {n_layers} layers"), layers.len()))
    }
}
