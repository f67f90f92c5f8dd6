//! What another program hands over to a window, by a name: a file in the state folder, and beside it a lock that the window
//! of that name holds. The operating system lets go of it when the window's process ends, however it ends: a file whose
//! lock is free is of a window that is gone.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// What a window that is gone has left is kept for so long: until then the view that it had can be restored.
const KEPT: Duration = Duration::from_hours(24);

/// The window's own. Once it is shown the file goes with the window.
#[derive(Debug)]
pub struct HandedOver {
    path: PathBuf,
    is_shown: bool,
    lock_path: PathBuf,
    /// Locked while it is open.
    _lock: File,
}

/// Who shows what was handed over.
#[derive(Debug)]
pub enum Claim {
    /// The window that is to be opened.
    Ours(HandedOver),
    /// One that is open and will see the file.
    OfAnother,
}

impl HandedOver {
    /// Takes what lies at `path`, unless a window has it.
    ///
    /// # Errors
    /// When the lock can be neither made nor asked for.
    pub fn claim(path: &Path) -> io::Result<Claim> {
        let lock_path = path.with_extension("lock");
        let lock = open_lock(&lock_path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Claim::Ours(Self { path: path.to_owned(), is_shown: false, lock_path, _lock: lock })),
            Err(fs::TryLockError::WouldBlock) => Ok(Claim::OfAnother),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// There is a window with it.
    #[must_use]
    pub const fn shown(mut self) -> Self {
        self.is_shown = true;
        self
    }

    /// Removes what windows have left that ended without being closed, long ago.
    pub fn sweep(folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_file = path.extension().is_some_and(|extension| extension == "safetensors");
            if is_file
                && is_old(&path)
                && let Ok(Claim::Ours(left)) = Self::claim(&path)
            {
                drop(left.shown());
            }
        }
    }
}

impl Drop for HandedOver {
    /// A window that is closed leaves nothing; one that ends in a panic leaves what it had.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        // What cannot be removed is swept later.
        if self.is_shown {
            let _ = fs::remove_file(&self.path);
        }
        let _ = fs::remove_file(&self.lock_path);
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn is_old(path: &Path) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age > KEPT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn one_window_has_a_name_and_what_is_gone_is_known_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.safetensors");
        fs::write(&path, "").unwrap();
        let Claim::Ours(first) = HandedOver::claim(&path).unwrap() else { panic!("nobody has it") };
        assert!(matches!(HandedOver::claim(&path).unwrap(), Claim::OfAnother));
        assert_eq!(names(folder.path()), ["mine.lock", "mine.safetensors"]);

        // Its process ends: the lock is free, and nothing is removed.
        let HandedOver { _lock: lock, .. } = &first;
        lock.unlock().unwrap();
        let Claim::Ours(second) = HandedOver::claim(&path).unwrap() else { panic!("its window is gone") };
        drop(second.shown());
        assert_eq!(names(folder.path()), [""; 0], "a closed window leaves nothing");
        drop(first);
    }

    #[test]
    fn only_what_is_old_and_of_nobody_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let long_ago = SystemTime::now() - 2 * KEPT;
        for (name, is_old) in [("old", true), ("held", true), ("new", false)] {
            let file = File::create(folder.path().join(name).with_extension("safetensors")).unwrap();
            if is_old {
                file.set_modified(long_ago).unwrap();
            }
        }
        let held = HandedOver::claim(&folder.path().join("held.safetensors")).unwrap();
        HandedOver::sweep(folder.path());
        assert_eq!(names(folder.path()), ["held.lock", "held.safetensors", "new.safetensors"]);
        drop(held);
        HandedOver::sweep(&folder.path().join("none"));
    }
}
