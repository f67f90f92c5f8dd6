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
    #[error("{problem}: {}", path.display())]
    File { path: PathBuf, problem: Problem },
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("cannot read ({0})")]
    Read(io::Error),
    #[error("expected a file, found something else")]
    NotAFile,
    #[error("expected at most {most} bytes, found {found}")]
    TooLarge { most: u64, found: u64 },
    #[error("holds no session (it was exported without one, or by another program)")]
    None,
    #[error("the picture is damaged ({0})")]
    Picture(&'static str),
    #[error("the metadata is no XML that can be read ({0})")]
    Xml(roxmltree::Error),
    #[error("not a session of Attenuate: expected “format”: “attenuate-session”")]
    NotASession,
    #[error(
        "written by a newer Attenuate{} (session version {version}; this program reads up to {VERSION})",
        by(program)
    )]
    Newer { version: u64, program: String },
    #[error("the session cannot be read ({0})")]
    Json(serde_json::Error),
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
