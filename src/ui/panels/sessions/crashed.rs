//! What a window left that was not closed.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::session::document::{self, SessionDocument};

/// Most files that are looked at, the newest first.
const MOST: usize = 32;

/// The session of a crashed window. While it is held here, no other window offers it.
pub struct Crashed {
    pub document: SessionDocument,
    path: PathBuf,
    _lock: File,
}

impl Crashed {
    /// Removes it from the disk.
    pub fn discard(self) {
        // What cannot be removed is offered at the next start, no more.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(self.path.with_extension("lock"));
    }
}

/// The newest in `folder` that can be read.
pub fn find(folder: &Path) -> Option<Crashed> {
    let mut left: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    left.sort();
    left.into_iter().rev().take(MOST).find_map(|(_, path)| claim(path))
}

/// `None` where its window is open, or another one has it already, or it cannot be read.
fn claim(path: PathBuf) -> Option<Crashed> {
    let lock = File::options().create(true).truncate(false).write(true).open(path.with_extension("lock")).ok()?;
    lock.try_lock().ok()?;
    let document = document::read(&path).ok()?;
    Some(Crashed { document, path, _lock: lock })
}
