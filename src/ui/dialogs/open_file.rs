//! Opening a capture, a model folder, a GGUF file or a session: by path, by the desktop's dialog, or dropped onto the window.

use std::path::Path;

use egui::Ui;

use super::path_field::{FileKind, PathField, Purpose};
use crate::{
    session::{Command, document::Named},
    ui::{
        shell::{
            action::{Action, Openable, SessionAction},
            part::{Modality, Part, PartContext},
        },
        widgets::dialog,
    },
};

const CAPTURE: FileKind = FileKind { name: "Capture (safetensors, NPZ)", extensions: &["safetensors", "npz"] };
const SESSION: FileKind =
    FileKind { name: "Session or figure (JSON, PNG, SVG, PDF)", extensions: &["json", "png", "svg", "pdf"] };
const GGUF: FileKind = FileKind { name: "Model (GGUF)", extensions: &["gguf"] };

/// The dialog that asks for a file or a folder, where it is open. Its field takes anything that can be opened.
pub struct OpenFile {
    wanted: Option<Openable>,
    path: PathField,
}

impl Default for OpenFile {
    fn default() -> Self {
        let folder = std::env::current_dir().unwrap_or_default().join("");
        Self { wanted: None, path: PathField::new(Purpose::Open, CAPTURE, &folder) }
    }
}

impl Part for OpenFile {
    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        let dropped = ui.input(|input| input.raw.dropped_files.clone());
        if let Some(file) = dropped.first() {
            open_path(file.path(), cx);
        }
    }

    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        let Some(wanted) = self.wanted else { return };
        let (title, name) = match wanted {
            Openable::Capture => ("Open capture", "Capture file"),
            Openable::ModelFolder => ("Open model folder", "Folder with config.json"),
            Openable::Gguf => ("Open GGUF file", "Model file"),
            Openable::Session => ("Open session", "Session, or exported figure"),
        };
        let (chosen, stays) = dialog(cx.egui, title, |ui| self.path.show(ui, name) | ui.button("Open").clicked());
        let chosen = chosen == Some(true);
        if !stays || chosen {
            self.wanted = None;
        }
        if chosen {
            open_path(&self.path.path(), cx);
        }
    }

    fn act(&mut self, action: &Action, _cx: &mut PartContext<'_>) {
        let Action::AskFor(wanted) = action else { return };
        self.wanted = Some(*wanted);
        match wanted {
            Openable::Capture => self.path.ask_for(Purpose::Open, CAPTURE),
            // The filter is of files; a folder has none.
            Openable::ModelFolder => self.path.ask_for(Purpose::OpenFolder, CAPTURE),
            Openable::Gguf => self.path.ask_for(Purpose::Open, GGUF),
            Openable::Session => self.path.ask_for(Purpose::Open, SESSION),
        }
        self.path.focus();
    }

    fn modality(&self) -> Modality {
        if self.wanted.is_some() { Modality::Keys } else { Modality::None }
    }
}

/// Asks for the source or the session that `path` names; says so where it is of no known kind.
fn open_path(path: &Path, cx: &mut PartContext<'_>) {
    match Named::at(path) {
        Ok(Named::Source(source)) => cx.actions.push(Command::Open(source).into()),
        Ok(Named::Session(file)) => cx.actions.push(SessionAction::Open(file).into()),
        Err(error) => cx.toasts.error(error.to_string()),
    }
}
