use std::f32::consts::FRAC_PI_2;

use egui::{
    Align2, AsIdSalt, Atom, AtomPaintArgs, Color32, Mesh, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind,
    TextStyle, Ui, Vec2, WidgetInfo, emath::GuiRounding as _, epaint::TextShape, pos2, vec2,
};

use super::text::elided;
use crate::ui::theme::{self, Colors, space};

const TICK: f32 = 4.0;

/// Length of a triangle at an end of the bar.
const TIP: f32 = 14.0;
/// Between the bar and the swatch below it.
const SWATCH_GAP: f32 = 6.0;
/// The histogram's longest bar.
const HISTOGRAM: f32 = 12.0;

/// Colours of values that have no place on the bar; `None` where there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beyond {
    /// Of values below the lower limit.
    pub under: Option<Color32>,
    /// Of values above the upper limit.
    pub over: Option<Color32>,
    /// Not a number.
    pub bad: Option<Color32>,
}

/// A vertical colour bar, low at the bottom, with ticks and a label to its right and a histogram to its left. It ends in
/// a triangle where values lie beyond, and has a swatch below where some are not numbers.
#[derive(Debug)]
pub struct Colorbar<'a> {
    ramp: &'a [Color32],
    ticks: &'a [(f32, String)],
    label: &'a str,
    range: Option<&'a str>,
    marker: Option<f32>,
    beyond: Beyond,
    histogram: &'a [f32],
    is_bare: bool,
}

/// Where the parts stand.
struct Parts {
    /// The ramp itself.
    bar: Rect,
    under: Option<(Rect, Color32)>,
    over: Option<(Rect, Color32)>,
    bad: Option<(Rect, Color32)>,
}

impl Parts {
    fn of(whole: Rect, beyond: Beyond) -> Self {
        let taken = |color: Option<Color32>, height: f32| if color.is_some() { height } else { 0.0 };
        let foot = taken(beyond.bad, whole.width() + SWATCH_GAP);
        let top = whole.top() + taken(beyond.over, TIP);
        let bottom = whole.bottom() - foot - taken(beyond.under, TIP);
        let part = |from: f32, to: f32| Rect::from_x_y_ranges(whole.x_range(), from..=to);
        let colored = |rect: Rect| move |color: Color32| (rect, color);
        Self {
            bar: part(top, bottom.max(top)),
            under: beyond.under.map(colored(part(bottom, bottom + TIP))),
            over: beyond.over.map(colored(part(whole.top(), top))),
            bad: beyond.bad.map(colored(part(whole.bottom() - whole.width(), whole.bottom()))),
        }
    }
}

impl<'a> Colorbar<'a> {
    /// `ramp` from low to high; `ticks` at positions from 0 (bottom) to 1; `label` names the quantity.
    pub fn new(ramp: &'a [Color32], ticks: &'a [(f32, String)], label: &'a str) -> Self {
        Self {
            ramp,
            ticks,
            label,
            range: None,
            marker: None,
            beyond: Beyond::default(),
            histogram: &[],
            is_bare: false,
        }
    }

    /// The limits for the ear; else the outermost ticks.
    #[must_use]
    pub fn range(mut self, text: &'a str) -> Self {
        self.range = Some(text);
        self
    }

    /// Where the hovered value stands, 0 to 1; below 0 and above 1 it is beyond the ends.
    #[must_use]
    pub fn marker(mut self, position: Option<f32>) -> Self {
        self.marker = position.filter(|at| at.is_finite());
        self
    }

    /// Ends that are pointed, and the swatch below.
    #[must_use]
    pub fn beyond(mut self, beyond: Beyond) -> Self {
        self.beyond = beyond;
        self
    }

    /// Lengths from 0 to 1 of bars in equal parts of the ramp, from low to high.
    #[must_use]
    pub fn histogram(mut self, lengths: &'a [f32]) -> Self {
        self.histogram = lengths;
        self
    }

    /// Does not paint the label, which stays its name.
    #[must_use]
    pub fn bare(mut self, is_bare: bool) -> Self {
        self.is_bare = is_bare;
        self
    }

