//! Mistral: Llama with a sliding window.
//!
//! - Jiang et al. 2023, arXiv 2310.06825.
//! - Reference: `modeling_mistral.py` and `configuration_mistral.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/mistral>.

use super::{description::Description, family::Family, llama::Llama};
use crate::model::{ModelError, common_config::MOST_NAMED_POSITIONS, config::Config};

pub const MISTRAL: Family = Family { model_types: &["mistral"], read };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let window = config.count("sliding_window", 1..=MOST_NAMED_POSITIONS)?;
    Ok(Llama::read(config)?.within_window(window).describe())
}
