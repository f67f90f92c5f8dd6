//! What would be computed wrongly if it were passed over: keys of the metadata that a family does not obey.

use super::{
    error::Defect,
    keys::{GATING, Keys, WINDOW},
    metadata::Value,
    names::LONG_FACTORS,
    rotation::{BASE, LENGTH, TYPE, WINDOW_BASE, YARN_LENGTH},
};
use crate::model::{
    config::common_config::MOST_NAMED_POSITIONS,
    families::{
        description::Description,
        readers::gguf_names::{Neutral, When, WindowRotation},
    },
};

/// Keys at which nothing happens where they are 0, or 1.
const NEUTRAL: [Neutral; 14] = [
    ("expert_count", &[0.0], "one feed-forward block a layer is"),
    ("expert_weights_norm", &[0.0], "weights of experts that do not sum to 1 are"),
    ("expert_weights_scale", &[0.0, 1.0], "only 1 is"),
    ("expert_group_count", &[0.0, 1.0], "a choice among all experts is"),
    ("attn_logit_softcapping", &[0.0], "logits must not be capped"),
    ("final_logit_softcapping", &[0.0], "logits must not be capped"),
    ("attention.clamp_kqv", &[0.0], "vectors must not be clamped"),
    ("attention.max_alibi_bias", &[0.0], "rotary embeddings alone are"),
    ("attention.scale", &[0.0], "only 1/√head_dim is"),
    ("logit_scale", &[1.0], "only 1 is"),
    ("residual_scale", &[1.0], "only 1 is"),
    ("embedding_scale", &[1.0], "only 1 is"),
    ("rope.scale_linear", &[1.0], "only 1 is"),
    ("rope.scaling.yarn_ext_factor", &[1.0], "only 1 is"),
];

/// # Errors
/// When the model does something that its family does not compute.
pub fn check(keys: &Keys<'_, '_>) -> Result<(), Defect> {
    let is_obeyed = |name: &str| keys.gguf.keys.iter().any(|(known, _)| *known == name);
    let refuse =
        |name: &str, found: String, supported| Err(Defect::Unsupported { key: keys.key(name), found, supported });
    for (name, neutral, supported) in NEUTRAL.iter().chain(keys.gguf.neutral) {
        if let Some(found) = keys.get(name).filter(|_| !is_obeyed(name))
            && !found.number().is_some_and(|number| neutral.contains(&number))
        {
            return refuse(name, found.to_string(), supported);
        }
    }
    // Where there are factors for short and long prompts, it goes with them.
    if let Some(found) = keys.get(LENGTH).filter(|_| !keys.has(LONG_FACTORS))
        && found.number() != Some(1.0)
    {
        return refuse(LENGTH, found.to_string(), "only 1 is");
    }
    let is_scaling = |kind: &[u8]| matches!(keys.get(TYPE), Some(Value::Text(found)) if found == kind);
    if is_scaling(b"longrope") && !keys.has(LONG_FACTORS) {
        return Err(Defect::MissingTensor { name: LONG_FACTORS.to_owned() });
    }
    if let Some(found) = keys.get(YARN_LENGTH).filter(|_| !is_scaling(b"yarn"))
        && found.number() != Some(1.0)
    {
        return refuse(YARN_LENGTH, found.to_string(), "only 1 is");
    }
    let has_own_rotation = keys.gguf.windows.is_some_and(|windows| windows.rotation != WindowRotation::Same);
    if let Some(found) = keys.get(WINDOW_BASE).filter(|_| !has_own_rotation)
        && found.number() != keys.get(BASE).and_then(Value::number)
    {
        return refuse(WINDOW_BASE, found.to_string(), "one base for all layers is");
    }
    if let Some(found) = keys.get(GATING)
        && keys.gguf.when != When::Sigmoid
        && !found.number().is_some_and(|number| matches!(number, 0.0 | 1.0))
    {
        return refuse(GATING, found.to_string(), "a softmax is");
    }
    let positions = keys.count("context_length", MOST_NAMED_POSITIONS)?;
    if let Some(window) = keys.count(WINDOW, MOST_NAMED_POSITIONS)?.filter(|_| !is_obeyed(WINDOW))
        && window > 0
        && positions.is_none_or(|positions| window < positions)
    {
        return refuse(WINDOW, window.to_string(), "attention to all earlier tokens is");
    }
    Ok(())
}

/// # Errors
/// When the model attends in other directions than its family.
pub fn check_directions(keys: &Keys<'_, '_>, description: &Description) -> Result<(), Defect> {
    let key = keys.key("attention.causal");
    let is_causal = description.layers.first().is_none_or(|layer| layer.attention.rule.mask.is_causal());
    match keys.header.metadata.flag(&key)?.filter(|&found| found != is_causal) {
        None => Ok(()),
        Some(found) => {
            let supported = if is_causal { "only causal attention is" } else { "only attention in both directions is" };
            Err(Defect::Unsupported { key, found: found.to_string(), supported })
        }
    }
}
