use std::{f32::consts::FRAC_PI_2, ops::Range};

use egui::{Align2, Pos2, Rect, Stroke, TextStyle, Ui, Vec2, epaint::TextShape, pos2, vec2};

use super::{
    cell_window::CellWindow,
    text::{elided, visible_token},
};
use crate::ui::theme::{self, Colors, space};

/// Where the labels stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisSide {
    /// Queries, left of the panel: horizontal, ending at it.
    Left,
    /// Keys, below the panel: read upwards, ending at it.
    Bottom,
}

/// Token labels along one side of a panel, thinned so that they never overlap. The emphasized one is always shown, in
/// place of the neighbours that it would touch.
#[derive(Debug)]
pub struct AxisLabels<'a, S> {
    side: AxisSide,
    window: CellWindow,
    tokens: &'a [S],
    emphasized: Option<usize>,
    marked: &'a [usize],
}

/// How thick the mark at a position is, in points.
const MARK: f32 = 3.0;

impl<'a, S: AsRef<str>> AxisLabels<'a, S> {
    /// Labels for the positions of `tokens` that `window` shows.
    pub fn new(side: AxisSide, window: CellWindow, tokens: &'a [S]) -> Self {
        Self { side, window, tokens, emphasized: None, marked: &[] }
    }

    /// The position to show in any case, usually the hovered one.
    #[must_use]
    pub fn emphasized(mut self, position: Option<usize>) -> Self {
        self.emphasized = position;
        self
    }

    /// Positions with a bar between label and panel, in order.
    #[must_use]
    pub fn marked(mut self, positions: &'a [usize]) -> Self {
        self.marked = positions;
        self
    }

    /// Paints the labels next to `panel`, at most `depth` points away from it. Screen readers are not told of them: the
    /// panel's own value names the tokens.
    pub fn show(self, ui: &Ui, panel: Rect, depth: f32) {
        let painter = ui.painter();
        let colors = theme::of(ui);
        let font = TextStyle::Small.resolve(ui.style());
        let height = ui.text_style_height(&TextStyle::Small);
        let (start, end, shown, length) = match self.side {
            AxisSide::Left => (self.window.y0, self.window.y1, self.window.queries(self.tokens.len()), panel.height()),
            AxisSide::Bottom => (self.window.x0, self.window.x1, self.window.keys(self.tokens.len()), panel.width()),
        };
        let axis = Axis { start, pitch: f64::from(length) / (end - start), length: f64::from(length) };
        for &position in self.marked.iter().filter(|position| shown.contains(position)) {
            ui.painter().rect_filled(self.mark(&axis, position, panel), 0.0, colors.accent);
        }
        let room = depth - space::XS - 2.0;
        for position in chosen(&axis, shown, f64::from(height), self.emphasized) {
            let Some(token) = self.tokens.get(position) else { continue };
            let emphasized = self.emphasized == Some(position);
            let color = if emphasized { colors.text_strong } else { colors.text_weak };
            let galley = elided(painter, &visible_token(token.as_ref()), font.clone(), color, room);
            let at = self.anchor(&axis, position, panel);
            let angle = match self.side {
                AxisSide::Left => 0.0,
                AxisSide::Bottom => -FRAC_PI_2,
            };
            if emphasized {
                self.paint_emphasis(ui, at, galley.size(), colors);
            }
            let anchor = Align2::RIGHT_CENTER;
            let corner = anchor.anchor_size(at, galley.size()).min;
            painter.add(TextShape::new(corner, galley, color).with_angle_and_anchor(angle, anchor));
        }
    }

    /// The side of the cell at `position`, between panel and label.
    #[expect(clippy::cast_possible_truncation, reason = "screen positions are f32")]
    fn mark(&self, axis: &Axis, position: usize, panel: Rect) -> Rect {
        let center = axis.center(position);
        let [from, to] = [center - axis.pitch / 2.0, center + axis.pitch / 2.0].map(|at| at.clamp(0.0, axis.length));
        let (from, to) = (from as f32, (to as f32).max(from as f32 + 1.0));
        match self.side {
            AxisSide::Left => Rect::from_x_y_ranges(
                panel.left() - 1.0 - MARK..=panel.left() - 1.0,
                panel.top() + from..=panel.top() + to,
            ),
            AxisSide::Bottom => Rect::from_x_y_ranges(
                panel.left() + from..=panel.left() + to,
                panel.bottom() + 1.0..=panel.bottom() + 1.0 + MARK,
            ),
        }
    }

