use egui::{RichText, Ui};

use crate::ui::theme::{self, space};

/// The title of a group of controls.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(space::M);
    ui.label(RichText::new(text).strong().color(theme::of(ui).text_strong));
    ui.add_space(space::XS);
}
