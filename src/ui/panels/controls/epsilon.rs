//! The instrument: which rows and column, ε, and what it does.

use egui::{RichText, Ui};

use super::{
    explain::{Explanations, Note},
    others::{OthersEditor, others_ui},
    play::{self, Motion},
    row::row,
};
use crate::{
    attention::{Column, Component, Epsilon, Operation, OperationKind},
    engine::{LayerNumbers, Outcome},
    session::{COLUMNS, Command, RowChoice, Session, SliderRange},
    ui::{
        column_names,
        panels::sentence::sentence_ui,
        shell::{action::Actions, commands::hint},
        theme::{self, space},
        widgets::{EpsilonSlider, epsilon_field, heading, segmented, with_accessible_name},
    },
};

/// Lines kept free for the explanations, so that nothing below them moves when they change.
const NOTE_LINES: f32 = 6.0;
/// Layer and head beside each other, in points.
const BOTH_STEPPERS: f32 = 290.0;
const RESET: &str = "Reset to figure";
/// Room for that name and *Zoom*, in points.
const LONG_RESET: f32 = 170.0;
/// Between two explanations, in points.
const NOTE_GAP: f32 = 2.0;

const NEEDS_MODEL: &str = "It takes what the model makes of other prompts: a capture has one prompt and no model";

/// Component, column, slider, number field. `transition` is where the curves over ε are steep.
pub fn epsilon_ui(ui: &mut Ui, session: &Session, transition: [Epsilon; 2], motion: Motion, actions: &mut Actions) {
    ui.add_space(space::XS);
    let mut rows = session.rows();
    let of_grid = session.shape().rows();
    let all = if of_grid.count() == 3 { "all three rows" } else { "all rows" };
    let choice = |rows: RowChoice, label: &'static str, moved: &str| {
        (rows, label, hint(&format!("The slider moves {moved}"), &Command::ChooseRows(rows).into()))
    };
    let of_row =
        |component: Component| choice(RowChoice::Only(component), component.name(), &format!("the {component} row"));
    let choices: Vec<_> =
        std::iter::once(choice(RowChoice::All, "All", all)).chain(of_grid.iter().map(of_row)).collect();
    if segmented(ui, "Component", &mut rows, &borrowed(&choices)) {
        actions.push(Command::ChooseRows(rows).into());
    }
    ui.add_space(space::S);

    column_ui(ui, session, actions);
    ui.add_space(space::S);

    let epsilon = session.selected_epsilon();
    let moved = ui
        .horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            let width = ui.available_width() - theme::TARGET.x - space::XS;
            let slider = EpsilonSlider::new(&epsilon, session.epsilon().row(session.selected().component))
                .neutral(session.operation().neutral())
                .transition(Some(transition))
                .decades(session.view().slider.decades())
                .name("epsilon");
            let moved = ui.allocate_ui(egui::vec2(width, 0.0), |ui| slider.show(ui)).inner;
            ui.vertical(|ui| {
                ui.add_space(EpsilonSlider::RAIL_CENTER - theme::TARGET.y / 2.0);
                play::button_ui(ui, motion, actions);
            });
            moved
        })
        .inner;
    ui.horizontal(|ui| {
        let typed = epsilon_field(ui, "epsilon-field", "epsilon value", epsilon);
        if let Some(epsilon) = moved.or(typed) {
            actions.push(Command::SetEpsilon(epsilon).into());
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::TOP), |ui| {
            let is_narrow = ui.available_width() < LONG_RESET;
            let reset = ui.button(if is_narrow { "Reset" } else { RESET });
            if with_accessible_name(reset, RESET).on_hover_text("ε = 5e-1, 1e-3, 1e-10 in every row").clicked() {
                actions.push(Command::ResetToFigure.into());
            }
            zoom_ui(ui, session.view().slider, transition, actions);
        });
    });
}

/// What changes vectors, greyed where there are none.
pub fn only_with_vectors(ui: &mut Ui, outcome: Option<&Outcome>, contents: impl FnOnce(&mut Ui)) {
    let has_vectors = outcome.is_none_or(|outcome| outcome.facts.kind.has_vectors());
    let shown = ui.add_enabled_ui(has_vectors, contents);
    shown.response.on_disabled_hover_text("This file holds patterns only, no query, key or value");
}

