//! Granite: Llama with multipliers of the embedding, of the scores, of what blocks write and of the logits.
//!
//! - Granite team 2024, <https://github.com/ibm-granite/granite-3.0-language-models>.
//! - Reference: `modeling_granite.py` and `configuration_granite.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/granite>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{Config, common_config::Bias},
    families::{
        description::Description,
        family::Family,
        readers::gguf_names::{Gguf, RowOrder},
    },
};

pub const GRANITE: Family = Family { model_types: &["granite"], models: "Granite 3", read };

pub const GRANITE_GGUF: Gguf = Gguf {
    keys: &[
        ("attention.scale", "attention_multiplier"),
        ("embedding_scale", "embedding_multiplier"),
        ("residual_scale", "residual_multiplier"),
        ("logit_scale", "logits_scaling"),
    ],
    rows: RowOrder::Interleaved,
    ..Gguf::named("granite")
};

#[expect(clippy::cast_possible_truncation, reason = "activations are computed in f32")]
fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let mlp_bias = Bias::from(config.flag("mlp_bias")?);
    let llama = Llama::read(config, &Defaults::LLAMA)?.with_attention_bias(config)?;
    let mut granite = Llama { mlp_bias, ..llama }.describe();
    granite.embedding.multiplier = Some(config.positive("embedding_multiplier", 1.0)? as f32);
    for layer in &mut granite.layers {
        layer.attention.rule.scale = config.positive("attention_multiplier", 1.0)?;
        layer.residual_multiplier = Some(config.positive("residual_multiplier", 1.0)? as f32);
    }
    granite.output.multiplier = Some((1.0 / config.positive("logits_scaling", 1.0)?) as f32);
    Ok(granite)
}
