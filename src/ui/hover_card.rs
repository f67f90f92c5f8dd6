//! What the card at the pointer says.

use egui::{Grid, RichText, Ui};

use super::{
    grid::Hovered,
    numbers,
    theme::{self, space},
};
use crate::{engine::Outcome, figure};

/// Panel, tokens, and every number of the cell.
pub fn contents_ui(ui: &mut Ui, outcome: &Outcome, hovered: &Hovered) {
    let Hovered { component, column, cell, numbers, .. } = hovered;
    let epsilon = outcome.epsilon[component.row()][*column];
    ui.label(RichText::new(figure::panel_title(*component, outcome.operation, epsilon)).strong());
    let (query, key) = (numbers::token(outcome, cell.query), numbers::token(outcome, cell.key));
    ui.label(format!("query {} {query} → key {} {key}", cell.query, cell.key));
    let Some(numbers) = numbers else {
        ui.label("masked: a token cannot attend to a later one");
        return;
    };
    let (panel, baseline) = (numbers.panel, numbers.baseline);
    Grid::new("cell numbers").num_columns(2).spacing([space::M, 2.0]).show(ui, |ui| {
        for (name, value) in [
            ("weight", format!("{}  ({})", numbers::weight(panel.weight), numbers::percent(panel.weight))),
            ("baseline", numbers::weight(baseline.weight)),
            ("difference", numbers::signed(numbers.difference())),
            ("ratio to uniform", numbers::ratio(numbers.ratio_to_uniform)),
            ("score", numbers::signed(panel.score)),
        ] {
            ui.label(RichText::new(name).color(theme::of(ui).text_weak));
            ui.monospace(value);
            ui.end_row();
        }
    });
}
