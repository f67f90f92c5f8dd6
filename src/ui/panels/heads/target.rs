//! The token whose logit heads write into, and what its logit is made of.

use egui::{RichText, TextEdit, Ui};

use super::written::Written;
use crate::{
    engine::{NamedToken, PartKind, Rival, Target, TokenName, Writes},
    session::Command,
    ui::{
        shell::action::Actions,
        theme,
        widgets::{quoted_token, with_accessible_name},
    },
};

const FIELD: f32 = 96.0;

/// Fields for target and rival, and the sum.
pub fn target_ui(ui: &mut Ui, target: &Target, written: &Written, actions: &mut Actions) {
    let writes = written.writes();
    let token = |token: &NamedToken| quoted_token(&token.text);
    let hint = "Whose logit heads write into: a text that is one token, a space in front included, or its id. Empty: the \
                likeliest token";
    if let Some(typed) = field_ui(ui, "Target", target.token.as_ref(), writes.map(|writes| token(&writes.target)), hint)
    {
        actions.push(Command::SetTarget(Target { token: TokenName::parse(&typed), ..target.clone() }).into());
    }
    let hint = "The token that it is compared with. Empty: the likeliest other";
    let rival = writes.and_then(|writes| writes.rival.as_ref().map(token));
    let named = match &target.rival {
        Rival::Named(name) => Some(name),
        Rival::None | Rival::Likeliest => None,
    };
    if let Some(typed) = field_ui(ui, "Rival", named, rival, hint) {
        let rival = TokenName::parse(&typed).map_or(Rival::Likeliest, Rival::Named);
        actions.push(Command::SetTarget(Target { rival, ..target.clone() }).into());
    }
    let colors = theme::of(ui);
    match (written.failure(), writes) {
        (Some(message), _) => _ = ui.label(RichText::new(message).small().color(colors.error)),
        (None, Some(writes)) => {
            let text = RichText::new(sum(writes)).small().color(colors.text_weak);
            ui.label(text).on_hover_text(parts(writes));
        }
        (None, None) => {}
    }
}

/// What was typed, where something was.
fn field_ui(ui: &mut Ui, name: &str, token: Option<&TokenName>, default: Option<String>, hint: &str) -> Option<String> {
    ui.label(RichText::new(name).small());
    let mut text = token.map_or_else(String::new, TokenName::typed);
    let field = TextEdit::singleline(&mut text).hint_text(default.unwrap_or_default()).desired_width(FIELD);
    let response = with_accessible_name(ui.add(field), name).on_hover_text(hint);
    response.changed().then_some(text)
}

/// `logit of “·love” 12.41, heads +3.20; over “·dance” 2.10, heads +1.05`
fn sum(writes: &Writes) -> String {
    let heads = writes.to_target(PartKind::Heads);
    let mut text = format!("logit of {} {:.2}, heads {heads:+.2}", quoted_token(&writes.target.text), writes.logit());
    if let (Some(rival), Some(over), Some(heads)) =
        (&writes.rival, writes.over_rival(), writes.kind_over_rival(PartKind::Heads))
    {
        let over_rival = format!("; over {} {over:.2}, heads {heads:+.2}", quoted_token(&rival.text));
        text.push_str(&over_rival);
    }
    text
}

/// A line for each kind of part.
fn parts(writes: &Writes) -> String {
    let line = |kind: PartKind| {
        let over_rival =
            writes.kind_over_rival(kind).map_or_else(String::new, |over| format!(" ({over:+.4} over the rival)"));
        format!("{}: {:+.4}{over_rival}", kind.name(), writes.to_target(kind))
    };
    let lines: Vec<String> = PartKind::ALL.into_iter().map(line).collect();
    format!("The logit behind the last token, in front of a final soft cap, is the sum of\n{}", lines.join("\n"))
}
