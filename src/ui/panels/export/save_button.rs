//! The button that starts an export.

use egui::{Align, Button, Layout, Ui};

/// At the right end of the line.
pub fn save_button(ui: &mut Ui, text: &str, is_possible: bool, why_not: &str, is_running: bool) -> bool {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let clicked = ui.add_enabled(is_possible, Button::new(text)).on_disabled_hover_text(why_not).clicked();
        if is_running {
            ui.spinner();
        }
        clicked
    })
    .inner
}
