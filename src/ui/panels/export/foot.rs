//! The last line of an export dialog.

use egui::Ui;

use crate::ui::widgets::{FootButton, foot};

/// The button that saves, beside what else is in the line. Returns whether it was clicked.
pub fn save_foot(ui: &mut Ui, button: FootButton<'_, ()>, is_running: bool, beside: impl FnOnce(&mut Ui)) -> bool {
    let clicked = foot(ui, &[button], |ui| {
        beside(ui);
        if is_running {
            ui.spinner();
        }
    });
    clicked.is_some()
}
