//! Where a session is saved, and the thread that writes it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use egui::{Button, Context};

use crate::{
    engine::{Fingerprints, Outcome},
    session::{
        Session,
        document::{Inputs, SessionDocument},
    },
    ui::{
        background::{Background, Finished},
        path_field::{FileKind, PathField, Purpose},
        widgets::dialog,
    },
};

const SESSION: FileKind = FileKind { name: "Session", extensions: &["json"] };

/// A file that was written, and what it holds.
type Written = Result<(PathBuf, Session), String>;

/// The dialog and the job behind it.
pub struct Saver {
    is_open: bool,
    field: PathField,
    job: Background<Written>,
}

impl Default for Saver {
    fn default() -> Self {
        let field = PathField::new(Purpose::Save, SESSION, &suggested(None));
        Self { is_open: false, field, job: Background::default() }
    }
}

impl Saver {
    /// Asks for a file, beginning at `file`.
    pub fn open(&mut self, file: Option<&Path>) {
        self.is_open = true;
        if file.is_some() {
            self.field = PathField::new(Purpose::Save, SESSION, &suggested(file));
        }
        self.field.focus();
    }

    pub fn is_open(&self) -> bool {
        self.is_open
    }

    pub fn is_saving(&self) -> bool {
        self.job.is_running()
    }

    pub fn poll(&mut self) -> Option<Written> {
        let result = match self.job.poll()? {
            Finished::Done(result) => result,
            Finished::Broken => Err("Saving stopped because of an internal error; no file was written.".to_owned()),
        };
        // After a failure the dialog stays, so that the path can be mended.
        self.is_open &= result.is_err();
        Some(result)
    }

    /// Writes a session to its file.
    pub fn save(&mut self, ctx: &Context, task: SaveTask) {
        self.job.start(ctx, "saving a session", move || task.run());
    }

    /// The dialog, where it is open. Returns the file that was chosen.
    pub fn show(&mut self, ctx: &Context) -> Option<PathBuf> {
        if !self.is_open {
            return None;
        }
        let is_free = !self.job.is_running();
        let (chosen, stays) = dialog(ctx, "Save session", |ui| {
            let entered = self.field.show(ui, "Session file");
            entered | ui.add_enabled(is_free, Button::new("Save")).clicked()
        });
        self.is_open = stays;
        (chosen == Some(true) && is_free).then(|| self.field.path())
    }
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
    fn run(self) -> Written {
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
fn suggested(path: Option<&Path>) -> PathBuf {
    path.map_or_else(
        || std::env::current_dir().unwrap_or_default().join("session.json"),
        |path| path.with_extension("json"),
    )
}
