//! Controls in a line, as far as the panel's width allows.

use egui::{InnerResponse, Ui};

/// Below this width in points a line of controls may become several.
const NARROW: f32 = 305.0;

/// Widgets in a line, which becomes several where the panel is narrow.
pub fn row<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    if ui.available_width() < NARROW { ui.horizontal_wrapped(contents) } else { ui.horizontal(contents) }
}
