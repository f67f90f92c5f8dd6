use std::f32::consts::FRAC_PI_2;

use egui::{
    Align2, AsIdSalt, Color32, Mesh, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, TextStyle, Ui,
    WidgetInfo, emath::GuiRounding as _, epaint::TextShape, pos2,
};

use crate::ui::theme::{self, Colors, space};

const TICK: f32 = 4.0;

/// A vertical colour bar, low at the bottom, with ticks and a label to its right.
#[derive(Debug)]
pub struct Colorbar<'a> {
    ramp: &'a [Color32],
    ticks: &'a [(f32, String)],
    label: &'a str,
    marker: Option<f32>,
}

impl<'a> Colorbar<'a> {
    /// `ramp` from low to high; `ticks` at positions from 0 (bottom) to 1; `label` names the quantity.
    pub fn new(ramp: &'a [Color32], ticks: &'a [(f32, String)], label: &'a str) -> Self {
        Self { ramp, ticks, label, marker: None }
    }

    /// Where the hovered value stands, 0 to 1.
    #[must_use]
    pub fn marker(mut self, position: Option<f32>) -> Self {
        self.marker = position.filter(|at| at.is_finite()).map(|at| at.clamp(0.0, 1.0));
        self
    }

    /// Paints the bar into `bar`; ticks, their labels and the label stand to its right. Allocates nothing. The rectangle
    /// of the response contains all that was painted.
    pub fn show(self, ui: &mut Ui, id_salt: impl AsIdSalt, bar: Rect) -> Response {
        let bar = bar.round_to_pixels(ui.pixels_per_point());
        let colors = theme::of(ui);
        let painter = ui.painter();
        painter.add(gradient(self.ramp, bar));
        painter.rect_stroke(bar, 0.0, Stroke::new(1.0 / ui.pixels_per_point(), colors.outline), StrokeKind::Outside);
        let right = self.paint_ticks(ui, bar, colors);
        let right = self.paint_label(ui, bar, right, colors);
        if let Some(at) = self.marker {
            paint_marker(ui, bar, at, colors);
        }

        let rect = Rect::from_min_max(bar.min, pos2(right, bar.bottom()));
        let response = ui.interact(rect, ui.make_persistent_id(id_salt), Sense::hover());
        response.widget_info(|| WidgetInfo {
            current_text_value: self.range_text(),
            ..WidgetInfo::labeled(Role::Image, ui.is_enabled(), self.label)
        });
        response
    }

    /// From the lowest to the highest tick, for the ear.
    fn range_text(&self) -> Option<String> {
        let lowest = self.ticks.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let highest = self.ticks.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(format!("{} to {}", lowest.1, highest.1))
    }

    /// Returns the right edge of the widest tick label.
    fn paint_ticks(&self, ui: &Ui, bar: Rect, colors: &Colors) -> f32 {
        let painter = ui.painter();
        let font = TextStyle::Small.resolve(ui.style());
        let mut right = bar.right() + TICK;
        for (at, text) in self.ticks {
            let y = painter.round_to_pixel_center(height_of(bar, *at));
            painter.hline(bar.right()..=bar.right() + TICK, y, Stroke::new(1.0, colors.outline));
            let place = pos2(bar.right() + TICK + 3.0, y);
            let label = painter.text(place, Align2::LEFT_CENTER, text, font.clone(), colors.text_weak);
            right = right.max(label.right());
        }
        right
    }

    /// Paints the label turned upwards, and returns its right edge.
    fn paint_label(&self, ui: &Ui, bar: Rect, left: f32, colors: &Colors) -> f32 {
        let font = TextStyle::Body.resolve(ui.style());
        let galley = ui.painter().layout_no_wrap(self.label.to_owned(), font, colors.text);
        let height = galley.size().y;
        let center = pos2(left + space::S + height / 2.0, bar.center().y);
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

/// A line across the bar and a wedge left of it.
fn paint_marker(ui: &Ui, bar: Rect, at: f32, colors: &Colors) {
    let painter = ui.painter();
    let y = height_of(bar, at);
    painter.hline(bar.x_range(), y, Stroke::new(3.0, colors.crosshair_halo));
    painter.hline(bar.x_range(), y, Stroke::new(1.0, colors.crosshair));
    let wedge = |dx: f32, dy: f32| -> Pos2 { pos2(bar.left() - 1.0 + dx, y + dy) };
    let corners = vec![wedge(0.0, 0.0), wedge(-6.0, 4.0), wedge(-6.0, -4.0)];
    painter.add(Shape::convex_polygon(corners, colors.text_strong, Stroke::NONE));
}
