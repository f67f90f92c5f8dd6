//! Granite: Llama with multipliers of the embedding, of the scores, of what blocks write and of the logits. Granite 4, where
//! all its layers have attention: with other names.
//!
//! - Granite team 2024, <https://github.com/ibm-granite/granite-3.0-language-models>.
//! - Reference: `modeling_granite.py`, `modeling_granitemoehybrid.py` and their configurations under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::{Bias, MOST_EXPERTS, MOST_WIDTH},
    },
    families::{
        description::{Description, FeedForward, GateUp, Gated, Map},
        family::Family,
        readers::{
            gguf_names::{Gguf, RowOrder},
            windows::is_full_attention,
        },
    },
};

pub const GRANITE: Family = Family { model_types: &["granite"], models: "Granite 3", read };
pub const GRANITE_HYBRID: Family = Family {
    model_types: &["granitemoehybrid"],
    models: "Granite 4.0 Micro, 1B, 350M (not those with state-space layers, H)",
    read: read_hybrid,
};

pub const GRANITE_GGUF: Gguf = Gguf {
    keys: &[
        ("attention.scale", "attention_multiplier"),
        ("embedding_scale", "embedding_multiplier"),
        ("residual_scale", "residual_multiplier"),
        ("logit_scale", "logits_scaling"),
    ],
    // The dense models of Granite 4 are converted to this; those that are not rotated say so here.
    also: &["granitemoehybrid"],
    neutral: &[("rope.scaling.finetuned", &[1.0], "only models with a rotary embedding are")],
    rows: RowOrder::Interleaved,
    ..Gguf::named("granite")
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let mlp_bias = Bias::from(config.flag("mlp_bias")?);
    let llama = Llama::read(config, &Defaults::LLAMA)?.with_attention_bias(config)?;
    with_multipliers(config, Llama { mlp_bias, ..llama }.describe())
}

fn read_hybrid(config: Config<'_>) -> Result<Description, ModelError> {
    refuse_states(config)?;
    if let Some(found) = Some(config.count("num_local_experts", 0..=MOST_EXPERTS)?.unwrap_or(8)).filter(|&n| n > 0) {
        let (what, supported) = ("num_local_experts", "only 0 is: one feed-forward block a layer");
        return Err(ModelError::Unsupported { what, found: found.to_string(), supported });
    }
    let llama = Llama::read(config, &Defaults::LLAMA)?.with_attention_bias(config)?;
    let is_rotated = config.text("position_embedding_type")? == Some("rope");
    let feed_forward = FeedForward::Gated(Gated {
        gate_up: GateUp::Fused(Map::plain("shared_mlp.input_linear")),
        activation: llama.activation,
        down: Map::plain("shared_mlp.output_linear"),
        d_ff: config.count("shared_intermediate_size", 1..=MOST_WIDTH)?.unwrap_or(1024),
    });
    let mut granite = with_multipliers(config, llama.describe())?;
    for layer in &mut granite.layers {
        layer.attention.rotary = layer.attention.rotary.take().filter(|_| is_rotated);
        layer.feed_forward = feed_forward.clone();
    }
    Ok(granite)
}

/// # Errors
/// When a layer has a state in place of attention, as without a list all have: what it hands on is not computed, so
/// that no attention behind it can be reached, and in all published models the first layer is one.
fn refuse_states(config: Config<'_>) -> Result<(), ModelError> {
    const KEY: &str = "layer_types";
    let types = config.texts(KEY)?.unwrap_or_else(|| vec!["mamba"]);
    match types.into_iter().find(|kind| !is_full_attention(kind)) {
        None => Ok(()),
        Some(found) => Err(ModelError::Unsupported {
            what: KEY,
            found: found.to_owned(),
            supported: "only attention in every layer is, for layers behind one with a state cannot be reached",
        }),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "activations are computed in f32")]
fn with_multipliers(config: Config<'_>, mut granite: Description) -> Result<Description, ModelError> {
    granite.embedding.multiplier = Some(config.positive("embedding_multiplier", 1.0)? as f32);
    for layer in &mut granite.layers {
        layer.attention.rule.scale = config.positive("attention_multiplier", 1.0)?;
        layer.residual_multiplier = Some(config.positive("residual_multiplier", 1.0)? as f32);
    }
    granite.output.multiplier = Some((1.0 / config.positive("logits_scaling", 1.0)?) as f32);
    Ok(granite)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refusal(changes: Value) -> String {
        let mut config = json!({
            "model_type": "granitemoehybrid", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256, "max_position_embeddings": 64,
            "layer_types": ["attention", "attention"], "num_local_experts": 0
        });
        config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let read = read_hybrid(Config::new(config.as_object().unwrap()));
        read.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn only_attention_in_every_layer_opens() {
        assert_eq!(refusal(json!({})), "");
        for types in [json!(["mamba", "attention"]), json!(["attention", "mamba"]), json!(null)] {
            let refusal = refusal(json!({ "layer_types": types }));
            assert!(refusal.starts_with("layer_types mamba is not supported: only attention in every"), "{refusal}");
        }
        assert!(refusal(json!({"layer_types": ["attention"]})).contains("layer_types must be a list of 2"));
        assert!(refusal(json!({"num_local_experts": 4})).starts_with("num_local_experts 4 is not supported"));
        assert!(refusal(json!({"num_local_experts": null})).starts_with("num_local_experts 8 is not supported"));
    }
}
