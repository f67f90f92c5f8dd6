//! The instrument: which rows and column, ε, and what it does.

use egui::{RichText, Ui};

use super::{
    action::{Action, Actions},
    explain::{self, Seen},
    numbers,
    studio::{Details, Frame},
    theme::{self, space},
    widgets::{EpsilonSlider, epsilon_field, segmented},
};
use crate::{
    attention::{Component, LayerScope, Preset, Scope},
    engine::{Effect, Outcome, SourceKind},
    session::{Cell, Command, RowChoice, Session},
};

/// Lines kept free for the explanations, so that nothing below them moves when they change.
const NOTE_LINES: f32 = 5.0;
/// Next tokens listed in the panel.
const TOP_TOKENS: usize = 3;

/// Component, column, slider, number field.
pub fn epsilon_ui(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    heading(ui, "Modify");
    let mut rows = session.rows;
    let choices = [
        (RowChoice::All, "All", "The slider moves all three rows (A)"),
        (RowChoice::Only(Component::Query), "Query", "The slider moves the Query row (Q)"),
        (RowChoice::Only(Component::Key), "Key", "The slider moves the Key row (K)"),
        (RowChoice::Only(Component::Value), "Value", "The slider moves the Value row (V)"),
    ];
    if segmented(ui, "Component", &mut rows, &choices) {
        actions.push(Command::ChooseRows(rows).into());
    }
    ui.add_space(space::S);

    let epsilons = session.epsilon[session.rows.lead().row()];
    let mut column = session.column;
    let choices = [
        (0, "Left column", "The slider moves the left column (1)"),
        (1, "Middle", "The slider moves the middle column (2)"),
        (2, "Right", "The slider moves the right column (3)"),
    ];
    if segmented(ui, "Column", &mut column, &choices) {
        actions.push(Command::ChooseColumn(column).into());
    }
    ui.add_space(space::S);

    let epsilon = session.selected_epsilon();
    let moved = EpsilonSlider::new(&epsilon, epsilons).name("epsilon").show(ui);
    ui.horizontal(|ui| {
        let typed = epsilon_field(ui, "epsilon-field", "epsilon value", epsilon);
        if let Some(epsilon) = moved.or(typed) {
            actions.push(Command::SetEpsilon(epsilon).into());
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::TOP), |ui| {
            if ui.button("Reset to figure").on_hover_text("ε = 5e-1, 1e-3, 1e-10 in every row").clicked() {
                actions.push(Command::ResetToFigure.into());
            }
        });
    });
}

/// Why it looks as it does, in the room that is kept for it.
pub fn notes_ui(ui: &mut Ui, session: &Session, frame: &Frame, details: Option<&Details>) {
    let seen = Seen { output_norms: details.and_then(|details| details.output_norms) };
    let height = NOTE_LINES * ui.text_style_height(&egui::TextStyle::Small) * 1.25;
    ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| {
        ui.set_min_height(height);
        for note in explain::notes(session, &frame.outcome, seen) {
            ui.label(RichText::new(note).small().color(theme::of(ui).text_weak));
        }
    });
}

/// Presets and the range of layers.
pub fn scope_ui(ui: &mut Ui, session: &Session, outcome: Option<&Outcome>, actions: &mut Actions) {
    heading(ui, "Scope");
    let mut preset = session.scope.preset();
    let choices = Preset::ALL.map(|preset| (Some(preset), preset.name(), scope_hint(preset)));
    if segmented(ui, "Scope", &mut preset, &choices)
        && let Some(preset) = preset
    {
        actions.push(Command::SetScope(preset.scope()).into());
    }
    let Some(outcome) = outcome else { return };
    ui.add_space(space::XS);
    ui.add_enabled_ui(outcome.facts.kind == SourceKind::Model, |ui| {
        ui.horizontal(|ui| range_ui(ui, session, outcome, actions))
            .response
            .on_disabled_hover_text("A capture knows only the shown layer; a live model has them all");
    });
}

fn scope_hint(preset: Preset) -> &'static str {
    match preset {
        Preset::ThisHead => "Only the head on screen, as in the paper",
        Preset::ThisLayer => "All heads of the layer on screen",
        Preset::AllLayers => "All heads of all layers: Value acts through earlier layers",
    }
}

fn range_ui(ui: &mut Ui, session: &Session, outcome: &Outcome, actions: &mut Actions) {
    let reach = session.scope.resolve(outcome.shown()).layers;
    let last_layer = outcome.facts.n_layers.saturating_sub(1);
    let (mut first, mut last) = (reach.start, reach.end.saturating_sub(1));
    ui.label("Layers");
    let from = named(ui.add(egui::DragValue::new(&mut first).range(0..=last)), "first layer in scope");
    ui.label("to");
    let to = named(ui.add(egui::DragValue::new(&mut last).range(first..=last_layer)), "last layer in scope");
    if from.changed() || to.changed() {
        let scope = Scope { layers: LayerScope::Range { first, last }, ..session.scope.clone() };
        actions.push(Command::SetScope(scope).into());
    }
    ui.label(RichText::new(session.scope.to_string()).small().color(theme::of(ui).text_weak));
}

