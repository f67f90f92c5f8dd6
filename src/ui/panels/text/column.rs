//! One of the two texts, its tokens to be clicked.

use egui::{
    Color32, CornerRadius, FontId, Id, Rect, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, TextStyle, Ui,
    UiBuilder, Vec2, WidgetInfo, vec2,
};

use super::{
    side_text::SideText,
    summary::ending,
    token_card::token_card_ui,
    token_text::{Place, TokenText},
};
use crate::{
    engine::Continuation,
    session::Command,
    ui::{
        memo::Same,
        notation,
        shell::action::Actions,
        theme::{self, space},
        widgets::{focus_ring, move_along},
    },
};

/// Of a text that answers an older question, so much is left.
const FAINT: f32 = 0.45;
/// Of the tint over KL: tenths of a nat are seen.
const STEEPNESS: f64 = 2.0;

/// Between a token's glyphs and its frame, in points.
const INK: Vec2 = vec2(1.0, 0.0);

/// A text as it was laid out last.
pub type LaidOut = TokenText<LookedAt>;

/// What the layout of a text depends on.
#[derive(PartialEq)]
pub struct LookedAt {
    text: Same<Continuation>,
    is_outdated: bool,
    width: f32,
    font: FontId,
    is_dark: bool,
}

/// Draws a text and its tokens.
pub struct Column<'a> {
    pub text: SideText<'a>,
    /// Whether it answers an older question.
    pub is_outdated: bool,
}

impl Column<'_> {
    /// Its heading, and the text as high as there is room.
    pub fn show_ui(&self, ui: &mut Ui, laid_out: &mut LaidOut, actions: &mut Actions) {
        ui.label(RichText::new(self.text.heading(notation::of(ui))).small().strong());
        ScrollArea::vertical().id_salt(self.text.name()).auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            self.text_ui(ui, laid_out, actions);
            let ending = ending(self.text.written());
            let ending = if ending.is_empty() { "…" } else { &ending };
            ui.label(RichText::new(ending).small().color(theme::of(ui).text_weak));
        });
    }

    fn text_ui(&self, ui: &mut Ui, laid_out: &mut LaidOut, actions: &mut Actions) {
        let colors = theme::of(ui);
        let strength = self.strength();
        let color = colors.text.gamma_multiply(strength);
        let look = |token| {
            let tint = self.text.kl(token).map(|kl| colors.tint.gamma_multiply(share(kl) * strength));
            [color, tint.unwrap_or(Color32::TRANSPARENT)]
        };
        let width = ui.available_width();
        let key = LookedAt {
            text: Same::of(&self.text.shown.written),
            is_outdated: self.is_outdated,
            width,
            font: TextStyle::Body.resolve(ui.style()),
            is_dark: ui.visuals().dark_mode,
        };
        let (galley, places) = laid_out.laid_out(ui, key, &self.text.written().tokens, width, look);
        let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
        ui.painter().galley(rect.min, galley, color);
        response.widget_info(|| {
            let spoken = format!("{} text: {}", self.text.name(), self.text.written().text());
            WidgetInfo::labeled(Role::Label, true, spoken)
        });
        let list = UiBuilder::new()
            .max_rect(rect)
            .accessibility_role(Role::List)
            .accessibility_label(format!("{} tokens", self.text.name()));
        self.tokens_ui(&mut ui.new_child(list), places, rect, actions);
    }

    /// What can be clicked. A token that is in two rows is so in both, and in the order of Tab and arrows twice.
    fn tokens_ui(&self, ui: &mut Ui, places: &[Place], text: Rect, actions: &mut Actions) {
        let id = Id::unique(("tokens of a text", self.text.name()));
        let reached = move_along(ui, id, places.len());
        for (index, place) in places.iter().enumerate() {
            let Place { token, rect: place, ink } = place.translate(text.min.to_vec2());
            if index != reached && !ui.is_rect_visible(place) {
                continue;
            }
            // One is in the order of Tab, the one last visited.
            let sense = if index == reached { Sense::click() } else { Sense::CLICK };
            let response = ui.interact(place, id.with(index), sense);
            self.mark_ui(ui, token, ink.expand2(INK), &response);
            if response.clicked() {
                ui.data_mut(|data| data.insert_temp(id, index));
                if let Some(written) = self.text.written().tokens.get(token) {
                    actions.push(Command::SetTarget(self.text.target.with_token(written.id)).into());
                }
            }
            if response.gained_focus() {
                response.scroll_to_me(None);
            }
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, self.text.spoken(token)));
            token_card_ui(&response, &self.text, token, actions);
            response.on_hover_ui(|ui| _ = ui.label(self.text.described(token)));
        }
    }

    /// The frame of the first difference, of the pointer and of the keyboard.
    fn mark_ui(&self, ui: &Ui, token: usize, place: Rect, response: &egui::Response) {
        let colors = theme::of(ui);
        let radius = CornerRadius::same(2);
        let frame = |color| ui.painter().rect_stroke(place, radius, Stroke::new(1.2, color), StrokeKind::Outside);
        if response.hovered() {
            frame(colors.outline);
        }
        if self.text.first_difference == Some(token) {
            frame(colors.accent.gamma_multiply(self.strength()));
        }
        if response.has_focus() {
            focus_ring(ui.painter(), place, radius, colors);
        }
    }

    const fn strength(&self) -> f32 {
        if self.is_outdated { FAINT } else { 1.0 }
    }
}

/// How much of the tint a divergence in nats has: all of it at infinity.
#[expect(clippy::cast_possible_truncation, reason = "a part of 1")]
fn share(kl: f64) -> f32 {
    if kl > 0.0 { -(-STEEPNESS * kl).exp_m1() as f32 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tint_grows_with_the_divergence() {
        assert_eq!([0.0, f64::NAN, -1.0, f64::INFINITY].map(share), [0.0, 0.0, 0.0, 1.0]);
        assert!((share(2.0_f64.ln() / STEEPNESS) - 0.5).abs() < 1e-6 && share(0.1) > 0.18);
    }
}
