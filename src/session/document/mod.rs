//! A session as a file, and inside exported figures: readable JSON with a version.
//!
//! ```json
//! { "format": "attenuate-session", "version": 1, "program": "0.1.0",
//!   "source": { "title": "…", "beside": "../models/x", "content": "sha256-folder:…" },
//!   "session": { "source": { "folder": "/models/x" }, "prompt": …, "layer": 14, "epsilon": …, "view": … },
//!   "tokens": ["<|endoftext|>", "Attention"], "token_ids": [0, 41319] }
//! ```
//!
//! What is read is a [`Session`] like any that commands lead to: everything is checked here, and nothing afterwards
//! but what only the source knows (how many layers and heads it has, T).

mod error;
mod escaped;
mod figures;
mod locate;
mod migrate;
mod named;
mod nesting;
mod png;
mod sound;

use std::{fs::File, io::Read, path::Path};

use serde::{Deserialize, Serialize};

pub use error::{DocumentError, Problem};
pub use locate::{Whereabouts, locate};
pub use named::{Named, NamedError, Start};

use super::Session;
use crate::{
    capture::write_atomically,
    engine::{Fingerprint, Fingerprints, Outcome, SourceSpec},
    figure::payload,
};

/// The version that is written, and the newest that is read.
pub const VERSION: u32 = 1;
const FORMAT: &str = "attenuate-session";
/// Larger than any session: a prompt of a million tokens has a tenth.
pub const MOST_BYTES: u64 = 16 << 20;
/// The keyword of a PNG's chunk and the element of an SVG's or PDF's metadata that holds a session.
pub const KEYWORD: &str = payload::XML_ELEMENT;
/// The XML namespace of the element.
pub const NAMESPACE: &str = payload::XML_NAMESPACE;

/// A session and what it was of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionDocument {
    /// Version of the program that wrote it.
    #[serde(default)]
    pub program: String,
    /// How the session's source is found again.
    #[serde(default)]
    pub source: SourceRecord,
    pub session: Session,
    /// The prompt's tokens as the vocabulary writes them; empty where they were not known yet.
    #[serde(default)]
    pub tokens: Vec<String>,
    /// Their numbers; empty where the source has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_ids: Vec<u32>,
}

/// What is known of a source besides its path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceRecord {
    /// Its name for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Its path from the folder of the document, with `/`: what moves together is found again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<String>,
    /// `None` for what is bundled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Fingerprint>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    version: u32,
    #[serde(flatten)]
    document: &'a SessionDocument,
}

impl SessionDocument {
    /// A document of `session`. `shown` is what is on screen, if it answers the session's source and prompt. Reads
    /// the source's files, or asks `fingerprints` what is known of them: not for the thread that draws the window. Of
    /// a source that cannot be read any more the document knows no content, and is a document all the same.
    pub fn of(session: &Session, shown: Option<&Outcome>, fingerprints: &Fingerprints) -> Self {
        let mut document = Self::of_unread(session, shown);
        document.source.content = fingerprints.of(&session.source).ok().flatten();
        document
    }

    /// As [`Self::of`], without the source's content.
    pub fn of_unread(session: &Session, shown: Option<&Outcome>) -> Self {
        let shown = shown.filter(|outcome| outcome.facts.source == session.source);
        let tokens = shown.map(|outcome| &*outcome.tokens).unwrap_or_default();
        Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            source: SourceRecord {
                title: shown.map_or_else(String::new, |outcome| outcome.facts.title.clone()),
                beside: None,
                content: None,
            },
            session: Session { source: session.source.absolute(), ..session.clone() },
            tokens: tokens.iter().map(|token| token.piece.clone()).collect(),
            token_ids: tokens.iter().map(|token| token.id).collect::<Option<_>>().unwrap_or_default(),
        }
    }

    /// For a document that is written to `file`: it remembers the way from there to its source.
    #[must_use]
    pub fn beside(mut self, file: &Path) -> Self {
        self.source.beside = self.session.source.path().and_then(|source| locate::way(file, source));
        self
    }

    /// As a file of its own, for people to read.
    ///
    /// # Errors
    /// When a path is no Unicode.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let mut json = serde_json::to_string_pretty(&self.written())?;
        json.push('\n');
        Ok(json)
    }

    /// For a figure's metadata: on one line, ASCII without `<`, `>` and `&`, so that no container has to escape it.
    ///
    /// # Errors
    /// When a path is no Unicode.
    pub fn to_payload(&self) -> serde_json::Result<String> {
        escaped::to_string(&self.written())
    }

    fn written(&self) -> Written<'_> {
        Written { format: FORMAT, version: VERSION, document: self }
    }

    /// Writes the document to `path`, whole or not at all.
    ///
    /// # Errors
    /// When a path is no Unicode, or the folder does not take the file.
    pub fn save(self, path: &Path) -> Result<(), DocumentError> {
        let json = self.beside(path).to_json().map_err(|cause| Problem::Json(cause).at(path))?;
        Ok(write_atomically(path, |out| out.write_all(json.as_bytes()))?)
    }

    /// The session on `source`, where it was found again.
    pub fn session_on(&self, source: SourceSpec) -> Session {
        Session { source, ..self.session.clone() }
    }

    /// # Errors
    /// When the text is no session, of a newer version, or holds what no session can.
    pub fn from_json(text: &[u8]) -> Result<Self, Problem> {
        let document = migrate::read(text)?;
        sound::check(&document)?;
        Ok(document)
    }
}

/// The session for the metadata of a figure that is written to `file`. As [`SessionDocument::of`], not for the thread
/// that draws the window.
///
/// # Errors
/// When a path is no Unicode.
pub fn payload(
    session: &Session,
    outcome: &Outcome,
    file: &Path,
    fingerprints: &Fingerprints,
) -> Result<String, DocumentError> {
    let document = SessionDocument::of(session, Some(outcome), fingerprints).beside(file);
    document.to_payload().map_err(|cause| Problem::Json(cause).at(file))
}

/// Reads a session from a `.json`, or from the metadata of an exported `.png`, `.svg` or `.pdf`.
///
/// # Errors
/// When the file cannot be read or holds no session that this program can restore; the message names it.
pub fn read(path: &Path) -> Result<SessionDocument, DocumentError> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let text = match extension.as_deref() {
        Some("png") => open(path, u64::MAX).and_then(png::session),
        Some("svg") => bytes(path, figures::MOST_BYTES).and_then(|svg| figures::svg(&svg)),
        Some("pdf") => bytes(path, figures::MOST_BYTES).and_then(|pdf| figures::pdf(&pdf)),
        _ => bytes(path, MOST_BYTES),
    };
    text.and_then(|text| SessionDocument::from_json(&text)).map_err(|problem| problem.at(path))
}

/// A regular file of at most `most` bytes.
fn open(path: &Path, most: u64) -> Result<File, Problem> {
    // Asked before opening: to open a pipe is to wait for someone who writes.
    let metadata = path.metadata().map_err(Problem::Read)?;
    if !metadata.is_file() {
        return Err(Problem::NotAFile);
    }
    if metadata.len() > most {
        return Err(Problem::TooLarge { most, found: metadata.len() });
    }
    File::open(path).map_err(Problem::Read)
}

fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    open(path, most)?.take(most).read_to_end(&mut bytes).map_err(Problem::Read)?;
    Ok(bytes)
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
