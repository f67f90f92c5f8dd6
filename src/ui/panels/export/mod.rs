//! Taking what is shown out of the window, into files and onto the clipboard. Drawing, evaluating and writing happen on
//! other threads.

mod animation;
mod clipboard;
mod exportable;
mod figure;
mod figure_form;
mod foot;
mod preview;
mod previewed;

mod sweep;
mod write;

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use egui::Ui;

use crate::{
    engine::{Fingerprints, Service},
    figure::file_stem,
    session::Command,
    ui::{
        dialogs::path_field::{FileKind, PathField, Purpose},
        jobs::background::{Background, Finished},
        panels::text::ShownTexts,
        shell::{
            action::{Action, Actions, Exported},
            part::{Modality, Part, PartContext},
        },
        widgets::{FootButton, dialog, refusal},
    },
};
use animation::AnimationDialog;
pub use clipboard::Clipboard;
use exportable::Exportable;
use figure::FigureDialog;
use foot::save_foot;
use sweep::SweepDialog;

const NUMBERS: FileKind =
    FileKind { name: "Numbers (NPZ, safetensors, CSV, JSON)", extensions: &["npz", "safetensors", "csv", "json"] };
const TEXT: FileKind = FileKind { name: "Texts (JSONL)", extensions: &["jsonl"] };

/// The export dialogs and the jobs behind them.
pub struct Export {
    open: Option<Exported>,
    figure: FigureDialog,
    animation: AnimationDialog,
    numbers: PathField,
    sweep: SweepDialog,
    text: PathField,
    job: Background<Result<PathBuf, String>>,
    /// What the job writes.
    writing: Option<Exported>,
    /// Why the last one was not written, said in its dialog.
    refused: Option<(Exported, String)>,
    fingerprints: Arc<Fingerprints>,
}

impl Export {
    pub fn new(service: &Service, fingerprints: Arc<Fingerprints>) -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        Self {
            open: None,
            figure: FigureDialog::new(&folder),
            animation: AnimationDialog::new(&folder, service),
            numbers: PathField::new(Purpose::Save, NUMBERS, &folder.join("attenuate.npz")),
            sweep: SweepDialog::new(&folder),
            text: PathField::new(Purpose::Save, TEXT, &folder.join("text.jsonl")),
            job: Background::default(),
            writing: None,
            refused: None,
            fingerprints,
        }
    }

    /// Opens a dialog with the name of what is shown for its file.
    fn open(&mut self, exported: Exported, stem: &str) {
        (self.open, self.refused) = (Some(exported), None);
        match exported {
            Exported::Figure => self.figure.suggest(stem),
            Exported::Animation => self.animation.suggest(stem),
            Exported::Numbers => self.numbers.suggest(stem),
            Exported::Sweep => self.sweep.suggest(&format!("{stem}-sweep")),
            Exported::Text => self.text.suggest(&format!("{stem}-text")),
        }
        match exported {
            Exported::Figure => self.figure.focus(),
            Exported::Animation => self.animation.focus(),
            Exported::Numbers => self.numbers.focus(),
            Exported::Sweep => self.sweep.focus(),
            Exported::Text => self.text.focus(),
        }
    }

    /// Where something was written since the last look, with what is to be said of it; or why it was not, where its dialog is not there to say it.
    fn poll_job(&mut self) -> Option<Result<(PathBuf, BTreeSet<String>), String>> {
        let (exported, result) = if let Some(result) = self.animation.poll() {
            (Some(Exported::Animation), result)
        } else {
            let result = match self.job.poll()? {
                Finished::Done(result) => result,
                Finished::Broken => {
                    Err("The export stopped because of an internal error; no file was written.".to_owned())
                }
            };
            (self.writing.take(), result.map(|path| (path, BTreeSet::new())))
        };
        let Some(exported) = exported.filter(|_| self.open == exported) else { return Some(result) };
        match result {
            // The dialog stays, so that the path can be mended.
            Err(why) => {
                self.refused = Some((exported, why));
                None
            }
            saved => {
                self.open = None;
                Some(saved)
            }
        }
    }

    fn dialog_ui(&mut self, exported: Exported, cx: &mut PartContext<'_>) {
        let (ctx, session, curves) = (cx.egui, cx.session, &cx.shown.curves);
        let fingerprints = self.fingerprints.clone();
        let is_model = cx.source.as_ref().is_some_and(|source| source.facts().kind.is_model());
        let no_texts =
            if is_model { cx.shown.all_texts.failure() } else { Some("Only a live model writes".to_owned()) };
        let shown = Exportable {
            session,
            frame: cx.shown.whole_frame().filter(|frame| session.asks_for(&frame.spec)),
            sweep: curves
                .measured()
                .filter(|_| !curves.is_old() && !curves.is_busy())
                .map(|measured| measured.shared()),
            texts: cx.shown.texts.whole(),
            all_texts: cx.shown.all_texts.whole(),
            no_texts: no_texts.as_deref(),
            fingerprints: &fingerprints,
            inputs: cx.navigation.inputs(),
        };
        let title = match exported {
            Exported::Figure => "Export figure",
            Exported::Animation => "Export animation",
            Exported::Numbers => "Export numbers",
            Exported::Sweep => "Export sweep",
            Exported::Text => "Export text",
        };
        let (_, stays) = dialog(ctx, title, |ui| {
            self.contents_ui(ui, exported, &shown, cx.actions);
            if let Some((_, why)) = self.refused.as_ref().filter(|(of, _)| *of == exported && !self.job.is_running()) {
                ui.set_max_width(ui.min_rect().width());
                refusal(ui, why);
            }
        });
        if !stays {
            self.open = None;
        }
    }

    fn contents_ui(&mut self, ui: &mut Ui, exported: Exported, shown: &Exportable<'_>, actions: &mut Actions) {
        let ctx = &ui.ctx().clone();
        match exported {
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
                if let Some(task) = self.sweep.show(ui, shown, self.job.is_running()) {
                    self.job.start(ctx, "export", move || task.run());
                }
            }
            Exported::Text => {
                let wanted = save_ui(ui, &mut self.text, &TEXT_WORDS, shown.texts.is_some(), &self.job);
                if let (true, Some(ShownTexts { question, written })) = (wanted, shown.texts) {
                    let (path, inputs) = (self.text.path(), shown.inputs.clone());
                    let (question, written) = (question.clone(), written.clone());
                    self.job.start(ctx, "export", move || write::texts(path, &written, &question, &inputs));
                }
            }
        }
        if self.job.is_running() {
            self.writing.get_or_insert(exported);
        }
    }
}

