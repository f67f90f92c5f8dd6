//! Exporting the figure and the numbers: where they go, and the thread that draws or evaluates and writes them.

use std::path::{Path, PathBuf};

use egui::{Align, Button, Context, DragValue, Layout, Ui};

use super::{
    background::{Background, Finished},
    frame::Frame,
    path_field::{FileKind, PathField, Purpose},
};
use crate::{
    capture::{NumbersFormat, write_atomically},
    engine::{Outcome, RunSpec},
    figure::{Dpi, FigureStyle, FileFormat, draw},
};

const PNG: FileKind = FileKind { name: "PNG picture", extensions: &["png"] };
const NUMBERS: FileKind =
    FileKind { name: "Numbers (NPZ, safetensors, CSV, JSON)", extensions: &["npz", "safetensors", "csv", "json"] };
const DPI: std::ops::RangeInclusive<u32> = 72..=1200;

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    Figure,
    /// The weights of the nine panels and what they are of.
    Numbers,
}

/// The export dialogs and the job behind them.
pub struct Export {
    open: Option<Exported>,
    figure: PathField,
    numbers: PathField,
    dpi: u32,
    job: Background<Result<PathBuf, String>>,
}

impl Default for Export {
    fn default() -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        Self {
            open: None,
            figure: PathField::new(Purpose::Save, PNG, &folder.join("attenuate.png")),
            numbers: PathField::new(Purpose::Save, NUMBERS, &folder.join("attenuate.npz")),
            dpi: 300,
            job: Background::default(),
        }
    }
}

impl Export {
    pub fn open(&mut self, exported: Exported) {
        self.open = Some(exported);
        self.field(exported).focus();
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub fn is_saving(&self) -> bool {
        self.job.is_running()
    }

    /// Where something was written since the last look, or why it was not.
    pub fn poll(&mut self) -> Option<Result<PathBuf, String>> {
        let result = match self.job.poll()? {
            Finished::Done(result) => result,
            Finished::Broken => Err("The export stopped because of an internal error; no file was written.".to_owned()),
        };
        // After a failure the dialog stays, so that the path can be mended.
        self.open = self.open.filter(|_| result.is_err());
        Some(result)
    }

    /// The dialog, where one is open. `frame` is what would be written now, the figure in `style`.
    pub fn show(&mut self, ctx: &Context, frame: Option<&Frame>, style: FigureStyle) {
        let Some(exported) = self.open else { return };
        let title = match exported {
            Exported::Figure => "Export figure",
            Exported::Numbers => "Export numbers",
        };
        let (mut open, mut save) = (true, false);
        egui::Window::new(title)
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(ctx.content_rect().center())
            .show(ctx, |ui| save = self.fields_ui(ui, exported, frame.is_some()));
        if !open || ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape)) {
            self.open = None;
        }
        if save && let Some(frame) = frame {
            let (path, outcome) = (self.field(exported).path(), frame.outcome.clone());
            let (dpi, spec) = (self.dpi, frame.spec.clone());
            self.job.start(ctx, "export", move || {
                match exported {
                    Exported::Figure => write_figure(&path, &outcome, &style, dpi),
                    Exported::Numbers => write_numbers(&path, &outcome, &spec),
                }
                .map(|()| path)
            });
        }
    }

    fn field(&mut self, exported: Exported) -> &mut PathField {
        match exported {
            Exported::Figure => &mut self.figure,
            Exported::Numbers => &mut self.numbers,
        }
    }

    fn fields_ui(&mut self, ui: &mut Ui, exported: Exported, is_whole: bool) -> bool {
        let (name, button) = match exported {
            Exported::Figure => ("PNG file", "Save figure"),
            Exported::Numbers => ("NPZ, safetensors, CSV or JSON file", "Save numbers"),
        };
        let entered = self.field(exported).show(ui, name);
        let mut clicked = false;
        ui.horizontal(|ui| {
            match exported {
                Exported::Figure => {
                    let label = ui.label("Resolution");
                    ui.add(DragValue::new(&mut self.dpi).range(DPI).suffix(" dpi")).labelled_by(label.id);
                }
                Exported::Numbers => _ = ui.label("The name’s ending decides the format."),
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                clicked = ui
                    .add_enabled(is_whole && !self.job.is_running(), Button::new(button))
                    .on_disabled_hover_text("Its panels are still being computed")
                    .clicked();
                if self.job.is_running() {
                    ui.spinner();
                }
            });
        });
        (entered || clicked) && is_whole && !self.job.is_running()
    }
}

fn write_figure(path: &Path, outcome: &Outcome, style: &FigureStyle, dpi: u32) -> Result<(), String> {
    let format = FileFormat::of(path).map_err(|error| error.to_string())?;
    let style = FigureStyle { dpi: Dpi::new(dpi).map_err(|error| error.to_string())?, ..style.clone() };
    let png = draw(outcome, &style, format, None).map_err(|error| error.to_string())?;
    write_atomically(path, |file| file.write_all(&png)).map_err(|error| error.to_string())
}

fn write_numbers(path: &Path, outcome: &Outcome, spec: &RunSpec) -> Result<(), String> {
    let format = NumbersFormat::of(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let numbers = outcome.numbers(spec);
    write_atomically(path, |file| numbers.write(format, file)).map_err(|error| error.to_string())
}
