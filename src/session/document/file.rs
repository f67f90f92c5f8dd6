//! Reading and writing session documents: as JSON files, and in the metadata of figures.

use std::path::Path;

use serde::Serialize;

use super::{
    ascii_json,
    error::{DocumentError, Problem},
    format::{FORMAT, MOST_BYTES, VERSION},
    migrate, png_text,
    session_document::SessionDocument,
    xml_metadata,
};
use crate::{
    base::{Contents, ProtectedFiles, regular_file, write_atomically},
    engine::{Fingerprints, Outcome},
    session::Session,
};

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    version: u32,
    #[serde(flatten)]
    document: &'a SessionDocument,
}

impl SessionDocument {
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
        ascii_json::to_string(&self.written())
    }

    fn written(&self) -> Written<'_> {
        Written { format: FORMAT, version: VERSION, document: self }
    }

    /// Writes the document to `path`, whole or not at all.
    ///
    /// # Errors
    /// When a path is no Unicode, the folder does not take the file, or `path` is a file of the session's source.
    pub fn save(self, path: &Path) -> Result<(), DocumentError> {
        let mut protected = ProtectedFiles::none();
        self.session.source.protect(&mut protected);
        let json = self.beside(path).to_json().map_err(|cause| Problem::Json(cause).at(path))?;
        Ok(write_atomically(path, &protected, |out| out.write_all(json.as_bytes()))?)
    }

    /// Reads a session from its JSON, of this version or an older one, and checks it.
    ///
    /// # Errors
    /// When the text is no session, of a newer version, or holds what no session can.
    pub fn from_json(text: &[u8]) -> Result<Self, Problem> {
        let document = migrate::read(text)?.checked()?;
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

/// Reads a session from JSON, or from the metadata of an exported PNG, SVG or PDF, by whatever name.
///
/// # Errors
/// When the file cannot be read or holds no session that this program can restore; the message names it.
pub fn read(path: &Path) -> Result<SessionDocument, DocumentError> {
    let bytes = |most| regular_file::read(path, most).map_err(Problem::from);
    let text = match Contents::of(path) {
        Some(Contents::Png) => regular_file::open(path).map_err(Problem::from).and_then(png_text::session),
        Some(Contents::Svg) => bytes(xml_metadata::MOST_BYTES).and_then(|svg| xml_metadata::svg(&svg)),
        Some(Contents::Pdf) => bytes(xml_metadata::MOST_BYTES).and_then(|pdf| xml_metadata::pdf(&pdf)),
        _ => bytes(MOST_BYTES),
    };
    text.and_then(|text| SessionDocument::from_json(&text)).map_err(|problem| problem.at(path))
}
