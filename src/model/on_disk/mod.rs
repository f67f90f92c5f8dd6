//! Models that other programs keep on this disk: the caches of Hugging Face and llama.cpp, the folders of Ollama and LM
//! Studio. They are found by name, listed by their headers alone, and no link is followed out of the folder that holds them.
//!
//! [`Places`] says where each program keeps its models; [`ModelName`] is what it calls one; [`locate`] finds it; [`list`]
//! looks at all.

mod adapter_base;
mod confined;
mod error;
mod found;
mod hugging_face;
mod listing;
mod loose_files;
mod name;
mod ollama;
mod places;
mod program;
mod snapshot;

pub use adapter_base::locate_base;
pub use error::{Flaw, OnDiskError, State};
pub use found::{DiskSource, Target};
pub use listing::{DiskModel, Listing, SearchedFolder, list};
pub use name::{ModelName, NameError};
pub use places::Places;
pub use program::Program;

/// Where the model of this name is: a folder, or a file. Nothing of the model is read.
///
/// # Errors
/// When it is not there, is not whole, leads elsewhere, or several are meant.
pub fn locate(name: &ModelName, places: &Places) -> Result<Target, OnDiskError> {
    match name {
        ModelName::HuggingFace(repository) => hugging_face::locate(repository, &places.hugging_face),
        ModelName::Ollama(model) => ollama::locate(model, &places.ollama),
    }
}
