//! A family's configuration out of a file's metadata, and errors about it in the file's words.

use serde_json::{Map, Value as Json};

use super::{error::Defect, metadata::wrong};
use crate::model::{ModelError, families::readers::gguf_names::Gguf};

/// What `config.json` would say.
pub struct Translation {
    architecture: &'static str,
    config: Map<String, Json>,
    /// Keys of the configuration, and what the file calls them.
    names: Vec<(&'static str, &'static str)>,
}

impl Translation {
    pub fn new(gguf: &Gguf) -> Self {
        Self { architecture: gguf.architecture, config: Map::new(), names: Vec::new() }
    }

    pub fn config(&self) -> &Map<String, Json> {
        &self.config
    }

    /// The file's name, without the architecture, for a key.
    pub fn name(&mut self, config: &'static str, in_file: &'static str) {
        self.names.push((config, in_file));
    }

    /// `a.b` is key b of object a.
    pub fn set(&mut self, config: &str, value: impl Into<Json>) {
        match config.split_once('.') {
            None => {
                self.config.insert(config.to_owned(), value.into());
            }
            Some((object, key)) => {
                let object = self.config.entry(object).or_insert_with(|| Json::Object(Map::new()));
                if let Json::Object(keys) = object {
                    keys.insert(key.to_owned(), value.into());
                }
            }
        }
    }

    /// The value of another key, where there is none yet.
    pub fn set_default(&mut self, config: &str, like: &str) {
        if let Some(value) = self.config.get(like).filter(|_| !self.config.contains_key(config)).cloned() {
            self.config.insert(config.to_owned(), value);
        }
    }

    /// None, where there is none yet.
    pub fn set_null(&mut self, config: &str) {
        self.config.entry(config).or_insert(Json::Null);
    }

    pub fn get(&self, config: &str) -> Option<&Json> {
        self.config.get(config)
    }

    pub fn count(&self, config: &str) -> Option<usize> {
        self.config.get(config)?.as_u64().and_then(|count| usize::try_from(count).ok())
    }

    fn in_file(&self, config: &str) -> String {
        let is_meant = |ours: &str| ours.rsplit('.').next() == Some(config);
        let found = self.names.iter().find(|(ours, _)| is_meant(ours));
        found.map_or_else(|| config.to_owned(), |(_, name)| format!("{}.{name}", self.architecture))
    }

    /// What the file calls the keys that an error speaks of.
    pub fn in_files_words(&self, error: ModelError) -> Defect {
        match error {
            ModelError::Config { key, expected, found } => {
                let words = expected.split_inclusive([' ', ',']).map(|word| {
                    let name = word.trim_end_matches([' ', ',']);
                    word.replacen(name, &self.in_file(name), usize::from(!name.is_empty()))
                });
                wrong(&self.in_file(key), words.collect::<String>(), found)
            }
            ModelError::Unsupported { what, found, supported } => {
                Defect::Unsupported { key: self.in_file(what), found, supported }
            }
            other => Defect::Family(other),
        }
    }
}
