//! Opening a capture from a file: by path, by the desktop's dialog, or dropped onto the window.

use std::path::Path;

use egui::Context;

use super::{
    action::{Action, Actions},
    path_field::{FileKind, PathField, Purpose},
};
use crate::{
    engine::{SourceSpec, SourceSpecError},
    session::Command,
};

const CAPTURE: FileKind = FileKind { name: "Capture (safetensors)", extension: "safetensors" };

/// The dialog that asks for a file.
pub struct OpenFile {
    open: bool,
    path: PathField,
}

impl Default for OpenFile {
    fn default() -> Self {
        let folder = std::env::current_dir().unwrap_or_default().join("");
        Self { open: false, path: PathField::new(Purpose::Open, CAPTURE, &folder) }
    }
}

impl OpenFile {
    pub fn open(&mut self) {
        self.open = true;
        self.path.focus();
    }

    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The dialog, where it is open.
    ///
    /// # Errors
    /// When the chosen file is of no known kind.
    pub fn show(&mut self, ctx: &Context, actions: &mut Actions) -> Result<(), SourceSpecError> {
        if !self.open {
            return Ok(());
        }
        let (mut open, mut chosen) = (true, false);
        egui::Window::new("Open capture")
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(ctx.content_rect().center())
            .show(ctx, |ui| {
                chosen = self.path.show(ui, "Capture file");
                chosen |= ui.button("Open").clicked();
            });
        self.open = open && !chosen && !ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, egui::Key::Escape));
        if chosen { open_path(&self.path.path(), actions) } else { Ok(()) }
    }
}

/// Asks for the source that `path` names.
///
/// # Errors
/// When it is of no known kind.
pub fn open_path(path: &Path, actions: &mut Actions) -> Result<(), SourceSpecError> {
    let source: SourceSpec = path.display().to_string().parse()?;
    actions.push(Action::Session(Command::Open(source)));
    Ok(())
}
