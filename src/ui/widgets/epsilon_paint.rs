//! The parts of the slider for ε, from behind to the front.

use egui::{
    Align2, Color32, CornerRadius, Painter, Pos2, Rangef, Rect, Response, Shape, Stroke, StrokeKind, TextStyle, Ui,
    pos2, vec2,
};

use super::{
    epsilon_scale::{Beyond, EpsilonScale, WHOLE, grouped},
    focus::focus_ring,
};
use crate::{
    attention::Epsilon,
    ui::theme::{self, Colors, space},
};

pub(super) const HANDLE_RADIUS: f32 = 7.5;
pub(super) const MARK_HEIGHT: f32 = 15.0;
pub(super) const STEM: f32 = 6.0;
pub(super) const TICK: f32 = 6.0;
const RAIL: f32 = 4.0;
/// How far the tint reaches above and below the rail.
const TINT: f32 = 4.0;

/// The rail of a slider on screen.
#[derive(Clone, Copy)]
pub(super) struct Rail<'a> {
    pub ui: &'a Ui,
    pub scale: &'a EpsilonScale,
    /// Its middle.
    pub y: f32,
}

impl Rail<'_> {
    fn colors(&self) -> &'static Colors {
        theme::of(self.ui)
    }

    fn painter(&self) -> &Painter {
        self.ui.painter()
    }

    pub fn ticks(&self) {
        let (painter, colors, scale) = (self.painter(), self.colors(), self.scale);
        let font = TextStyle::Small.resolve(self.ui.style());
        let top = self.y + HANDLE_RADIUS;
        let widest = if scale.decades == WHOLE { Epsilon::SLIDER.0 } else { Epsilon::FIGURE[0] };
        let widest = widest.written(scale.notation);
        let label_width = painter.layout_no_wrap(widest, font.clone(), colors.text_weak).size().x + space::S;
        let label = |x: f32, text: String| {
            painter.vline(x, Rangef::new(top, top + TICK), Stroke::new(1.0, colors.outline));
            painter.text(pos2(x, top + TICK + 2.0), Align2::CENTER_TOP, text, font.clone(), colors.text_weak);
        };
        label(scale.zero, "0".to_owned());
        for (decade, text) in scale.labels(label_width) {
            label(scale.x_of_decade(decade), text);
        }
        let digits: &[u32] = if scale.decades == WHOLE { &[1, 5] } else { &[1, 2, 3, 4, 5, 6, 7, 8, 9] };
        for (digit, _, decade) in scale.marks(digits) {
            let (length, color) = if digit == 1 { (TICK / 2.0, colors.outline) } else { (TICK / 3.0, colors.line) };
            painter.vline(scale.x_of_decade(decade), Rangef::new(top, top + length), Stroke::new(1.0, color));
        }
    }

    fn band(&self, from: f32, to: f32) -> Rect {
        Rect::from_x_y_ranges(from..=to, self.y - RAIL / 2.0..=self.y + RAIL / 2.0)
    }

    /// Behind the rail, where the curve is steep.
    pub fn tint(&self, [from, to]: [Epsilon; 2]) {
        let [from, to] = [from, to].map(|epsilon| self.scale.x_of(epsilon));
        if from < to {
            let (band, colors) = (self.band(from, to).expand2(vec2(0.0, TINT)), self.colors());
            self.painter().rect(band, 3.0, colors.transition, Stroke::new(1.0, colors.outline), StrokeKind::Inside);
        }
    }

    /// Filled from the ε that changes nothing to the handle: the more is filled, the more is turned.
    pub fn rail(&self, neutral: Epsilon, shown: Epsilon) {
        let (painter, colors, scale) = (self.painter(), self.colors(), self.scale);
        let rail = self.band(scale.log.min - RAIL / 2.0, scale.log.max + RAIL / 2.0);
        painter.rect_filled(rail, RAIL / 2.0, colors.raised_hover);
        let [at, handle] = [neutral, shown].map(|epsilon| scale.x_of(epsilon));
        let [at, end] = [at, handle].map(|x| x.max(rail.left()));
        painter.rect_filled(self.band(at.min(end), at.max(end)), RAIL / 2.0, colors.accent);
        if scale.beyond(neutral).is_none() {
            painter.vline(at, rail.expand(2.0).y_range(), Stroke::new(2.0, colors.outline));
        }
        // The stop for 0 stands apart: an empty socket, joined by dots because no step of the scale leads there.
        let bridge = if handle < rail.left() { colors.accent } else { colors.outline };
        for i in 1..=3_u8 {
            let x = egui::lerp(scale.zero + HANDLE_RADIUS..=rail.left(), f32::from(i) / 4.0);
            painter.circle_filled(pos2(x, self.y), 1.0, bridge);
        }
        painter.circle_stroke(pos2(scale.zero, self.y), HANDLE_RADIUS - 1.5, Stroke::new(1.5, colors.outline));
    }

    /// The values of columns 1, 2, 3; an arrow where they are out of view.
    pub fn marks(&self, marks: &[Epsilon], current: Epsilon) {
        let (painter, colors, scale) = (self.painter(), self.colors(), self.scale);
        let xs: Vec<f32> = marks.iter().map(|&mark| scale.x_of(mark)).collect();
        let bottom = self.y - HANDLE_RADIUS - STEM;
        for group in grouped(&xs, MARK_HEIGHT + 2.0) {
            let is_current = group.iter().any(|&i| marks[i] == current);
            let (fill, text) =
                if is_current { (colors.accent, colors.on_accent) } else { (colors.raised, colors.text) };
            let numbers = group.iter().map(|i| (i + 1).to_string()).collect::<Vec<_>>().join(" ");
            let beyond = |side| group.iter().all(|&i| scale.beyond(marks[i]) == Some(side));
            let label = match (beyond(Beyond::Left), beyond(Beyond::Right)) {
                (true, _) => format!("← {numbers}"),
                (_, true) => format!("{numbers} →"),
                _ => numbers,
            };
            let center = group.iter().map(|&i| xs[i]).sum::<f32>() / group.len() as f32;
            for &i in &group {
                // Down to the rail, or to the socket of 0.
                let clear = if marks[i] == Epsilon::ZERO { HANDLE_RADIUS } else { RAIL / 2.0 + 1.0 };
                let tip = pos2(xs[i], self.y - clear);
                painter.line_segment([pos2(center, bottom), pos2(xs[i], bottom + STEM)], Stroke::new(1.0, fill));
                painter.line_segment([pos2(xs[i], bottom + STEM), tip], Stroke::new(1.5, colors.outline));
            }
            tag(self.ui, pos2(center, bottom), label, [fill, text]);
        }
    }

    pub fn handle(&self, response: &Response, epsilon: Epsilon) {
        let (painter, colors) = (self.painter(), self.colors());
        let center = pos2(self.scale.x_of(epsilon), self.y);
        let held = response.is_pointer_button_down_on();
        if response.has_focus() {
            let rect = Rect::from_center_size(center, egui::Vec2::splat(2.0 * HANDLE_RADIUS));
            focus_ring(painter, rect, CornerRadius::same(10), colors);
        }
        let fill = if held { colors.accent } else { colors.surface };
        painter.circle(center, HANDLE_RADIUS - 1.0, fill, Stroke::new(2.0, colors.accent));
        let color = if held { colors.on_accent } else { colors.accent };
        if let Some(side) = self.scale.beyond(epsilon) {
            painter.add(arrow(center, side, color));
        } else {
            let radius = if response.hovered() || held { 3.0 } else { 2.0 };
            painter.circle_filled(center, radius, color);
        }
    }
}

