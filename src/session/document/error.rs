use std::{
    io,
    path::{Path, PathBuf},
};

use super::format::VERSION;
use crate::{
    base::{WriteError, regular_file::OpenError},
    session::Unsound,
};

/// Why a session was not read or written. Messages name the file.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A file that is read holds no session that can be opened.
    #[error("{problem}: {}", path.display())]
    File {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The session cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The system refuses to read the file.
    #[error("cannot read ({0})")]
    Read(io::Error),
    /// A folder or a device.
    #[error("expected a file, found something else")]
    NotAFile,
    /// Longer than any session is.
    #[error("expected at most {most} bytes, found {found}")]
    TooLarge {
        /// Largest number of bytes that is read.
        most: u64,
        /// Number of bytes that the file has.
        found: u64,
    },
    /// A figure without a session inside.
    #[error("holds no session (it was exported without one, or by another program)")]
    None,
    /// A PNG whose chunks do not hold.
    #[error("the picture is damaged ({0})")]
    Picture(&'static str),
    /// An SVG or PDF whose metadata cannot be parsed.
    #[error("the metadata is no XML that can be read ({0})")]
    Xml(roxmltree::Error),
    /// JSON of another kind.
    #[error("not a session of Attenuate: expected “format”: “attenuate-session”")]
    NotASession,
    /// Written by a later version of the program, in a format that this one does not know.
    #[error(
        "written by a newer Attenuate{} (session version {version}; this program reads up to {VERSION})",
        by(program)
    )]
    Newer {
        /// Version of the session format that was found.
        version: u64,
        /// Version of the program that wrote it.
        program: String,
    },
    /// Broken JSON, or fields that are missing or of another type.
    #[error("the session cannot be read ({0})")]
    Json(serde_json::Error),
    /// Values that no command leads to.
    #[error(transparent)]
    Unsound(#[from] Unsound),
}

impl Problem {
    pub(super) fn at(self, path: &Path) -> DocumentError {
        DocumentError::File { path: path.to_owned(), problem: self }
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NotRegular => Self::NotAFile,
            OpenError::TooLarge { most, found } => Self::TooLarge { most, found },
            other => Self::Read(other.into()),
        }
    }
}

/// The version of the program, as far as it looks like one.
fn by(program: &str) -> String {
    let is_version = program.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
    if program.is_empty() || program.len() > 32 || !is_version { String::new() } else { format!(" {program}") }
}
