//! Opening and reading input files that must be regular files: no folder, pipe or device.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// Why a file was not opened or read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("not a regular file")]
    NotRegular,
    #[error("expected at most {most} bytes, found {found}")]
    TooLarge { most: u64, found: u64 },
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
/// When there is no such file, it is not a regular file, or it cannot be read.
pub fn open(path: &Path) -> Result<File, OpenError> {
    // Asked before opening: to open a pipe is to wait for someone who writes.
    if path.metadata()?.is_file() { Ok(File::open(path)?) } else { Err(OpenError::NotRegular) }
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

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_nobody_writes_to_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(matches!(read(&pipe, 5), Err(OpenError::NotRegular)));
    }
}