/// Layer and head on screen.
pub fn shown_ui(ui: &mut Ui, session: &Session, outcome: Option<&Outcome>, actions: &mut Actions) {
    heading(ui, "Shown");
    let counts = outcome.map_or((usize::MAX, usize::MAX), |outcome| (outcome.facts.n_layers, outcome.facts.n_heads));
    ui.horizontal(|ui| {
        if let Some(layer) = stepper(ui, "Layer", session.layer, counts.0) {
            actions.push(Command::SetLayer(layer).into());
        }
        ui.add_space(space::M);
        if let Some(head) = stepper(ui, "Head", session.head, counts.1) {
            actions.push(Command::SetHead(head).into());
        }
    });
}

fn stepper(ui: &mut Ui, name: &str, value: usize, count: usize) -> Option<usize> {
    let last = count.saturating_sub(1);
    let mut chosen = value;
    ui.label(name);
    let down = ui.add_enabled(value > 0, egui::Button::new("−").min_size(theme::TARGET));
    if named(down, &format!("{name} down")).clicked() {
        chosen -= 1;
    }
    named(ui.add(egui::DragValue::new(&mut chosen).range(0..=last).speed(0.1)), name);
    let up = ui.add_enabled(value < last, egui::Button::new("+").min_size(theme::TARGET));
    if named(up, &format!("{name} up")).clicked() {
        chosen += 1;
    }
    (chosen != value).then_some(chosen)
}

/// What the selected intervention does to the model's next token.
pub fn effect_ui(ui: &mut Ui, details: Option<&Details>) {
    let Some(Effect { kl, top }) = details.and_then(|details| details.effect.as_ref()) else { return };
    heading(ui, "Effect on the output");
    ui.label(format!("KL(baseline ‖ modified) = {kl:.5} nats"))
        .on_hover_text("Divergence of the next-token distribution: “Ships” in arXiv 2410.13708");
    egui::Grid::new("next-tokens").num_columns(3).spacing([space::M, 2.0]).show(ui, |ui| {
        for title in ["next token", "baseline", "modified"] {
            ui.label(RichText::new(title).small().color(theme::of(ui).text_weak));
        }
        ui.end_row();
        for token in top.iter().take(TOP_TOKENS) {
            ui.monospace(format!("“{}”", token.text));
            ui.monospace(format!("{:6.3} %", token.baseline * 100.0));
            ui.monospace(format!("{:6.3} %", token.modified * 100.0));
            ui.end_row();
        }
    });
}

/// The pinned cell in all nine panels.
pub fn pinned_ui(ui: &mut Ui, session: &Session, outcome: &Outcome, actions: &mut Actions) {
    heading(ui, "Pinned cell");
    let Some(cell) = session.pinned else {
        ui.label(RichText::new("Click a cell to keep its numbers here.").small().color(theme::of(ui).text_weak));
        return;
    };
    let Cell { query, key } = cell;
    ui.label(format!("{query} {} → {key} {}", numbers::token(outcome, query), numbers::token(outcome, key)));
    let Some(baseline) = outcome.baseline.pattern.exact_cell(query, key) else {
        ui.label("masked: a token cannot attend to a later one");
        return;
    };
    ui.label(format!("baseline {}", numbers::weight(baseline.weight)));
    egui::Grid::new("pinned").num_columns(4).spacing([space::M, 2.0]).show(ui, |ui| {
        for component in Component::ALL {
            ui.label(RichText::new(component.name()).small().color(theme::of(ui).text_weak));
            for column in 0..3 {
                let numbers = numbers::CellNumbers::of(outcome, component, column, cell);
                let weight = numbers.map_or(f32::NAN, |numbers| numbers.panel.weight);
                ui.monospace(numbers::steady(weight)).on_hover_text(numbers::weight(weight));
            }
            ui.end_row();
        }
    });
    ui.horizontal(|ui| {
        if ui.button("Copy numbers").on_hover_text("Tab-separated (Ctrl+C)").clicked()
            && let Some(text) = numbers::cell_table(outcome, cell)
        {
            actions.push(Action::Copy { text, what: "The pinned cell’s numbers" });
        }
        if ui.button("Unpin").on_hover_text("Esc").clicked() {
            actions.push(Command::Unpin.into());
        }
    });
}

pub fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(space::M);
    ui.label(RichText::new(text).strong().color(theme::of(ui).text_strong));
    ui.add_space(space::XS);
}

/// Gives a widget the accessible name that its looks imply.
pub fn named(response: egui::Response, name: &str) -> egui::Response {
    response.ctx.accesskit_node_builder(response.id, |node| node.set_label(name));
    response
}
