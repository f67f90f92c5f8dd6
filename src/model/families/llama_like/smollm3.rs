//! SmolLM3: Llama in which every fourth layer has no rotary embedding.
//!
//! - Bakouch et al. 2025, <https://huggingface.co/blog/smollm3>.
//! - Reference: `modeling_smollm3.py` and `configuration_smollm3.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/smollm3>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::{Bias, MOST_LAYERS, Unembedding},
        wrong,
    },
    families::{
        description::Description,
        family::Family,
        readers::{
            gguf_names::{Gguf, RowOrder},
            windows::{sliding_layers, window},
        },
    },
};

pub const SMOLLM3: Family = Family { model_types: &["smollm3"], models: "SmolLM3", read };

pub const SMOLLM3_GGUF: Gguf = Gguf { rows: RowOrder::Interleaved, ..Gguf::named("smollm3") };

const DEFAULTS: Defaults =
    Defaults { n_kv_heads: Some(4), theta: 2_000_000.0, unembedding: Unembedding::Tied, ..Defaults::LLAMA };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let mlp_bias = Bias::from(config.flag("mlp_bias")?);
    let llama = Llama::read(config, &DEFAULTS)?.with_attention_bias(config)?;
    let mut smollm = Llama { mlp_bias, ..llama }.describe();
    let rotated = rotated_layers(config, smollm.shape.n_layers)?;
    for (layer, is_rotated) in smollm.layers.iter_mut().zip(&rotated) {
        if !is_rotated {
            layer.attention.rotary = None;
        }
    }
    let window = if config.flag("use_sliding_window")? { window(config, "sliding_window", None)? } else { None };
    let is_sliding = sliding_layers(config, rotated.len(), |layer| !rotated[layer])?;
    Ok(smollm.within(window, |layer| is_sliding[layer]))
}

/// In spite of its name, `no_rope_layers` is 1 for a layer that is rotated.
fn rotated_layers(config: Config<'_>, n_layers: usize) -> Result<Vec<bool>, ModelError> {
    let interval = config.count("no_rope_layer_interval", 1..=MOST_LAYERS)?.unwrap_or(4);
    match config.counts("no_rope_layers")? {
        None => Ok((0..n_layers).map(|layer| !(layer + 1).is_multiple_of(interval)).collect()),
        Some(layers) if layers.len() == n_layers => Ok(layers.into_iter().map(|layer| layer != 0).collect()),
        Some(layers) => Err(wrong("no_rope_layers", format!("a list of {n_layers}"), format!("{}", layers.len()))),
    }
}
