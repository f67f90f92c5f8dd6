//! The columns' ε as handles on the curves.

use std::borrow::Cow;

use egui::{CornerRadius, CursorIcon, Id, Rect, Sense, Stroke, Ui, pos2};

use crate::{
    attention::{Column, Epsilon},
    engine::{Sweep, SweepMetric},
    session::{Command, RowChoice, Session},
    ui::{
        shell::action::Actions,
        theme,
        widgets::{EpsilonHandle, EpsilonScale, describe_epsilon, focus::focus_ring, tag},
    },
};

/// From a marker to where it can be grabbed, in points to each side.
const REACH: f32 = 6.0;
/// Height of a tag and the gap to the next.
const TAG: f32 = 17.0;
/// Tags whose markers are nearer stand one below the other.
const TAG_WIDTH: f32 = 17.0;

/// The plot on screen.
pub struct Place {
    /// What the curves are drawn in.
    pub frame: Rect,
    pub scale: EpsilonScale,
}

/// A marker for each column; one that is moved chooses its column and sets the ε of the chosen rows there.
pub fn markers_ui(ui: &Ui, place: &Place, session: &Session, measured: (&Sweep, &MarkerTexts), actions: &mut Actions) {
    let (sweep, texts) = measured;
    let metric = session.view().sweep.metric;
    let epsilons = session.epsilon().row(session.selected().component);
    let xs: Vec<f32> = epsilons.iter().map(|&epsilon| place.scale.x_of(epsilon)).collect();
    let columns = session.epsilon().shape().columns().zip(epsilons).zip(levels(&xs));
    let mut markers: Vec<_> = columns.map(|((column, &epsilon), level)| Marker { column, epsilon, level }).collect();
    // The chosen one is in front of the others.
    markers.sort_by_key(|marker| marker.column == session.column());
    for marker in markers {
        let column = marker.column;
        let is_chosen = column == session.column();
        // Of two handles of the same size, egui takes the one behind.
        let reach = if is_chosen { REACH - 1.0 } else { REACH };
        let response = ui.interact(marker.rect(place, reach), Id::unique(("sweep marker", column)), Sense::drag());
        let handle = EpsilonHandle { epsilon: marker.epsilon, scale: &place.scale, reach: REACH };
        let changed = handle.asked(ui, &response);
        if !is_chosen && (changed.is_some() || response.drag_started()) {
            actions.push(Command::ChooseColumn(column).into());
        }
        if let Some(epsilon) = changed {
            actions.push(Command::SetEpsilon(epsilon).into());
        }
        let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
        let shown = Marker { epsilon: changed.unwrap_or(marker.epsilon), ..marker };
        let is_lit = is_chosen || response.hovered() || response.dragged();
        shown.paint(ui, place, is_lit, response.has_focus());
        let text = match changed {
            None => texts.0.get(column.index()).map(Cow::Borrowed),
            Some(epsilon) => Some(Cow::Owned(MarkerText::of(sweep, metric, session.rows(), column, epsilon))),
        };
        if let Some(text) = text {
            describe_epsilon(ui, &response, &text.name, (shown.epsilon, place.scale.notation), &text.values);
        }
    }
}

/// What a screen reader says of the markers, by column.
pub struct MarkerTexts(Vec<MarkerText>);

#[derive(Clone)]
struct MarkerText {
    name: String,
    values: String,
}

impl MarkerTexts {
    /// Of the columns' ε as they are.
    pub fn of(sweep: &Sweep, session: &Session) -> Self {
        let epsilons = session.epsilon().row(session.selected().component);
        let columns = session.epsilon().shape().columns().zip(epsilons);
        let metric = session.view().sweep.metric;
        let text = |(column, &epsilon)| MarkerText::of(sweep, metric, session.rows(), column, epsilon);
        Self(columns.map(text).collect())
    }
}

impl MarkerText {
    fn of(sweep: &Sweep, metric: SweepMetric, rows: RowChoice, column: Column, epsilon: Epsilon) -> Self {
        let name = format!("ε of column {}", column.index() + 1);
        Self { name, values: values_at(sweep, metric, rows, epsilon) }
    }
}

struct Marker {
    column: Column,
    epsilon: Epsilon,
    /// 0 at the top; larger where other tags stand there.
    level: usize,
}

impl Marker {
    fn rect(&self, place: &Place, reach: f32) -> Rect {
        let x = place.scale.x_of(self.epsilon);
        Rect::from_x_y_ranges(x - reach..=x + reach, place.frame.y_range())
    }

    fn paint(&self, ui: &Ui, place: &Place, is_lit: bool, has_focus: bool) {
        let colors = theme::of(ui);
        let x = place.scale.x_of(self.epsilon);
        let (line, fill, text) = if is_lit {
            (Stroke::new(2.0, colors.accent), colors.accent, colors.on_accent)
        } else {
            (Stroke::new(1.5, colors.outline), colors.raised, colors.text)
        };
        ui.painter().vline(x, place.frame.y_range(), line);
        let bottom = place.frame.top() + 2.0 + TAG * (self.level + 1) as f32;
        let rect = tag(ui, pos2(x, bottom), (self.column.index() + 1).to_string(), [fill, text]);
        if has_focus {
            focus_ring(ui.painter(), rect, CornerRadius::same(4), colors);
        }
    }
}

/// How far down the tag of each marker stands, so that none covers another.
fn levels(xs: &[f32]) -> Vec<usize> {
    let mut levels = vec![0; xs.len()];
    for index in 1..xs.len() {
        let near = |other: &usize| (xs[*other] - xs[index]).abs() < TAG_WIDTH;
        let taken: Vec<usize> = (0..index).filter(near).map(|other| levels[other]).collect();
        levels[index] = (0..xs.len()).find(|level| !taken.contains(level)).unwrap_or(0);
    }
    levels
}

/// The chosen rows' values at the measured ε nearest to `epsilon`.
fn values_at(sweep: &Sweep, metric: SweepMetric, rows: RowChoice, epsilon: Epsilon) -> String {
    let values = rows.components().iter().filter_map(|&component| {
        let point = sweep.nearest(component, epsilon)?;
        Some(format!("{component} {:.4}", metric.of(&point.metrics)?))
    });
    format!("about {}: {}", metric.name(), values.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_would_touch_stand_below_each_other() {
        assert_eq!(levels(&[100.0, 60.0, 20.0]), [0, 0, 0]);
        assert_eq!(levels(&[100.0, 100.0, 100.0]), [0, 1, 2]);
        assert_eq!(levels(&[100.0, 20.0, 95.0]), [0, 0, 1]);
        assert_eq!(levels(&[100.0, 110.0, 120.0]), [0, 1, 0]);
    }
}
