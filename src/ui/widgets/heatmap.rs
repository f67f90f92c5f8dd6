use egui::{
    AsIdSalt, Painter, PointerButton, Pos2, Rangef, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, TextureId,
    Ui, Vec2, WidgetInfo, emath::GuiRounding as _, pos2, vec2,
};

use super::{
    cell_window::{CellPoint, CellWindow},
    focus::{Arrows, focus_ring, keep_arrows},
};
use crate::{
    session::Cell,
    ui::theme::{self, Colors},
};

/// A cell's outline is never painted smaller than this, in points, so that it shows around a one-pixel cell.
const LEAST_BOX: f32 = 7.0;
/// Between the picture and the outline of the selected panel, in points.
const SELECTION_GAP: f32 = 2.0;
/// Points of scrolling that zoom by a factor of e.
const SCROLL_PER_E: f32 = 300.0;

/// Whether the picture shows the current settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freshness {
    /// It does.
    #[default]
    Current,
    /// The picture is older than the settings: a veil and an hourglass say so.
    Stale,
    /// There is no picture yet.
    Awaited,
}

/// One panel: a picture of the visible part of a pattern, with crosshair, pin, selection and veil over it.
///
/// Hover, click and double-click, drag with the secondary button to pan, scroll or pinch to zoom. The outline of the
/// selection and the focus ring reach up to 7 points outside of the picture.
#[derive(Debug)]
pub struct Heatmap<'a> {
    name: &'a str,
    value: &'a str,
    window: CellWindow,
    positions: usize,
    texture: Option<TextureId>,
    crosshair: Option<Cell>,
    pin: Option<Cell>,
    selected: bool,
    freshness: Freshness,
}

/// What the user did to a panel.
#[derive(Debug)]
pub struct HeatmapResponse {
    /// The cell under the pointer.
    pub hovered: Option<Cell>,
    /// The cell clicked with the primary button. A click by keyboard or screen reader is `response.clicked()` alone.
    pub clicked: Option<Cell>,
    /// Whether the primary button was clicked twice.
    pub double_clicked: bool,
    /// By how many cells the window should move: `x` along keys, `y` along queries.
    pub pan: Vec2,
    /// By how much to zoom, and about which point.
    pub zoom: Option<Zoom>,
    /// Where the picture was painted: the given rectangle on whole pixels.
    pub picture: Rect,
    /// Of the whole panel: focus, keys, clicks.
    pub response: Response,
}

/// A wish to zoom, for [`CellWindow::zoomed`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zoom {
    /// Above 1: in.
    pub factor: f64,
    /// What should stay under the pointer.
    pub anchor: CellPoint,
}

impl<'a> Heatmap<'a> {
    /// A panel with an accessible name, e.g. `Modifying Query with ε = 5e-1`, that shows `window` of a pattern of
    /// `positions` positions.
    pub fn new(name: &'a str, window: CellWindow, positions: usize) -> Self {
        Self {
            name,
            value: "",
            window,
            positions,
            texture: None,
            crosshair: None,
            pin: None,
            selected: false,
            freshness: Freshness::Current,
        }
    }

    /// What a screen reader says of the contents.
    #[must_use]
    pub fn value(mut self, value: &'a str) -> Self {
        self.value = value;
        self
    }

    /// A picture of exactly the window, best with one texel per physical pixel of [`HeatmapResponse::picture`]. Without
    /// one the panel has the colour of masked cells.
    #[must_use]
    pub fn texture(mut self, texture: Option<TextureId>) -> Self {
        self.texture = texture;
        self
    }

    /// The cell that the pointer is on, here or in a linked panel.
    #[must_use]
    pub fn crosshair(mut self, cell: Option<Cell>) -> Self {
        self.crosshair = cell;
        self
    }

    /// The cell that stays marked.
    #[must_use]
    pub fn pin(mut self, cell: Option<Cell>) -> Self {
        self.pin = cell;
        self
    }

