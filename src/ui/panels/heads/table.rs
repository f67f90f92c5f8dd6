//! All heads as rows of numbers: only those in view are painted.

use egui::{Align2, Rect, Response, Role, ScrollArea, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::{
    bar::{choose_metric, meaning, titled},
    browser::Browser,
    effects,
    gestures::gestures_ui,
    listing::{Choice, row, spoken},
    thumbnails::visible,
    ticks,
};
use crate::{
    engine::{HeadMetric, HeadRow, Ranking, SourceKind},
    session::Session,
    ui::{
        shell::action::Actions,
        theme::{self, RADIUS, space},
        widgets::focus_ring,
    },
};

const ROW: f32 = 24.0;
/// Of the columns with layer and head.
const PLACE: f32 = 48.0;
/// Of a column with numbers.
const NARROWEST: f32 = 63.0;
const WIDEST: f32 = 128.0;

/// Where the columns end, from the left edge of the table.
struct Columns {
    metrics: Vec<HeadMetric>,
    metric: f32,
}

impl Columns {
    /// As many of `all` as `width` has room for, in their order: those of `first` are there before others, and others
    /// before those of which nothing is known.
    fn of(all: &[HeadMetric], first: &[HeadMetric], is_known: impl Fn(HeadMetric) -> bool, width: f32) -> Self {
        let room = width - 2.0 * PLACE;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few columns")]
        let count = ((room / NARROWEST).floor().max(1.0) as usize).min(all.len());
        let mut by_importance = all.to_vec();
        by_importance.sort_by_key(|metric| match metric {
            metric if first.contains(metric) => 0,
            metric if is_known(*metric) => 1,
            _ => 2,
        });
        by_importance.truncate(count);
        let metrics: Vec<_> = all.iter().copied().filter(|metric| by_importance.contains(metric)).collect();
        Self { metrics, metric: (room / count.max(1) as f32).clamp(NARROWEST, WIDEST) }
    }

    /// Of a column, 0 and 1 being layer and head.
    fn range(&self, column: usize) -> [f32; 2] {
        match column {
            0 | 1 => [column as f32 * PLACE, (column + 1) as f32 * PLACE],
            metric => {
                let left = 2.0 * PLACE + (metric - 2) as f32 * self.metric;
                [left, left + self.metric]
            }
        }
    }
}

pub fn table_ui(ui: &mut Ui, heads: &mut Browser, session: &Session, kind: SourceKind, actions: &mut Actions) {
    let (all, order) = (effects::columns(kind), heads.choice.ranking);
    let mut first = vec![heads.choice.metric];
    if let Ranking::Highest(metric) | Ranking::Lowest(metric) = order {
        first.push(metric);
    }
    // Beside the panels there is room for a few; the others are in the bar above, to be chosen, and in the larger list.
    let columns = Columns::of(all, &first, |metric| heads.effects.has(metric), ui.available_width() - space::M);
    heading_ui(ui, &columns, &mut heads.choice);
    heads.arrange(order);
    let rows = heads.listing.indices().len();
    heads.cursor.columns = 1;
    heads.cursor.has_focus = false;
    ScrollArea::vertical().auto_shrink(false).id_salt("table").show_viewport(ui, |ui, viewport| {
        let width = columns.range(columns.metrics.len() + 1)[1];
        ui.set_height(rows as f32 * ROW);
        ui.set_width(width);
        let corner = ui.max_rect().min;
        let rect = |position: usize| Rect::from_min_size(corner + vec2(0.0, position as f32 * ROW), vec2(width, ROW));
        let visible = visible(viewport, ROW, rows);
        heads.cursor.rows = visible.len().saturating_sub(1);
        let ticked = ticks::ticked(heads, session);
        for position in visible {
            let index = heads.listing.indices()[position];
            let response = row_ui(ui, heads, session, (&columns, all), index, rect(position), position % 2 == 1);
            gestures_ui(&response, heads, session, index, actions);
            if heads.ticks.are_shown {
                let (layer, head) = heads.place(index);
                let at = ticks::box_at(rect(position).min + vec2(space::XS, 1.0));
                ticks::box_ui(ui, heads, session, position, at, ticked.contains(layer, head), actions);
            }
        }
        let position = heads.cursor.at.and_then(|index| heads.listing.position(index));
        if let Some(position) = position.filter(|_| heads.cursor.is_called()) {
            ui.scroll_to_rect(rect(position), None);
        }
    });
}

fn heading_ui(ui: &mut Ui, columns: &Columns, choice: &mut Choice) {
    let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let metrics = columns.metrics.iter().copied().map(Some);
    let colors = theme::of(ui);
    for (column, metric) in [None, None].into_iter().chain(metrics).enumerate() {
        let [left, right] = columns.range(column);
        let rect = Rect::from_min_max(area.min + vec2(left, 0.0), pos2(area.left() + right, area.bottom()));
        let name = match (column, metric) {
            (_, Some(metric)) => heading(metric),
            (0, None) => "Layer".to_owned(),
            (_, None) => "Head".to_owned(),
        };
        let (arrow, next) = match (metric, choice.ranking) {
            (None, Ranking::ByLayer) if column == 0 => ("↑", Ranking::ByLayer),
            (None, _) => ("", Ranking::ByLayer),
            (Some(metric), Ranking::Highest(by)) if by == metric => ("↓", Ranking::Lowest(metric)),
            (Some(metric), Ranking::Lowest(by)) if by == metric => ("↑", Ranking::Highest(metric)),
            (Some(metric), _) => ("", Ranking::Highest(metric)),
        };
        let response = ui.interact(rect, ui.make_persistent_id(("heading", column)), Sense::click());
        let color = if arrow.is_empty() && !response.hovered() { colors.text_weak } else { colors.text_strong };
        let text = if arrow.is_empty() { name.clone() } else { format!("{arrow} {name}") };
        let font = TextStyle::Small.resolve(ui.style());
        ui.painter().text(rect.right_center() - vec2(space::S, 0.0), Align2::RIGHT_CENTER, text, font, color);
        if response.has_focus() {
            focus_ring(ui.painter(), rect.shrink(3.0), RADIUS, colors);
        }
        if response.clicked() {
            if let Some(metric) = metric {
                choose_metric(choice, metric);
            }
            choice.ranking = next;
        }
        let enabled = ui.is_enabled();
        response.widget_info(|| {
            let spoken = metric.map_or(name.to_lowercase(), |metric| metric.name().to_owned());
            WidgetInfo::selected(Role::Button, enabled, !arrow.is_empty(), format!("Sort by {spoken}"))
        });
        response.on_hover_text(metric.map_or("As they lie in the model", meaning));
    }
    ui.painter().hline(area.x_range(), area.bottom(), Stroke::new(1.0, colors.outline));
}

fn row_ui(
    ui: &mut Ui,
    heads: &mut Browser,
    session: &Session,
    (columns, all): (&Columns, &[HeadMetric]),
    index: usize,
    rect: Rect,
    is_odd: bool,
) -> Response {
    let (layer, head) = heads.place(index);
    let is_shown = (layer, head) == (session.layer(), session.head());
    let response = heads.cursor.interact_ui(ui, "row", index, rect);
    let colors = theme::of(ui);
    let painter = ui.painter();
    if is_shown {
        painter.rect_filled(rect, 0.0, colors.accent_soft);
        let (top, middle) = (rect.left_top(), rect.left_center());
        let arrow = vec![top + vec2(0.0, 5.0), middle + vec2(8.0, 0.0), top + vec2(0.0, ROW - 5.0)];
        painter.add(Shape::convex_polygon(arrow, colors.selection, Stroke::NONE));
    } else if response.hovered() {
        painter.rect_filled(rect, 0.0, colors.raised_hover);
    } else if is_odd {
        painter.rect_filled(rect, 0.0, ui.visuals().faint_bg_color);
    }
    if response.has_focus() {
        focus_ring(painter, rect.shrink(3.0), RADIUS, colors);
    }
    let row = row(&heads.gallery, &heads.effects, index);
    let font = TextStyle::Monospace.resolve(ui.style());
    let color = if is_shown { colors.text_strong } else { colors.text };
    let number_of_layer = heads.gallery.layers().of(layer);
    let texts = [number_of_layer.to_string(), head.to_string()].into_iter();
    for (column, text) in texts.chain(columns.metrics.iter().map(|&metric| number(row.as_ref(), metric))).enumerate() {
        let right = pos2(rect.left() + columns.range(column)[1] - space::S, rect.center().y);
        painter.text(right, Align2::RIGHT_CENTER, text, font.clone(), color);
    }
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let values = row.iter().flat_map(|row| all.iter().map(|&metric| (metric, row.get(metric))));
        WidgetInfo::selected(Role::Button, enabled, is_shown, spoken(number_of_layer, head, values))
    });
    response
}