    /// Paints the bar with all its ends into `whole`; ticks, their labels and the label stand to its right, the histogram
    /// to its left. Allocates nothing. The rectangle of the response contains all that was painted.
    pub fn show(self, ui: &mut Ui, id_salt: impl AsIdSalt, whole: Rect) -> Response {
        let whole = whole.round_to_pixels(ui.pixels_per_point());
        let parts = Parts::of(whole, self.beyond);
        let bar = parts.bar;
        let colors = theme::of(ui);
        let painter = ui.painter();
        let line = Stroke::new(1.0 / ui.pixels_per_point(), colors.outline);
        painter.add(gradient(self.ramp, bar));
        painter.rect_stroke(bar, 0.0, line, StrokeKind::Outside);
        for (part, [base, tip]) in
            [(parts.under, [bar.bottom(), bar.bottom() + TIP]), (parts.over, [bar.top(), bar.top() - TIP])]
        {
            if let Some((rect, color)) = part {
                let corners = vec![pos2(rect.left(), base), pos2(rect.right(), base), pos2(rect.center().x, tip)];
                painter.add(Shape::convex_polygon(corners, color, line));
            }
        }
        if let Some((rect, color)) = parts.bad {
            painter.rect(rect, 0.0, color, line, StrokeKind::Outside);
        }
        self.paint_histogram(ui, bar, colors);
        let right = self.paint_ticks(ui, &parts, colors);
        let right = if self.is_bare { right } else { self.paint_label(ui, whole, right, colors) };
        if let Some(at) = self.marker {
            let y = match at {
                ..0.0 => bar.bottom() + parts.under.map_or(0.0, |_| TIP / 3.0),
                0.0..=1.0 => height_of(bar, at),
                _ => bar.top() - parts.over.map_or(0.0, |_| TIP / 3.0),
            };
            paint_marker(ui, bar, y, colors);
        }

        let left = whole.left() - if self.histogram.is_empty() { 0.0 } else { HISTOGRAM };
        let rect = Rect::from_min_max(pos2(left, whole.top()), pos2(right, whole.bottom()));
        let response = ui.interact(rect, ui.make_persistent_id(id_salt), Sense::hover());
        response.widget_info(|| WidgetInfo {
            current_text_value: self.range.map(str::to_owned).or_else(|| self.range_text()),
            ..WidgetInfo::labeled(Role::Image, ui.is_enabled(), self.label)
        });
        response
    }

    /// From the lowest to the highest tick.
    fn range_text(&self) -> Option<String> {
        let lowest = self.ticks.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let highest = self.ticks.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(format!("{} to {}", lowest.1, highest.1))
    }

    fn paint_histogram(&self, ui: &Ui, bar: Rect, colors: &Colors) {
        let n = self.histogram.len() as f32;
        for (i, &length) in self.histogram.iter().enumerate().filter(|(_, length)| **length > 0.0) {
            let edge = |i: usize| height_of(bar, i as f32 / n).round_to_pixels(ui.pixels_per_point());
            // At least a pixel, so that a single cell shows.
            let length = (length.clamp(0.0, 1.0) * HISTOGRAM).max(1.0);
            let right = bar.left() - 1.0;
            let rect = Rect::from_x_y_ranges(right - length..=right, edge(i + 1)..=edge(i));
            ui.painter().rect_filled(rect, 0.0, colors.outline);
        }
    }

    /// Returns the right edge of the widest tick label.
    fn paint_ticks(&self, ui: &Ui, parts: &Parts, colors: &Colors) -> f32 {
        let (painter, bar) = (ui.painter(), parts.bar);
        let font = TextStyle::Small.resolve(ui.style());
        let mut right = bar.right() + TICK;
        let on_the_bar = self.ticks.iter().map(|(at, text)| (height_of(bar, *at), text.as_str()));
        let beyond = [
            parts.under.map(|(rect, _)| (rect.bottom() - 2.0, "less")),
            parts.over.map(|(rect, _)| (rect.top() + 2.0, "more")),
            parts.bad.map(|(rect, _)| (rect.center().y, "NaN")),
        ];
        for (y, text) in on_the_bar.chain(beyond.into_iter().flatten()) {
            let y = painter.round_to_pixel_center(y);
            painter.hline(bar.right()..=bar.right() + TICK, y, Stroke::new(1.0, colors.outline));
            let place = pos2(bar.right() + TICK + 3.0, y);
            let label = painter.text(place, Align2::LEFT_CENTER, text, font.clone(), colors.text_weak);
            right = right.max(label.right());
        }
        right
    }

