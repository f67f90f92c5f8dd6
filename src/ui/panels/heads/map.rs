//! All heads as cells, layer × head, in the colour of the metric.

use egui::{
    Align2, Color32, Rect, Response, Role, ScrollArea, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::{
    browser::Browser,
    gestures::gestures_ui,
    listing::{Cells, row, spoken},
    thumbnails::{hover_ui, visible},
    ticks,
};
use crate::{
    engine::{HeadMetric, HeadRow, MetricRange},
    figure::{ColorNorm, Colormap, Ground, Limits, MaskedStyle, Palette},
    session::Session,
    ui::{
        shell::action::Actions,
        theme::{self, space},
        widgets::focus_ring,
    },
};

/// Of a cell, in points.
const SIDE: [f32; 2] = [14.0, 40.0];
/// Of the layers' numbers.
const LABEL: f32 = 32.0;

/// What the map shows: made once for a list and a ground.
fn cells_of(heads: &Browser, ground: Ground) -> Cells {
    let metric = heads.choice.metric;
    let row = |&index: &usize| (index, row(&heads.gallery, &heads.effects, index));
    let rows: Vec<(usize, Option<HeadRow>)> = heads.listing.indices().iter().map(row).collect();
    let palette = palette(metric, rows.iter().filter_map(|(_, row)| row.as_ref()), ground);
    let legend = legend(metric, &palette);
    let colored = |(index, row): (usize, Option<HeadRow>)| {
        let color = color(&palette, row.as_ref().and_then(|row| row.get(metric)));
        (index, row, color)
    };
    Cells { cells: rows.into_iter().map(colored).collect(), legend }
}

pub fn map_ui(ui: &mut Ui, heads: &mut Browser, session: &Session, actions: &mut Actions) {
    let n_heads = heads.gallery.n_heads().max(1);
    let ground = if ui.visuals().dark_mode { Ground::Dark } else { Ground::Light };
    let mut map = std::mem::take(&mut heads.map);
    let Cells { cells, legend } = map.get((heads.listing.revision(), ground), || cells_of(heads, ground));
    ui.label(egui::RichText::new(legend).small().color(theme::of(ui).text_weak));
    let side = ((ui.available_width() - LABEL - space::M) / n_heads as f32).clamp(SIDE[0], SIDE[1]).floor();
    let n_layers = heads.gallery.summaries().len().div_ceil(n_heads);
    heads.cursor.columns = n_heads;
    heads.cursor.has_focus = false;
    ScrollArea::both().auto_shrink(false).id_salt("map").show_viewport(ui, |ui, viewport| {
        ui.set_height((n_layers + 1) as f32 * side);
        ui.set_width(LABEL + n_heads as f32 * side);
        let corner = ui.max_rect().min + vec2(LABEL, side);
        let rect = |index: usize| {
            let at = vec2((index % n_heads) as f32 * side, (index / n_heads) as f32 * side);
            Rect::from_min_size(corner + at, vec2(side, side)).shrink(0.5)
        };
        labels_ui(ui, heads, corner, side, n_heads, n_layers);
        let in_view = visible(viewport.translate(vec2(0.0, -side)), side, n_layers);
        heads.cursor.rows = in_view.len().saturating_sub(1);
        let ticked = ticks::ticked(heads, session);
        for (position, &(index, ref row, color)) in cells.iter().enumerate() {
            if !in_view.contains(&(index / n_heads)) {
                continue;
            }
            let response = cell_ui(ui, heads, session, index, rect(index), color, row.as_ref());
            gestures_ui(&response, heads, session, index, actions);
            if heads.ticks.are_shown {
                let (layer, head) = heads.place(index);
                let at = ticks::box_at(rect(index).min - vec2(2.0, 2.0));
                ticks::box_ui(ui, heads, session, position, at, ticked.contains(layer, head), actions);
            }
        }
        if let Some(index) = heads.cursor.at.filter(|_| heads.cursor.is_called()) {
            ui.scroll_to_rect(rect(index), None);
        }
    });
    heads.map = map;
}

/// Numbers of heads above and of layers at the left, as many as have room.
fn labels_ui(ui: &Ui, heads: &Browser, corner: egui::Pos2, side: f32, n_heads: usize, n_layers: usize) {
    let (font, color) = (TextStyle::Small.resolve(ui.style()), theme::of(ui).text_weak);
    for head in (0..n_heads).step_by(if side < 20.0 { 4 } else { 1 }) {
        let at = pos2(corner.x + (head as f32 + 0.5) * side, corner.y - 2.0);
        ui.painter().text(at, Align2::CENTER_BOTTOM, head.to_string(), font.clone(), color);
    }
    for layer in 0..n_layers {
        let at = pos2(corner.x - space::S, corner.y + (layer as f32 + 0.5) * side);
        let text = format!("L{}", heads.gallery.layers().of(layer));
        ui.painter().text(at, Align2::RIGHT_CENTER, text, font.clone(), color);
    }
}

fn cell_ui(
    ui: &mut Ui,
    heads: &mut Browser,
    session: &Session,
    index: usize,
    rect: Rect,
    color: Option<Color32>,
    row: Option<&HeadRow>,
) -> Response {
    let (layer, head) = heads.place(index);
    let is_shown = (layer, head) == (session.layer(), session.head());
    let response = heads.cursor.interact_ui(ui, "map", index, rect);
    let colors = theme::of(ui);
    ui.painter().rect_filled(rect, 0.0, color.unwrap_or(colors.masked));
    if is_shown {
        ui.painter().rect_stroke(rect, 0.0, Stroke::new(2.5, colors.selection), StrokeKind::Inside);
    } else if response.hovered() {
        ui.painter().rect_stroke(rect, 0.0, Stroke::new(1.0, colors.outline), StrokeKind::Outside);
    }
    if response.has_focus() {
        focus_ring(ui.painter(), rect.expand(1.0), 0.0, colors);
    }
    let (metric, enabled, layer) = (heads.choice.metric, ui.is_enabled(), heads.gallery.layers().of(layer));
    response.widget_info(|| {
        let value = row.map(|row| (metric, row.get(metric)));
        WidgetInfo::selected(Role::Button, enabled, is_shown, spoken(layer, head, value.into_iter()))
    });
    response.on_hover_ui(|ui| hover_ui(ui, layer, head, row))
}

/// Signed metrics in diverging colours around 0, the others from 0 to 1 or to the largest.
fn palette<'a>(metric: HeadMetric, rows: impl Iterator<Item = &'a HeadRow>, ground: Ground) -> Palette {
    let values = rows.filter_map(|row| row.get(metric)).filter(|value| value.is_finite());
    #[expect(clippy::cast_possible_truncation, reason = "colours need no more")]
    let most = values.fold(1e-30_f64, |most, value| most.max(value.abs())) as f32;
    let (colormap, limits) = match metric.range() {
        MetricRange::Share => (Colormap::Viridis, Limits::new(0.0, 1.0)),
        MetricRange::Nats => (Colormap::Viridis, Limits::new(0.0, most)),
        MetricRange::Signed => (Colormap::RdBu, Limits::new(-most, most)),
    };
    let norm = limits.map_or_else(|_| ColorNorm::default(), ColorNorm::Linear);
    Palette::new(colormap, norm.resolve(|| None), MaskedStyle::Quiet, ground)
}

/// What the colours mean.
fn legend(metric: HeadMetric, palette: &Palette) -> String {
    let [low, high] = palette.scale().ends();
    let ends = [low, high].map(|end| metric.text(end));
    format!("{}: colours from {} to {}", metric.name(), ends[0], ends[1])
}

#[expect(clippy::cast_possible_truncation, reason = "colours need no more")]
fn color(palette: &Palette, value: Option<f64>) -> Option<Color32> {
    let value = value.filter(|value| !value.is_nan())?;
    let [r, g, b, a] = palette.color(value as f32).rgba();
    Some(Color32::from_rgba_premultiplied(r, g, b, a))
}
