//! Why a model folder cannot be opened.

use std::{io, path::PathBuf};

use crate::model::ModelError;

/// The file of weights that a folder has, if it has no index.
pub const SINGLE: &str = "model.safetensors";
/// The file that says in which file each tensor is.
pub const INDEX: &str = "model.safetensors.index.json";

/// Why a folder is no model. Messages end with the path.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// No folder at all.
    #[error("there is no such folder: {}", .0.display())]
    Missing(PathBuf),
    /// A folder without `config.json`.
    #[error("not a model folder, it has no config.json: {}", .0.display())]
    NoConfig(PathBuf),
    /// A low-rank adapter without its base model.
    #[error(
        "not a model folder but an adapter of {base}: expected that model beside it, in Hugging Face's cache, or named by \
         --base: {}",
        path.display()
    )]
    Adapter {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// Name of the base model, as the adapter writes it.
        base: String,
    },
    /// A folder that should be an adapter's.
    #[error("not an adapter, it has no adapter_config.json: {}", .0.display())]
    NoAdapter(PathBuf),
    /// Two adapters, one over the other.
    #[error("the base of an adapter has an adapter itself, of which one is merged: {}", .0.display())]
    TwoAdapters(PathBuf),
    /// Weights as pickled Python objects, which are never unpickled.
    #[error(
        "the model folder has its weights as {found} alone, a pickle, which is never run: save the model as safetensors \
         (save_pretrained of transformers does): {}",
        path.display()
    )]
    Pickled {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// What was found there, in words.
        found: &'static str,
    },
    /// The files that the authors of Llama and Mistral use themselves.
    #[error(
        "the folder has a model in its authors' own layout alone (params.json, consolidated.safetensors), which is not \
         read: expected that of Hugging Face, with config.json and {SINGLE}: {}", .0.display()
    )]
    AuthorsLayout(PathBuf),
    /// A folder without weights in safetensors.
    #[error("the model folder has no {SINGLE}, no {INDEX} and no single other *.safetensors: {}", .0.display())]
    NoWeights(PathBuf),
    /// The system refuses to read a file.
    #[error("cannot read ({cause}): {}", path.display())]
    Unreadable {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// The underlying error, as the operating system or the reader reported it.
        cause: io::Error,
    },
    /// A JSON file longer than any there is.
    #[error("{found} bytes are too many for a JSON file, at most {most} are read: {}", path.display())]
    TooLarge {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// Largest number of bytes that is read.
        most: u64,
        /// Number of bytes that the file has.
        found: u64,
    },
    /// The list of the weights' files is no JSON that can be read.
    #[error("the index of the weights cannot be read ({cause}): {}", path.display())]
    Index {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// The underlying error, as the operating system or the reader reported it.
        cause: serde_json::Error,
    },
    /// The list of the weights' files names a place outside of the folder.
    #[error("the index of the weights names “{name}”, expected a file of the same folder: {}", path.display())]
    Shard {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// Name that the index gives the file.
        name: String,
    },
    /// Configuration, weights or tokenizer that cannot be used.
    #[error("{cause}: {}", path.display())]
    Model {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// The underlying error, as the operating system or the reader reported it.
        cause: ModelError,
    },
}

impl FolderError {
    /// Whether something that belongs to a model is not there.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Missing(_) | Self::NoConfig(_) | Self::NoWeights(_) => true,
            Self::Unreadable { cause, .. } => cause.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }
}
