//! Where a session is saved, and what is written there.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    engine::{Fingerprints, Outcome},
    session::{
        Session,
        document::{Inputs, SessionDocument},
    },
    ui::dialogs::{
        path_field::FileKind,
        save_dialog::{SaveDialog, SaveWords},
    },
};

const WORDS: SaveWords = SaveWords { title: "Save session", field: "Session file", button: "Save" };
const SESSION: FileKind = FileKind { name: "Session", extensions: &["json"] };

/// A file that was written, and what it holds.
pub type Written = (PathBuf, Session);

/// Asks where a session is saved.
pub fn session_dialog() -> SaveDialog<Written> {
    SaveDialog::new(WORDS, SESSION, &suggested(None))
}

/// A session on its way to a file.
pub struct SaveTask {
    pub file: PathBuf,
    pub session: Session,
    /// What is on screen, if it answers the session.
    pub shown: Option<Outcome>,
    pub fingerprints: Arc<Fingerprints>,
    pub inputs: Inputs,
}

impl SaveTask {
    pub fn run(self) -> Result<Written, String> {
        let Self { file, session, shown, fingerprints, inputs } = self;
        if !file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
            return Err(format!("{}: the name must end in .json", file.display()));
        }
        inputs.protected_from_session(&file).check(&file).map_err(|error| error.to_string())?;
        let document = SessionDocument::of(&session, shown.as_ref(), &fingerprints);
        document.save(&file).map_err(|error| error.to_string())?;
        Ok((file, session))
    }
}

/// The session's own file next to `path`, a figure or nothing.
pub fn suggested(path: Option<&Path>) -> PathBuf {
    path.map_or_else(
        || std::env::current_dir().unwrap_or_default().join("session.json"),
        |path| path.with_extension("json"),
    )
}
