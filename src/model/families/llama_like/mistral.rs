//! Mistral: Llama with a sliding window.
//!
//! - Jiang et al. 2023, arXiv 2310.06825.
//! - Reference: `modeling_mistral.py` and `configuration_mistral.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/mistral>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::Config,
    families::{
        description::Description,
        family::Family,
        readers::{
            gguf_names::{Gguf, RowOrder, When},
            windows::window,
        },
    },
};

pub const MISTRAL: Family = Family { model_types: &["mistral"], models: "Mistral 7B, Ministral, Mistral NeMo", read };

/// Llama's files with a window; the converter drops it from Mistral's own, which are then Llama's.
pub const MISTRAL_GGUF: Gguf = Gguf {
    when: When::Windowed,
    keys: &[("attention.sliding_window", "sliding_window")],
    rows: RowOrder::Interleaved,
    ..Gguf::called("llama", "mistral")
};

const DEFAULTS: Defaults = Defaults { n_kv_heads: Some(8), ..Defaults::LLAMA };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let window = window(config, "sliding_window", Some(4096))?;
    Ok(Llama::read(config, &DEFAULTS)?.describe().within(window, |_| true))
}
