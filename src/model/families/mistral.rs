//! Mistral: Llama with a sliding window.
//!
//! - Jiang et al. 2023, arXiv 2310.06825.
//! - Reference: `modeling_mistral.py` and `configuration_mistral.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/mistral>.

use super::{
    description::Description,
    family::Family,
    gguf_names::{Gguf, RowOrder, When},
    llama::{Defaults, Llama},
};
use crate::model::{ModelError, common_config::MOST_NAMED_POSITIONS, config::Config};

pub const MISTRAL: Family = Family { model_types: &["mistral"], models: "Mistral 7B, Ministral, Mistral NeMo", read };

/// Llama's files with a window; the converter drops it from Mistral's own, which are then Llama's.
pub const MISTRAL_GGUF: Gguf = Gguf {
    when: When::Windowed,
    keys: &[("attention.sliding_window", "sliding_window")],
    rows: RowOrder::Interleaved,
    ..Gguf::called("llama", "mistral")
};

const DEFAULTS: Defaults = Defaults { n_kv_heads: Some(8), ..Defaults::LLAMA };

/// Where the key is left out; null says that there is none.
const WINDOW: usize = 4096;

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let window = if config.has("sliding_window") {
        config.count("sliding_window", 1..=MOST_NAMED_POSITIONS)?
    } else {
        Some(WINDOW)
    };
    Ok(Llama::read(config, &DEFAULTS)?.within_window(window).describe())
}
