//! The pinned cell: its numbers, its row, and what the selected intervention does to the model's output.

use egui::{RichText, Ui};
use egui_plot::{Corner, HoverPosition, Legend, Line, Plot, PlotPoints, VLine};

use super::{
    action::{Action, Actions},
    controls::heading,
    frame::{Details, Frame},
    numbers,
    theme::{self, space},
};
use crate::{
    attention::{Component, Mask, Pattern},
    engine::Effect,
    session::{Cell, Command, Session},
};

/// Next tokens listed.
const TOP_TOKENS: usize = 5;
const PROFILE_HEIGHT: f32 = 190.0;

/// All parts, one below the other.
pub fn inspector_ui(ui: &mut Ui, session: &Session, frame: &Frame, details: Option<&Details>, actions: &mut Actions) {
    let outcome = &frame.outcome;
    pinned_ui(ui, session, frame, actions);
    if let Some(cell) = session.pinned.filter(|cell| cell.query < outcome.n_positions()) {
        profile_ui(ui, session, frame, cell);
    }
    effect_ui(ui, outcome.mask(), details);
}

/// The row of the pinned cell as lines: weight against key position, baseline and the three columns.
fn profile_ui(ui: &mut Ui, session: &Session, frame: &Frame, cell: Cell) {
    let outcome = &frame.outcome;
    let component = session.rows.lead();
    heading(ui, &format!("Row {} {}: {component}", cell.query, numbers::token(outcome, cell.query)));
    let colors = theme::of(ui);
    let mut buffer = vec![0.0; outcome.n_positions()];
    let mut points = |pattern: &Pattern| -> PlotPoints<'static> {
        let row = pattern.row_into(cell.query, &mut buffer);
        row.iter().enumerate().map(|(key, &weight)| [key as f64, f64::from(weight)]).collect()
    };
    let baseline = Line::new("baseline", points(&outcome.baseline.pattern)).color(colors.text_weak).width(2.5);
    let columns: Vec<Line<'_>> = (0..3)
        .filter_map(|column| {
            let name = format!("ε = {}", outcome.epsilon[component.row()][column]);
            let line = Line::new(name, points(&frame.panel(component, column)?.pattern))
                .id(egui::Id::unique(("profile", column)))
                .color(colors.series[column])
                .width(if column == session.column { 2.0 } else { 1.2 });
            Some(line)
        })
        .collect();
    let label = |hover: &HoverPosition<'_>| match hover {
        HoverPosition::NearDataPoint { plot_name, position, index } => {
            let key = numbers::token(outcome, *index);
            Some(format!("{plot_name}\nkey {index} {key}\nweight {:.6}", position.y))
        }
        HoverPosition::Elsewhere { .. } => None,
    };
    Plot::new("row profile")
        .height(PROFILE_HEIGHT)
        .include_y(0.0)
        .include_y(1.0)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .show_crosshair(false)
        .legend(Legend::default().position(Corner::RightTop))
        .label_formatter(label)
        .show(ui, |plot| {
            plot.vline(VLine::new("pinned key", cell.key as f64).color(colors.pin).allow_hover(false));
            plot.line(baseline);
            for line in columns {
                plot.line(line);
            }
        });
}

/// What the selected intervention does to the model's next token.
fn effect_ui(ui: &mut Ui, mask: Mask, details: Option<&Details>) {
    let Some(Effect { kl, top }) = details.and_then(|details| details.effect.as_ref()) else { return };
    heading(ui, "Effect on the output");
    ui.label(format!("KL(baseline ‖ modified) = {kl:.5} nats")).on_hover_text(
        "Divergence of the distribution of the token predicted at the last position: “Ships” in arXiv 2410.13708",
    );
    egui::Grid::new("next-tokens").num_columns(3).spacing([space::M, 2.0]).show(ui, |ui| {
        // An encoder predicts the token that stands there.
        let token = if mask == Mask::Causal { "next token" } else { "last token" };
        for title in [token, "baseline", "modified"] {
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
fn pinned_ui(ui: &mut Ui, session: &Session, frame: &Frame, actions: &mut Actions) {
    let outcome = &frame.outcome;
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
                if frame.panel(component, column).is_none() {
                    ui.monospace("…").on_hover_text("not computed yet");
                    continue;
                }
                let numbers = numbers::CellNumbers::of(outcome, component, column, cell);
                let weight = numbers.map_or(f32::NAN, |numbers| numbers.panel.weight);
                ui.monospace(numbers::steady(weight)).on_hover_text(numbers::weight(weight));
            }
            ui.end_row();
        }
    });
    ui.horizontal(|ui| {
        if ui
            .add_enabled(frame.is_whole(), egui::Button::new("Copy numbers"))
            .on_hover_text("Tab-separated (Ctrl+C)")
            .clicked()
            && let Some(text) = numbers::cell_table(outcome, cell)
        {
            actions.push(Action::Copy { text, what: "The pinned cell’s numbers" });
        }
        if ui.button("Unpin").on_hover_text("Esc").clicked() {
            actions.push(Command::Unpin.into());
        }
    });
}
