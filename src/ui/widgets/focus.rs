use egui::{CornerRadius, EventFilter, Id, Painter, Rect, Stroke, StrokeKind, Ui};

use crate::ui::theme::Colors;

/// How far the ring reaches outside the widget, in points.
pub const RING: f32 = 3.0;

/// Paints the keyboard focus around `rect`: an accent glow that leaves the widget itself untouched.
pub fn focus_ring(painter: &Painter, rect: Rect, radius: impl Into<CornerRadius>, colors: &Colors) {
    painter.rect_stroke(rect, radius, Stroke::new(RING, colors.focus), StrokeKind::Outside);
}

/// Which arrow keys a focused widget keeps for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrows {
    /// Left and right.
    Horizontal,
    /// All four.
    All,
}

/// While `id` has the focus, its arrow keys do not move the focus to another widget.
pub fn keep_arrows(ui: &Ui, id: Id, arrows: Arrows) {
    let filter =
        EventFilter { horizontal_arrows: true, vertical_arrows: arrows == Arrows::All, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    // egui takes the filter only from a widget that had the focus in the pass before, so there must be a next one.
    if ui.ctx().read_response(id).is_some_and(|response| response.gained_focus()) {
        ui.ctx().request_repaint();
    }
}
