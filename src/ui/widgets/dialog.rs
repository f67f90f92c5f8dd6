use egui::{Align2, Context, Key, Modifiers, Popup, Ui, Window};

/// A window in the middle of the screen that its cross and Esc close. Returns what `contents` gives, and whether it stays
/// open.
pub fn dialog<R>(ctx: &Context, title: &str, contents: impl FnOnce(&mut Ui) -> R) -> (Option<R>, bool) {
    let mut is_open = true;
    let has_menu = Popup::is_any_open(ctx);
    let shown = Window::new(title)
        .open(&mut is_open)
        .collapsible(false)
        .resizable(false)
        .pivot(Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center())
        .show(ctx, contents);
    // Esc is for an open menu first.
    let is_escaped = !has_menu && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    (shown.and_then(|shown| shown.inner), is_open && !is_escaped)
}
