//! Geometry of the visible part of a pattern, free of painting.

use std::ops::Range;

use egui::{Pos2, Rect, pos2};

use crate::{figure::Window, session::Cell};

/// A point in units of cells: `(0, 0)` is the top-left corner of cell 0, 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellPoint {
    /// Along keys, rightwards.
    pub x: f64,
    /// Along queries, downwards.
    pub y: f64,
}

/// The part of a pattern `[query, key]` that a panel shows, in units of cells: `x` along keys, `y` along queries,
/// downwards. Within `[0, T]` for a pattern of `T` positions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellWindow {
    /// Left edge.
    pub x0: f64,
    /// Upper edge.
    pub y0: f64,
    /// Right edge, above `x0`.
    pub x1: f64,
    /// Lower edge, above `y0`.
    pub y1: f64,
}

impl From<Window> for CellWindow {
    fn from(Window { x0, y0, x1, y1 }: Window) -> Self {
        Self { x0, y0, x1, y1 }
    }
}

impl From<CellWindow> for Window {
    fn from(CellWindow { x0, y0, x1, y1 }: CellWindow) -> Self {
        Self { x0, y0, x1, y1 }
    }
}

impl CellWindow {
    /// Fewest cells across, so that zooming in ends somewhere.
    pub const MIN_SPAN: f64 = 4.0;

    /// All of a pattern of `positions` positions. An empty pattern is treated as one of a single cell.
    pub fn whole(positions: usize) -> Self {
        let end = extent(positions);
        Self { x0: 0.0, y0: 0.0, x1: end, y1: end }
    }

    /// Cells across.
    pub fn width(&self) -> f64 {
        self.x1 - self.x0
    }

    /// Cells down.
    pub fn height(&self) -> f64 {
        self.y1 - self.y0
    }

    /// Whether all of a pattern of `positions` positions is visible.
    pub fn is_whole(&self, positions: usize) -> bool {
        *self == Self::whole(positions)
    }

    /// The keys of which at least a part is visible, of `positions`.
    pub fn keys(&self, positions: usize) -> Range<usize> {
        covered(self.x0, self.x1, positions)
    }

    /// The queries of which at least a part is visible, of `positions`.
    pub fn queries(&self, positions: usize) -> Range<usize> {
        covered(self.y0, self.y1, positions)
    }

    /// The point of the pattern at `pos` on screen when the window fills `rect`; also outside of it.
    pub fn point_at(&self, pos: Pos2, rect: Rect) -> CellPoint {
        let along = |at: f32, from: f32, length: f32| f64::from(at - from) / f64::from(length.max(f32::MIN_POSITIVE));
        CellPoint {
            x: self.x0 + along(pos.x, rect.left(), rect.width()) * self.width(),
            y: self.y0 + along(pos.y, rect.top(), rect.height()) * self.height(),
        }
    }

    /// The cell at `pos` on screen when the window fills `rect`; none outside of `rect` or of the pattern.
    pub fn cell_at(&self, pos: Pos2, rect: Rect, positions: usize) -> Option<Cell> {
        let inside = (rect.left()..rect.right()).contains(&pos.x) && (rect.top()..rect.bottom()).contains(&pos.y);
        let point = self.point_at(pos, rect);
        inside.then_some(Cell { query: index(point.y, positions)?, key: index(point.x, positions)? })
    }

    /// Where `cell` lies on screen when the window fills `rect`; may reach outside of `rect`.
    pub fn rect_of(&self, cell: Cell, rect: Rect) -> Rect {
        let corner = |key: usize, query: usize| self.pos_of(CellPoint { x: key as f64, y: query as f64 }, rect);
        Rect::from_min_max(corner(cell.key, cell.query), corner(cell.key + 1, cell.query + 1))
    }

    /// Where a point of the pattern lies on screen when the window fills `rect`.
    #[expect(clippy::cast_possible_truncation, reason = "screen positions are f32")]
    pub fn pos_of(&self, point: CellPoint, rect: Rect) -> Pos2 {
        pos2(
            rect.left() + ((point.x - self.x0) / self.width()) as f32 * rect.width(),
            rect.top() + ((point.y - self.y0) / self.height()) as f32 * rect.height(),
        )
    }

    /// Zooms in by `factor` (below 1: out) such that `anchor` stays where it is as far as the edges allow.
    #[must_use]
    pub fn zoomed(&self, factor: f64, anchor: CellPoint, positions: usize) -> Self {
        if !(factor.is_finite() && factor > 0.0) {
            return *self;
        }
        let (x0, x1) = zoomed_span(self.x0, self.x1, factor, anchor.x, positions);
        let (y0, y1) = zoomed_span(self.y0, self.y1, factor, anchor.y, positions);
        Self { x0, y0, x1, y1 }
    }

