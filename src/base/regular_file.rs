//! Opening and reading input files that must be regular files: no folder, pipe or device.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    path::Path,
};

/// Why a file was not opened or read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A folder, a device or a pipe.
    #[error("not a regular file")]
    NotRegular,
    /// Longer than what is read there.
    #[error("expected at most {most} bytes, found {found}")]
    TooLarge {
        /// Largest number of bytes that is read.
        most: u64,
        /// Number of bytes that the file has.
        found: u64,
    },
    /// A short text of Git LFS that stands for a file which was not fetched.
    #[error("found a pointer of Git LFS in place of the file itself, which git lfs pull brings")]
    LfsPointer,
    /// The system refuses to open or read it.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => error,
            other => Self::new(io::ErrorKind::InvalidInput, other.to_string()),
        }
    }
}

/// Opens a regular file for reading.
///
/// # Errors
/// When there is no such file, it is not a regular file, it cannot be read, or Git LFS left a pointer in its place.
pub fn open(path: &Path) -> Result<File, OpenError> {
    // Asked before opening: to open a pipe is to wait for someone who writes.
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        return Err(OpenError::NotRegular);
    }
    let mut file = File::open(path)?;
    if metadata.len() <= LONGEST_POINTER && is_pointer(&mut file)? {
        return Err(OpenError::LfsPointer);
    }
    Ok(file)
}

/// A pointer has some lines of text: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.
const LONGEST_POINTER: u64 = 1024;

fn is_pointer(file: &mut File) -> io::Result<bool> {
    const START: &[u8] = b"version https://git-lfs.github.com/spec/";
    let mut start = Vec::new();
    file.take(START.len() as u64).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start == START)
}

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// Those of [`open`], and when the file is larger.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, OpenError> {
    let file = open(path)?;
    let found = file.metadata()?.len();
    if found > most {
        return Err(OpenError::TooLarge { most, found });
    }
    let mut bytes = Vec::new();
    // It may grow while it is read.
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_are_read_up_to_a_limit_and_nothing_else_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read(&path, 4).unwrap_err().to_string(), "expected at most 4 bytes, found 5");
        assert!(matches!(open(folder.path()), Err(OpenError::NotRegular)));
        assert!(
            matches!(open(&folder.path().join("gone")), Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound)
        );
    }

    #[test]
    fn a_pointer_of_git_lfs_is_not_taken_for_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        fs::write(&path, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n").unwrap();
        assert!(matches!(read(&path, 500), Err(OpenError::LfsPointer)));
        fs::write(&path, "version 1 of a text").unwrap();
        assert_eq!(read(&path, 500).unwrap(), b"version 1 of a text");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_nobody_writes_to_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(matches!(read(&pipe, 5), Err(OpenError::NotRegular)));
    }
}
