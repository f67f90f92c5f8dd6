//! Opening a capture, a model folder, a GGUF file or a session: by path, by the desktop's dialog, or dropped onto the window.

use std::path::PathBuf;

use egui::{Label, RichText, Role, Ui, WidgetInfo};

use super::path_field::{FileKind, PathField, Purpose};
use crate::{
    session::{Command, document::Named},
    ui::{
        shell::{
            action::{Action, Openable, SessionAction},
            part::{Modality, Part, PartContext},
        },
        theme,
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
    /// The path that is of no known kind, and why: it stays to be mended.
    failure: Option<(PathBuf, String)>,
}

impl Default for OpenFile {
    fn default() -> Self {
        let folder = std::env::current_dir().unwrap_or_default().join("");
        Self { wanted: None, path: PathField::new(Purpose::Open, CAPTURE, &folder), failure: None }
    }
}

impl Part for OpenFile {
    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        let dropped = ui.input(|input| input.raw.dropped_files.clone());
        if let Some(file) = dropped.first() {
            match Named::at(file.path()) {
                Ok(named) => open(named, cx),
                Err(error) => cx.toasts.error(error.to_string()),
            }
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
        // Until another path is typed.
        self.failure.take_if(|(path, _)| *path != self.path.path());
        let (chosen, stays) = dialog(cx.egui, title, |ui| {
            let chosen = self.path.show(ui, name);
            if let Some((_, why)) = &self.failure {
                let label = ui.add(Label::new(RichText::new(why).small().color(theme::of(ui).error)).wrap());
                label.widget_info(|| WidgetInfo::labeled(Role::Alert, true, why));
            }
            chosen | ui.button("Open").clicked()
        });
        if chosen == Some(true) {
            let path = self.path.path();
            match Named::at(&path) {
                Ok(named) => {
                    self.wanted = None;
                    open(named, cx);
                }
                Err(error) => self.failure = Some((path, error.to_string())),
            }
        } else if !stays {
            self.wanted = None;
        }
    }

    fn act(&mut self, action: &Action, _cx: &mut PartContext<'_>) {
        let Action::AskFor(wanted) = action else { return };
        (self.wanted, self.failure) = (Some(*wanted), None);
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

/// Asks for the source or the session that a path names.
fn open(named: Named, cx: &mut PartContext<'_>) {
    match named {
        Named::Source(source) => cx.actions.push(Command::Open(source).into()),
        Named::Session(file) => cx.actions.push(SessionAction::Open(file).into()),
    }
}
