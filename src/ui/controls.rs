//! The instrument: which rows and column, ε, and what it does.

use egui::{RichText, Ui};

use super::{
    action::Actions,
    explain::{self, Seen},
    studio::{Details, Frame},
    theme::{self, space},
    widgets::{EpsilonSlider, epsilon_field, segmented},
};
use crate::{
    attention::{Component, LayerScope, Preset, Scope},
    engine::{Outcome, SourceKind},
    session::{Command, RowChoice, Session},
};

/// Lines kept free for the explanations, so that nothing below them moves when they change.
const NOTE_LINES: f32 = 6.0;

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
pub fn notes_ui(ui: &mut Ui, session: &Session, frame: &Frame, details: Option<&Details>, actions: &mut Actions) {
    let seen = Seen { output_norms: details.and_then(|details| details.output_norms) };
    let height = NOTE_LINES * ui.text_style_height(&egui::TextStyle::Small) * 1.25;
    ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| {
        ui.set_min_height(height);
        for note in explain::notes(session, &frame.outcome, seen) {
            ui.label(RichText::new(note).small().color(theme::of(ui).text_weak));
        }
        if let Some((quantity, text)) = explain::offer(session, &frame.outcome)
            && ui.link(RichText::new(text).small()).clicked()
        {
            actions.push(Command::SetQuantity(quantity).into());
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
    // Just after another source was opened, the bounds are still those of the source on screen: they must not cut the
    // session's range.
    let (first_end, last_start, last_end) = (last.max(first), first.min(last), last_layer.max(last));
    ui.label("Layers");
    let from = named(ui.add(egui::DragValue::new(&mut first).range(0..=first_end)), "first layer in scope");
    ui.label("to");
    let to = named(ui.add(egui::DragValue::new(&mut last).range(last_start..=last_end)), "last layer in scope");
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
    // Just after another source was opened, `last` is still that of the source on screen: it must not cut the session's.
    named(ui.add(egui::DragValue::new(&mut chosen).range(0..=last.max(value)).speed(0.1)), name);
    let up = ui.add_enabled(value < last, egui::Button::new("+").min_size(theme::TARGET));
    if named(up, &format!("{name} up")).clicked() {
        chosen += 1;
    }
    (chosen != value).then_some(chosen)
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
