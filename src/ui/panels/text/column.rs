//! One of the two texts.

use egui::{Color32, CornerRadius, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo};

use super::{summary::ending, token_text::TokenText};
use crate::{
    engine::Written,
    ui::{
        panels::inspector::significant,
        theme::{self, space},
        widgets::visible_token,
    },
};

/// Of a text that answers an older question, so much is left.
const FAINT: f32 = 0.45;
/// Of the tint over KL: tenths of a nat are seen.
const STEEPNESS: f64 = 4.0;
/// Digits of KL under the pointer.
const DIGITS: usize = 3;

/// A text and what is known of its tokens.
pub struct Column<'a> {
    /// `Baseline`, or what is changed.
    pub heading: &'a str,
    /// For ids and screen readers.
    pub name: &'static str,
    pub written: &'a Written,
    /// KL at each step that the tint tells, from the first on.
    pub kl: &'a [f64],
    pub first_difference: Option<usize>,
    /// Whether it answers an older question.
    pub is_outdated: bool,
}

impl Column<'_> {
    /// Its heading, and the text as high as there is room.
    pub fn show_ui(&self, ui: &mut Ui) {
        ui.label(RichText::new(self.heading).small().strong());
        ScrollArea::vertical().id_salt(self.name).auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            self.text_ui(ui);
            let ending = if self.written.stopped.is_none() { "…".to_owned() } else { ending(self.written) };
            ui.label(RichText::new(ending).small().color(theme::of(ui).text_weak));
        });
    }

    fn text_ui(&self, ui: &mut Ui) {
        let colors = theme::of(ui);
        let strength = if self.is_outdated { FAINT } else { 1.0 };
        let color = colors.text.gamma_multiply(strength);
        let tint = |index| match self.kl.get(index) {
            Some(&kl) => colors.tint.gamma_multiply(share(kl) * strength),
            None => Color32::TRANSPARENT,
        };
        let text = TokenText::new(ui, &self.written.tokens, ui.available_width(), |index| [color, tint(index)]);
        let (rect, response) = ui.allocate_exact_size(text.galley.size(), Sense::hover());
        ui.painter().galley(rect.min, text.galley, color);
        response.widget_info(|| {
            let spoken = format!("{} text: {}", self.name, self.written.text());
            WidgetInfo::labeled(Role::Label, true, spoken)
        });
        let places = text.places.iter().map(|(token, place)| (*token, place.translate(rect.min.to_vec2())));
        for (segment, (token, place)) in places.enumerate().filter(|(_, (_, place))| ui.is_rect_visible(*place)) {
            if self.first_difference == Some(token) {
                let stroke = Stroke::new(1.2, colors.accent.gamma_multiply(strength));
                ui.painter().rect_stroke(place, CornerRadius::same(2), stroke, StrokeKind::Inside);
            }
            let token_response = ui.interact(place, response.id.with(segment), Sense::hover());
            token_response.on_hover_ui(|ui| _ = ui.label(self.described(token)));
        }
    }

    /// `token 5: love, id 1234, KL 0.42 nats, first difference`
    fn described(&self, index: usize) -> String {
        let Some(token) = self.written.tokens.get(index) else { return String::new() };
        let kl = self.kl.get(index).map(|&kl| format!(", KL {} nats", significant(kl, DIGITS))).unwrap_or_default();
        let first = if self.first_difference == Some(index) { ", first difference" } else { "" };
        format!("token {index}: {}, id {}{kl}{first}", visible_token(&token.piece), token.id)
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
        assert!((share(2.0_f64.ln() / STEEPNESS) - 0.5).abs() < 1e-6 && share(0.01) > 0.03);
    }
}
