//! A folder of another program, out of which nothing is followed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::Flaw;
use crate::base::Excerpt;

/// Entries of a folder that are looked at; no cache has more.
const MOST_ENTRIES: usize = 20_000;

/// A cache's own folder.
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    /// Absolute and without links: the folder itself may be a link to another disk.
    canonical: PathBuf,
}

/// Where a path below the root leads.
#[derive(Debug)]
pub enum Leads {
    /// To a file or folder within the root.
    Within(fs::Metadata),
    /// Nowhere: nothing is there, or a link to nothing, or to itself.
    Nowhere,
    /// Out of the root.
    Out,
    /// Nobody knows: the system refuses to look.
    Unknown(io::Error),
}

impl Root {
    /// # Errors
    /// When it is no folder, or cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let canonical = fs::canonicalize(path)?;
        fs::read_dir(&canonical)?;
        Ok(Self { path: path.to_owned(), canonical })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where `path` leads; nothing is opened that is not within.
    pub fn leads(&self, path: &Path) -> Leads {
        match fs::canonicalize(path) {
            Ok(canonical) if !canonical.starts_with(&self.canonical) => Leads::Out,
            Ok(canonical) => canonical.metadata().map_or_else(Leads::Unknown, Leads::Within),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Leads::Unknown(error),
            Err(_) => Leads::Nowhere,
        }
    }

    /// What is in a folder below the root, sorted by name.
    ///
    /// # Errors
    /// When it leads out, is not there or cannot be read.
    pub fn entries(&self, folder: &Path) -> Result<Vec<PathBuf>, Flaw> {
        match self.leads(folder) {
            Leads::Within(_) => {}
            Leads::Nowhere => return Err(Flaw::missing(format!("{} is not there", shown(folder)))),
            Leads::Out => return Err(self.leads_out(folder)),
            Leads::Unknown(cause) => return Err(unreadable(folder, &cause)),
        }
        let entries = fs::read_dir(folder).map_err(|cause| unreadable(folder, &cause))?;
        let mut paths: Vec<PathBuf> = entries.take(MOST_ENTRIES).filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort_unstable();
        Ok(paths)
    }

    /// A link that is not followed.
    pub fn leads_out(&self, path: &Path) -> Flaw {
        Flaw::refused(format!("{} is a link that leads out of {}: not followed", shown(path), self.path.display()))
    }
}

/// What the system refuses to look at.
pub fn unreadable(path: &Path, cause: &io::Error) -> Flaw {
    Flaw::refused(format!("cannot read {} ({cause})", shown(path)))
}

/// Its name, for messages: where it is stands beside them.
pub fn shown(path: &Path) -> Excerpt {
    let name = path.file_name().unwrap_or(path.as_os_str());
    Excerpt::new(&name.to_string_lossy())
}

/// The last part of a path, where it is text.
pub fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}
