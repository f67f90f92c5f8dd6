//! GPT-Neo, among them the `TinyStories` models: like GPT-2 without a scale of the scores, every other layer within a window.
//!
//! - Black et al. 2021, <https://github.com/EleutherAI/gpt-neo>; Eldan and Li 2023, arXiv 2305.07759 (`TinyStories`).
//! - Reference: `modeling_gpt_neo.py` and `configuration_gpt_neo.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/gpt_neo>.

use super::gpt2::Block;
use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::{MOST_LAYERS, ShapeKeys},
        wrong,
    },
    families::{
        description::{Description, Map, Names, Projections},
        family::Family,
        readers::windows::window,
    },
};

pub const GPT_NEO: Family = Family { model_types: &["gpt_neo"], models: "GPT-Neo, TinyStories", read };

/// The causal mask and what masked scores are set to.
const REDUNDANT: &[&str] = &[".attn.attention.bias", ".attn.attention.masked_bias"];

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    const KEYS: ShapeKeys = ShapeKeys { n_layers: "num_layers", n_heads: "num_heads", ..ShapeKeys::USUAL };
    let block = Block::read(config, KEYS, "intermediate_size")?;
    let is_local = local_layers(config, block.shape.n_layers)?;
    let mut neo = block.describe();
    neo.names = Names { redundant: REDUNDANT, ..neo.names };
    for layer in &mut neo.layers {
        layer.attention.projections = Projections::Separate {
            query: Map::plain("attn.attention.q_proj"),
            key: Map::plain("attn.attention.k_proj"),
            value: Map::plain("attn.attention.v_proj"),
        };
        layer.attention.output = Map::biased("attn.attention.out_proj");
        layer.attention.rule.scale = 1.0;
    }
    Ok(neo.within(window(config, "window_size", Some(256))?, |layer| is_local[layer]))
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
