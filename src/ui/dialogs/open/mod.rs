//! Opening whatever can be opened: by path or name, by the desktop's dialog, again what was open lately, from the models
//! that other programs keep on this disk, or dropped onto the window.

mod on_disk;
mod recent;
mod rows;

use std::path::{Path, PathBuf};

use egui::Ui;

use self::{on_disk::ModelsOnDisk, recent::recent_ui};
use super::{
    asked::{Asked, open_foot},
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
            recent_files::RecentFile,
        },
        widgets::{dialog, dialog_width},
    },
};

const OPENABLE: FileKind = FileKind {
    name: "Models, captures, sessions and figures",
    extensions: &["gguf", "safetensors", "npz", "json", "png", "svg", "pdf"],
};
const TITLE: &str = "Open";
const FIELD: &str = "File, model folder or name";
const WIDTH: f32 = 760.0;

/// What is to be opened.
enum Wanted {
    /// What the field names.
    Named,
    /// As it was open before: a path alone does not say of what an adapter was an adapter.
    Recent(RecentFile),
}

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

    /// Opens what is wanted; the dialog stays until it is there.
    fn ask(&mut self, wanted: Wanted, cx: &mut PartContext<'_>) {
        self.asked_at = self.path.path();
        self.asked = match wanted {
            Wanted::Named => self.ask_for_named(cx),
            Wanted::Recent(recent) => {
                let asked = match &recent {
                    RecentFile::Source(source) => Asked::Source(source.clone()),
                    RecentFile::Session { .. } => Asked::Session,
                };
                cx.actions.push(Action::OpenRecent(recent));
                asked
            }
        };
    }

    fn ask_for_named(&self, cx: &mut PartContext<'_>) -> Asked {
        match Named::at(&self.asked_at) {
            Ok(named) => {
                let asked = match &named {
                    Named::Source(source) => Asked::Source(source.clone()),
                    Named::Session(_) => Asked::Session,
                };
                open(named, cx);
                asked
            }
            Err(error) => Asked::Refused(error.to_string()),
        }
    }

    /// Returns what is to be opened.
    fn contents_ui(&mut self, ui: &mut Ui, cx: &PartContext<'_>) -> Option<Wanted> {
        ui.set_width(dialog_width(ui, WIDTH));
        let mut wanted = self.path.show(ui, FIELD).then_some(Wanted::Named);
        if open_foot(ui, &self.asked, cx.navigation) {
            wanted = Some(Wanted::Named);
        }
        ui.separator();
        let top = ui.cursor().top();
        if let Some(recent) = recent_ui(ui, cx.navigation.recent()) {
            self.name(recent.path(), recent);
            wanted = Some(Wanted::Recent(recent.clone()));
        }
        let above = ui.cursor().top() - top;
        if let Some(model) = self.models.show_ui(ui, above) {
            let source = SourceSpec::from(model.source);
            self.name(source.path(), &source);
            wanted = Some(Wanted::Named);
        }
        wanted.filter(|_| !self.asked.is_pending())
    }

    /// Puts the path, or else the name, of what was chosen into the field, so that what fails is named there.
    fn name(&mut self, path: Option<&Path>, name: &impl ToString) {
        self.path.set_path(&path.map_or_else(|| PathBuf::from(name.to_string()), Path::to_owned));
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
        let (wanted, stays) = dialog(cx.egui, TITLE, |ui| self.contents_ui(ui, cx));
        if let Some(wanted) = wanted.flatten() {
            self.ask(wanted, cx);
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
