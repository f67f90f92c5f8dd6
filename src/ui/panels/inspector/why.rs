//! How the selected panel's weight of the pinned cell comes about.

use egui::{Align, Layout, RichText, Ui};

use super::{
    digits::{PLACES, fixed},
    reading::Reading,
    steps::{self, Step, Unchanged, steps},
    texts::hint,
};
use crate::{
    attention::{PanelId, Why},
    engine::Outcome,
    session::Cell,
    ui::{
        jobs::pictures::Frame,
        memo::{Memo, Revision},
        notation, numbers,
        shell::action::{Action, Actions},
        theme::{self, space},
    },
};

/// The lines of the table, written once for a frame and a cell of a panel.
#[derive(Default)]
pub struct WhyTable(Memo<(Revision, PanelId, Cell), Lines>);

struct Lines {
    upstream: Option<String>,
    steps: Vec<Step>,
}

impl WhyTable {
    /// The table, each line following from those above, and a button that copies it.
    pub fn show(&mut self, ui: &mut Ui, reading: &Reading, frame: &Frame, actions: &mut Actions) {
        hint(ui, &numbers::name_of_panel(&frame.outcome, reading.selected(), notation::of(ui)));
        let Some(why) = &reading.why else {
            hint(ui, "not computed yet");
            return;
        };
        let of = (frame.revision, reading.selected(), reading.cell());
        lines_ui(ui, self.0.get(of, || lines(why, reading, &frame.outcome)), reading, &frame.outcome, actions);
    }
}

fn lines(why: &Why, reading: &Reading, outcome: &Outcome) -> Lines {
    let upstream = reading.baseline.as_ref().filter(|_| reading.is_upstream_changed()).map(|baseline| {
        let dot = fixed(baseline.dot, PLACES);
        format!("Earlier layers are changed too: q and k already differ from the baseline’s, whose q·k is {dot}.")
    });
    Lines { upstream, steps: steps(why, reading.selected().component, unchanged(reading, outcome)) }
}

fn lines_ui(ui: &mut Ui, lines: &Lines, reading: &Reading, outcome: &Outcome, actions: &mut Actions) {
    if let Some(upstream) = &lines.upstream {
        hint(ui, upstream);
    }
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.spacing_mut().interact_size.y = 0.0;
        for line in &lines.steps {
            step_ui(ui, line);
        }
    });
    ui.add_space(space::XS);
    if ui.button("Copy steps").on_hover_text("Tab-separated: name, formula, number").clicked() {
        let Cell { query, key } = reading.cell();
        let (from, to) = (numbers::token_as_it_is(outcome, query), numbers::token_as_it_is(outcome, key));
        let title = format!(
            "{}: {query} {from} → {key} {to}",
            numbers::name_of_panel(outcome, reading.selected(), notation::of(ui))
        );
        let remarks = lines.upstream.as_ref().map_or_else(String::new, |upstream| format!("{upstream}\n"));
        let text = format!("{title}\n{remarks}{}", steps::table(&lines.steps));
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
