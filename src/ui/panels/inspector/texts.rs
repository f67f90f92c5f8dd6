//! Texts that the inspector's sections share.

use egui::{RichText, Ui};

use crate::{
    attention::{Notation, PanelId},
    engine::Outcome,
    figure,
    ui::{numbers, theme},
};

/// A panel by what is done in it: `Query, ε = 5e-1`.
pub fn panel_name(outcome: &Outcome, panel: PanelId, notation: Notation) -> String {
    if !outcome.facts.kind.has_vectors() {
        return figure::outcome_panel_title(outcome, panel, notation);
    }
    let epsilon = outcome.experiment.epsilon.get(panel);
    epsilon
        .map_or_else(|| panel.component.to_string(), |&epsilon| numbers::panel_name(panel.component, epsilon, notation))
}

/// A remark in the quiet style.
pub fn hint(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).small().color(theme::of(ui).text_weak));
}
