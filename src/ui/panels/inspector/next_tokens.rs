//! The likeliest next tokens of baseline and selected panel, as paired bars.

use egui::{FontFamily, Label, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::texts::hint;
use crate::{
    attention::Notation,
    engine::{NextToken, NextTokenQuestion, Outcome, Target},
    session::Command,
    ui::{
        notation, numbers,
        shell::action::Actions,
        theme::{self, space},
        widgets::quoted_token,
    },
};

const BAR: f32 = 6.0;
/// Shares of the width: token, bars; the rest is two probabilities.
const TOKEN_SHARE: f32 = 0.27;
const BARS_SHARE: f32 = 0.25;

/// What the bars are of, and the bars: of what `question` asked, which during a drag is not what is set by now.
pub fn next_tokens_ui(
    ui: &mut Ui,
    outcome: &Outcome,
    question: &NextTokenQuestion,
    tokens: &[NextToken],
    target: &Target,
    actions: &mut Actions,
) {
    // An encoder predicts the token that stands there.
    let what = if outcome.mask().is_causal() { "Next token" } else { "Last token" };
    hint(ui, &format!("{what}: baseline above, {} below", asked_name(question, notation::of(ui))));
    distributions_ui(ui, tokens, theme::of(ui).of_column(question.panel.column), target, actions);
}

/// The panel that was asked about, with the ε that it had: `Query, ε = 5e-1`.
pub fn asked_name(question: &NextTokenQuestion, notation: Notation) -> String {
    let panel = question.panel;
    numbers::panel_name(panel.component, question.spec.experiment.epsilon[panel], notation)
}

/// A row a token: its text, which makes it the target, its two bars, the lower one in `color`, and its two probabilities.
pub fn distributions_ui(
    ui: &mut Ui,
    tokens: &[NextToken],
    color: egui::Color32,
    target: &Target,
    actions: &mut Actions,
) {
    let largest = tokens.iter().map(|token| token.baseline.max(token.modified)).fold(f64::MIN_POSITIVE, f64::max);
    let width = ui.available_width();
    let [token_width, bars_width] = [TOKEN_SHARE, BARS_SHARE].map(|share| (width * share).max(1.0));
    let rest = ((width - token_width - bars_width - 3.0 * space::XS) / 2.0).max(1.0);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::XS, 1.0);
        for token in tokens {
            ui.horizontal(|ui| {
                ui.spacing_mut().interact_size.y = 2.0 * BAR + 4.0;
                let size = |width| vec2(width, 2.0 * BAR + 4.0);
                let left = egui::Layout::left_to_right(egui::Align::Center);
                ui.allocate_ui_with_layout(size(token_width), left, |ui| {
                    ui.set_min_width(token_width);
                    if token_ui(ui, token, target.is(token.id)) {
                        actions.push(Command::SetTarget(target.with_token(token.id)).into());
                    }
                });
                bars_ui(ui, bars_width, token, largest, color);
                for probability in [token.baseline, token.modified] {
                    let right = egui::Layout::right_to_left(egui::Align::Center);
                    ui.allocate_ui_with_layout(size(rest), right, |ui| {
                        ui.set_min_width(rest);
                        ui.label(RichText::new(percent(probability)).small().family(FontFamily::Monospace));
                    });
                }
            });
        }
    });
}

/// A token's text; returns whether it was clicked.
fn token_ui(ui: &mut Ui, token: &NextToken, is_target: bool) -> bool {
    let text = RichText::new(quoted_token(&token.text)).small();
    let text = if is_target { text.strong().underline() } else { text };
    let response = ui.add(Label::new(text).truncate().selectable(false).sense(Sense::click()));
    let (enabled, name) = (ui.is_enabled(), format!("Target “{}”", token.text));
    response.widget_info(|| WidgetInfo::selected(Role::Button, enabled, is_target, &name));
    let hint = if is_target {
        "The target of Heads and of curves over ε"
    } else {
        "Make it the target of Heads and of curves over ε"
    };
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(hint);
    response.clicked()
}

/// Two bars, one above the other; `largest` fills the width. The probabilities beside them are for the ear.
#[expect(clippy::cast_possible_truncation, reason = "screen positions are f32")]
fn bars_ui(ui: &mut Ui, width: f32, token: &NextToken, largest: f64, modified: egui::Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, 2.0 * BAR + 1.0), Sense::hover());
    let baseline = theme::of(ui).outline;
    for (top, value, color) in
        [(rect.top(), token.baseline, baseline), (rect.top() + BAR + 1.0, token.modified, modified)]
    {
        let length = rect.width() * (value / largest) as f32;
        let bar = Rect::from_min_max(pos2(rect.left(), top), pos2(rect.left() + length.max(1.0), top + BAR));
        ui.painter().rect_filled(bar, 1.0, color);
    }
}

/// Seven characters at least, so that columns line up.
fn percent(probability: f64) -> String {
    let percent = probability * 100.0;
    if percent != 0.0 && percent < 1e-3 { format!("{percent:.1e} %") } else { format!("{percent:.3} %") }
}
