//! Taking what is shown out of the window, into files and onto the clipboard. Drawing, evaluating and writing happen on
//! other threads.

mod animation;
mod copy;
mod figure;
mod looks;
mod preview;
mod write;

use std::{path::PathBuf, sync::Arc};

use egui::{Align, Button, Context, Layout, Ui};

use super::{
    action::Actions,
    background::{Background, Finished},
    path_field::{FileKind, PathField, Purpose},
    pictures::Frame,
    widgets::dialog,
};
use crate::{
    engine::{Fingerprints, Service, Sweep},
    session::{Session, document::Inputs},
};
use animation::AnimationDialog;
pub use copy::{Clipping, Copies};
use figure::FigureDialog;

const NUMBERS: FileKind =
    FileKind { name: "Numbers (NPZ, safetensors, CSV, JSON)", extensions: &["npz", "safetensors", "csv", "json"] };
const SWEEP: FileKind =
    FileKind { name: "Curves (CSV, JSON, PNG, SVG, PDF)", extensions: &["csv", "json", "png", "svg", "pdf"] };

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    Figure,
    Animation,
    /// The weights of the panels and what they are of.
    Numbers,
    /// Metrics over ε.
    Sweep,
}

/// What could be exported now.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub session: &'a Session,
    /// Once all its panels answer the session.
    pub frame: Option<&'a Frame>,
    /// Once it is complete.
    pub sweep: Option<&'a Sweep>,
    pub fingerprints: &'a Arc<Fingerprints>,
    /// What was read for it, which must not be replaced.
    pub inputs: &'a Inputs,
}

/// The export dialogs and the jobs behind them.
pub struct Export {
    open: Option<Exported>,
    figure: FigureDialog,
    animation: AnimationDialog,
    numbers: PathField,
    sweep: PathField,
    job: Background<Result<PathBuf, String>>,
}

impl Export {
    pub fn new(service: &Service) -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        Self {
            open: None,
            figure: FigureDialog::new(&folder),
            animation: AnimationDialog::new(&folder, service),
            numbers: PathField::new(Purpose::Save, NUMBERS, &folder.join("attenuate.npz")),
            sweep: PathField::new(Purpose::Save, SWEEP, &folder.join("sweep.csv")),
            job: Background::default(),
        }
    }

    pub fn open(&mut self, exported: Exported) {
        self.open = Some(exported);
        match exported {
            Exported::Figure => self.figure.focus(),
            Exported::Animation => self.animation.focus(),
            Exported::Numbers => self.numbers.focus(),
            Exported::Sweep => self.sweep.focus(),
        }
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether something is being drawn or written.
    pub fn is_busy(&self) -> bool {
        self.job.is_running() || self.animation.is_running() || self.figure.is_drawing()
    }

    /// Where something was written since the last look, or why it was not.
    pub fn poll(&mut self) -> Option<Result<PathBuf, String>> {
        let (exported, result) = if let Some(result) = self.animation.poll() {
            (Some(Exported::Animation), result)
        } else {
            let result = match self.job.poll()? {
                Finished::Done(result) => result,
                Finished::Broken => {
                    Err("The export stopped because of an internal error; no file was written.".to_owned())
                }
            };
            (self.open.filter(|open| *open != Exported::Animation), result)
        };
        // After a failure the dialog stays, so that the path can be mended.
        if result.is_ok() && self.open == exported {
            self.open = None;
        }
        Some(result)
    }

    /// The dialog, where one is open.
    pub fn show(&mut self, ctx: &Context, shown: &Shown<'_>, actions: &mut Actions) {
        let Some(exported) = self.open else { return };
        let title = match exported {
            Exported::Figure => "Export figure",
            Exported::Animation => "Export animation",
            Exported::Numbers => "Export numbers",
            Exported::Sweep => "Export sweep",
        };
        let (_, stays) = dialog(ctx, title, |ui| match exported {
            Exported::Figure => {
                if let Some(task) = self.figure.show(ui, shown, self.job.is_running(), actions) {
                    self.job.start(ctx, "export", move || task.run());
                }
            }
            Exported::Animation => self.animation.show(ui, shown),
            Exported::Numbers => {
                let wanted = save_ui(ui, &mut self.numbers, &NUMBERS_WORDS, shown.frame.is_some(), &self.job);
                if let (true, Some(frame)) = (wanted, shown.frame) {
                    let (path, outcome, spec) = (self.numbers.path(), frame.outcome.clone(), frame.spec.clone());
                    let inputs = shown.inputs.clone();
                    self.job.start(ctx, "export", move || write::numbers(path, &outcome, &spec, &inputs));
                }
            }
            Exported::Sweep => {
                let wanted = save_ui(ui, &mut self.sweep, &SWEEP_WORDS, shown.sweep.is_some(), &self.job);
                if let (true, Some((sweep, frame))) = (wanted, shown.sweep.zip(shown.frame)) {
                    let task =
                        write::SweepTask::new(self.sweep.path(), sweep, &frame.outcome, shown.session, shown.inputs);
                    self.job.start(ctx, "export", move || task.run());
                }
            }
        });
        if !stays {
            self.open = None;
        }
    }
}

struct Words {
    field: &'static str,
    button: &'static str,
    why_not: &'static str,
}

const NUMBERS_WORDS: Words = Words {
    field: "NPZ, safetensors, CSV or JSON file",
    button: "Save numbers",
    why_not: "The panels are still being computed",
};
const SWEEP_WORDS: Words = Words {
    field: "CSV, JSON, PNG, SVG or PDF file",
    button: "Save sweep",
    why_not: "The curves are still being computed",
};

/// A path and a button; whether either was used and there is something to save.
fn save_ui<R: Send + 'static>(
    ui: &mut Ui,
    field: &mut PathField,
    words: &Words,
    is_there: bool,
    job: &Background<R>,
) -> bool {
    let entered = field.show(ui, words.field);
    let mut clicked = false;
    ui.horizontal(|ui| {
        ui.label("The name’s ending decides the format.");
        clicked = save_button(ui, words.button, is_there && !job.is_running(), words.why_not, job.is_running());
    });
    (entered || clicked) && is_there && !job.is_running()
}

/// At the right end of the line.
fn save_button(ui: &mut Ui, text: &str, is_possible: bool, why_not: &str, is_running: bool) -> bool {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let clicked = ui.add_enabled(is_possible, Button::new(text)).on_disabled_hover_text(why_not).clicked();
        if is_running {
            ui.spinner();
        }
        clicked
    })
    .inner
}
