//! The keys of a file's metadata that begin with its architecture.

use super::{error::Defect, header::Header, metadata::Value};
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
}