    /// Moves by `keys` and `queries` cells, as far as the edges allow.
    #[must_use]
    pub fn panned(&self, keys: f64, queries: f64, positions: usize) -> Self {
        let (x0, x1) = within(self.x0 + keys, self.width(), positions);
        let (y0, y1) = within(self.y0 + queries, self.height(), positions);
        Self { x0, y0, x1, y1 }
    }
}

fn extent(positions: usize) -> f64 {
    positions.max(1) as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=positions before")]
fn covered(start: f64, end: f64, positions: usize) -> Range<usize> {
    let clamp = |at: f64| at.clamp(0.0, positions as f64) as usize;
    clamp(start.floor())..clamp(end.ceil())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie in 0..positions")]
fn index(at: f64, positions: usize) -> Option<usize> {
    (at >= 0.0 && at < positions as f64).then_some(at as usize)
}

fn zoomed_span(start: f64, end: f64, factor: f64, anchor: f64, positions: usize) -> (f64, f64) {
    let longest = extent(positions);
    let span = ((end - start) / factor).clamp(CellWindow::MIN_SPAN.min(longest), longest);
    within(anchor - (anchor - start) * span / (end - start), span, positions)
}

/// The interval of length `span` that starts as near to `start` as `[0, T]` allows.
fn within(start: f64, span: f64, positions: usize) -> (f64, f64) {
    let start = start.min(extent(positions) - span).max(0.0);
    (start, (start + span).min(extent(positions)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANEL: Rect = Rect { min: pos2(100.0, 50.0), max: pos2(180.0, 130.0) };

    #[test]
    fn a_cell_is_found_under_the_pointer_and_nowhere_else() {
        // Eight cells on 80 points: ten points each.
        let window = CellWindow::whole(8);
        let at = |x, y| window.cell_at(pos2(x, y), PANEL, 8);
        assert_eq!(at(100.0, 50.0), Some(Cell { query: 0, key: 0 }));
        assert_eq!(at(125.0, 119.9), Some(Cell { query: 6, key: 2 }));
        assert_eq!(at(179.9, 129.9), Some(Cell { query: 7, key: 7 }));
        assert_eq!(at(180.0, 60.0), None, "the right edge is outside");
        assert_eq!(at(99.9, 60.0), None);
        assert_eq!(window.cell_at(pos2(125.0, 60.0), PANEL, 0), None, "an empty pattern has no cells");
    }

    #[test]
    fn the_rectangle_of_a_cell_maps_back_to_it() {
        let window = CellWindow { x0: 1.5, y0: 2.0, x1: 5.5, y1: 6.0 };
        assert_eq!(window.rect_of(Cell { query: 2, key: 2 }, PANEL).min, pos2(110.0, 50.0));
        assert_eq!(window.rect_of(Cell { query: 2, key: 2 }, PANEL).max, pos2(130.0, 70.0));
        for query in 2..6 {
            for key in 2..5 {
                let cell = Cell { query, key };
                assert_eq!(window.cell_at(window.rect_of(cell, PANEL).center(), PANEL, 8), Some(cell));
            }
        }
        assert_eq!((window.keys(8), window.queries(8)), (1..6, 2..6));
    }

    #[test]
    fn zooming_keeps_the_anchor_in_place() {
        let window = CellWindow::whole(100);
        let pos = pos2(120.0, 110.0);
        let anchor = window.point_at(pos, PANEL);
        assert_eq!(anchor, CellPoint { x: 25.0, y: 75.0 });
        let near = window.zoomed(4.0, anchor, 100);
        assert_eq!((near.width(), near.height()), (25.0, 25.0));
        assert_eq!(near.point_at(pos, PANEL), anchor);
        assert_eq!(near.zoomed(0.25, anchor, 100), window);
    }

    #[test]
    fn zooming_ends_at_four_cells_and_at_the_whole() {
        let corner = CellPoint { x: 0.0, y: 0.0 };
        let whole = CellWindow::whole(100);
        assert_eq!(whole.zoomed(1e9, corner, 100), CellWindow { x0: 0.0, y0: 0.0, x1: 4.0, y1: 4.0 });
        assert_eq!(whole.zoomed(0.01, CellPoint { x: 90.0, y: 3.0 }, 100), whole);
        assert_eq!(CellWindow::whole(3).zoomed(10.0, corner, 3), CellWindow::whole(3), "shorter than four");
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(whole.zoomed(factor, corner, 100), whole);
        }
    }

    #[test]
    fn panning_stops_at_the_edges() {
        let window = CellWindow { x0: 10.0, y0: 20.0, x1: 30.0, y1: 40.0 };
        assert_eq!(window.panned(5.0, -2.0, 100), CellWindow { x0: 15.0, y0: 18.0, x1: 35.0, y1: 38.0 });
        assert_eq!(window.panned(-50.0, 500.0, 100), CellWindow { x0: 0.0, y0: 80.0, x1: 20.0, y1: 100.0 });
    }
}