/// Which column the slider moves.
fn column_ui(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    let shape = session.epsilon().shape();
    let with_key = |column: Column| {
        let text = format!("The slider moves the {} column", column_names::name(column, shape));
        hint(&text, &Command::ChooseColumn(column).into())
    };
    let choices = column_names::choices(shape, with_key);
    row(ui, |ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let mut column = session.column();
        if segmented(ui, "Column", &mut column, &borrowed(&choices)) {
            actions.push(Command::ChooseColumn(column).into());
        }
        let n_columns = shape.n_columns();
        let button = |text: &'static str| egui::Button::new(text).min_size(theme::TARGET);
        let remove = ui.add_enabled(n_columns > *COLUMNS.start(), button("−"));
        let hint = "Removes the column that the slider moves";
        let removed = with_accessible_name(remove, "Remove the column").on_hover_text(hint);
        if removed.on_disabled_hover_text("Two columns are the least").clicked() {
            actions.push(Command::RemoveColumn(session.column()).into());
        }
        let add = ui.add_enabled(n_columns < *COLUMNS.end(), button("+"));
        let hint = "One more column of panels, with an ε of its own";
        if with_accessible_name(add, "Add a column")
            .on_hover_text(hint)
            .on_disabled_hover_text("Six columns are the most")
            .clicked()
        {
            actions.push(Command::AddColumn.into());
        }
    });
}

fn borrowed<T: Copy, L: AsRef<str>>(choices: &[(T, L, String)]) -> Vec<(T, &str, &str)> {
    choices.iter().map(|(value, label, hint)| (*value, label.as_ref(), hint.as_str())).collect()
}

/// Whether the slider shows its whole scale or two decades around the transition.
fn zoom_ui(ui: &mut Ui, range: SliderRange, [from, to]: [Epsilon; 2], actions: &mut Actions) {
    let is_zoomed = range != SliderRange::Whole;
    let hint = "The slider shows two decades around the transition, where the curves over ε are steep";
    let button = ui.add(egui::Button::new("Zoom").selected(is_zoomed));
    if with_accessible_name(button, "zoom slider to transition").on_hover_text(hint).clicked() {
        let middle = Epsilon::new((from.get() * to.get()).sqrt()).ok().filter(|_| !is_zoomed);
        let range = middle.map_or(SliderRange::Whole, SliderRange::Around);
        actions.push(Command::SetSliderRange(range).into());
    }
}

/// What ε does to the vectors, and from which other prompts it takes any.
pub fn operation_ui(
    ui: &mut Ui,
    others: &mut OthersEditor,
    session: &Session,
    outcome: Option<&Outcome>,
    actions: &mut Actions,
) {
    ui.add_space(space::M);
    let current = session.operation();
    let has_model = outcome.is_none_or(|outcome| outcome.facts.kind.is_model());
    row(ui, |ui| {
        ui.label(RichText::new("Modify").strong().color(theme::of(ui).text_strong));
        ui.label("by");
        let shown = egui::ComboBox::from_id_salt("operation").selected_text(current.kind().name()).width(150.0);
        let combo = shown.show_ui(ui, |ui| {
            for kind in OperationKind::ALL {
                let is_chosen = current.kind() == kind;
                let label = egui::Button::selectable(is_chosen, kind.name());
                let label = ui.add_enabled(has_model || !kind.reads_other_prompts(), label);
                let label = label.on_hover_text(kind.formula()).on_disabled_hover_text(NEEDS_MODEL);
                if label.clicked() && !is_chosen {
                    actions.push(Command::SetOperation(session.operation_of(kind)).into());
                }
            }
        });
        with_accessible_name(combo.response, "Operation").on_hover_text(current.kind().formula());
        if let &Operation::Noise { mut seed } = current {
            ui.label("Seed");
            let hint = "The same seed gives the same noise, in every run";
            if with_accessible_name(ui.add(egui::DragValue::new(&mut seed)), "noise seed").on_hover_text(hint).changed()
            {
                actions.push(Command::SetOperation(Operation::Noise { seed }).into());
            }
        }
    });
    others_ui(ui, others, session, outcome, actions);
}

