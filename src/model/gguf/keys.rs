//! The keys of a file's metadata that begin with its architecture.

use serde_json::{Number, Value as Json};

use super::{
    error::Defect,
    header::Header,
    metadata::{Value, wrong},
    translation::Translation,
};
use crate::model::families::readers::gguf_names::Gguf;

pub const WINDOW: &str = "attention.sliding_window";
/// 1 is a softmax, 2 sigmoids.
pub const GATING: &str = "expert_gating_func";

/// What is asked of a file that is about to be opened as this family.
pub struct Keys<'h, 'a> {
    pub header: &'h Header<'a>,
    pub gguf: &'static Gguf,
}

impl<'a> Keys<'_, 'a> {
    /// With the architecture in front.
    pub fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.gguf.architecture)
    }

    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.header.metadata.get(&self.key(name))
    }

    pub fn has(&self, tensor: &str) -> bool {
        self.header.tensors.iter().any(|info| info.name == tensor)
    }

    pub fn count(&self, name: &str, most: usize) -> Result<Option<usize>, Defect> {
        self.header.metadata.count(&self.key(name), 0..=most)
    }

    /// A number or a truth value as JSON; `None` where the key is absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn json(&self, name: &str) -> Result<Option<Json>, Defect> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let json = match value {
            Value::Unsigned(number) => Some(Json::from(number)),
            Value::Signed(number) => Some(Json::from(number)),
            Value::Flag(flag) => Some(Json::from(flag)),
            Value::Float(number) => match Number::from_f64(number) {
                Some(number) => Some(Json::Number(number)),
                None => return Err(wrong(&self.key(name), "a number above 0", value)),
            },
            Value::Text(_) | Value::List(_) => None,
        };
        json.map(Some).ok_or_else(|| wrong(&self.key(name), "a number", value))
    }

    /// The value of the file's key `name` under the configuration's.
    ///
    /// # Errors
    /// When it is neither number nor truth value.
    pub fn copy(&self, to: &mut Translation, name: &'static str, config: &'static str) -> Result<(), Defect> {
        to.name(config, name);
        if let Some(value) = self.json(name)? {
            to.set(config, value);
        }
        Ok(())
    }
}
