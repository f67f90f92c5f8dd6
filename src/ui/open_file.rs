//! Opening a capture, a model folder, a GGUF file or a session: by path, by the desktop's dialog, or dropped onto the window.

use std::path::Path;

use egui::Context;

use super::{
    action::Actions,
    path_field::{FileKind, PathField, Purpose},
    sessions::SessionAction,
    widgets::dialog,
};
use crate::session::{
    Command,
    document::{Named, NamedError},
};

const CAPTURE: FileKind = FileKind { name: "Capture (safetensors, NPZ)", extensions: &["safetensors", "npz"] };
const SESSION: FileKind =
    FileKind { name: "Session or figure (JSON, PNG, SVG, PDF)", extensions: &["json", "png", "svg", "pdf"] };
const GGUF: FileKind = FileKind { name: "Model (GGUF)", extensions: &["gguf"] };

/// What is asked for. The field takes any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Capture,
    ModelFolder,
    Gguf,
    Session,
}

/// The dialog that asks for a file or a folder.
pub struct OpenFile {
    wanted: Option<Wanted>,
    path: PathField,
}

impl Default for OpenFile {
    fn default() -> Self {
        let folder = std::env::current_dir().unwrap_or_default().join("");
        Self { wanted: None, path: PathField::new(Purpose::Open, CAPTURE, &folder) }
    }
}

impl OpenFile {
    pub fn open(&mut self, wanted: Wanted) {
        self.wanted = Some(wanted);
        match wanted {
            Wanted::Capture => self.path.ask_for(Purpose::Open, CAPTURE),
            // The filter is of files; a folder has none.
            Wanted::ModelFolder => self.path.ask_for(Purpose::OpenFolder, CAPTURE),
            Wanted::Gguf => self.path.ask_for(Purpose::Open, GGUF),
            Wanted::Session => self.path.ask_for(Purpose::Open, SESSION),
        }
        self.path.focus();
    }

    pub fn is_open(&self) -> bool {
        self.wanted.is_some()
    }

    /// The dialog, where it is open.
    ///
    /// # Errors
    /// When the chosen file is of no known kind.
    pub fn show(&mut self, ctx: &Context, actions: &mut Actions) -> Result<(), NamedError> {
        let Some(wanted) = self.wanted else { return Ok(()) };
        let (title, name) = match wanted {
            Wanted::Capture => ("Open capture", "Capture file"),
            Wanted::ModelFolder => ("Open model folder", "Folder with config.json"),
            Wanted::Gguf => ("Open GGUF file", "Model file"),
            Wanted::Session => ("Open session", "Session, or exported figure"),
        };
        let (chosen, stays) = dialog(ctx, title, |ui| self.path.show(ui, name) | ui.button("Open").clicked());
        let chosen = chosen == Some(true);
        if !stays || chosen {
            self.wanted = None;
        }
        if chosen { open_path(&self.path.path(), actions) } else { Ok(()) }
    }
}

/// Asks for the source or the session that `path` names.
///
/// # Errors
/// When it is of no known kind.
pub fn open_path(path: &Path, actions: &mut Actions) -> Result<(), NamedError> {
    actions.push(match Named::at(path)? {
        Named::Source(source) => Command::Open(source).into(),
        Named::Session(file) => SessionAction::Open(file).into(),
    });
    Ok(())
}
