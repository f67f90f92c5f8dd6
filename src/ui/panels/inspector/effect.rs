//! What the interventions do to the head's output and to the model's next token.

use egui::Ui;

use super::{
    digits::significant,
    next_tokens,
    panel_table::{Entry, panel_table},
    texts::hint,
};
use crate::{
    attention::PanelId,
    engine::{Outcome, SourceKind, Target},
    ui::{jobs::pictures::Details, panels::outcome::Answer, shell::action::Actions},
};

const DIGITS: usize = 3;
const HINT_DIGITS: usize = 7;

/// KL and length of the output for every panel; next tokens for the selected one.
pub fn effect_ui(
    ui: &mut Ui,
    outcome: &Outcome,
    selected: PanelId,
    details: Option<&Details>,
    (next_token, target): (Answer<'_>, &Target),
    actions: &mut Actions,
) {
    let Some(details) = details else {
        hint(ui, "not computed yet");
        return;
    };
    let of_all = &details.of_all;
    let has_output = outcome.facts.kind.is_model() && !matches!(next_token, Answer::None);
    let awaited = |value: Option<f64>, unit: &str| match value {
        Some(value) if value.is_finite() => {
            Entry { text: significant(value, DIGITS), hint: format!("{}{unit}", significant(value, HINT_DIGITS)) }
        }
        None if !details.is_whole => Entry::awaited(),
        _ => Entry::none(),
    };
    if has_output {
        let text = "KL(baseline ‖ modified) of the next-token distribution, nats: “Ships”";
        hint(ui, text);
        panel_table(ui, "KL", outcome, selected, actions, |panel| {
            let known = of_all.divergences.get(panel).copied().flatten();
            // The selected panel's comes first.
            let first = match next_token {
                Answer::Some { effect, is_old: false, .. } if selected == panel => Some(effect.kl),
                _ => None,
            };
            awaited(known.or(first), " nats (arXiv 2410.13708)")
        });
    } else {
        hint(ui, without_output(outcome));
    }
    match details.output_norms {
        None => hint(ui, "Without values there is no output of the head."),
        Some((baseline, _)) => {
            hint(ui, &format!("Norm of the head’s output over the baseline’s, {}", significant(baseline, 5)));
            panel_table(ui, "output norm", outcome, selected, actions, |panel| {
                awaited(of_all.norm_ratios.get(panel).copied().flatten(), " of the baseline’s mean norm")
            });
        }
    }
    if let Answer::Some { question, effect, .. } = next_token {
        next_tokens::next_tokens_ui(ui, outcome, question, &effect.top, target, actions);
    }
}

/// Why there is no next token.
fn without_output(outcome: &Outcome) -> &'static str {
    match outcome.facts.kind {
        SourceKind::Capture | SourceKind::Patterns => {
            "A capture has no model behind it: only a live model has a next token."
        }
        SourceKind::Model => "This model has no output layer, and so no token that it predicts.",
    }
}
