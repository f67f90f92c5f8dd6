//! Opening whatever can be opened: by path or name, by the desktop's dialog, from the models that other programs keep on
//! this disk, or dropped onto the window.

mod on_disk;
mod rows;

use std::path::{Path, PathBuf};

use egui::{Button, Ui};

use self::on_disk::ModelsOnDisk;
use super::{
    asked::Asked,
    path_field::{FileKind, PathField, Purpose},
};
use crate::{
    engine::SourceSpec,
    model::on_disk::Places,
    session::{Command, document::Named},
    ui::{
        shell::{
            action::{Action, SessionAction},
            part::{Modality, Part, PartContext},
        },
        theme::space,
        widgets::dialog,
    },
};

const OPENABLE: FileKind = FileKind {
    name: "Models, captures, sessions and figures",
    extensions: &["gguf", "safetensors", "npz", "json", "png", "svg", "pdf"],
};
const TITLE: &str = "Open";
const FIELD: &str = "File, model folder or name";
const WIDTH: f32 = 760.0;

/// The dialog that asks what to open, where it is open.
pub struct Open {
    modality: Modality,
    path: PathField,
    asked: Asked,
    /// The path that was asked for: until another is typed, it is said why it does not open.
    asked_at: PathBuf,
    models: ModelsOnDisk,
}

impl Open {
    /// Closed; it will look for models in `places`.
    pub fn new(places: Places) -> Self {
        let folder = std::env::current_dir().unwrap_or_default().join("");
        Self {
            modality: Modality::None,
            path: PathField::new(Purpose::OpenAny, OPENABLE, &folder),
            asked: Asked::Nothing,
            asked_at: PathBuf::new(),
            models: ModelsOnDisk::new(places),
        }
    }

    fn open(&mut self, ctx: &egui::Context) {
        (self.modality, self.asked) = (Modality::Keys, Asked::Nothing);
        self.path.focus();
        self.models.look(ctx);
    }

    fn close(&mut self) {
        (self.modality, self.asked) = (Modality::None, Asked::Nothing);
        self.models.forget();
    }

    /// Opens what the path names; the dialog stays until it is there.
    fn ask(&mut self, cx: &mut PartContext<'_>) {
        self.asked_at = self.path.path();
        self.asked = match Named::at(&self.asked_at) {
            Ok(named) => {
                let asked = match &named {
                    Named::Source(source) => Asked::Source(source.clone()),
                    Named::Session(_) => Asked::Session,
                };
                open(named, cx);
                asked
            }
            Err(error) => Asked::Refused(error.to_string()),
        };
    }

    /// Returns whether what the field names is to be opened.
    fn contents_ui(&mut self, ui: &mut Ui, cx: &PartContext<'_>) -> bool {
        ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 2.0 * space::XL));
        let mut is_wanted = self.path.show(ui, FIELD);
        ui.horizontal(|ui| {
            is_wanted |= ui.add_enabled(!self.asked.is_pending(), Button::new("Open")).clicked();
            if self.asked.is_pending() {
                self.asked.show_ui(ui, cx.navigation);
            }
        });
        if !self.asked.is_pending() {
            self.asked.show_ui(ui, cx.navigation);
        }
        ui.separator();
        if let Some(model) = self.models.show_ui(ui) {
            // By the name or path that opens it, so that what fails is named in the field.
            let source = SourceSpec::from(model.source);
            self.path.set_path(&source.path().map_or_else(|| PathBuf::from(source.to_string()), Path::to_owned));
            is_wanted = true;
        }
        is_wanted && !self.asked.is_pending()
    }
}

impl Part for Open {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        if let Some(complaint) = self.models.poll() {
            cx.toasts.error(complaint);
        }
    }

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
        if self.asked.is_over(cx.navigation) {
            self.close();
        }
        if self.modality == Modality::None {
            return;
        }
        if !self.asked.is_pending() && self.asked_at != self.path.path() {
            self.asked = Asked::Nothing;
        }
        let (is_wanted, stays) = dialog(cx.egui, TITLE, |ui| self.contents_ui(ui, cx));
        if is_wanted == Some(true) {
            self.ask(cx);
        } else if !stays {
            if self.asked.is_pending() {
                cx.actions.push(Action::CancelOpening);
            }
            self.close();
        }
    }

    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        match action {
            Action::AskToOpen => self.open(cx.egui),
            // What was typed may be mended.
            Action::CancelOpening if self.asked.is_pending() => self.asked = Asked::Nothing,
            Action::Restored(_) | Action::NotRestored if self.asked == Asked::Session => self.close(),
            // Another dialog has the next question.
            Action::AskForBase { .. } | Action::AskedForSource if self.asked.is_pending() => self.close(),
            _ => {}
        }
    }

    fn takes_refusal(&mut self, why: &str) -> bool {
        self.asked.take_refusal(why)
    }

    fn modality(&self) -> Modality {
        self.modality
    }

    fn is_busy(&self) -> bool {
        self.models.is_busy()
    }
}

/// Asks for the source or the session that a path names.
fn open(named: Named, cx: &mut PartContext<'_>) {
    match named {
        Named::Source(source) => cx.actions.push(Command::Open(source).into()),
        Named::Session(file) => cx.actions.push(SessionAction::Open(file).into()),
    }
}
