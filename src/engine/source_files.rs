//! Which files a source consists of.

use std::path::PathBuf;

use super::SourceSpec;
use crate::{
    base::{InputRole, ProtectedFiles},
    model::{folder, gguf},
};

impl SourceSpec {
    /// Every file that is read when the source is opened; none of what is bundled. Reads the folder of a model.
    fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Bundled(_) => Vec::new(),
            Self::Folder(path) => folder::protected_files(path),
            Self::Gguf(path) => gguf::paths(path),
            Self::Capture(path) => vec![path.clone()],
        }
    }

    /// Adds the source's files to those that no output may replace. Reads the folder of a model.
    pub fn protect(&self, protected: &mut ProtectedFiles) {
        for file in self.files() {
            protected.add(&file, InputRole::Source);
        }
    }
}
