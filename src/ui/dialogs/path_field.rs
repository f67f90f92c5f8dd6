//! A path to type, and a button that asks the desktop's file dialog where there is one.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use egui::{Id, Key, TextEdit, Ui};

use crate::ui::{
    jobs::background::{Background, Finished},
    theme,
    widgets::{button_width, select_all},
};

/// A dialog that answers sooner than this was not there: nobody chooses so fast.
const TOO_FAST_FOR_A_PERSON: Duration = Duration::from_millis(300);
const NO_DIALOG: &str = "No file dialog answered on this desktop: type the path here.";

/// Of the field, in points, and room for the button beside it and around both.
const WIDTH: f32 = 360.0;
const BROWSE: f32 = 150.0;

/// What the path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Save,
    Open,
    OpenFolder,
    /// A file or a folder, each of which desktops ask for by a dialog of its own; the field is as wide as its dialog.
    OpenAny,
}

impl Purpose {
    /// The buttons beside the field, and what each asks the desktop for.
    fn dialogs(self) -> &'static [(&'static str, Self)] {
        match self {
            Self::Save => &[("Browse…", Self::Save)],
            Self::Open => &[("Browse…", Self::Open)],
            Self::OpenFolder => &[("Browse…", Self::OpenFolder)],
            Self::OpenAny => &[("Browse files…", Self::Open), ("Browse folders…", Self::OpenFolder)],
        }
    }
}

/// The kind of file, for the dialog's filter.
#[derive(Clone, Copy, Debug)]
pub struct FileKind {
    pub name: &'static str,
    /// Without dots.
    pub extensions: &'static [&'static str],
}

struct Browsed {
    path: Option<PathBuf>,
    took: Duration,
}

/// Text field, Browse… button and hint. The dialog runs on a thread of its own.
pub struct PathField {
    /// What is named: of a file name that is not UTF-8, `text` shows only a likeness.
    path: PathBuf,
    text: String,
    purpose: Purpose,
    kind: FileKind,
    hint: Option<&'static str>,
    wants_focus: bool,
    dialog: Background<Browsed>,
    /// The name that was suggested last, without its ending.
    suggested: String,
    /// The path that was looked at last, and whether a file is there.
    looked: Option<(PathBuf, bool)>,
    look: Background<(PathBuf, bool)>,
}

/// A path as the field shows it: a byte that is not text has a sign that every font has.
fn shown(path: &Path) -> String {
    path.display().to_string().replace(char::REPLACEMENT_CHARACTER, "?")
}

impl PathField {
    pub fn new(purpose: Purpose, kind: FileKind, path: &Path) -> Self {
        let text = shown(path);
        Self {
            path: path.to_owned(),
            text,
            purpose,
            kind,
            hint: None,
            wants_focus: true,
            dialog: Background::default(),
            suggested: path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
            looked: None,
            look: Background::default(),
        }
    }

    /// Gives the file another name, with the same ending in the same folder, where it has the one that was suggested
    /// before: what was typed stays.
    pub fn suggest(&mut self, stem: &str) {
        let is_suggested = self.path.file_stem().is_some_and(|named| *named == *self.suggested);
        if is_suggested && let Some(ending) = self.path.extension() {
            let name = format!("{stem}.{}", ending.to_string_lossy());
            self.set_path(&self.path.with_file_name(name));
        }
        stem.clone_into(&mut self.suggested);
    }

    /// Whether it looks what is at the path.
    pub fn is_looking(&self) -> bool {
        self.look.is_running()
    }

