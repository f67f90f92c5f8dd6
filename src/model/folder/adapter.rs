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
    named.map_or_else(|| "a model that it does not name".to_owned(), |base| format!("“{}”", Excerpt::new(&base.name)))
}

/// What an adapter calls the model that it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedBase {
    /// A path, or a name that Hugging Face gives a model.
    pub name: String,
    /// Which version, where it is a name.
    revision: Option<String>,
}

impl NamedBase {
    /// As the name of a model in Hugging Face's cache is typed, if it is one.
    pub fn in_cache(&self) -> String {
        let revision = self.revision.as_ref().map_or_else(String::new, |revision| format!("@{revision}"));
        format!("hf:{}{revision}", self.name)
    }
}

fn named(config: &[u8]) -> Option<NamedBase> {
    let config: serde_json::Value = serde_json::from_slice(config).ok()?;
    let text = |key: &str| Some(config.get(key)?.as_str()?.to_owned()).filter(|text| !text.is_empty());
    // A cache with one snapshot alone need not call it so.
    let revision = text("revision").filter(|revision| revision != "main");
    Some(NamedBase { name: text("base_model_name_or_path")?, revision })
}

/// The model that the adapter in `folder` names as its base; `None` where there is a model in the folder itself, no adapter,
/// or nothing is named.
pub fn base_named(folder: &Path) -> Option<NamedBase> {
    if !is_adapter_alone(folder) {
        return None;
    }
    named(&json(&folder.join(ADAPTER_CONFIG)).ok()??)
}

/// Whether an adapter is in a folder without its model.
pub fn is_adapter_alone(folder: &Path) -> bool {
    !folder.join("config.json").exists() && folder.join(ADAPTER_CONFIG).exists()
}

pub fn adapter_is_merged() -> Notice {
    Notice {
        brief: "with its adapter",
        sentence: "what is shown is the model with its adapter (LoRA), merged as peft does: --without-adapter (View ▸ \
                   Adapter) takes it out, --compare-base (View ▸ Compare with ▸ The base model) shows what it changed"
            .to_owned(),
    }
}
