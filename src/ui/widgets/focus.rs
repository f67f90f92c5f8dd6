use egui::{CornerRadius, EventFilter, Id, Key, Modifiers, Painter, Rect, Stroke, StrokeKind, Ui};

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

/// Moves the focus by ← and → along `count` widgets, each called `id.with(its index)`, and returns which of them can have it.
/// Before they are added: egui takes the focus from a widget that does not want it in the same pass.
pub fn move_along(ui: &Ui, id: Id, count: usize) -> usize {
    let last = count.saturating_sub(1);
    let reached = ui.data(|data| data.get_temp::<usize>(id)).unwrap_or(0).min(last);
    let focused = id.with(reached);
    if !ui.memory(|memory| memory.has_focus(focused)) {
        return reached;
    }
    keep_arrows(ui, focused, Arrows::Horizontal);
    let next = ui.input_mut(|input| {
        let back = input.count_and_consume_key(Modifiers::NONE, Key::ArrowLeft);
        let forth = input.count_and_consume_key(Modifiers::NONE, Key::ArrowRight);
        (reached + forth).saturating_sub(back).min(last)
    });
    if next != reached {
        ui.data_mut(|data| data.insert_temp(id, next));
        ui.memory_mut(|memory| memory.request_focus(id.with(next)));
    }
    next
}
