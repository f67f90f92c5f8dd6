//! A dialog that asks where something goes, and the thread that writes it.

use std::path::{Path, PathBuf};

use egui::Context;

use super::path_field::{FileKind, PathField, Purpose};
use crate::ui::{
    jobs::background::{Background, Finished},
    shell::part::Modality,
    widgets::{FootButton, dialog, foot, refusal},
};

/// What the dialog says.
pub struct SaveWords {
    pub title: &'static str,
    pub field: &'static str,
    pub button: &'static str,
}

/// The dialog and the job behind it, which gives `R`.
pub struct SaveDialog<R> {
    words: SaveWords,
    kind: FileKind,
    modality: Modality,
    field: PathField,
    /// Why the path that was typed last could not be written.
    refused: Option<(PathBuf, String)>,
    job: Background<Result<R, String>>,
}

impl<R: Send + 'static> SaveDialog<R> {
    /// Closed; it will suggest `path`.
    pub fn new(words: SaveWords, kind: FileKind, path: &Path) -> Self {
        let field = PathField::new(Purpose::Save, kind, path);
        Self { words, kind, modality: Modality::None, field, refused: None, job: Background::default() }
    }

    pub fn open(&mut self) {
        (self.modality, self.refused) = (Modality::Keys, None);
        self.field.focus();
    }

    /// Puts another path in the place of the one that was typed.
    pub fn suggest(&mut self, path: &Path) {
        self.field = PathField::new(Purpose::Save, self.kind, path);
    }

    pub fn modality(&self) -> Modality {
        self.modality
    }

    pub fn is_saving(&self) -> bool {
        self.job.is_running()
    }

    /// What was written since the last look; or why it was not, where the dialog is not there to say it.
    pub fn poll(&mut self) -> Option<Result<R, String>> {
        let result = match self.job.poll()? {
            Finished::Done(result) => result,
            Finished::Broken => Err("Saving stopped because of an internal error; no file was written.".to_owned()),
        };
        match result {
            // The dialog stays, so that the path can be mended.
            Err(why) if self.modality != Modality::None => {
                self.refused = Some((self.field.path(), why));
                None
            }
            result => {
                self.modality = Modality::None;
                Some(result)
            }
        }
    }

    /// The dialog, where it is open. Returns the file that was chosen.
    pub fn show(&mut self, ctx: &Context) -> Option<PathBuf> {
        if self.modality == Modality::None {
            return None;
        }
        let is_free = !self.job.is_running();
        // Until another path is typed.
        self.refused.take_if(|(path, _)| *path != self.field.path());
        let (chosen, stays) = dialog(ctx, self.words.title, |ui| {
            let entered = self.field.show(ui, self.words.field);
            if let Some((_, why)) = &self.refused {
                ui.set_max_width(ui.min_rect().width());
                refusal(ui, why);
            }
            let button = FootButton::new(self.words.button, ()).only_if(is_free, "It is being saved");
            let clicked = foot(ui, &[button], |ui| {
                if !is_free {
                    ui.spinner();
                }
            });
            entered || clicked.is_some()
        });
        if !stays {
            self.modality = Modality::None;
        }
        (chosen == Some(true) && is_free).then(|| self.field.path())
    }

    /// Runs `work`, which writes, on a thread called `name`.
    pub fn start(&mut self, ctx: &Context, name: &str, work: impl FnOnce() -> Result<R, String> + Send + 'static) {
        self.job.start(ctx, name, work);
    }
}
