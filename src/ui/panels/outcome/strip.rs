use std::time::Duration;

use egui::{Label, Sense, TextStyle, Ui, text::LayoutJob};

use super::Answer;
use crate::{
    engine::{Effect, NextToken, NextTokenQuestion, Outcome},
    session::{Command, Session},
    ui::{
        jobs::pictures::SLOW,
        notation,
        panels::inspector::{asked_name, next_tokens_ui, significant},
        shell::{action::Actions, part::PartContext, shown::Shown},
        theme,
        widgets::{quoted_token, shortened},
    },
};

const ARROW: &str = "  →  ";
/// Width of the list under the pointer.
const LIST_WIDTH: f32 = 300.0;

/// Asks for the session's next token, which other parts show too.
pub fn ask_next_token(cx: &mut PartContext<'_>) {
    // Of a text that is being typed, the picture is asked for first.
    if let Some(source) = cx.source.as_ref().filter(|_| cx.shown.answer(cx.session).is_some()) {
        cx.shown.next_token.follow(source, cx.session);
    }
    let waiting = cx.shown.next_token.waiting();
    if let Some(rest) = waiting.and_then(|waiting| SLOW.checked_sub(waiting)) {
        cx.egui.request_repaint_after(rest + Duration::from_millis(1));
    }
}

/// What the model says next, in a line; `shown` is of a model.
pub fn next_token_ui(ui: &mut Ui, session: &Session, shown: &Shown, actions: &mut Actions) {
    profiling::scope!("outcome");
    let outcome = shown.pictures.frame().map(|frame| &frame.outcome);
    let next_token = &shown.next_token;
    let is_slow = next_token.is_slow();
    match (next_token.answer(), next_token.failure()) {
        (Answer::Some { question, effect, is_old }, None) => {
            let is_stale = is_old && (is_slow || next_token.is_given_up());
            effect_ui(ui, (question, effect), outcome, is_stale, session, actions);
        }
        (Answer::None, None) => quiet(ui, "This model predicts no token"),
        (Answer::Awaited, None) if next_token.is_given_up() => quiet(ui, "Next token: cancelled"),
        (Answer::Awaited, None) => quiet(ui, "Next token…"),
        (_, Some(why)) => quiet(ui, &why),
    }
}

fn quiet(ui: &mut Ui, text: &str) {
    shortened(ui, text, TextStyle::Small, theme::of(ui).text_weak);
}

/// The likeliest token before and after; all of them under the pointer. A click opens the inspector, which has them too.
fn effect_ui(
    ui: &mut Ui,
    (question, effect): (&NextTokenQuestion, &Effect),
    outcome: Option<&Outcome>,
    is_stale: bool,
    session: &Session,
    actions: &mut Actions,
) {
    // An encoder predicts the token that stands there.
    let is_causal = outcome.is_none_or(|outcome| outcome.mask().is_causal());
    let what = if is_causal { "Next token" } else { "Last token" };
    let text = sentence(ui, effect, is_stale);
    quiet(ui, what);
    let spoken = format!("{what}: {}{}", text.text, if is_stale { ", being computed" } else { "" });
    let label = ui.add(Label::new(text).truncate().sense(Sense::click()));
    label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
    if label.clicked() && !session.view().inspector {
        actions.push(Command::ToggleInspector.into());
    }
    let Some(outcome) = outcome else { return };
    label.on_hover_ui(|ui| {
        ui.set_width(LIST_WIDTH);
        next_tokens_ui(ui, outcome, question, &effect.top, &session.view().target, actions);
    });
    let kl = format!("{} · KL {} nats", asked_name(question, notation::of(ui)), significant(effect.kl, 3));
    quiet(ui, if is_stale { "computing…" } else { &kl });
}

/// `“·Rome” 78 % → “·Italy” 97 %`
pub fn next_token_sentence(effect: &Effect) -> String {
    let likeliest = [likeliest(effect, |token| token.baseline), likeliest(effect, |token| token.modified)];
    let [Some(before), Some(after)] = likeliest else { return String::new() };
    let [before, after] = [written(before, before.baseline), written(after, after.modified)];
    format!("{before}{ARROW}{after}")
}

fn written(token: &NextToken, probability: f64) -> String {
    format!("{} {}", quoted_token(&token.text), share(probability))
}

/// [`next_token_sentence`] with what has changed in colour.
fn sentence(ui: &Ui, effect: &Effect, is_stale: bool) -> LayoutJob {
    let colors = theme::of(ui);
    let [before, after] = [likeliest(effect, |token| token.baseline), likeliest(effect, |token| token.modified)];
    let mut job = LayoutJob::default();
    let (Some(before), Some(after)) = (before, after) else { return job };
    let body = TextStyle::Body.resolve(ui.style());
    let (plain, changed) =
        if is_stale { (colors.text_weak, colors.text_weak) } else { (colors.text_strong, colors.accent) };
    let mut add = |text: &str, color| job.append(text, 0.0, egui::TextFormat::simple(body.clone(), color));
    add(&written(before, before.baseline), plain);
    add(ARROW, colors.text_weak);
    let color = if before.id == after.id { plain } else { changed };
    add(&written(after, after.modified), color);
    job
}

fn likeliest(effect: &Effect, probability: impl Fn(&NextToken) -> f64) -> Option<&NextToken> {
    effect.top.iter().max_by(|a, b| probability(a).total_cmp(&probability(b)))
}

/// As a part of a hundred, to three digits.
fn share(probability: f64) -> String {
    let percent = probability * 100.0;
    if percent >= 99.95 {
        format!("{percent:.2} %")
    } else if percent >= 10.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.2} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_the_likeliest_of_their_own_distribution() {
        let token = |id, baseline, modified| NextToken { id, text: id.to_string(), baseline, modified };
        let effect = Effect { kl: 1.0, top: vec![token(7, 0.6, 0.1), token(8, 0.3, 0.2), token(9, 0.1, 0.7)] };
        let ids = [
            likeliest(&effect, |token| token.baseline).map(|token| token.id),
            likeliest(&effect, |token| token.modified).map(|token| token.id),
        ];
        assert_eq!(ids, [Some(7), Some(9)]);
    }

    #[test]
    fn shares_have_three_digits() {
        assert_eq!([0.779, 0.0512, 1.0, 0.0].map(share), ["77.9 %", "5.12 %", "100.00 %", "0.00 %"]);
    }
}