    /// Where the label of `position` ends: a little off the panel, level with the middle of the cell.
    #[expect(clippy::cast_possible_truncation, reason = "screen positions are f32")]
    fn anchor(&self, axis: &Axis, position: usize, panel: Rect) -> Pos2 {
        let along = axis.center(position) as f32;
        match self.side {
            AxisSide::Left => pos2(panel.left() - space::XS - 2.0, panel.top() + along),
            AxisSide::Bottom => pos2(panel.left() + along, panel.bottom() + space::XS + 2.0),
        }
    }

    fn paint_emphasis(&self, ui: &Ui, at: Pos2, text: Vec2, colors: &Colors) {
        let size = text + vec2(6.0, 0.0);
        let [before, behind] = match self.side {
            AxisSide::Left => [vec2(size.x - 3.0, size.y / 2.0), vec2(3.0, size.y / 2.0)],
            AxisSide::Bottom => [vec2(size.y / 2.0, 3.0), vec2(size.y / 2.0, size.x - 3.0)],
        };
        let rect = Rect::from_min_max(at - before, at + behind);
        ui.painter().rect(rect, 3.0, colors.accent_soft, Stroke::NONE, egui::StrokeKind::Inside);
    }
}

/// The visible part of an axis: `start` in cells, `pitch` in points per cell, `length` in points.
#[derive(Clone, Copy, Debug)]
struct Axis {
    start: f64,
    pitch: f64,
    length: f64,
}

impl Axis {
    /// The middle of the cell at `position`, in points from the start of the panel.
    fn center(&self, position: usize) -> f64 {
        (position as f64 + 0.5 - self.start) * self.pitch
    }
}

/// The positions to label, of `shown`, in order: every n-th, counted from position 0 so that panning does not change
/// which, with no two nearer than `least` points. `emphasized` replaces those that are too near to it.
fn chosen(axis: &Axis, shown: Range<usize>, least: f64, emphasized: Option<usize>) -> Vec<usize> {
    let every = stride(least / axis.pitch);
    let visible = |position: usize| (0.0..=axis.length).contains(&axis.center(position));
    let emphasized = emphasized.filter(|&position| shown.contains(&position) && visible(position));
    let mut positions: Vec<usize> = shown
        .filter(|position| position % every == 0 && visible(*position))
        .filter(|&position| {
            emphasized.is_none_or(|e| e != position && (axis.center(e) - axis.center(position)).abs() >= least)
        })
        .chain(emphasized)
        .collect();
    positions.sort_unstable();
    positions
}

/// The least of 1, 2, 5, 10, 20, 50 … that is at least `cells`.
fn stride(cells: f64) -> usize {
    let mut decade = 1;
    loop {
        for step in [decade, 2 * decade, 5 * decade] {
            if step as f64 >= cells || step > usize::MAX / 100 {
                return step;
            }
        }
        decade *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_are_round_numbers() {
        for (cells, every) in [(0.3, 1), (1.0, 1), (1.2, 2), (2.5, 5), (7.0, 10), (11.0, 20), (480.0, 500)] {
            assert_eq!(stride(cells), every, "{cells}");
        }
        assert!(stride(f64::INFINITY) > 1_000_000, "ends even for a panel without extent");
    }

    #[test]
    fn labels_never_overlap_and_the_emphasized_one_wins() {
        // 100 cells on 200 points, labels 13 points high: every tenth fits.
        let axis = Axis { start: 0.0, pitch: 2.0, length: 200.0 };
        assert_eq!(chosen(&axis, 0..100, 13.0, None), [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
        assert_eq!(chosen(&axis, 0..100, 13.0, Some(44)), [0, 10, 20, 30, 44, 60, 70, 80, 90], "44 is 8 points off 40");
        for start in [0.0, 3.3, 17.9] {
            for pitch in [0.7, 2.0, 9.0, 40.0] {
                let axis = Axis { start, pitch, length: 200.0 };
                for emphasized in (0..100).map(Some).chain([None]) {
                    let positions = chosen(&axis, 0..100, 13.0, emphasized);
                    for pair in positions.windows(2) {
                        assert!(axis.center(pair[1]) - axis.center(pair[0]) >= 13.0 - 1e-9, "{pair:?} at {pitch}");
                    }
                    if let Some(e) = emphasized.filter(|&e| (0.0..=200.0).contains(&axis.center(e))) {
                        assert!(positions.contains(&e));
                    }
                }
            }
        }
    }

    #[test]
    fn panning_keeps_the_choice() {
        let window = |start| Axis { start, pitch: 8.0, length: 200.0 };
        assert_eq!(chosen(&window(10.0), 10..35, 13.0, None), (10..35).step_by(2).collect::<Vec<_>>());
        assert_eq!(chosen(&window(11.0), 11..36, 13.0, None), (12..36).step_by(2).collect::<Vec<_>>());
    }
}
