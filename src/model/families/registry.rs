//! The list of families: what opens, and what an error says is supported.

use std::sync::LazyLock;

use super::{bert, description::Description, family::Family, gpt_neox, gpt2, llama, mistral, qwen};
use crate::model::{
    ModelError,
    config::{Config, parse_config, wrong},
};

/// In the order in which an error names them.
pub const FAMILIES: &[Family] =
    &[llama::LLAMA, mistral::MISTRAL, qwen::QWEN2, qwen::QWEN3, gpt2::GPT2, gpt_neox::GPT_NEOX, bert::BERT];

/// From the text of `config.json` to what the model is made of.
///
/// # Errors
/// When it is malformed or the model is not supported.
pub fn parse(config: &[u8]) -> Result<Description, ModelError> {
    read(Config::new(&parse_config(config)?))
}

/// By `model_type`.
///
/// # Errors
/// When there is no such family, or its configuration is not supported.
pub fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let found = config.text("model_type")?.ok_or_else(|| wrong("model_type", "a text", "nothing"))?;
    match FAMILIES.iter().find(|family| family.model_types.contains(&found)) {
        Some(family) => (family.read)(config),
        None => {
            Err(ModelError::Unsupported { what: "model_type", found: found.to_owned(), supported: SUPPORTED.as_str() })
        }
    }
}

static SUPPORTED: LazyLock<String> = LazyLock::new(|| {
    let names: Vec<&str> = FAMILIES.iter().flat_map(|family| family.model_types).copied().collect();
    match names.split_last() {
        Some((last, others)) => format!("{} and {last} are", others.join(", ")),
        None => String::new(),
    }
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_model_type_is_listed_once() {
        let names: Vec<&str> = FAMILIES.iter().flat_map(|family| family.model_types).copied().collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn an_unknown_model_type_is_refused_with_the_list() {
        assert_eq!(
            parse(br#"{"model_type": "nobody"}"#).unwrap_err().to_string(),
            format!("model_type nobody is not supported: {}", *SUPPORTED)
        );
        assert!(SUPPORTED.starts_with("llama, smollm, mistral, ") && SUPPORTED.ends_with(" are"));
        let nothing = parse(b"{}").unwrap_err().to_string();
        assert_eq!(nothing, "config.json: model_type must be a text, found nothing");
    }
}