/// What stands over a column.
fn heading(metric: HeadMetric) -> String {
    match metric {
        HeadMetric::PreviousToken => "Previous".to_owned(),
        HeadMetric::TargetChange => "Δ target".to_owned(),
        HeadMetric::RivalChange => "Δ − rival".to_owned(),
        _ => titled(metric.name()),
    }
}

fn number(row: Option<&HeadRow>, metric: HeadMetric) -> String {
    match row.map(|row| row.get(metric)) {
        None => "…".to_owned(),
        Some(value) => value.map_or_else(|| "–".to_owned(), |value| metric.text(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_do_not_fit_give_way_and_the_chosen_one_stays() {
        let all = HeadMetric::ALL;
        for width in (60..1400).map(|width| width as f32) {
            for chosen in all {
                let columns = Columns::of(&all, &[chosen], |metric| metric != HeadMetric::Ships, width);
                assert!(columns.metrics.contains(&chosen), "{chosen:?} in {width}");
                let right = columns.range(columns.metrics.len() + 1)[1];
                assert!(right <= width.max(2.0 * PLACE + NARROWEST) + 0.01, "{right} of {width}");
                let hides_known = columns.metrics.len() < all.len() - 1;
                let shows_unknown = chosen != HeadMetric::Ships && columns.metrics.contains(&HeadMetric::Ships);
                assert!(!(hides_known && shows_unknown), "{:?}", columns.metrics);
            }
        }
        // As wide as it is beside the panels in the usual window.
        let docked = Columns::of(&all, &[HeadMetric::Induction], |_| true, 350.0);
        assert_eq!(docked.metrics.len(), 4, "{:?}", docked.metrics);
    }
}
