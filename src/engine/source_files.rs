//! Where a source is on the disk, and which files it consists of.

use std::path::PathBuf;

use super::{Bundled, SourceSpec};
use crate::{
    base::{InputRole, ProtectedFiles},
    model::{
        folder, gguf,
        on_disk::{self, OnDiskError, Places, Target},
    },
};

/// What is opened for a source: of a name, the folder or file that it leads to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    /// What ships inside the program.
    Bundled(Bundled),
    /// A model folder.
    Folder(PathBuf),
    /// A model in one file, or one of its parts.
    Gguf(PathBuf),
    /// A capture file.
    Capture(PathBuf),
}

impl SourceSpec {
    /// Where it is. Looks into the caches of other programs, where a name is theirs; whether there is anything at a path is
    /// left to whoever opens it.
    ///
    /// # Errors
    /// When a name leads to no model.
    pub fn located(&self) -> Result<Located, OnDiskError> {
        Ok(match self {
            Self::Bundled(bundled) => Located::Bundled(*bundled),
            Self::Folder(path) => Located::Folder(path.clone()),
            Self::Gguf(path) => Located::Gguf(path.clone()),
            Self::Capture(path) => Located::Capture(path.clone()),
            Self::Cached(name) => match on_disk::locate(name, &Places::of_machine())? {
                Target::Folder(path) => Located::Folder(path),
                Target::Gguf(path) => Located::Gguf(path),
            },
        })
    }

    /// Whether nothing is left of it on the disk.
    pub fn is_gone(&self) -> bool {
        match self.located() {
            Ok(Located::Bundled(_)) => false,
            Ok(Located::Folder(path) | Located::Gguf(path) | Located::Capture(path)) => !path.exists(),
            Err(error) => matches!(error, OnDiskError::NotThere { .. }),
        }
    }

    /// Every file that is read when the source is opened; none of what is bundled, nor of a name that leads nowhere. Reads
    /// the folder of a model.
    fn files(&self) -> Vec<PathBuf> {
        match self.located() {
            Ok(Located::Bundled(_)) | Err(_) => Vec::new(),
            Ok(Located::Folder(path)) => folder::protected_files(&path),
            Ok(Located::Gguf(path)) => gguf::paths(&path),
            Ok(Located::Capture(path)) => vec![path],
        }
    }

    /// Adds the source's files to those that no output may replace. Reads the folder of a model.
    pub fn protect(&self, protected: &mut ProtectedFiles) {
        for file in self.files() {
            protected.add(&file, InputRole::Source);
        }
    }
}
