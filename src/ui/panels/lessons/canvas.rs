//! What a lesson's drawing is painted on.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, pos2};

use crate::{figure::Ground, ui::theme::Colors};

/// Size of the text in drawings, in points.
const TEXT: f32 = 11.5;
const SMALL_TEXT: f32 = 10.0;

/// Where and with what a drawing is painted.
pub struct Canvas<'a> {
    pub painter: &'a Painter,
    pub rect: Rect,
    pub colors: &'static Colors,
    pub ground: Ground,
}

impl Canvas<'_> {
    /// A place in parts of the width and height.
    pub fn at(&self, x: f32, y: f32) -> Pos2 {
        pos2(self.rect.left() + x * self.rect.width(), self.rect.top() + y * self.rect.height())
    }

    pub fn text(&self, at: Pos2, anchor: Align2, text: &str, color: Color32) -> Rect {
        self.painter.text(at, anchor, text, FontId::proportional(TEXT), color)
    }

    pub fn small_text(&self, at: Pos2, anchor: Align2, text: &str, color: Color32) -> Rect {
        self.painter.text(at, anchor, text, FontId::proportional(SMALL_TEXT), color)
    }
}
