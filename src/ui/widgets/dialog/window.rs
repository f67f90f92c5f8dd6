use egui::{
    Align2, Context, Id, Key, Label, Modifiers, Popup, RichText, Role, ScrollArea, Ui, Vec2, WidgetInfo, Window, vec2,
};

use crate::ui::theme;

/// Title bar, margins and some of what lies behind.
const FRAME: Vec2 = vec2(36.0, 80.0);

/// The width of a dialog's contents, in points: as `wished`, or what this window has room for beside a scroll bar.
pub fn dialog_width(ui: &Ui, wished: f32) -> f32 {
    let bar = ui.spacing().scroll.allocated_width();
    wished.min(ui.ctx().content_rect().width() - FRAME.x - bar)
}

/// A window in the middle of the screen that its cross and Esc close. Returns what `contents` gives, and whether it stays
/// open. Contents that have no room, as in a window that was scaled up, are scrolled.
pub fn dialog<R>(ctx: &Context, title: &str, contents: impl FnOnce(&mut Ui) -> R) -> (Option<R>, bool) {
    let mut is_open = true;
    let has_menu = Popup::is_any_open(ctx);
    let shown = Window::new(title)
        .open(&mut is_open)
        .collapsible(false)
        .resizable(false)
        .pivot(Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center())
        .show(ctx, |ui| scrolled_ui(ui, title, contents));
    // Esc is for an open menu first.
    let is_escaped = !has_menu && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    (shown.and_then(|shown| shown.inner), is_open && !is_escaped)
}

/// `contents` as large as they are, until they were once too large for this window.
fn scrolled_ui<R>(ui: &mut Ui, title: &str, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let id = Id::unique(("too large", title));
    let room = ui.ctx().content_rect().size() - FRAME;
    if ui.data(|data| data.get_temp::<Vec2>(id)) == Some(room) {
        let area = ScrollArea::both().id_salt("dialog").max_width(room.x).max_height(room.y);
        return area.min_scrolled_width(room.x).min_scrolled_height(room.y).show(ui, contents).inner;
    }
    let drawn = ui.scope(contents);
    let size = drawn.response.rect.size();
    if size.x > room.x || size.y > room.y {
        ui.data_mut(|data| data.insert_temp(id, room));
        ui.ctx().request_repaint();
    }
    drawn.inner
}

/// Why what was asked for in a dialog cannot be, below what it is to be mended in.
pub fn refusal(ui: &mut Ui, why: &str) {
    let label = ui.add(Label::new(RichText::new(why).small().color(theme::of(ui).error)).wrap());
    label.widget_info(|| WidgetInfo::labeled(Role::Alert, true, why));
}
