//! The files that a view was read from, which nothing that is written of it may destroy.

use std::path::{Path, PathBuf};

use crate::{
    base::{InputRole, ProtectedFiles},
    engine::SourceSpec,
};

/// Sources, session files and lists that were read for what is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    sources: Vec<SourceSpec>,
    /// Session files, and exported figures that were opened as sessions.
    sessions: Vec<PathBuf>,
    /// Lists of prompts or changes: nothing that is written carries them, and so nothing replaces them.
    files: Vec<(PathBuf, InputRole)>,
}

impl Inputs {
    /// Protects the files of a source from being written to.
    pub fn add_source(&mut self, source: &SourceSpec) {
        if !self.sources.contains(source) {
            self.sources.push(source.clone());
        }
    }

    /// `file` is a session, or an exported figure that was opened as one.
    pub fn add_session(&mut self, file: &Path) {
        if !self.sessions.iter().any(|session| session == file) {
            self.sessions.push(file.to_owned());
        }
    }

    /// `file` is a list of prompts or changes.
    pub fn add_file(&mut self, file: &Path, role: InputRole) {
        if !self.files.iter().any(|(other, _)| other == file) {
            self.files.push((file.to_owned(), role));
        }
    }

    /// What numbers must not replace: everything that was read. Reads model folders.
    pub fn protected(&self) -> ProtectedFiles {
        self.protected_but(|_| false)
    }

    /// What `output`, a file that carries the session, must not replace: the sources. The session's own file it may,
    /// as the session is in it again, unless its ending says that it is something else. Reads model folders.
    pub fn protected_from_session(&self, output: &Path) -> ProtectedFiles {
        let ending = |path: &Path| path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        self.protected_but(|session| ending(session) == ending(output))
    }

    fn protected_but(&self, is_free: impl Fn(&Path) -> bool) -> ProtectedFiles {
        let mut protected = ProtectedFiles::none();
        for source in &self.sources {
            source.protect(&mut protected);
        }
        for session in self.sessions.iter().filter(|session| !is_free(session)) {
            protected.add(session, InputRole::Session);
        }
        for (file, role) in &self.files {
            protected.add(file, *role);
        }
        protected
    }
}