    /// Whether the panel is outlined as the selected one.
    #[must_use]
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    /// Whether the picture shows the current settings.
    #[must_use]
    pub fn freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = freshness;
        self
    }

    /// Paints the panel into `rect` and reports what the user did. Allocates nothing: panels stand in a grid that the
    /// caller lays out.
    pub fn show(self, ui: &mut Ui, id_salt: impl AsIdSalt, rect: Rect) -> HeatmapResponse {
        let picture = rect.round_to_pixels(ui.pixels_per_point());
        let id = ui.make_persistent_id(id_salt);
        let response = ui.interact(picture, id, Sense::click_and_drag());
        if response.clicked() {
            response.request_focus();
        }
        if response.has_focus() {
            keep_arrows(ui, id, Arrows::All);
        }
        if ui.is_rect_visible(picture) {
            self.paint(ui, &response, picture);
        }
        response.widget_info(|| WidgetInfo {
            current_text_value: (!self.value.is_empty()).then(|| self.value.to_owned()),
            selected: Some(self.selected),
            ..WidgetInfo::labeled(Role::Image, ui.is_enabled(), self.name)
        });
        self.respond(ui, response, picture)
    }

    fn respond(&self, ui: &Ui, response: Response, picture: Rect) -> HeatmapResponse {
        let cell_at = |pos: Pos2| self.window.cell_at(pos, picture, self.positions);
        let panning = response.dragged_by(PointerButton::Secondary);
        let hovered = response.hover_pos().filter(|_| !panning).and_then(cell_at);
        let clicked = response.clicked().then(|| response.interact_pointer_pos()).flatten().and_then(cell_at);
        let pan = if panning { -self.in_cells(response.drag_delta(), picture) } else { Vec2::ZERO };
        let zoom = response.hover_pos().and_then(|pos| {
            let factor = take_zoom(ui);
            let anchor = self.window.point_at(pos, picture);
            ((factor - 1.0).abs() > 1e-4).then_some(Zoom { factor: f64::from(factor), anchor })
        });
        let double_clicked = response.double_clicked();
        HeatmapResponse { hovered, clicked, double_clicked, pan, zoom, picture, response }
    }

    /// A distance on screen in cells.
    #[expect(clippy::cast_possible_truncation, reason = "a pan of a few cells needs no more than f32")]
    fn in_cells(&self, points: Vec2, picture: Rect) -> Vec2 {
        vec2(
            points.x * self.window.width() as f32 / picture.width().max(1.0),
            points.y * self.window.height() as f32 / picture.height().max(1.0),
        )
    }

    fn paint(&self, ui: &Ui, response: &Response, picture: Rect) {
        let colors = theme::of(ui);
        let pixel = 1.0 / ui.pixels_per_point();
        let painter = ui.painter();
        match self.texture.filter(|_| self.freshness != Freshness::Awaited) {
            Some(texture) => {
                let all = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
                // The tint that leaves the colours as they are.
                painter.image(texture, picture, all, egui::Color32::WHITE);
            }
            None => {
                painter.rect_filled(picture, 0.0, colors.masked);
            }
        }
        let inside = painter.with_clip_rect(picture.intersect(ui.clip_rect()));
        match self.freshness {
            Freshness::Current => {}
            Freshness::Stale => {
                inside.rect_filled(picture, 0.0, colors.veil);
                paint_hourglass(&inside, picture, colors);
            }
            Freshness::Awaited => paint_hourglass(&inside, picture, colors),
        }
        if let Some(cell) = self.crosshair {
            paint_crosshair(&inside, self.window.rect_of(cell, picture), picture, colors);
        }
        if let Some(cell) = self.pin {
            paint_pin(&inside, self.window.rect_of(cell, picture), picture, colors);
        }
        painter.rect_stroke(picture, 0.0, Stroke::new(pixel, colors.outline), StrokeKind::Outside);
        let outline = picture.expand(SELECTION_GAP);
        if self.selected {
            painter.rect_stroke(outline, 2.0, Stroke::new(2.0, colors.selection), StrokeKind::Outside);
        }
        if response.has_focus() {
            focus_ring(painter, outline.expand(if self.selected { 2.0 } else { 0.0 }), 4.0, colors);
        }
    }
}