    /// The path that was typed or chosen, or that the field was given.
    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }

    pub fn set_path(&mut self, path: &Path) {
        path.clone_into(&mut self.path);
        self.text = shown(path);
    }

    /// Puts the keyboard focus into the field at the next frame.
    pub fn focus(&mut self) {
        self.wants_focus = true;
        self.hint = None;
        // It may be another's by now.
        self.looked = None;
    }

    /// Returns whether Enter was pressed in the field.
    pub fn show(&mut self, ui: &mut Ui, name: &str) -> bool {
        self.poll();
        let label = ui.label(name);
        let width = self.width(ui);
        let entered = ui
            .horizontal(|ui| {
                let field = ui
                    .add(
                        TextEdit::singleline(&mut self.text)
                            // What stands above it follows what is typed, and must not take the focus from it.
                            .id(Id::unique(("path", name)))
                            .desired_width(width),
                    )
                    .labelled_by(label.id);
                if field.changed() {
                    self.path = PathBuf::from(self.text.trim());
                }
                if std::mem::take(&mut self.wants_focus) {
                    field.request_focus();
                    if self.purpose != Purpose::Save {
                        // What is typed or pasted is another path, or a name.
                        select_all(ui.ctx(), field.id, &self.text);
                    }
                }
                for (text, purpose) in self.purpose.dialogs() {
                    if ui.add_enabled(!self.dialog.is_running(), egui::Button::new(*text)).clicked() {
                        self.browse(ui.ctx(), *purpose);
                    }
                }
                field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
            })
            .inner;
        self.look(ui.ctx());
        let replaced = self.looked.as_ref().filter(|(path, is_there)| *is_there && *path == self.path);
        match replaced.and_then(|(path, _)| path.file_name()) {
            Some(name) if self.hint.is_none() => {
                let name = shown(Path::new(name));
                ui.label(egui::RichText::new(format!("Replaces {name}")).small().color(theme::of(ui).warning));
            }
            _ => _ = ui.label(egui::RichText::new(self.hint.unwrap_or(" ")).small()),
        }
        entered
    }

    /// Finds out whether a file would be replaced, on another thread: its disk may be slow.
    fn look(&mut self, ctx: &egui::Context) {
        while let Some(finished) = self.look.poll() {
            if let Finished::Done(looked) = finished {
                self.looked = Some(looked);
            }
        }
        let is_known = self.looked.as_ref().is_some_and(|(path, _)| *path == self.path);
        if self.purpose == Purpose::Save && !is_known && !self.look.is_running() {
            let path = self.path();
            self.look.start(ctx, "look", move || {
                let is_there = path.is_file();
                (path, is_there)
            });
        }
    }

    fn poll(&mut self) {
        while let Some(finished) = self.dialog.poll() {
            match finished {
                Finished::Done(Browsed { path: Some(path), .. }) => {
                    self.set_path(&path);
                    self.hint = None;
                }
                Finished::Done(Browsed { path: None, took }) if took > TOO_FAST_FOR_A_PERSON => {}
                Finished::Done(_) | Finished::Broken => {
                    self.hint = Some(NO_DIALOG);
                    self.wants_focus = true;
                }
            }
        }
    }

    fn width(&self, ui: &Ui) -> f32 {
        match self.purpose {
            Purpose::OpenAny => {
                let buttons = self.purpose.dialogs().iter().map(|(text, _)| button_width(ui, text));
                ui.available_width() - buttons.sum::<f32>()
            }
            _ => WIDTH.min(ui.ctx().content_rect().width() - BROWSE),
        }
    }

    fn browse(&mut self, ctx: &egui::Context, purpose: Purpose) {
        let (path, kind) = (self.path(), self.kind);
        self.dialog.start(ctx, "file dialog", move || {
            let start = Instant::now();
            let mut dialog = rfd::AsyncFileDialog::new().add_filter(kind.name, kind.extensions);
            if let Some(folder) = path.parent().filter(|folder| folder.is_dir()) {
                dialog = dialog.set_directory(folder);
            }
            let file = match purpose {
                // What a file is says its content: it may have any name.
                Purpose::Open | Purpose::OpenAny => {
                    pollster::block_on(dialog.add_filter("All files", &["*"]).pick_file())
                }
                Purpose::OpenFolder => pollster::block_on(dialog.pick_folder()),
                Purpose::Save => {
                    if let Some(name) = path.file_name() {
                        dialog = dialog.set_file_name(name.to_string_lossy());
                    }
                    pollster::block_on(dialog.save_file())
                }
            };
            Browsed { path: file.map(|file| file.path().to_owned()), took: start.elapsed() }
        });
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;

    const ANY: FileKind = FileKind { name: "Any", extensions: &[] };

    #[test]
    fn a_suggested_name_gives_way_to_the_next_and_a_typed_one_stays() {
        let mut field = PathField::new(Purpose::Save, ANY, Path::new("/a/first.png"));
        field.suggest("second-0.5");
        assert_eq!(field.path(), Path::new("/a/second-0.5.png"));
        field.set_path(Path::new("/b/second-0.5.svg"));
        field.suggest("third");
        assert_eq!(field.path(), Path::new("/b/third.svg"), "another folder and ending stay");
        field.set_path(Path::new("/b/mine.svg"));
        field.suggest("fourth");
        assert_eq!(field.path(), Path::new("/b/mine.svg"));
    }

    #[test]
    fn the_field_leaves_its_buttons_the_room_that_they_need() {
        let field = PathField::new(Purpose::OpenAny, ANY, Path::new("/a"));
        let mut harness = Harness::new_ui_state(
            |ui, field: &mut PathField| {
                ui.set_width(500.0);
                field.show(ui, "File");
            },
            field,
        );
        harness.run();
        let (left, right) =
            (harness.get_by_label("File").rect().left(), harness.get_by_label("Browse folders…").rect());
        assert!(right.right() <= left + 500.5, "{right} from {left}");
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_utf8_is_kept_until_something_else_is_typed() {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
        let path = Path::new(OsStr::from_bytes(b"/tmp/caf\xe9.safetensors"));
        let mut field = PathField::new(Purpose::Open, ANY, path);
        assert_eq!(field.path(), path);
        field.set_path(Path::new("/other"));
        field.set_path(path);
        let mut harness = Harness::new_ui_state(|ui, field: &mut PathField| _ = field.show(ui, "File"), field);
        harness.run();
        assert_eq!(harness.state().path(), path);
        harness.get_by_label("File").type_text("x");
        harness.run();
        assert!(harness.state().path().to_str().is_some_and(|typed| typed.contains('x')));
    }
}
