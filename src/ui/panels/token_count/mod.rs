//! How many tokens the prompt has: the worked example of CONTRIBUTING.md.

use egui::{Panel, Ui};

use crate::ui::shell::part::{Part, PartContext};

/// A line above those that were laid out before it.
pub struct TokenCount;

impl Part for TokenCount {
    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        let Some(frame) = cx.shown.pictures.frame() else { return };
        let text = format!("{} tokens", frame.outcome.n_positions());
        Panel::bottom("token count").show(ui, |ui| ui.label(text));
    }
}
