//! What a look at another program's folders finds, before any model is read.

use std::path::{Path, PathBuf};

use super::{Flaw, ModelName, State, program::Program};
use crate::base::byte_count;

/// What is opened for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A model folder.
    Folder(PathBuf),
    /// A model in one file, or the first of its parts.
    Gguf(PathBuf),
}

impl Target {
    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::Gguf(path) => path,
        }
    }
}

/// What opens a model that is on this disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskSource {
    /// The name that it has in a cache.
    Name(ModelName),
    /// A model folder that has no other name.
    Folder(PathBuf),
    /// A file that has no other name.
    Gguf(PathBuf),
}

/// A model that is there, or what is left of one.
#[derive(Debug)]
pub struct Found {
    pub program: Program,
    /// What opens it.
    pub source: DiskSource,
    /// Where it is, as far as it is there.
    pub path: PathBuf,
    /// What is opened, or why nothing is.
    pub target: Result<Target, Flaw>,
    /// Downloads beside it that were not finished.
    pub partial: Option<Partial>,
}

/// Downloads that were not finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Partial {
    pub n_files: usize,
    /// What is there of them.
    pub n_bytes: u64,
}

impl Partial {
    /// `None` where there are none.
    pub fn of<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Option<Self> {
        let sizes: Vec<u64> = paths.filter_map(|path| Some(path.symlink_metadata().ok()?.len())).collect();
        (!sizes.is_empty()).then(|| Self { n_files: sizes.len(), n_bytes: sizes.iter().sum() })
    }

    /// Why a model beside it does not open: what is missing is what the download would have brought.
    pub fn explain(self, flaw: Flaw) -> Flaw {
        if flaw.state != State::Missing {
            return flaw;
        }
        let Self { n_files, n_bytes } = self;
        let files = if n_files == 1 { "a file".to_owned() } else { format!("{n_files} files") };
        Flaw::unfinished(format!("a download was not finished ({} of {files}): {}", byte_count(n_bytes), flaw.why))
    }
}
