//! Qwen2: Llama with biases on query, key and value. Qwen3: with norms of query and key instead.
//!
//! - Yang et al. 2024, arXiv 2407.10671 (Qwen2); Yang et al. 2025, arXiv 2505.09388 (Qwen3).
//! - Reference: `modeling_qwen2.py`, `modeling_qwen3.py` and their configurations under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models>.

use super::{description::Description, family::Family, llama::Llama};
use crate::model::{
    ModelError,
    common_config::{Bias, MOST_NAMED_POSITIONS},
    config::Config,
};

pub const QWEN2: Family = Family { model_types: &["qwen2"], read: read_qwen2 };
pub const QWEN3: Family = Family { model_types: &["qwen3"], read: read_qwen3 };

fn read_qwen2(config: Config<'_>) -> Result<Description, ModelError> {
    let qwen = Llama { qkv_bias: Bias::Present, ..Llama::read(config)? };
    let window = sliding_window(config, qwen.shape.n_layers)?;
    Ok(qwen.within_window(window).describe())
}

fn read_qwen3(config: Config<'_>) -> Result<Description, ModelError> {
    const HEAD_DIM: usize = 128;
    let bias = Bias::from(config.flag("attention_bias")?);
    let llama = Llama::read_with(config, Some(HEAD_DIM))?;
    let qwen = Llama { qkv_bias: bias, output_bias: bias, has_qk_norm: true, ..llama };
    let window = sliding_window(config, qwen.shape.n_layers)?;
    Ok(qwen.within_window(window).describe())
}

/// How many positions, itself included, a token attends to at most, in any layer: up to there a window is full causal
/// attention.
fn sliding_window(config: Config<'_>, n_layers: usize) -> Result<Option<usize>, ModelError> {
    let types = config.texts("layer_types")?.unwrap_or_default();
    let first_sliding = config.count("max_window_layers", 0..=MOST_NAMED_POSITIONS)?.unwrap_or(0);
    let any_sliding = if types.is_empty() { first_sliding < n_layers } else { types.contains(&"sliding_attention") };
    let in_use = config.flag("use_sliding_window")? && any_sliding;
    if in_use { config.count("sliding_window", 1..=MOST_NAMED_POSITIONS) } else { Ok(None) }
}
