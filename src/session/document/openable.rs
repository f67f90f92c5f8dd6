//! What a path or name on the command line or in a dialog opens: a source, or a stored session with its source.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use super::{inputs::Inputs, session_document::SourceRecord};
use crate::{
    base::Contents,
    engine::{SourceSpec, SourceSpecError},
    session::Session,
};

/// A source or a session file, by the name or path that opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A model or a capture.
    Source(SourceSpec),
    /// A session file, or an exported figure with one.
    Session(PathBuf),
}

/// A name or path of no kind that can be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}{rest}", rest = more(.0))]
pub struct NamedError(SourceSpecError);

impl NamedError {
    /// Whether the name may well be right, and it is the disk that does not have it.
    pub fn is_of_the_disk(&self) -> bool {
        self.0.is_of_the_disk()
    }
}

fn more(error: &SourceSpecError) -> &'static str {
    match error {
        SourceSpecError::UnknownKind(_) => ", or a session ending in .json or in an exported .png, .svg or .pdf",
        SourceSpecError::UnknownBundled(_)
        | SourceSpecError::Name(_)
        | SourceSpecError::Pickled(_)
        | SourceSpecError::Missing(_)
        | SourceSpecError::Unreadable { .. } => "",
    }
}

impl FromStr for Named {
    type Err = NamedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::at(Path::new(text))
    }
}

impl Named {
    /// What the path opens, which need not be UTF-8, or the bundled source of that name.
    ///
    /// # Errors
    /// When it is of no kind that can be opened.
    pub fn at(path: &Path) -> Result<Self, NamedError> {
        let is_name = path.to_str().is_some_and(SourceSpec::is_name);
        if is_session(path) && !path.is_dir() && !is_name {
            return Ok(Self::Session(path.to_owned()));
        }
        SourceSpec::named(path).map(Self::Source).map_err(NamedError)
    }
}

fn is_session(path: &Path) -> bool {
    matches!(Contents::of(path), Some(Contents::Json | Contents::Png | Contents::Svg | Contents::Pdf))
}

/// What becomes of a source that has changed on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// A line says so.
    #[default]
    Offer,
    /// It is opened anew.
    AtOnce,
}

impl Follow {
    /// The one that a switch leads to.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Offer => Self::AtOnce,
            Self::AtOnce => Self::Offer,
        }
    }
}

/// What a window opens on.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// What is shown.
    pub session: Session,
    /// The file that the session was read from, and what it knows of the source; `None` for a start without a file.
    pub from: Option<(PathBuf, SourceRecord)>,
    /// What happens when the source changes on the disk.
    pub follow: Follow,
    /// What was read besides, which nothing that the window writes may replace.
    pub inputs: Inputs,
}

impl From<Session> for Start {
    fn from(session: Session) -> Self {
        Self { session, from: None, follow: Follow::default(), inputs: Inputs::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_tell_sessions_from_sources() {
        for name in ["a.json", "b.PNG", "c.svg", "d.pdf"] {
            assert_eq!(name.parse(), Ok(Named::Session(name.into())));
        }
        assert_eq!("a.gguf".parse(), Ok(Named::Source(SourceSpec::Gguf("a.gguf".into()))));
        let folder = tempfile::tempdir().unwrap();
        let notes = folder.path().join("notes.txt");
        let refusal = || notes.to_str().unwrap().parse::<Named>().unwrap_err();
        assert!(refusal().is_of_the_disk(), "{}", refusal());
        assert_eq!(refusal().to_string(), format!("there is no such file or folder: {}", notes.display()));
        std::fs::write(&notes, "").unwrap();
        let message = refusal().to_string();
        assert!(!refusal().is_of_the_disk());
        assert!(message.contains(".safetensors or .npz, or a session ending in .json"), "{message}");
        let message = "bundled:x.json".parse::<Named>().unwrap_err().to_string();
        assert!(message.contains("bundled:austen") && !message.contains("a session"), "{message}");
    }
}
