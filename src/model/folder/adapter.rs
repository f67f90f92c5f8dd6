//! Adapters: what they are over, and where that is.

use std::path::{Path, PathBuf};

use super::text::{ADAPTER_CONFIG, json};
use crate::{base::Excerpt, model::Notice};

/// The text of `adapter_config.json`, and the folder that it is in.
pub struct AdapterText {
    pub text: Vec<u8>,
    pub folder: PathBuf,
}

/// The model that an adapter's configuration names, for people.
pub fn base_of(config: &[u8]) -> String {
    let named = named(config);
    named.map_or_else(|| "a model that it does not name".to_owned(), |base| format!("“{}”", Excerpt::new(&base)))
}

fn named(config: &[u8]) -> Option<String> {
    let config: serde_json::Value = serde_json::from_slice(config).ok()?;
    Some(config.get("base_model_name_or_path")?.as_str()?.to_owned()).filter(|name| !name.is_empty())
}

/// The model that the adapter in `folder` names as its base; `None` where there is a model in the folder itself, no adapter,
/// or nothing is named.
pub fn base_named(folder: &Path) -> Option<String> {
    if folder.join("config.json").exists() {
        return None;
    }
    named(&json(&folder.join(ADAPTER_CONFIG)).ok()??)
}

pub fn adapter_is_merged() -> Notice {
    Notice {
        brief: "with its adapter",
        sentence:
            "what is shown is the model with its adapter (LoRA), merged as peft does; without it, it is the model in a \
                   folder that has no adapter_config.json"
                .to_owned(),
    }
}
