//! One-sentence explanations of what is seen, chosen by what is on screen.

use crate::{
    attention::{Component, LayerScope, Mask, PositionScope},
    engine::{Outcome, SourceKind},
    figure::Quantity,
    session::Session,
};

/// How close to uniform ε must be for its explanation to apply.
const NEARLY_UNIFORM: f64 = 1e-2;

/// What the explanations may refer to besides the session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Mean length of the head's output: of the baseline, and of the selected panel.
    pub output_norms: Option<(f64, f64)>,
}

/// Whether the scope changes what enters the shown layer, so that even Value can move the pattern.
pub fn reaches_earlier_layers(session: &Session, outcome: &Outcome) -> bool {
    outcome.facts.kind == SourceKind::Model && session.scope.resolve(outcome.shown()).layers.start < session.layer
}

/// The sentences for the selected panel, the most telling first.
pub fn notes(session: &Session, outcome: &Outcome, seen: Seen) -> Vec<String> {
    if outcome.n_positions() == 1 {
        return vec!["One token can only attend to itself: its weight is 1, whatever is modified.".to_owned()];
    }
    let component = session.rows.lead();
    let epsilon = session.selected_epsilon().get();
    let upstream = reaches_earlier_layers(session, outcome);
    let mut notes = Vec::new();
    if session.view.quantity == Quantity::WeightedValue && !outcome.baseline.has_values() {
        notes.push("This capture holds no value vectors: the attention weight is shown.".to_owned());
    }
    if component == Component::Value {
        notes.push(value_note(upstream, outcome, session));
        if let Some((baseline, now)) = seen.output_norms {
            notes.push(format!(
                "What follows ε is the head’s output: its mean norm is {now:.4}, {} of the baseline’s {baseline:.4}.",
                percent(now / baseline)
            ));
        }
        return notes;
    }
    if epsilon < NEARLY_UNIFORM {
        let limit = match outcome.mask() {
            Mask::Causal => "row i tends to the uniform 1/(i+1): the fade from the top-left corner",
            Mask::Bidirectional => "every row tends to the uniform 1/T",
        };
        notes.push(format!("As ε → 0 all scores become equal and {limit}. The head is less focused, not more."));
    } else if epsilon > 1.0 {
        notes.push("ε > 1 spreads the scores apart: each row sharpens onto its largest score.".to_owned());
    } else {
        notes.push(
            "ε multiplies every score before the softmax, so a smaller ε flattens each row towards uniform.".to_owned(),
        );
    }
    if session.scope.positions == PositionScope::All {
        notes.push("Query and Key rows agree: (ε·q)·k = q·(ε·k).".to_owned());
    }
    notes
}

/// A quantity that moves where the weight does not, or the way back from it, and how to call it.
pub fn offer(session: &Session, outcome: &Outcome) -> Option<(Quantity, &'static str)> {
    let stays = session.rows.lead() == Component::Value && !reaches_earlier_layers(session, outcome);
    match session.view.quantity {
        Quantity::Weight if stays && outcome.baseline.has_values() => {
            Some((Quantity::WeightedValue, "Show weight × ‖value‖"))
        }
        Quantity::WeightedValue if stays => Some((Quantity::Weight, "Show the weight")),
        _ => None,
    }
}

fn value_note(upstream: bool, outcome: &Outcome, session: &Session) -> String {
    if upstream {
        "Value is turned down in earlier layers too: what they pass on is weaker, and so this layer’s pattern changes."
            .to_owned()
    } else if outcome.facts.kind == SourceKind::Capture && session.scope.layers != LayerScope::Shown {
        "A capture holds this prompt’s vectors but no model: the pattern stays, because only a live model can carry a \
         change of Value into later layers."
            .to_owned()
    } else {
        "The pattern stays: Value does not enter its own layer’s softmax. It acts in later layers, through what the \
         head passes on."
            .to_owned()
    }
}

fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if percent == 0.0 || percent >= 0.01 { format!("{percent:.2} %") } else { format!("{percent:.0e} %") }
}