impl Part for Export {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        let Some(saved) = self.poll_job() else { return };
        let told = saved.as_ref().map_or_else(|_| BTreeSet::new(), |(_, told)| told.clone());
        cx.tell_saved(saved.map(|(path, _)| path));
        for told in told {
            cx.toasts.info(format!("{told}."));
        }
    }

    fn wants(&mut self, cx: &mut PartContext<'_>) {
        cx.shown.all_texts.is_drawn = match self.open {
            Some(Exported::Figure) => self.figure.has_strip(),
            Some(Exported::Animation) => self.animation.has_strip(),
            Some(Exported::Numbers | Exported::Sweep | Exported::Text) | None => false,
        };
    }

    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        if let Some(exported) = self.open {
            self.dialog_ui(exported, cx);
        }
    }

    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        let Action::Export(exported) = *action else { return };
        // Curves are computed, and texts written, while their panel is open.
        if exported == Exported::Sweep && !cx.session.view().sweep.open {
            cx.actions.push(Command::ToggleSweep.into());
        }
        if exported == Exported::Text && !cx.session.view().text.open {
            cx.actions.push(Command::ToggleText.into());
        }
        let (source, layer) = (cx.session.source(), cx.session.layer());
        let layer = cx.source.as_ref().map_or(layer, |open| open.facts().layers.of(layer));
        self.open(exported, &file_stem(source, layer, cx.session.head()));
    }

    fn modality(&self) -> Modality {
        if self.open.is_some() { Modality::Keys } else { Modality::None }
    }

    /// Whether something is being drawn or written.
    fn is_busy(&self) -> bool {
        // A dialog that was closed has nobody who waits for what it looks at.
        let is_dialog_busy = self.open.is_some_and(|open| match open {
            Exported::Figure => self.figure.is_busy(),
            Exported::Animation => self.animation.is_looking(),
            Exported::Numbers => self.numbers.is_looking(),
            Exported::Sweep => self.sweep.is_busy(),
            Exported::Text => self.text.is_looking(),
        });
        self.job.is_running() || self.animation.is_running() || is_dialog_busy
    }
}

struct Words {
    field: &'static str,
    button: &'static str,
    why_not: &'static str,
    /// What the name’s ending does.
    format: &'static str,
}

const BY_ENDING: &str = "The name’s ending decides the format.";

const NUMBERS_WORDS: Words = Words {
    field: "NPZ, safetensors, CSV or JSON file",
    button: "Save numbers",
    why_not: "The panels are still being computed",
    format: BY_ENDING,
};
const TEXT_WORDS: Words = Words {
    field: "JSONL file",
    button: "Save text",
    why_not: "The texts are still being written",
    format: "A line of JSON, as attenuate continue writes it.",
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
    let button = FootButton::new(words.button, ()).only_if(is_there && !job.is_running(), words.why_not);
    let clicked = save_foot(ui, button, job.is_running(), |ui| _ = ui.label(words.format));
    (entered || clicked) && is_there && !job.is_running()
}
