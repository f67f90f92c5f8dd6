//! Folders of models under names of their own: LM Studio's, `PUBLISHER/MODEL/FILE.gguf`, and the cache of llama.cpp, files
//! side by side.

use std::path::{Path, PathBuf};

use super::{
    Flaw, Program, Target,
    confined::{Leads, Root, file_name},
    found::{DiskSource, Found, Partial},
    snapshot::{self, SnapshotModel},
};

/// Publisher, model, and a folder for the parts of a large one.
const MOST_DEPTH: usize = 4;
/// How programs call what they have not fetched to the end.
const PARTIAL: [&str; 5] = ["part", "partial", "incomplete", "downloadinprogress", "crdownload"];

/// All that is in a folder and below.
pub fn found(program: Program, root: &Root) -> Vec<Found> {
    let mut found = Vec::new();
    collect(program, root, root.path(), MOST_DEPTH, &mut found);
    found
}

fn collect(program: Program, root: &Root, folder: &Path, depth: usize, found: &mut Vec<Found>) {
    let entries = match root.entries(folder) {
        Ok(entries) => entries,
        Err(flaw) => {
            found.push(flawed(program, folder, flaw));
            return;
        }
    };
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.into_iter().partition(|path| path.is_dir());
    for path in folders {
        match root.leads(&path) {
            Leads::Out => found.push(flawed(program, &path, root.leads_out(&path))),
            // A link within the root leads to what is found without it.
            _ if path.is_symlink() || depth == 0 => {}
            _ => collect(program, root, &path, depth - 1, found),
        }
    }
    for path in files.iter().filter(|path| is_partial(path)) {
        if let Some(partial) = Partial::of(std::iter::once(path)) {
            let flaw = partial.explain(Flaw::missing("the file has not come to its end"));
            found.push(Found { partial: Some(partial), ..flawed(program, path, flaw) });
        }
    }
    let has_config = files.iter().any(|path| file_name(path) == Some("config.json"));
    for (path, target) in snapshot::gguf_files(root, files, 0) {
        found.push(match target {
            Ok(target) => whole(program, target),
            Err(flaw) => flawed(program, &path, flaw),
        });
    }
    if has_config {
        let folders = snapshot::models(root, folder).into_iter();
        found.extend(folders.filter(|model| model.file.is_none()).map(|SnapshotModel { target, .. }| match target {
            Ok(target) => whole(program, target),
            Err(flaw) => flawed(program, folder, flaw),
        }));
    }
}

fn is_partial(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    PARTIAL.contains(&&*ending)
}

fn whole(program: Program, target: Target) -> Found {
    let path = target.path().to_owned();
    let source = match &target {
        Target::Folder(path) => DiskSource::Folder(path.clone()),
        Target::Gguf(path) => DiskSource::Gguf(path.clone()),
    };
    Found { program, source, path, target: Ok(target), partial: None }
}

fn flawed(program: Program, path: &Path, flaw: Flaw) -> Found {
    let source = DiskSource::Gguf(path.to_owned());
    Found { program, source, path: path.to_owned(), target: Err(flaw), partial: None }
}
