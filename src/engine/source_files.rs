//! Where a source is on the disk, which files it consists of, and what tells that they are not what was opened.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{Bundled, SourceSpec};
use crate::{
    base::{InputRole, ProtectedFiles},
    model::{
        folder::{self, NamedBase},
        gguf,
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
    /// An adapter's folder, and that of the model that it is over.
    Adapter {
        /// The adapter's.
        adapter: PathBuf,
        /// The model's.
        base: PathBuf,
    },
    /// The folder of a model, whose adapter is not merged, be it in there or elsewhere.
    Unadapted(PathBuf),
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
            Self::Folder(path) => match folder::base_named(path).and_then(|base| find_base(path, &base)) {
                Some(base) => Located::Adapter { adapter: path.clone(), base },
                None => Located::Folder(path.clone()),
            },
            Self::Adapter { adapter, base } => {
                let base = match base.located()? {
                    Located::Folder(path) | Located::Unadapted(path) | Located::Gguf(path) | Located::Capture(path) => {
                        path
                    }
                    Located::Bundled(_) | Located::Adapter { .. } => base.to_string().into(),
                };
                Located::Adapter { adapter: adapter.clone(), base }
            }
            Self::Unadapted(adapted) => match adapted.located()? {
                Located::Folder(path)
                | Located::Adapter { base: path, .. }
                | Located::Unadapted(path)
                // No command leads to these: what is no folder is refused as one.
                | Located::Gguf(path)
                | Located::Capture(path) => Located::Unadapted(path),
                Located::Bundled(bundled) => Located::Unadapted(bundled.name().into()),
            },
            Self::Gguf(path) => Located::Gguf(path.clone()),
            Self::Capture(path) => Located::Capture(path.clone()),
            Self::Cached(name) => match on_disk::locate(name, &Places::of_machine())? {
                Target::Folder(path) => {
                    let base = folder::base_named(&path).map(|base| on_disk::locate_base(&base, &Places::of_machine()));
                    match base {
                        Some(Ok((_, base))) => Located::Adapter { adapter: path, base },
                        _ => Located::Folder(path),
                    }
                }
                Target::Gguf(path) => Located::Gguf(path),
            },
        })
    }

    /// Whether it is a model with an adapter, or one whose adapter is left out. Reads the folder.
    pub(super) fn has_adapter(&self) -> bool {
        match self {
            Self::Unadapted(adapted) => adapted.has_adapter(),
            _ => match self.located() {
                Ok(Located::Adapter { .. }) => true,
                Ok(Located::Folder(path)) => folder::has_adapter(&path),
                _ => false,
            },
        }
    }

    /// What an adapter in a folder of its own calls its base, where that is not found. Reads the adapter's configuration.
    pub fn missing_base(&self) -> Option<String> {
        let adapter = match self {
            Self::Folder(adapter) => adapter,
            Self::Unadapted(adapted) => return adapted.missing_base(),
            _ => return None,
        };
        folder::base_named(adapter).filter(|base| find_base(adapter, base).is_none()).map(|base| base.name)
    }

    /// Whether nothing is left of it on the disk.
    pub fn is_gone(&self) -> bool {
        match self.located() {
            Ok(Located::Bundled(_)) => false,
            Ok(Located::Folder(path) | Located::Unadapted(path) | Located::Gguf(path) | Located::Capture(path)) => {
                !path.exists()
            }
            Ok(Located::Adapter { adapter, base }) => !adapter.exists() || !base.exists(),
            Err(error) => matches!(error, OnDiskError::NotThere { .. }),
        }
    }

    /// Every file that is read when the source is opened; none of what is bundled, nor of a name that leads nowhere. Reads
    /// the folder of a model.
    fn files(&self) -> Vec<PathBuf> {
        match self.located() {
            Ok(Located::Bundled(_)) | Err(_) => Vec::new(),
            Ok(Located::Folder(path) | Located::Unadapted(path)) => folder::protected_files(&path),
            Ok(Located::Adapter { adapter, base }) => {
                [adapter, base].iter().flat_map(|path| folder::protected_files(path)).collect()
            }
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

/// The folder of the model that the adapter in `adapter` names: at the path that is named, beside the adapter under the name
/// alone, or in Hugging Face's cache.
fn find_base(adapter: &Path, base: &NamedBase) -> Option<PathBuf> {
    let beside = Path::new(&base.name).file_name().zip(adapter.parent()).map(|(name, parent)| parent.join(name));
    let mut paths = [Some(PathBuf::from(&base.name)), beside].into_iter().flatten();
    if let Some(found) = paths.find(|path| path.join("config.json").is_file()) {
        return Some(found);
    }
    Some(on_disk::locate_base(base, &Places::of_machine()).ok()?.1)
}

/// Length, time of modification and place on the disk of every file of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceStamp(Vec<(PathBuf, Option<FileStamp>)>);

/// `None` in a [`SourceStamp`] where there is no such file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileStamp {
    length: u64,
    modified: Option<SystemTime>,
    place: Place,
}

impl SourceStamp {
    /// Of what is bundled, nothing. Reads the folder of a model.
    pub fn of(source: &SourceSpec) -> Self {
        Self(source.files().into_iter().map(stamped).collect())
    }

    /// The same files as they are now.
    #[must_use]
    pub fn again(&self) -> Self {
        Self(self.0.iter().map(|(path, _)| stamped(path.clone())).collect())
    }

    /// Whether no file that was there is missing: between two versions there may be none.
    pub fn has_all_of(&self, earlier: &Self) -> bool {
        self.0.iter().zip(&earlier.0).all(|((_, now), (_, then))| now.is_some() || then.is_none())
    }

    /// Whether there is nothing on the disk that could change.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The folders that the files are in, each once.
    pub fn folders(&self) -> Vec<&Path> {
        let mut folders: Vec<_> = self.0.iter().filter_map(|(path, _)| path.parent()).collect();
        folders.sort();
        folders.dedup();
        folders
    }
}

fn stamped(path: PathBuf) -> (PathBuf, Option<FileStamp>) {
    let stamp = fs::metadata(&path).ok().map(|metadata| FileStamp {
        length: metadata.len(),
        modified: metadata.modified().ok(),
        place: place(&metadata),
    });
    (path, stamp)
}

/// Device and inode: another file in the place of one may have its length and its time.
#[cfg(unix)]
type Place = (u64, u64);

#[cfg(unix)]
fn place(metadata: &fs::Metadata) -> Place {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
type Place = ();

#[cfg(not(unix))]
fn place(_: &fs::Metadata) -> Place {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_and_replacing_are_told_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npz");
        fs::write(&path, "before").unwrap();
        let source = SourceSpec::Capture(path.clone());
        let opened = SourceStamp::of(&source);
        assert_eq!(opened.folders(), [folder.path()]);
        assert_eq!(opened.again(), opened);

        let time = fs::metadata(&path).unwrap().modified().unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "behind").unwrap();
        fs::File::options().write(true).open(&other).unwrap().set_modified(time).unwrap();
        fs::rename(&other, &path).unwrap();
        let replaced = opened.again();
        assert_eq!(replaced != opened, cfg!(unix), "of the same length and time");

        fs::write(&path, "longer than before").unwrap();
        assert_ne!(replaced.again(), replaced);

        fs::remove_file(&path).unwrap();
        assert!(!opened.again().has_all_of(&opened));
        assert!(opened.has_all_of(&opened.again()));
        assert!(SourceStamp::of(&SourceSpec::Bundled(Bundled::Austen)).is_empty());
    }
}
