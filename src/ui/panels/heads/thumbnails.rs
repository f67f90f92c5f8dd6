//! All heads as pictures: only those in view are painted.

use egui::{
    Color32, Rect, Response, Role, ScrollArea, Shape, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo,
    emath::GuiRounding as _, pos2, vec2,
};

use super::{
    browser::Browser,
    gestures::gestures_ui,
    listing::{row, short, spoken},
    ticks,
};
use crate::{
    engine::{HeadMetric, HeadRow, MetricRange},
    session::Session,
    ui::{
        shell::action::Actions,
        theme::{self, RADIUS, space},
        widgets::focus_ring,
    },
};

/// Of a thumbnail, in points.
const SIDE: f32 = 80.0;
const GAP: f32 = space::M;
/// Of the corner that marks the head on screen.
const CORNER: f32 = 14.0;

/// Side of a thumbnail in pixels.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
pub fn side_pixels(pixels_per_point: f32) -> usize {
    (SIDE * pixels_per_point).round().clamp(16.0, 512.0) as usize
}

pub fn thumbnails_ui(ui: &mut Ui, heads: &mut Browser, session: &Session, actions: &mut Actions) {
    let label = ui.text_style_height(&TextStyle::Small) + 2.0;
    let step = vec2(SIDE + GAP, SIDE + label + GAP);
    let columns = columns(ui.available_width() - GAP, step.x, heads);
    let count = heads.listing.indices().len();
    let rows = count.div_ceil(columns);
    let at_column = |position: usize| position % columns;
    // In other rows than before the same heads are elsewhere.
    heads.cursor.wanted |= heads.cursor.columns != columns;
    heads.cursor.columns = columns;
    heads.cursor.has_focus = false;
    ScrollArea::vertical().auto_shrink(false).id_salt("thumbnails").show_viewport(ui, |ui, viewport| {
        ui.set_height(rows as f32 * step.y);
        let corner = ui.max_rect().min + vec2(space::XS, space::XS);
        let rect = |position: usize| {
            let offset = vec2(at_column(position) as f32 * step.x, (position / columns) as f32 * step.y);
            Rect::from_min_size(corner + offset, vec2(SIDE, SIDE + label))
        };
        let visible = visible(viewport, step.y, rows);
        heads.cursor.rows = visible.len().saturating_sub(1);
        let ticked = ticks::ticked(heads, session);
        for position in visible.start * columns..(visible.end * columns).min(count) {
            let index = heads.listing.indices()[position];
            let response = head_ui(ui, heads, session, index, rect(position));
            gestures_ui(&response, heads, session, index, actions);
            if heads.ticks.are_shown {
                let (layer, head) = heads.place(index);
                let at = ticks::box_at(rect(position).min);
                ticks::box_ui(ui, heads, session, position, at, ticked.contains(layer, head), actions);
            }
        }
        let position = heads.cursor.at.and_then(|index| heads.listing.position(index));
        if let Some(position) = position.filter(|_| heads.cursor.is_called()) {
            ui.scroll_to_rect(rect(position).expand(GAP), None);
        }
    });
}

/// As many as fit; where all heads are shown as they lie in the model, whole layers.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
fn columns(width: f32, step: f32, heads: &Browser) -> usize {
    let fit = (width / step).floor().max(1.0) as usize;
    let n_heads = heads.gallery.n_heads().max(1);
    if heads.choice.is_map() && n_heads <= fit { fit / n_heads * n_heads } else { fit }
}

/// The rows in view.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the casts saturate")]
pub fn visible(viewport: Rect, step: f32, rows: usize) -> std::ops::Range<usize> {
    let first = ((viewport.top() / step).floor() as usize).min(rows);
    let end = ((viewport.bottom() / step).ceil() as usize).clamp(first, rows);
    first..end
}

