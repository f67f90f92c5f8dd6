use egui::{CornerRadius, Painter, Rect, Stroke, StrokeKind};

use crate::ui::theme::Colors;

/// How far the ring reaches outside the widget, in points.
pub const RING: f32 = 3.0;

/// Paints the keyboard focus around `rect`: an accent glow that leaves the widget itself untouched.
pub fn focus_ring(painter: &Painter, rect: Rect, radius: impl Into<CornerRadius>, colors: &Colors) {
    painter.rect_stroke(rect, radius, Stroke::new(RING, colors.focus), StrokeKind::Outside);
}
