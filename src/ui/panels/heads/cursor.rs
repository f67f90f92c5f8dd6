//! Which head of the list the keyboard is at.

use egui::{Rect, Response, Sense, Ui};

use crate::ui::widgets::{Arrows, keep_arrows};

/// Where the keyboard is.
#[derive(Default)]
pub struct Cursor {
    /// Layer · `n_heads` + head; `None` until the browser opens.
    pub at: Option<usize>,
    /// It has moved: the list scrolls to it and gives it the focus.
    pub moved: bool,
    /// The list has to show it, as when the browser opens.
    pub wanted: bool,
    pub has_focus: bool,
    /// Heads beside each other, as laid out last.
    pub columns: usize,
    /// Rows of heads in view, as laid out last.
    pub rows: usize,
}

impl Cursor {
    /// Whether the list has to scroll to it now.
    pub fn is_called(&mut self) -> bool {
        std::mem::take(&mut self.wanted) || self.moved
    }

    /// A head of a list, at `rect`. As with any list, Tab reaches one of them, and arrows the others. `kind` tells lists apart.
    pub fn interact_ui(&mut self, ui: &Ui, kind: &str, index: usize, rect: Rect) -> Response {
        let is_here = self.at == Some(index);
        let sense = if is_here { Sense::click() } else { Sense::CLICK };
        let response = ui.interact(rect, ui.make_persistent_id((kind, index)), sense);
        if is_here {
            if self.moved {
                response.request_focus();
            }
            self.has_focus = response.has_focus();
            if response.has_focus() {
                keep_arrows(ui, response.id, Arrows::All);
            }
        }
        response
    }
}
