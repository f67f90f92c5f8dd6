use std::{
    fs::{self, File},
    io::{self, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::protected::{ProtectedError, ProtectedFiles};

/// Why an output file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The folder of the output does not exist.
    #[error("cannot write: the folder does not exist: {0}")]
    FolderMissing(PathBuf),
    /// The folder or the file may not be written to.
    #[error("cannot write: no permission: {0}")]
    NoPermission(PathBuf),
    /// The device is full.
    #[error("cannot write: no space left on the device: {0}")]
    NoSpace(PathBuf),
    /// There is a folder of that name.
    #[error("cannot write: expected a file, found a folder: {0}")]
    IsFolder(PathBuf),
    /// The output is a file that is read.
    #[error(transparent)]
    Protected(#[from] ProtectedError),
    /// Anything else that the system refuses.
    #[error("cannot write: {source}: {path}")]
    Other {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// The underlying error, as the operating system reported it.
        source: io::Error,
    },
}

impl WriteError {
    fn new(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::FolderMissing(path),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::NoPermission(path),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoSpace(path),
            ErrorKind::IsADirectory => Self::IsFolder(path),
            _ => Self::Other { path, source },
        }
    }
}

/// Writes a file whole or not at all: into a temporary file in the same folder, to the disk, then in place of `path`.
/// When anything fails, what was at `path` stays and nothing else is left. `write` may write in small pieces.
/// A file that is `protected` is never replaced.
///
/// A symbolic link is followed and an existing file keeps its permissions. What is neither file nor folder (a pipe,
/// `/dev/stdout`) cannot be replaced and is written into directly.
///
/// # Errors
/// When `write` fails or the folder does not take the file; the message names `path`.
pub fn write_atomically(
    path: &Path,
    protected: &ProtectedFiles,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    protected.check(path)?;
    let written = match fs::metadata(path) {
        Ok(existing) if existing.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(existing) if existing.is_file() => {
            fs::canonicalize(path).and_then(|target| replace(&target, Some(existing.permissions()), write))
        }
        Ok(_) => File::options().write(true).open(path).and_then(|device| write_buffered(&device, write)),
        Err(_) => replace(path, None, write),
    };
    written.map_err(|error| WriteError::new(path, error))
}

fn replace(
    path: &Path,
    permissions: Option<fs::Permissions>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if path.file_name().is_none() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Dropped on failure, the temporary file deletes itself.
    let temporary = temporary_in(folder)?;
    write_buffered(temporary.as_file(), write)?;
    if let Some(permissions) = permissions {
        temporary.as_file().set_permissions(permissions)?;
    }
    // A rename may reach the disk before the contents do: without this a crash could leave an empty file.
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A new file as any program creates one: readable and writable as far as the umask lets it. The default of
/// `tempfile` is for secrets, which a figure is not.
fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".attenuate-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn write_buffered(file: &File, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut buffered = BufWriter::new(file);
    write(&mut buffered)?;
    buffered.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the program's own files are written with.
    fn write_atomically(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), WriteError> {
        super::write_atomically(path, &ProtectedFiles::none(), write)
    }

    /// The names in `folder`.
    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn failing(kind: ErrorKind) -> impl FnOnce(&mut dyn Write) -> io::Result<()> {
        move |out| {
            out.write_all(b"half")?;
            Err(kind.into())
        }
    }

    #[test]
    fn writes_and_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        for text in ["first", "second, longer", "3"] {
            write_atomically(&path, |out| out.write_all(text.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(names(folder.path()), ["out.json"]);
    }

    #[test]
    fn a_failing_writer_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        let error = write_atomically(&path, failing(ErrorKind::StorageFull)).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot write: no space left on the device: {}", path.display()));
        assert!(names(folder.path()).is_empty(), "no partial file");

        fs::write(&path, "old").unwrap();
        let error = write_atomically(&path, failing(ErrorKind::InvalidData)).unwrap_err();
        assert!(matches!(error, WriteError::Other { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["out.json"]);
    }

    #[test]
    fn says_when_the_folder_is_missing_or_the_path_is_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing/out.json");
        let error = write_atomically(&path, |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot write: the folder does not exist: {}", path.display()));

        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = write_atomically(&file.join("out.json"), |_| Ok(())).unwrap_err();
        assert!(matches!(error, WriteError::FolderMissing(_)), "{error}");

        for path in [folder.path(), Path::new("/"), Path::new("..")] {
            let error = write_atomically(path, |_| Ok(())).unwrap_err();
            assert!(matches!(error, WriteError::IsFolder(_)), "{error}");
        }
        let error = write_atomically(Path::new(""), |_| Ok(())).unwrap_err();
        assert!(matches!(error, WriteError::IsFolder(_)), "{error}");
    }

    #[test]
    fn a_protected_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("capture.safetensors");
        fs::write(&path, "old").unwrap();
        let mut protected = ProtectedFiles::none();
        protected.add(&path, crate::base::InputRole::Source);
        let written = super::write_atomically(&path, &protected, |_| panic!("nothing is asked for"));
        assert!(matches!(written, Err(WriteError::Protected(_))), "{written:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        super::write_atomically(&folder.path().join("new"), &protected, |out| out.write_all(b"x")).unwrap();
    }

    #[cfg(target_os = "linux")]
    mod linux {
        use std::{os::unix::fs::PermissionsExt, process::Command};

        use super::*;

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        }

        #[test]
        fn permissions_are_those_of_any_new_file_or_of_the_old_one() {
            let folder = tempfile::tempdir().unwrap();
            let (ours, ordinary) = (folder.path().join("ours"), folder.path().join("ordinary"));
            write_atomically(&ours, |out| out.write_all(b"x")).unwrap();
            fs::write(&ordinary, "x").unwrap();
            assert_eq!(mode(&ours), mode(&ordinary));

            fs::set_permissions(&ours, fs::Permissions::from_mode(0o640)).unwrap();
            write_atomically(&ours, |out| out.write_all(b"y")).unwrap();
            assert_eq!(mode(&ours), 0o640);
        }

        #[test]
        fn a_symbolic_link_is_followed() {
            let folder = tempfile::tempdir().unwrap();
            let (file, link) = (folder.path().join("file"), folder.path().join("link"));
            fs::write(&file, "old").unwrap();
            std::os::unix::fs::symlink(&file, &link).unwrap();
            write_atomically(&link, |out| out.write_all(b"new")).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), "new");
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }

        #[test]
        fn a_device_is_written_into_and_stays_a_device() {
            let full = Path::new("/dev/full");
            let error = write_atomically(full, |out| out.write_all(b"x")).unwrap_err();
            assert_eq!(error.to_string(), "cannot write: no space left on the device: /dev/full");
            assert!(!fs::metadata(full).unwrap().is_file());
        }

        #[test]
        fn says_when_the_folder_takes_no_files() {
            let folder = tempfile::tempdir().unwrap();
            let closed = folder.path().join("closed");
            fs::create_dir(&closed).unwrap();
            fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
            // To the superuser every ordinary folder is open; the kernel's own is not.
            let closed = if File::create(closed.join("probe")).is_ok() { Path::new("/sys/kernel") } else { &closed };
            let error = write_atomically(&closed.join("out.json"), |_| Ok(())).unwrap_err();
            assert!(matches!(error, WriteError::NoPermission(_)), "{error}");
        }

        /// A file system of 16 KiB; unmounted when dropped.
        struct SmallDisk(tempfile::TempDir);

        impl SmallDisk {
            fn mount() -> Option<Self> {
                let folder = tempfile::tempdir().unwrap();
                let mounted = Command::new("mount")
                    .args(["-t", "tmpfs", "-o", "size=16k", "tmpfs"])
                    .arg(folder.path())
                    .output()
                    .is_ok_and(|output| output.status.success());
                mounted.then_some(Self(folder))
            }
        }

        impl Drop for SmallDisk {
            fn drop(&mut self) {
                let unmounted = Command::new("umount").arg(self.0.path()).status();
                assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
            }
        }

        #[test]
        fn a_full_disk_keeps_the_old_file() {
            let Some(disk) = SmallDisk::mount() else {
                #[expect(clippy::print_stderr, reason = "a skipped test says so")]
                {
                    eprintln!("SKIPPED: a_full_disk_keeps_the_old_file needs the right to mount a tmpfs");
                }
                return;
            };
            let path = disk.0.path().join("out.json");
            write_atomically(&path, |out| out.write_all(b"old")).unwrap();
            let error = write_atomically(&path, |out| out.write_all(&vec![b'x'; 100_000])).unwrap_err();
            assert!(matches!(error, WriteError::NoSpace(_)), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
            assert_eq!(names(disk.0.path()), ["out.json"]);
        }
    }
}