    /// Paints the label turned upwards, and returns its right edge.
    fn paint_label(&self, ui: &Ui, whole: Rect, left: f32, colors: &Colors) -> f32 {
        let font = TextStyle::Body.resolve(ui.style());
        // Turned, it may be as long as the bar is high.
        let galley = elided(ui.painter(), self.label, font, colors.text, whole.height());
        let height = galley.size().y;
        let center = pos2(left + space::S + height / 2.0, whole.center().y);
        let corner = Align2::CENTER_CENTER.anchor_size(center, galley.size()).min;
        let text = TextShape::new(corner, galley, colors.text);
        ui.painter().add(text.with_angle_and_anchor(-FRAC_PI_2, Align2::CENTER_CENTER));
        center.x + height / 2.0
    }
}

fn height_of(bar: Rect, at: f32) -> f32 {
    egui::lerp(bar.bottom()..=bar.top(), at)
}

/// One band of flat colour per entry, as in the lookup table that the pictures use.
fn gradient(ramp: &[Color32], bar: Rect) -> Shape {
    let mut mesh = Mesh::default();
    mesh.reserve_vertices(4 * ramp.len());
    mesh.reserve_triangles(2 * ramp.len());
    for (i, &color) in ramp.iter().enumerate() {
        let edge = |i: usize| height_of(bar, i as f32 / ramp.len() as f32);
        mesh.add_colored_rect(Rect::from_x_y_ranges(bar.x_range(), edge(i + 1)..=edge(i)), color);
    }
    Shape::mesh(mesh)
}

/// Size of a swatch, in points.
const SWATCH: Vec2 = vec2(48.0, 10.0);
/// Its bands: as wide as a pixel, or it would end before the ramp does.
const BANDS: usize = 48;

/// A small ramp, from low at the left to high at the right, as an atom of what chooses it.
pub fn swatch(ramp: Vec<Color32>) -> Atom<'static> {
    Atom::paint(SWATCH, move |ui, AtomPaintArgs { rect, .. }| {
        let rect = rect.round_to_pixels(ui.pixels_per_point());
        let mut mesh = Mesh::default();
        for i in 0..BANDS {
            let Some(&color) = ramp.get(i * ramp.len().saturating_sub(1) / (BANDS - 1)) else { continue };
            let edge = |i: usize| egui::lerp(rect.x_range(), i as f32 / BANDS as f32);
            mesh.add_colored_rect(Rect::from_x_y_ranges(edge(i)..=edge(i + 1), rect.y_range()), color);
        }
        ui.painter().add(Shape::mesh(mesh));
        let line = Stroke::new(1.0 / ui.pixels_per_point(), theme::of(ui).outline);
        ui.painter().rect_stroke(rect, 0.0, line, StrokeKind::Outside);
    })
}

/// A line across the bar and a wedge left of it.
fn paint_marker(ui: &Ui, bar: Rect, y: f32, colors: &Colors) {
    let painter = ui.painter();
    painter.hline(bar.x_range(), y, Stroke::new(3.0, colors.crosshair_halo));
    painter.hline(bar.x_range(), y, Stroke::new(1.0, colors.crosshair));
    let wedge = |dx: f32, dy: f32| -> Pos2 { pos2(bar.left() - 1.0 + dx, y + dy) };
    let corners = vec![wedge(0.0, 0.0), wedge(-7.0, 4.5), wedge(-7.0, -4.5)];
    painter.add(Shape::convex_polygon(corners, colors.text_strong, Stroke::new(1.0, colors.ground)));
}
