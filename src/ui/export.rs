//! Exporting the figure: where it goes, and the thread that draws and writes it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, Sender, channel},
    time::Instant,
};

use egui::Context;

use crate::{
    capture::write_atomically,
    engine::Outcome,
    figure::{FigureSpec, FigureStyle, to_png},
};

/// A dialog service that answers sooner than this was not there: nobody chooses so fast.
const TOO_FAST_FOR_A_PERSON: std::time::Duration = std::time::Duration::from_millis(300);
const DPI: std::ops::RangeInclusive<u32> = 72..=1200;

/// The export dialog and what runs behind it.
pub struct Export {
    open: bool,
    path: String,
    dpi: u32,
    hint: Option<&'static str>,
    focus_path: bool,
    /// A native dialog is open.
    browsing: bool,
    saving: bool,
    sender: Sender<Event>,
    events: Receiver<Event>,
}

enum Event {
    Browsed { path: Option<PathBuf>, fast: bool },
    Saved(Result<PathBuf, String>),
}

impl Default for Export {
    fn default() -> Self {
        let (sender, events) = channel();
        Self {
            open: false,
            path: default_path(),
            dpi: 300,
            hint: None,
            focus_path: false,
            browsing: false,
            saving: false,
            sender,
            events,
        }
    }
}

fn default_path() -> String {
    let folder = std::env::current_dir().unwrap_or_default();
    folder.join("attenuate.png").display().to_string()
}

impl Export {
    pub fn open(&mut self) {
        self.open = true;
        self.focus_path = true;
        self.hint = None;
    }

    /// What was saved since the last look, or why it was not.
    pub fn poll(&mut self) -> Option<Result<PathBuf, String>> {
        let mut saved = None;
        while let Ok(event) = self.events.try_recv() {
            match event {
                Event::Browsed { path, fast } => {
                    self.browsing = false;
                    if let Some(path) = path {
                        self.path = path.display().to_string();
                        self.hint = None;
                    } else if fast {
                        self.hint = Some("No file dialog answered on this desktop: type the path here.");
                        self.focus_path = true;
                    }
                }
                Event::Saved(result) => {
                    self.saving = false;
                    self.open &= result.is_err();
                    saved = Some(result);
                }
            }
        }
        saved
    }

    /// The dialog, where it is open. `figure` gives what is to be drawn.
    pub fn show(&mut self, ctx: &Context, figure: Option<(&Outcome, FigureStyle)>) {
        if !self.open {
            return;
        }
        let mut open = true;
        let mut save = false;
        egui::Window::new("Export figure").open(&mut open).collapsible(false).resizable(false).default_width(460.0).show(
            ctx,
            |ui| save = self.fields_ui(ui),
        );
        if ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape)) {
            open = false;
        }
        self.open = open;
        if save && let Some((outcome, style)) = figure {
            self.save(ctx, outcome.clone(), style);
        }
    }

    fn fields_ui(&mut self, ui: &mut egui::Ui) -> bool {
        let mut save = false;
        let label = ui.label("PNG file");
        ui.horizontal(|ui| {
            let field = ui.add(egui::TextEdit::singleline(&mut self.path).desired_width(350.0)).labelled_by(label.id);
            if std::mem::take(&mut self.focus_path) {
                field.request_focus();
            }
            save |= field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if ui.add_enabled(!self.browsing, egui::Button::new("Browse…")).clicked() {
                self.browse(ui.ctx());
            }
        });
        ui.label(self.hint.unwrap_or(" "));
        ui.horizontal(|ui| {
            let label = ui.label("Resolution");
            ui.add(egui::DragValue::new(&mut self.dpi).range(DPI).suffix(" dpi")).labelled_by(label.id);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                save |= ui.add_enabled(!self.saving, egui::Button::new("Save figure")).clicked();
                if self.saving {
                    ui.spinner();
                }
            });
        });
        save
    }

    /// Asks the desktop's dialog service, on a thread of its own.
    fn browse(&mut self, ctx: &Context) {
        let path = PathBuf::from(&self.path);
        let asked = self.spawn(ctx, "save dialog", move || {
            let start = Instant::now();
            let name = path.file_name().map_or_else(|| "attenuate.png".into(), |name| name.to_string_lossy().into_owned());
            let mut dialog = rfd::AsyncFileDialog::new().add_filter("PNG picture", &["png"]).set_file_name(name);
            if let Some(folder) = path.parent().filter(|folder| folder.is_dir()) {
                dialog = dialog.set_directory(folder);
            }
            let path = pollster::block_on(dialog.save_file()).map(|file| file.path().to_owned());
            Event::Browsed { path, fast: start.elapsed() < TOO_FAST_FOR_A_PERSON }
        });
        self.browsing = asked;
    }

    fn save(&mut self, ctx: &Context, outcome: Outcome, style: FigureStyle) {
        let (path, dpi) = (PathBuf::from(self.path.trim()), self.dpi);
        self.saving = self.spawn(ctx, "export", move || Event::Saved(write(&path, &outcome, &style, dpi).map(|()| path)));
    }

    fn spawn(&self, ctx: &Context, name: &str, work: impl FnOnce() -> Event + Send + 'static) -> bool {
        let (sender, ctx) = (self.sender.clone(), ctx.clone());
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            // A closed channel means that the window is gone.
            let _ = sender.send(work());
            ctx.request_repaint();
        });
        spawned.is_ok()
    }
}

fn write(path: &Path, outcome: &Outcome, style: &FigureStyle, dpi: u32) -> Result<(), String> {
    match path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("png") => {}
        _ => return Err(format!("{}: the name must end in .png", path.display())),
    }
    let png = to_png(&FigureSpec::from_outcome(outcome, style).layout(), f64::from(dpi)).map_err(|e| e.to_string())?;
    write_atomically(path, |file| file.write_all(&png)).map_err(|error| error.to_string())
}
