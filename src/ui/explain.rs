//! One-sentence explanations of what is seen, chosen by what is on screen.

use crate::{
    attention::{Component, HeadScope, LayerScope, Mask, Operation, PositionScope, Scope},
    engine::{Outcome, SourceKind},
    figure::Quantity,
    session::Session,
};

/// How close to uniform ε must be for its explanation to apply.
const NEARLY_UNIFORM: f64 = 1e-2;

/// Most positions that are listed by their numbers.
const LISTED: usize = 8;

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
        if session.operation != Operation::Scale {
            notes.push(of_operation(session.operation));
        }
        if let Some((baseline, now)) = seen.output_norms {
            notes.push(format!(
                "What follows ε is the head’s output: its mean norm is {now:.4}, {} of the baseline’s {baseline:.4}.",
                percent(now / baseline)
            ));
        }
        return notes;
    }
    if session.operation != Operation::Scale {
        notes.extend(operation_notes(component, session, outcome));
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

/// What an operation other than scaling does to Query or Key.
fn operation_notes(component: Component, session: &Session, outcome: &Outcome) -> Vec<String> {
    let mut notes = vec![of_operation(session.operation)];
    notes.push(match (session.operation, component) {
        (Operation::MeanHeads, Component::Key) if outcome.facts.n_kv_heads == 1 => {
            "All heads read the same key head here, so that its mean is itself: the Key row stays.".to_owned()
        }
        (Operation::MeanHeads, Component::Key) if outcome.facts.n_kv_heads < outcome.facts.n_heads => format!(
            "The {} query heads share {} key heads, whose mean it is.",
            outcome.facts.n_heads, outcome.facts.n_kv_heads
        ),
        (Operation::MeanHeads, _) => "Query and Key rows differ: a mean is no factor on the scores.".to_owned(),
        (Operation::MeanPositions, Component::Key) => {
            "At ε = 0 all keys are equal, and so are the scores of a row: every row is uniform.".to_owned()
        }
        (Operation::MeanPositions, _) => {
            "At ε = 0 every position asks the same question: rows differ only in which keys they may see.".to_owned()
        }
        _ => "Seed and place decide the noise: the same in every run, another in every head.".to_owned(),
    });
    notes
}

fn of_operation(operation: Operation) -> String {
    match operation {
        Operation::Scale => "Each vector becomes ε times itself.",
        Operation::MeanHeads => {
            "Each vector becomes ε·itself + (1−ε)·the mean over the layer’s heads; ε = 0 is the paper’s mean operation."
        }
        Operation::MeanPositions => "Each vector becomes ε·itself + (1−ε)·the mean over all positions of the prompt.",
        Operation::Noise { .. } => {
            "Gaussian noise is added, ε times as large as the vectors (root mean square); ε = 0 adds none."
        }
    }
    .to_owned()
}

/// Where ε acts, with numbers: `ε acts on heads 3 to 5, which share KV head 1, of layer 14, at every position.`
pub fn scope(scope: &Scope, outcome: &Outcome) -> String {
    let shown = outcome.shown();
    let reach = scope.resolve(shown);
    let heads = match scope.heads {
        HeadScope::All => format!("all {} heads", shown.n_heads),
        HeadScope::Group if reach.heads.len() > 1 => {
            let kv_head = shown.head / reach.heads.len();
            format!("heads {} to {}, which share KV head {kv_head},", reach.heads.start, reach.heads.end - 1)
        }
        HeadScope::Group | HeadScope::Shown => format!("head {}", shown.head),
    };
    let layers = match scope.layers {
        _ if outcome.facts.kind == SourceKind::Capture => format!("layer {}", shown.layer),
        LayerScope::All => format!("all {} layers", shown.n_layers),
        LayerScope::Range { first, last } if first < last => format!("layers {first} to {last}"),
        LayerScope::Range { first, .. } => format!("layer {first}"),
        LayerScope::Shown => format!("layer {}", shown.layer),
    };
    let positions = match &scope.positions {
        PositionScope::All => "at every position".to_owned(),
        PositionScope::First => "at the first position".to_owned(),
        PositionScope::Rest => "at every position but the first".to_owned(),
        PositionScope::Selection(_) => {
            let chosen: Vec<String> = (0..outcome.n_positions())
                .filter(|&position| scope.positions.contains(position))
                .map(|position| position.to_string())
                .collect();
            match chosen.as_slice() {
                [] => return "No token is chosen, so that nothing changes: click tokens under the prompt.".to_owned(),
                [position] => format!("at position {position}"),
                [..] if chosen.len() <= LISTED => format!("at positions {}", chosen.join(", ")),
                [..] => format!("at {} chosen positions", chosen.len()),
            }
        }
    };
    format!("ε acts on {heads} of {layers}, {positions}.")
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
    if upstream && session.operation != Operation::Scale {
        "Value is changed in earlier layers too, and with it what enters this layer: the pattern changes.".to_owned()
    } else if upstream {
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