fn head_ui(ui: &mut Ui, heads: &mut Browser, session: &Session, index: usize, rect: Rect) -> Response {
    let (layer, head) = heads.place(index);
    let is_shown = (layer, head) == (session.layer(), session.head());
    let layer = heads.gallery.layers().of(layer);
    let response = heads.cursor.interact_ui(ui, "head", index, rect);
    let (metric, row) = (heads.choice.metric, row(&heads.gallery, &heads.effects, index));
    paint(ui, heads, index, rect, Look { layer, head, metric, row, is_shown }, &response);
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let value = row.map(|row| (metric, row.get(metric)));
        let mut name = spoken(layer, head, value.into_iter());
        name.push_str(if row.is_none() { ", not computed yet" } else { "" });
        WidgetInfo::selected(Role::Button, enabled, is_shown, name)
    });
    response.on_hover_ui(|ui| hover_ui(ui, layer, head, row.as_ref()))
}

struct Look {
    layer: usize,
    head: usize,
    metric: HeadMetric,
    row: Option<HeadRow>,
    is_shown: bool,
}

fn paint(ui: &Ui, heads: &Browser, index: usize, rect: Rect, look: Look, response: &Response) {
    let colors = theme::of(ui);
    let picture = Rect::from_min_size(rect.min, vec2(SIDE, SIDE)).round_to_pixels(ui.pixels_per_point());
    let painter = ui.painter();
    match heads.gallery.atlas.get(index) {
        Some((texture, uv)) => _ = painter.image(texture, picture, uv, Color32::WHITE),
        None => _ = painter.rect_filled(picture, 0.0, colors.masked),
    }
    let outline = if response.hovered() { colors.outline } else { colors.line };
    if look.is_shown {
        painter.rect_stroke(picture, 0.0, Stroke::new(3.0, colors.selection), StrokeKind::Outside);
        let corner = picture.right_top();
        let triangle = vec![corner, corner - vec2(CORNER, 0.0), corner + vec2(0.0, CORNER)];
        painter.add(Shape::convex_polygon(triangle, colors.selection, Stroke::new(1.0, colors.surface)));
    } else {
        painter.rect_stroke(picture, 0.0, Stroke::new(1.0, outline), StrokeKind::Outside);
    }
    if response.has_focus() {
        focus_ring(painter, rect.expand(2.0), RADIUS, colors);
    }
    let font = TextStyle::Small.resolve(ui.style());
    let name_color = if look.is_shown || response.hovered() { colors.text_strong } else { colors.text };
    let name = format!("L{} H{}", look.layer, look.head);
    let below = picture.bottom() + 3.0;
    painter.text(pos2(rect.left(), below), egui::Align2::LEFT_TOP, name, font.clone(), name_color);
    let value = look.row.map_or_else(|| "…".to_owned(), |row| short(look.metric, row.get(look.metric)));
    painter.text(pos2(rect.right(), below), egui::Align2::RIGHT_TOP, value, font, colors.text_weak);
}

pub fn hover_ui(ui: &mut Ui, layer: usize, head: usize, row: Option<&HeadRow>) {
    ui.strong(format!("Layer {layer}, head {head}"));
    let Some(row) = row else {
        ui.label("not computed yet");
        return;
    };
    egui::Grid::new("head").num_columns(2).spacing([space::M, 2.0]).show(ui, |ui| {
        for metric in HeadMetric::ALL {
            let value = row.get(metric);
            if value.is_none() && metric.range() != MetricRange::Share {
                continue;
            }
            ui.label(metric.name());
            let value = value.map_or_else(|| "–".to_owned(), |value| metric.text(value) + unit(metric));
            ui.monospace(value);
            ui.end_row();
        }
    });
}

fn unit(metric: HeadMetric) -> &'static str {
    match metric {
        HeadMetric::Ships | HeadMetric::TargetChange | HeadMetric::RivalChange => " nats",
        HeadMetric::Writes | HeadMetric::WritesOverRival => " logits",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_view_are_those_that_it_touches() {
        let view = |top: f32, bottom: f32| Rect::from_min_max(pos2(0.0, top), pos2(100.0, bottom));
        assert_eq!(visible(view(0.0, 250.0), 100.0, 30), 0..3);
        assert_eq!(visible(view(199.0, 301.0), 100.0, 30), 1..4);
        assert_eq!(visible(view(2900.0, 3200.0), 100.0, 30), 29..30);
        assert_eq!(visible(view(9000.0, 9200.0), 100.0, 30), 30..30, "scrolled beyond what is left");
        assert_eq!(visible(view(-50.0, 20.0), 100.0, 0), 0..0);
    }
}
