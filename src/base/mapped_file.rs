//! Files mapped into memory: their bytes are read from the disk when they are looked at, and no copy of them is held.
//!
//! The bytes are those of the file at every moment, not of the moment at which it was opened:
//!
//! - A file that is *replaced* (written under another name, then renamed, as download tools do) stays readable here as
//!   it was: the map keeps the old file.
//! - A file that is *overwritten* in place gives other numbers. Every bit pattern is a number, so that they are wrong
//!   and nothing worse; but Rust takes bytes behind a `&[u8]` for unchanging.
//! - A file that is *shortened* in place has no bytes where the map has addresses. Reading one of them ends the
//!   process (SIGBUS), which no Rust code can catch.
//!
//! Against the last two, [`MappedFile::check`] compares length and time of modification with those at opening, and
//! whoever reads calls it first: a matrix before each of its products, a capture before it converts a layer. What remains is the race within one product, at
//! most some milliseconds, and a change that restores both. The alternatives are to copy the bytes, which for a large
//! model doubles its memory and is what mapping is for, or mandatory locks, which Linux has no longer.
//!
//! A file that is embedded in the program is mapped as well, by the system and with the program: [`MappedFile::embedded`].
//! Nothing can change it.

#![expect(unsafe_code, reason = "the one place where a file is mapped: see above for what that means")]

use std::{
    fs::{File, Metadata},
    path::{Path, PathBuf},
    time::SystemTime,
};

use memmap2::Mmap;

use super::regular_file::{self, OpenError};

/// A file mapped into memory for reading, and what tells whether it was changed since.
#[derive(Debug)]
pub struct MappedFile(Place);

#[derive(Debug)]
enum Place {
    Disk { path: PathBuf, file: File, bytes: Mmap, opened: Stamp },
    Program(&'static [u8]),
}

/// A file that was written to while it was mapped, so that what was read of it before no longer holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file was changed while it was open, open it again: {}", path.display())]
pub struct FileChanged {
    /// Path of the file that the error is about.
    pub path: PathBuf,
}

impl AsRef<[u8]> for MappedFile {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

/// What changes when a file is written to. `None` where the file system keeps no times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
}

impl From<Metadata> for Stamp {
    fn from(metadata: Metadata) -> Self {
        Self { length: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl MappedFile {
    /// Maps the file at `path` into memory.
    ///
    /// # Errors
    /// When there is no such file, it is no regular file, or it cannot be read or mapped.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let file = regular_file::open(path)?;
        let opened = file.metadata()?.into();
        // SAFETY: the map is only read, and unmapped when this value and with it every borrow of its bytes is gone.
        // That nobody else changes the file cannot be proved; the module's documentation says what is done instead.
        let bytes = unsafe { Mmap::map(&file)? };
        Ok(Self(Place::Disk { path: path.to_owned(), file, bytes, opened }))
    }

    /// A file that is part of the program, which the system has mapped.
    pub const fn embedded(bytes: &'static [u8]) -> Self {
        Self(Place::Program(bytes))
    }

    /// Where it was opened; `None` for a part of the program.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Place::Disk { path, .. } => Some(path),
            Place::Program(_) => None,
        }
    }

    /// All bytes of the file. Call [`Self::check`] before reading them.
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Place::Disk { bytes, .. } => bytes,
            Place::Program(bytes) => bytes,
        }
    }

    /// Whether the file is still as it was when it was opened.
    ///
    /// # Errors
    /// When the file was changed since it was opened. Of a file that was replaced, the old one counts.
    pub fn check(&self) -> Result<(), FileChanged> {
        let Place::Disk { path, file, opened, .. } = &self.0 else { return Ok(()) };
        if file.metadata().is_ok_and(|now| Stamp::from(now) == *opened) {
            Ok(())
        } else {
            Err(FileChanged { path: path.clone() })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::*;

    #[test]
    fn a_change_in_place_is_noticed_and_a_replacement_is_harmless() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        let open = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            MappedFile::open(&path).unwrap()
        };

        let replaced = open(b"before");
        fs::write(folder.path().join("new"), b"behind").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        assert!(replaced.check().is_ok());
        assert_eq!(replaced.bytes(), b"before");

        let shortened = open(b"before");
        File::options().write(true).open(&path).unwrap().set_len(3).unwrap();
        let message = shortened.check().unwrap_err().to_string();
        assert_eq!(message, format!("the file was changed while it was open, open it again: {}", path.display()));

        let longer = open(b"before");
        File::options().append(true).open(&path).unwrap().write_all(b"!").unwrap();
        assert!(longer.check().is_err());

        let overwritten = open(b"before");
        let file = File::options().write(true).open(&path).unwrap();
        (&file).write_all(b"BEFORE").unwrap();
        file.set_modified(SystemTime::now() + std::time::Duration::from_secs(1)).unwrap();
        assert!(overwritten.check().is_err());

        fs::remove_file(&path).unwrap();
        assert!(open(b"again").check().is_ok());
    }

    #[test]
    fn a_file_that_is_part_of_the_program_is_read_in_place_and_never_changes() {
        static BYTES: &[u8] = b"GGUF";
        let embedded = MappedFile::embedded(BYTES);
        assert!(std::ptr::eq(embedded.bytes(), BYTES));
        assert!(embedded.check().is_ok());
    }

    #[test]
    fn what_is_no_regular_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(MappedFile::open(folder.path()).unwrap_err().to_string(), "not a regular file");
        assert!(MappedFile::open(&folder.path().join("gone")).is_err());
        let empty = folder.path().join("empty");
        fs::write(&empty, b"").unwrap();
        assert!(MappedFile::open(&empty).unwrap().bytes().is_empty());
    }
}