/// Why it looks as it does, in the room that is kept for it.
pub fn notes_ui(ui: &mut Ui, explanations: &Explanations, actions: &mut Actions) {
    let height = NOTE_LINES * ui.text_style_height(&egui::TextStyle::Small) * 1.25;
    ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| {
        ui.set_min_height(height);
        ui.spacing_mut().item_spacing.y = NOTE_GAP;
        for note in &explanations.notes {
            sentence_ui(ui, &note.text, note.lesson, actions);
        }
        if !explanations.offers.is_empty() {
            ui.spacing_mut().interact_size.y = 0.0;
            ui.horizontal(|ui| {
                for offer in &explanations.offers {
                    if ui.link(RichText::new(offer.text).small()).clicked() {
                        actions.extend(offer.commands.iter().cloned().map(Into::into));
                    }
                }
            });
        }
    });
}

/// Layer and head on screen, and how much of the selected panel rests on the first token.
pub fn shown_ui(ui: &mut Ui, session: &Session, outcome: Option<&Outcome>, sink: Option<&Note>, actions: &mut Actions) {
    heading(ui, "Shown");
    let counts = outcome.map_or((usize::MAX, usize::MAX), |outcome| (outcome.facts.n_layers, outcome.facts.n_heads));
    let layout = if ui.available_width() < BOTH_STEPPERS {
        egui::Layout::top_down(egui::Align::LEFT)
    } else {
        egui::Layout::left_to_right(egui::Align::Center)
    };
    let height = ui.spacing().interact_size.y;
    ui.allocate_ui_with_layout(egui::vec2(ui.available_width(), height), layout, |ui| {
        let layers = outcome.map(|outcome| outcome.facts.layers.clone()).unwrap_or_default();
        let layer = ui.horizontal(|ui| stepper(ui, "Layer", session.layer(), counts.0, &layers)).inner;
        if let Some(layer) = layer {
            actions.push(Command::SetLayer(layer).into());
        }
        ui.add_space(if layout.is_horizontal() { space::M } else { 0.0 });
        let head = ui.horizontal(|ui| stepper(ui, "Head", session.head(), counts.1, &LayerNumbers::default())).inner;
        if let Some(head) = head {
            actions.push(Command::SetHead(head).into());
        }
    });
    // Its line is kept free until the number is there.
    let line = ui.text_style_height(&egui::TextStyle::Small) + 2.0;
    ui.allocate_ui(egui::vec2(ui.available_width(), line), |ui| {
        ui.set_min_height(line);
        if let Some(note) = sink {
            sentence_ui(ui, &note.text, note.lesson, actions);
        }
    });
}

/// A field for a layer, which reads and is typed as the number that it is called by.
pub fn layer_value<'a>(layer: &'a mut usize, layers: &LayerNumbers) -> egui::DragValue<'a> {
    let (shown, typed) = (layers.clone(), layers.clone());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a layer, and the cast saturates")]
    let format = move |layer: f64, _| shown.of(layer as usize).to_string();
    let parse = move |text: &str| Some(typed.layer(text.trim().parse().ok()?)? as f64);
    egui::DragValue::new(layer).custom_formatter(format).custom_parser(parse)
}

fn stepper(ui: &mut Ui, name: &str, value: usize, count: usize, numbers: &LayerNumbers) -> Option<usize> {
    let last = count.saturating_sub(1);
    let mut chosen = value;
    ui.label(name);
    let down = ui.add_enabled(value > 0, egui::Button::new("−").min_size(theme::TARGET));
    if with_accessible_name(down, &format!("{name} down")).clicked() {
        chosen -= 1;
    }
    // Just after another source was opened, `last` is still that of the source on screen: it must not cut the session's.
    with_accessible_name(ui.add(layer_value(&mut chosen, numbers).range(0..=last.max(value)).speed(0.1)), name);
    let up = ui.add_enabled(value < last, egui::Button::new("+").min_size(theme::TARGET));
    if with_accessible_name(up, &format!("{name} up")).clicked() {
        chosen += 1;
    }
    (chosen != value).then_some(chosen)
}
