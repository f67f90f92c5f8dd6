//! Where the base of an adapter in a cache is.

use std::path::PathBuf;

use super::{Flaw, ModelName, OnDiskError, Places, Target, hugging_face};
use crate::{base::Excerpt, model::folder::NamedBase};

/// The folder of the model that an adapter in a cache names as its base, and its name: in Hugging Face's cache alone, as what
/// is fetched has no say over where else on this disk is looked.
///
/// # Errors
/// When it is not there, is not whole, leads elsewhere, or is no folder.
pub fn locate_base(base: &NamedBase, places: &Places) -> Result<(ModelName, PathBuf), Flaw> {
    let named = format!("an adapter of “{}”", Excerpt::new(&base.name));
    let missing = || {
        Flaw::missing(format!(
            "{named}, which is not in Hugging Face's cache: --base names it for the adapter's folder"
        ))
    };
    let name: ModelName = base.in_cache().parse().map_err(|_| missing())?;
    let ModelName::HuggingFace(repository) = &name else { return Err(missing()) };
    match hugging_face::locate(repository, &places.hugging_face) {
        Ok(Target::Folder(folder)) => Ok((name, folder)),
        Ok(Target::Gguf(_)) => Err(Flaw::refused(format!(
            "{named}, which is there as a GGUF file: expected a model folder to merge it with"
        ))),
        Err(OnDiskError::NotThere { .. }) => Err(missing()),
        Err(OnDiskError::Flawed { flaw, .. }) => Err(Flaw { why: format!("{named}: {}", flaw.why), ..flaw }),
        Err(error @ OnDiskError::Several { .. }) => Err(Flaw::refused(format!("{named}: {error}"))),
    }
}