/// A small label of a mark that stands on `bottom`, in the colours of its ground and its text. Returns where it is.
pub(in crate::ui) fn tag(ui: &Ui, bottom: Pos2, label: String, [fill, text]: [Color32; 2]) -> Rect {
    let painter = ui.painter();
    let galley = painter.layout_no_wrap(label, TextStyle::Small.resolve(ui.style()), text);
    let size = vec2((galley.size().x + 8.0).max(MARK_HEIGHT), MARK_HEIGHT);
    let rect = Rect::from_min_size(pos2(bottom.x - size.x / 2.0, bottom.y - size.y), size);
    let outline = Stroke::new(1.0, theme::of(ui).outline);
    painter.rect(rect, CornerRadius::same(4), fill, outline, StrokeKind::Inside);
    painter.galley(Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size()).min, galley, text);
    rect
}

/// Points out of the scale: what the handle stands for lies there.
fn arrow(center: Pos2, side: Beyond, color: Color32) -> Shape {
    let out = if side == Beyond::Left { -3.5 } else { 3.5 };
    let base = center.x - out / 2.0;
    let corners = vec![pos2(center.x + out, center.y), pos2(base, center.y - 3.0), pos2(base, center.y + 3.0)];
    Shape::convex_polygon(corners, color, Stroke::NONE)
}
