//! What is under the pointer: the nearest ε that was measured, and the three values there.

use egui::{Grid, Id, Rangef, Rect, Response, RichText, Stroke, Ui, pos2, vec2};

use super::markers::Place;
use crate::{
    engine::{Sweep, SweepMetric},
    ui::{
        theme::{self, space},
        widgets::{HoverCard, Snap},
    },
};

const DOT: f32 = 3.5;

/// A hairline, a dot on each curve, and a card. `y_of` is where a value stands.
pub fn hover_ui(
    ui: &Ui,
    response: &Response,
    place: &Place,
    sweep: &Sweep,
    metric: SweepMetric,
    y_of: &dyn Fn(f64) -> f32,
) {
    let Some(pointer) = ui.input(|input| input.pointer.hover_pos()) else { return };
    if !response.contains_pointer() || !place.frame.contains(pointer) {
        return;
    }
    let wanted = place.scale.epsilon_at(pointer.x, Snap::Free);
    let values: Vec<_> = sweep
        .components()
        .filter_map(|component| {
            let point = sweep.nearest(component, wanted)?;
            Some((component, point.epsilon, metric.of(&point.metrics)?))
        })
        .collect();
    let Some(&(_, epsilon, _)) = values.first() else { return };
    let (colors, painter) = (theme::of(ui), ui.painter().with_clip_rect(place.frame));
    let x = place.scale.x_of(epsilon);
    painter.vline(x, place.frame.y_range(), Stroke::new(1.0, colors.outline));
    for &(component, _, value) in &values {
        painter.circle(pos2(x, y_of(value)), DOT, colors.components[component.row()], Stroke::new(1.0, colors.surface));
    }
    let row = Rect::from_x_y_ranges(Rangef::new(x - DOT, x + DOT), place.frame.y_range());
    let card = HoverCard::about(pointer, row.expand2(vec2(0.0, space::XS)));
    card.show(ui.ctx(), Id::unique("sweep card"), &[()], |ui, ()| {
        ui.label(RichText::new(format!("ε = {:.3e}", epsilon.get())).strong());
        Grid::new("sweep values").num_columns(2).spacing([space::M, 2.0]).show(ui, |ui| {
            for &(component, _, value) in &values {
                ui.label(RichText::new(component.name()).color(colors.components[component.row()]));
                ui.monospace(format!("{value:.6}"));
                ui.end_row();
            }
        });
        ui.label(RichText::new(metric.name()).small().color(colors.text_weak));
    });
}
