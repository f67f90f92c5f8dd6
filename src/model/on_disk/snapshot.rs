//! The models in a snapshot of a repository: the folder itself, or each GGUF file in it.

use std::path::{Path, PathBuf};

use super::{
    Flaw, Target,
    confined::{self, Leads, Root, file_name},
};
use crate::{
    base::Contents,
    model::{gguf, vocabularies},
};

/// Folders below a snapshot that are looked into for files.
const MOST_DEPTH: usize = 2;
/// Endings of files that are no model by themselves, whatever is in them.
const OTHERS: [&str; 9] = ["json", "txt", "md", "safetensors", "model", "py", "jinja", "png", "gitattributes"];

/// What a folder is opened by, besides its tensors.
const READ: [&str; 4] = ["config.json", "tokenizer.json", "adapter_config.json", "chat_template.jinja"];

/// One model of a snapshot.
#[derive(Debug)]
pub struct SnapshotModel {
    /// Of a GGUF file, its path in the repository.
    pub file: Option<String>,
    /// What is opened.
    pub target: Result<Target, Flaw>,
}

/// The models in `folder`, at least one: where there is nothing to open, the folder with the reason.
pub fn models(root: &Root, folder: &Path) -> Vec<SnapshotModel> {
    let whole = |target| vec![SnapshotModel { file: None, target }];
    let entries = match root.entries(folder) {
        Ok(entries) => entries,
        Err(flaw) => return whole(Err(flaw)),
    };
    let has_tensors = entries.iter().filter_map(|path| file_name(path)).any(|name| name.contains(".safetensors"));
    if !has_tensors {
        let files = gguf_files(root, entries.clone(), MOST_DEPTH);
        if !files.is_empty() {
            return files.into_iter().map(|(path, target)| in_repository(folder, &path, target)).collect();
        }
    }
    match entries.iter().filter(|path| is_of_model(path)).find_map(|path| flaw(root, path)) {
        Some(flaw) => whole(Err(flaw)),
        None => whole(Ok(Target::Folder(folder.to_owned()))),
    }
}

fn in_repository(folder: &Path, path: &Path, target: Result<Target, Flaw>) -> SnapshotModel {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let names: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    SnapshotModel { file: Some(names.join("/")), target }
}

/// Whether a file is read when the folder is opened.
fn is_of_model(path: &Path) -> bool {
    file_name(path).is_some_and(|name| {
        READ.contains(&name) || vocabularies::FILES.contains(&name) || name.contains(".safetensors")
    })
}

/// Why an entry is not read.
fn flaw(root: &Root, path: &Path) -> Option<Flaw> {
    match root.leads(path) {
        Leads::Within(_) => None,
        Leads::Out => Some(root.leads_out(path)),
        Leads::Nowhere => Some(Flaw::missing(format!("{} is a link to a file that is gone", confined::shown(path)))),
        Leads::Unknown(cause) => Some(confined::unreadable(path, &cause)),
    }
}

/// GGUF files by their first bytes, among `entries` of a folder and below; of a split one the first part.
pub fn gguf_files(root: &Root, entries: Vec<PathBuf>, depth: usize) -> Vec<(PathBuf, Result<Target, Flaw>)> {
    let mut found = Vec::new();
    for path in entries {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        match flaw(root, &path) {
            Some(flaw) if ending == "gguf" => found.push((path, Err(flaw))),
            Some(_) => {}
            // Links to folders are not followed: they could lead round in circles.
            None if path.is_dir() && !path.is_symlink() && depth > 0 => {
                if let Ok(below) = root.entries(&path) {
                    found.extend(gguf_files(root, below, depth - 1));
                }
            }
            None => {
                let is_gguf = !OTHERS.contains(&&*ending) && Contents::of(&path) == Some(Contents::Gguf);
                if is_gguf && is_first_part(&path) {
                    found.push((path.clone(), Ok(Target::Gguf(path))));
                }
            }
        }
    }
    found
}

/// Whether no earlier part of the same model is there.
fn is_first_part(path: &Path) -> bool {
    gguf::paths(path).into_iter().find(|part| part.exists()).is_none_or(|first| first == path)
}
