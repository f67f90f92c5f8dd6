//! How the selected panel's weight of the pinned cell comes about.

use egui::{Align, Layout, RichText, Ui};

use super::{
    digits::{PLACES, fixed},
    reading::Reading,
    steps::{self, Step, Unchanged, steps},
    texts::{hint, panel_name},
};
use crate::{
    engine::Outcome,
    session::Cell,
    ui::{
        jobs::pictures::Frame,
        numbers,
        shell::action::{Action, Actions},
        theme::{self, space},
    },
};

/// The table, each line following from those above, and a button that copies it.
pub fn why_ui(ui: &mut Ui, reading: &Reading, frame: &Frame, actions: &mut Actions) {
    let outcome = &frame.outcome;
    let panel = reading.selected();
    hint(ui, &panel_name(outcome, panel));
    let Some(why) = &reading.why else {
        hint(ui, "not computed yet");
        return;
    };
    let upstream = reading.baseline.as_ref().filter(|_| reading.is_upstream_changed()).map(|baseline| {
        let dot = fixed(baseline.dot, PLACES);
        format!("Earlier layers are changed too: q and k already differ from the baseline’s, whose q·k is {dot}.")
    });
    if let Some(upstream) = &upstream {
        hint(ui, upstream);
    }
    let lines = steps(why, panel.component, unchanged(reading, outcome));
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.spacing_mut().interact_size.y = 0.0;
        for line in &lines {
            step_ui(ui, line);
        }
    });
    ui.add_space(space::XS);
    if ui.button("Copy steps").on_hover_text("Tab-separated: name, formula, number").clicked() {
        let Cell { query, key } = reading.cell();
        let (from, to) = (numbers::token(outcome, query), numbers::token(outcome, key));
        let title = format!("{}: {query} {from} → {key} {to}", panel_name(outcome, panel));
        let remarks = upstream.map_or_else(String::new, |upstream| format!("{upstream}\n"));
        let text = format!("{title}\n{remarks}{}", steps::table(&lines));
        actions.push(Action::Copy { text, what: "The steps to this weight" });
    }
}

/// One line: what it is and how it follows on the left, the number on the right.
fn step_ui(ui: &mut Ui, step: &Step) {
    let colors = theme::of(ui);
    match step {
        Step::Number { name, formula, number, hint } => {
            ui.horizontal_top(|ui| {
                let named = ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    let name = ui.label(name);
                    if !formula.is_empty() {
                        ui.label(RichText::new(format!("= {formula}")).small().color(colors.text_weak));
                    }
                    name
                });
                if !hint.is_empty() {
                    named.inner.on_hover_text(hint);
                }
                ui.with_layout(Layout::right_to_left(Align::Min), |ui| ui.monospace(number));
            });
        }
        Step::Remark(remark) => {
            ui.label(RichText::new(remark).small().color(colors.text_strong));
        }
    }
}

/// Why ε leaves the cell as it is, where it does.
fn unchanged(reading: &Reading, outcome: &Outcome) -> Unchanged {
    let panel = reading.selected();
    let epsilon = outcome.experiment.epsilon[panel];
    if !panel.component.makes_scores() {
        Unchanged::NotInScores
    } else if epsilon == outcome.experiment.operation.neutral() {
        Unchanged::Neutral(epsilon)
    } else if reading.selected_pattern().is_some_and(|pattern| pattern.edit().is_some()) {
        Unchanged::Position
    } else {
        Unchanged::Layer
    }
}
