//! Exporting the figure: where it goes, and the thread that draws and writes it.

use std::path::{Path, PathBuf};

use egui::{Align, Button, Context, DragValue, Layout, Ui};

use super::{
    background::{Background, Finished},
    path_field::{FileKind, PathField, Purpose},
};
use crate::{
    capture::write_atomically,
    engine::Outcome,
    figure::{Dpi, FigureStyle, draw_png},
};

const PNG: FileKind = FileKind { name: "PNG picture", extension: "png" };
const DPI: std::ops::RangeInclusive<u32> = 72..=1200;

/// The export dialog and the job behind it.
pub struct Export {
    open: bool,
    path: PathField,
    dpi: u32,
    job: Background<Result<PathBuf, String>>,
}

impl Default for Export {
    fn default() -> Self {
        let path = std::env::current_dir().unwrap_or_default().join("attenuate.png");
        Self { open: false, path: PathField::new(Purpose::Save, PNG, &path), dpi: 300, job: Background::default() }
    }
}

impl Export {
    pub fn open(&mut self) {
        self.open = true;
        self.path.focus();
    }

    pub fn is_open(&self) -> bool {
        self.open
    }

    pub fn is_saving(&self) -> bool {
        self.job.is_running()
    }

    /// Where the figure was written since the last look, or why it was not.
    pub fn poll(&mut self) -> Option<Result<PathBuf, String>> {
        let result = match self.job.poll()? {
            Finished::Done(result) => result,
            Finished::Broken => Err("The export stopped because of an internal error; no file was written.".to_owned()),
        };
        // After a failure the dialog stays, so that the path can be mended.
        self.open &= result.is_err();
        Some(result)
    }

    /// The dialog, where it is open. `figure` is what would be drawn now.
    pub fn show(&mut self, ctx: &Context, figure: Option<(&Outcome, FigureStyle)>) {
        if !self.open {
            return;
        }
        let (mut open, mut save) = (true, false);
        egui::Window::new("Export figure")
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(ctx.content_rect().center())
            .show(ctx, |ui| save = self.fields_ui(ui, figure.is_some()));
        self.open = open && !ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape));
        if save && let Some((outcome, style)) = figure {
            let (path, dpi, outcome) = (self.path.path(), self.dpi, outcome.clone());
            self.job.start(ctx, "export", move || write(&path, &outcome, &style, dpi).map(|()| path));
        }
    }

    fn fields_ui(&mut self, ui: &mut Ui, is_whole: bool) -> bool {
        let entered = self.path.show(ui, "PNG file");
        let mut clicked = false;
        ui.horizontal(|ui| {
            let label = ui.label("Resolution");
            ui.add(DragValue::new(&mut self.dpi).range(DPI).suffix(" dpi")).labelled_by(label.id);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                clicked = ui
                    .add_enabled(is_whole && !self.job.is_running(), Button::new("Save figure"))
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

fn write(path: &Path, outcome: &Outcome, style: &FigureStyle, dpi: u32) -> Result<(), String> {
    if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png")) {
        return Err(format!("{}: the name must end in .png", path.display()));
    }
    let png = Dpi::new(dpi).and_then(|dpi| draw_png(outcome, style, dpi)).map_err(|error| error.to_string())?;
    write_atomically(path, |file| file.write_all(&png)).map_err(|error| error.to_string())
}
