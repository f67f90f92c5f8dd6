use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Files that are being read and that no output may replace: those of a model or a capture, and saved sessions.
///
/// A file is known by what it is and not by how it is called: relative paths, symbolic links and (on Unix) hard links
/// lead to the same one. A path that names no file yet is protected too, as far as its folder exists.
#[derive(Clone, Debug, Default)]
pub struct ProtectedFiles(Vec<ProtectedFile>);

#[derive(Clone, Debug)]
struct ProtectedFile {
    path: PathBuf,
    identity: Identity,
    role: InputRole,
}

/// What a protected file is to the task that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputRole {
    /// A part of a model, or a capture.
    Source,
    /// A saved session, or a figure that carries one.
    Session,
    /// A list of prompts.
    Prompts,
    /// A list of changes in force.
    InForce,
}

impl InputRole {
    /// For messages.
    const fn name(self) -> &'static str {
        match self {
            Self::Source => "a file of the source",
            Self::Session => "the session that was read",
            Self::Prompts => "the prompts that are read",
            Self::InForce => "the changes in force that are read",
        }
    }
}

/// An output that would replace a protected file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot write: this would replace {}{}; choose another name: {}",
    role.name(),
    alias(output, input),
    output.display()
)]
pub struct ProtectedError {
    /// Path of the file that was to be written.
    pub output: PathBuf,
    /// What the same file is read as.
    pub role: InputRole,
    /// The protected file as it was called when it was read.
    pub input: PathBuf,
}

/// The other name of the same file, where it has one.
fn alias(output: &Path, input: &Path) -> String {
    if output == input { String::new() } else { format!(" ({})", input.display()) }
}

impl ProtectedFiles {
    /// No files: for what belongs to the program alone, such as preferences.
    pub fn none() -> Self {
        Self::default()
    }

    /// Protects `path`. One that cannot exist, since its folder does not, needs no protection.
    pub fn add(&mut self, path: &Path, role: InputRole) {
        if let Ok(identity) = Identity::of(path) {
            self.0.push(ProtectedFile { path: path.to_owned(), identity, role });
        }
    }

    /// Asks before anything is computed; [`super::write_atomically`] asks again.
    ///
    /// # Errors
    /// When an output at `path` would replace a protected file.
    pub fn check(&self, path: &Path) -> Result<(), ProtectedError> {
        // Where not even the folder can be read nothing can be written either: that is said when it is tried.
        let Ok(identity) = Identity::of(path) else { return Ok(()) };
        match self.0.iter().find(|file| file.identity.is_same(&identity)) {
            None => Ok(()),
            Some(file) => Err(ProtectedError { output: path.to_owned(), role: file.role, input: file.path.clone() }),
        }
    }
}

/// What a file is, by whatever path.
#[derive(Clone, Debug)]
struct Identity {
    /// Absolute and without links. Of a file that does not exist yet, its folder's and its own name.
    canonical: PathBuf,
    /// Device and inode, which all hard links share.
    #[cfg(unix)]
    inode: Option<(u64, u64)>,
}

impl Identity {
    fn of(path: &Path) -> io::Result<Self> {
        let canonical = match fs::canonicalize(path) {
            Ok(canonical) => canonical,
            Err(error) => {
                let name = path.file_name().ok_or(error)?;
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                fs::canonicalize(folder)?.join(name)
            }
        };
        Ok(Self {
            #[cfg(unix)]
            inode: fs::metadata(&canonical).ok().map(|metadata| {
                use std::os::unix::fs::MetadataExt as _;
                (metadata.dev(), metadata.ino())
            }),
            canonical,
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        #[cfg(unix)]
        if self.inode.is_some() && self.inode == other.inode {
            return true;
        }
        self.canonical == other.canonical
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protected(path: &Path) -> ProtectedFiles {
        let mut files = ProtectedFiles::none();
        files.add(path, InputRole::Source);
        files
    }

    #[test]
    fn a_file_is_the_same_by_every_path() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        for name in ["model", "other"] {
            fs::write(at(name), name).unwrap();
        }
        let files = protected(&at("model"));
        for path in ["model", "sub/../model", "./sub/.././model"] {
            let error = files.check(&at(path)).unwrap_err();
            assert_eq!((error.role, &error.input), (InputRole::Source, &at("model")), "{path}");
        }
        for path in ["other", "new", "sub/model", "gone/model", "sub"] {
            assert_eq!(files.check(&at(path)), Ok(()), "{path}");
        }
        assert_eq!(ProtectedFiles::none().check(&at("model")), Ok(()));
        assert_eq!(files.check(Path::new("")), Ok(()));
    }

    #[test]
    fn a_name_that_is_not_taken_yet_is_protected_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let files = protected(&path);
        assert!(files.check(&path).is_err());
        fs::write(&path, "weights").unwrap();
        assert!(files.check(&path).is_err());
    }

    #[test]
    fn the_message_is_one_sentence_with_both_names() {
        let error = |output: &str| ProtectedError {
            output: output.into(),
            role: InputRole::Source,
            input: "m/config.json".into(),
        };
        assert_eq!(
            error("m/config.json").to_string(),
            "cannot write: this would replace a file of the source; choose another name: m/config.json"
        );
        assert_eq!(
            error("x.json").to_string(),
            "cannot write: this would replace a file of the source (m/config.json); choose another name: x.json"
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        fs::write(at("model"), "weights").unwrap();
        fs::hard_link(at("model"), at("hard")).unwrap();
        std::os::unix::fs::symlink("model", at("soft")).unwrap();
        std::os::unix::fs::symlink("sub", at("folder")).unwrap();
        std::os::unix::fs::symlink("gone", at("dangling")).unwrap();
        for read in ["model", "hard", "soft"] {
            let files = protected(&at(read));
            for written in ["model", "hard", "soft", "folder/../model"] {
                assert!(files.check(&at(written)).is_err(), "{read} {written}");
            }
            assert_eq!(files.check(&at("dangling")), Ok(()));
        }
    }
}
