//! Texts that the inspector's sections share.

use egui::{RichText, Ui};

use crate::ui::theme;

/// A remark in the quiet style.
pub fn hint(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).small().color(theme::of(ui).text_weak));
}
