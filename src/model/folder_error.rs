//! Why a model folder cannot be opened.

use std::{io, path::PathBuf};

use super::ModelError;

/// The file of weights that a folder has, if it has no index.
pub const SINGLE: &str = "model.safetensors";
/// The file that says in which file each tensor is.
pub const INDEX: &str = "model.safetensors.index.json";

/// Why a folder is no model. Messages end with the path.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("not a model folder, it has no config.json: {}", .0.display())]
    NoConfig(PathBuf),
    #[error(
        "not a model folder but an adapter of {base}, which is not applied here: merge it into that model \
         (merge_and_unload of peft) and open the result: {}",
        path.display()
    )]
    Adapter { path: PathBuf, base: String },
    #[error(
        "the model folder has its weights as {found} alone, a pickle, which is never run: save the model as safetensors \
         (save_pretrained of transformers does): {}",
        path.display()
    )]
    Pickled { path: PathBuf, found: &'static str },
    #[error("the model folder has no {SINGLE}, no {INDEX} and no single other *.safetensors: {}", .0.display())]
    NoWeights(PathBuf),
    #[error("cannot read ({cause}): {}", path.display())]
    Unreadable { path: PathBuf, cause: io::Error },
    #[error("{found} bytes are too many for a JSON file, at most {most} are read: {}", path.display())]
    TooLarge { path: PathBuf, most: u64, found: u64 },
    #[error("the index of the weights cannot be read ({cause}): {}", path.display())]
    Index { path: PathBuf, cause: serde_json::Error },
    #[error("the index of the weights names “{name}”, expected a file of the same folder: {}", path.display())]
    Shard { path: PathBuf, name: String },
    #[error("{cause}: {}", path.display())]
    Model { path: PathBuf, cause: ModelError },
}
