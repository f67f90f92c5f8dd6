//! A session as it is stored: with what is known of its source and its tokens.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::relative_path;
use crate::{
    engine::{Fingerprint, Fingerprints, Outcome, SourceSpec},
    session::{Command, Session, Stored, Unsound},
};

/// A session, and what it takes to show it again: its source's record, and the prompt's tokens.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionDocument {
    /// Version of the program that wrote it.
    pub program: String,
    /// How the session's source is found again.
    pub source: SourceRecord,
    /// What is shown.
    pub session: Session,
    /// The prompt's tokens as the vocabulary writes them; empty where they were not known yet.
    pub tokens: Vec<String>,
    /// Their numbers; empty where the source has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub token_ids: Vec<u32>,
}

/// A document as it is read, not yet checked.
#[derive(Deserialize)]
pub(super) struct Unchecked {
    #[serde(default)]
    program: String,
    #[serde(default)]
    source: SourceRecord,
    session: Stored,
    #[serde(default)]
    tokens: Vec<String>,
    #[serde(default)]
    token_ids: Vec<u32>,
}

impl Unchecked {
    /// As of version 1 and before: see [`Stored::with_captured_tokens`].
    pub(super) fn of_captures(self) -> Self {
        Self { session: self.session.with_captured_tokens(), ..self }
    }

    /// The document, where commands could have led to its session.
    pub(super) fn checked(self) -> Result<SessionDocument, Unsound> {
        let Self { program, source, session, tokens, token_ids } = self;
        let session = session.session(tokens.len())?;
        if !token_ids.is_empty() && token_ids.len() != tokens.len() {
            let expected = format!("a number for each of {} tokens", tokens.len());
            return Err(Unsound { field: "token_ids", expected, found: token_ids.len().to_string() });
        }
        Ok(SessionDocument { program, source, session, tokens, token_ids })
    }
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

impl SessionDocument {
    /// A document of `session`. `shown` is what is on screen, if it answers the session's source and prompt. Reads
    /// the source's files, or asks `fingerprints` what is known of them: not for the thread that draws the window. Of
    /// a source that cannot be read any more the document knows no content, and is a document all the same.
    pub fn of(session: &Session, shown: Option<&Outcome>, fingerprints: &Fingerprints) -> Self {
        let mut document = Self::of_unread(session, shown);
        document.source.content = fingerprints.of(session.source()).ok().flatten();
        document
    }

    /// As [`Self::of`], without the source's content.
    pub fn of_unread(session: &Session, shown: Option<&Outcome>) -> Self {
        let shown = shown.filter(|outcome| outcome.facts.source == *session.source());
        let tokens = shown.map(|outcome| &*outcome.tokens).unwrap_or_default();
        Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            source: SourceRecord {
                title: shown.map_or_else(String::new, |outcome| outcome.facts.title.clone()),
                beside: None,
                content: None,
            },
            session: session.clone().with([Command::Locate(session.source().absolute())]),
            tokens: tokens.iter().map(|token| token.piece.clone()).collect(),
            token_ids: tokens.iter().map(|token| token.id).collect::<Option<_>>().unwrap_or_default(),
        }
    }

    /// For a document that is written to `file`: it remembers the way from there to its source.
    #[must_use]
    pub fn beside(mut self, file: &Path) -> Self {
        self.source.beside = self.session.source().path().and_then(|source| relative_path::relative(file, source));
        self
    }

    /// The session on `source`, where it was found again.
    pub fn session_on(&self, source: SourceSpec) -> Session {
        self.session.clone().with([Command::Locate(source)])
    }
}