/// In the upper right corner, which causal patterns leave free.
fn paint_hourglass(painter: &Painter, picture: Rect, colors: &Colors) {
    let half = (picture.width() / 8.0).min(7.0);
    let center = picture.right_top() + vec2(-2.0 * half, 2.0 * half);
    let badge = Rect::from_center_size(center, Vec2::splat(3.0 * half));
    painter.rect_filled(badge, half / 2.0, colors.surface);
    let glass = Rect::from_center_size(center, vec2(1.4 * half, 2.0 * half));
    for (left, right) in [(glass.left_top(), glass.right_top()), (glass.left_bottom(), glass.right_bottom())] {
        painter.add(Shape::convex_polygon(vec![left, right, center], colors.warning, Stroke::NONE));
    }
}

/// Takes the scrolling or pinching of this frame, so that nothing behind scrolls as well, as a factor.
fn take_zoom(ui: &Ui) -> f32 {
    ui.input_mut(|input| {
        let scrolled = std::mem::take(&mut input.smooth_scroll_delta);
        input.zoom_delta() * (scrolled.y / SCROLL_PER_E).exp()
    })
}

/// The outline of a cell, at least [`LEAST_BOX`] wide.
fn cell_box(cell: Rect) -> Rect {
    Rect::from_center_size(cell.center(), cell.size().max(Vec2::splat(LEAST_BOX)))
}

/// Lines along both edges of the cell's row and column, so that the cells themselves stay to be read, and a box around
/// the cell: a dark core in a light halo shows on every colour.
fn paint_crosshair(painter: &Painter, cell: Rect, picture: Rect, colors: &Colors) {
    let outline = cell_box(cell);
    let center = cell.center();
    let thin = 1.0 / painter.pixels_per_point();
    let row = [Rangef::new(picture.left(), outline.left()), Rangef::new(outline.right(), picture.right())];
    let column = [Rangef::new(picture.top(), outline.top()), Rangef::new(outline.bottom(), picture.bottom())];
    let within = picture.contains(center);
    // The halo outside the core, which is outside the cells.
    let lines =
        [(Stroke::new(thin, colors.crosshair), 0.5 * thin), (Stroke::new(thin, colors.crosshair_halo), 1.5 * thin)];
    for (stroke, outside) in lines {
        if picture.y_range().contains(center.y) {
            for part in row.iter().filter(|part| part.span() > 0.0) {
                painter.hline(*part, outline.top() - outside, stroke);
                painter.hline(*part, outline.bottom() + outside, stroke);
            }
        }
        if picture.x_range().contains(center.x) {
            for part in column.iter().filter(|part| part.span() > 0.0) {
                painter.vline(outline.left() - outside, *part, stroke);
                painter.vline(outline.right() + outside, *part, stroke);
            }
        }
    }
    for stroke in [Stroke::new(3.0, colors.crosshair_halo), Stroke::new(1.0, colors.crosshair)] {
        if within {
            painter.rect_stroke(outline, 1.0, stroke, StrokeKind::Middle);
        }
    }
}

/// The pinned cell: a box in the colour of pins and a small flag at the start of its row and the end of its column.
fn paint_pin(painter: &Painter, cell: Rect, picture: Rect, colors: &Colors) {
    let outline = cell_box(cell);
    for stroke in [Stroke::new(4.0, colors.pin_halo), Stroke::new(2.0, colors.pin)] {
        painter.rect_stroke(outline, 1.0, stroke, StrokeKind::Middle);
    }
    let halo = Stroke::new(1.0, colors.pin_halo);
    let flag = |tip: Pos2, a: Pos2, b: Pos2| Shape::convex_polygon(vec![tip, a, b], colors.pin, halo);
    let (x, y) = (cell.center().x, cell.center().y);
    let (left, bottom) = (picture.left(), picture.bottom());
    painter.add(flag(pos2(left + 6.0, y), pos2(left, y + 4.0), pos2(left, y - 4.0)));
    painter.add(flag(pos2(x, bottom - 6.0), pos2(x + 4.0, bottom), pos2(x - 4.0, bottom)));
}
