use egui::{Area, CursorIcon, Frame, Id, Order, Panel, Rect, Sense, Shadow, Ui, vec2};

use crate::ui::theme;

/// Half of what can be dragged at a panel's edge, in points.
const GRIP: f32 = 3.0;

/// Where a panel is, and how wide or high it is there in points.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Place {
    /// Nowhere.
    #[default]
    Closed,
    /// Beside what comes after it.
    Docked(f32),
    /// Over what comes after it.
    Over(f32),
}

/// The edge of the room that a panel stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The controls.
    Left,
    /// The inspector.
    Right,
    /// Curves and text.
    Bottom,
}

/// A panel at an edge of the room, or over what is there. Returns the size that its inner edge is dragged to.
pub fn side_panel(
    ui: &mut Ui,
    id: &'static str,
    edge: Edge,
    place: Place,
    contents: impl FnOnce(&mut Ui),
) -> Option<f32> {
    match place {
        Place::Closed => None,
        Place::Docked(size) => {
            let panel = match edge {
                Edge::Left => Panel::left(id),
                Edge::Right => Panel::right(id),
                Edge::Bottom => Panel::bottom(id),
            };
            let drawn = panel.exact_size(size).resizable(false).show(ui, contents);
            dragged(ui, id, edge, drawn.response.rect)
        }
        Place::Over(size) => {
            over_ui(ui, id, edge, size, contents);
            None
        }
    }
}

fn over_ui(ui: &Ui, id: &'static str, edge: Edge, size: f32, contents: impl FnOnce(&mut Ui)) {
    let room = ui.available_rect_before_wrap();
    let rect = match edge {
        Edge::Left => room.with_max_x(room.left() + size),
        Edge::Right => room.with_min_x(room.right() - size),
        Edge::Bottom => room.with_min_y(room.bottom() - size),
    };
    // Under dialogs and the tour's card.
    let area = Area::new(Id::unique(id)).order(Order::Middle).fixed_pos(rect.min).movable(false);
    area.show(ui.ctx(), |ui| {
        let shadow = Shadow { offset: [0, 0], blur: 16, spread: 0, color: theme::of(ui).shadow };
        let frame = Frame::side_top_panel(ui.style()).shadow(shadow);
        let inner = rect.size() - frame.total_margin().sum();
        frame.show(ui, |ui| {
            ui.set_clip_rect(rect);
            ui.set_min_size(inner);
            ui.set_max_size(inner);
            contents(ui);
        });
    });
}

/// The size that the panel in `rect` would have with its inner edge under the pointer, while that is dragged.
fn dragged(ui: &Ui, id: &'static str, edge: Edge, rect: Rect) -> Option<f32> {
    let (grip, cursor) = match edge {
        Edge::Left => {
            (Rect::from_x_y_ranges(rect.right()..=rect.right(), rect.y_range()), CursorIcon::ResizeHorizontal)
        }
        Edge::Right => (Rect::from_x_y_ranges(rect.left()..=rect.left(), rect.y_range()), CursorIcon::ResizeHorizontal),
        Edge::Bottom => (Rect::from_x_y_ranges(rect.x_range(), rect.top()..=rect.top()), CursorIcon::ResizeVertical),
    };
    let across = if edge == Edge::Bottom { vec2(0.0, GRIP) } else { vec2(GRIP, 0.0) };
    let response = ui.interact(grip.expand2(across), ui.scope_id().with((id, "edge")), Sense::DRAG);
    let response = response.on_hover_and_drag_cursor(cursor);
    let at = response.interact_pointer_pos().filter(|_| response.dragged())?;
    Some(match edge {
        Edge::Left => at.x - rect.left(),
        Edge::Right => rect.right() - at.x,
        Edge::Bottom => rect.bottom() - at.y,
    })
}
