//! What stands under a figure in a paper: everything that its reader needs to make it again.

use crate::{
    attention::{Component, Components, Epsilon, FirstToken, HeadScope, LayerScope, Operation, PositionScope, Scope},
    engine::{Outcome, Prompt, RunSpec, Token},
    figure::{FigureStyle, outcome_quantity_label},
};

/// The most of a prompt that is quoted, in characters.
const MOST_QUOTED: usize = 600;

/// A caption for the figure of `outcome`, which answers `spec`: model, layer, head, prompt, operation, scope, what is in
/// force, ε of the rows and columns that are shown, and the program's version.
pub fn caption(outcome: &Outcome, spec: &RunSpec, style: &FigureStyle) -> String {
    let facts = &outcome.facts;
    let (layer, head) = (outcome.layer_number(), outcome.experiment.head);
    let quantity = outcome_quantity_label(outcome, style.look.quantity);
    let mut sentences = vec![format!(
        "{quantity} of head {head} in layer {layer} of {} ({} layers of {} heads, counted from 0), query by key position, on {}.",
        facts.title,
        facts.n_layers,
        facts.n_heads,
        read(outcome, &spec.prompt)
    )];
    if facts.kind.has_vectors() {
        let rows = style.rows_of(outcome.shape().rows());
        sentences.push(format!("{} {}.", rows_text(rows), operation(outcome)));
        sentences.push(format!("From left to right {}.", epsilons(outcome, style, rows)));
        sentences.push(format!("Changed: {}.", scope(&outcome.experiment.scope, layer, head)));
        let in_force = &outcome.experiment.in_force;
        if !in_force.is_empty() {
            sentences.push(format!("In force beneath, in this order: {in_force}."));
        }
    }
    if style.strip.is_some() {
        sentences.push("Below each panel what the model writes behind the prompt under its change.".to_owned());
    }
    sentences.push(format!("Drawn with Attenuate {}.", env!("CARGO_PKG_VERSION")));
    sentences.join(" ")
}

/// `the 24 tokens of “<|endoftext|>The quick …”`
fn read(outcome: &Outcome, prompt: &Prompt) -> String {
    let in_chat = if matches!(prompt, Prompt::Chat(_)) { " (a chat in the model’s template)" } else { "" };
    format!("{}{in_chat}", quoted(&outcome.tokens))
}

/// How many tokens there are, and what they say.
fn quoted(tokens: &[Token]) -> String {
    let text: String = tokens.iter().map(|token| token.text.as_str()).collect();
    let n_tokens = tokens.len();
    let tokens = if n_tokens == 1 { "the token".to_owned() } else { format!("the {n_tokens} tokens") };
    let quoted = match text.char_indices().nth(MOST_QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    format!("{tokens} of “{quoted}”")
}

fn rows_text(rows: Components) -> String {
    let names: Vec<&str> = rows.iter().map(Component::name).collect();
    listed(&names)
}

/// `a`, `a and b`, `a, b and c`
fn listed<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.as_slice() {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => items.concat(),
    }
}

fn operation(outcome: &Outcome) -> String {
    match &outcome.experiment.operation {
        Operation::Scale => "multiplied by ε".to_owned(),
        Operation::MeanHeads => "moved to the mean over the layer’s heads, X ← ε·X + (1−ε)·mean".to_owned(),
        Operation::MeanPositions => "moved to the mean over positions, X ← ε·X + (1−ε)·mean".to_owned(),
        Operation::Noise { seed } => format!("with noise, X ← X + ε·rms(X)·N(0,1), seed {seed}"),
        Operation::Patch { from, .. } => {
            let from = match (&outcome.patched_from, from) {
                (Some(tokens), _) => quoted(tokens),
                (None, from) => from.to_string(),
            };
            format!("moved to those of {from}, aligned at the end, X ← ε·X + (1−ε)·X of that prompt")
        }
        Operation::MeanPrompts { over, .. } => {
            let first = match over.first {
                FirstToken::LeftOut => " but the first of each",
                FirstToken::Counted => "",
            };
            let n = over.prompts.len();
            format!("moved to the mean over the tokens{first} of {n} other prompts, X ← ε·X + (1−ε)·mean")
        }
    }
}

/// `ε = 5e-1, 1e-3 and 1e-10`, or by row where they differ.
fn epsilons(outcome: &Outcome, style: &FigureStyle, rows: Components) -> String {
    let of_row = |component: Component| -> Vec<Epsilon> {
        let epsilon = &outcome.experiment.epsilon;
        let columns = outcome.shape().columns().filter(|&column| style.columns.contains(column));
        columns.filter_map(|column| epsilon.get(crate::attention::PanelId { component, column })).copied().collect()
    };
    let text = |epsilon: &[Epsilon]| {
        format!(
            "ε = {}",
            listed(&epsilon.iter().map(|epsilon| epsilon.written(style.look.notation)).collect::<Vec<_>>())
        )
    };
    let all: Vec<(Component, Vec<Epsilon>)> = rows.iter().map(|component| (component, of_row(component))).collect();
    match all.as_slice() {
        [(_, first), rest @ ..] if rest.iter().all(|(_, row)| row == first) => text(first),
        _ => all.iter().map(|(component, row)| format!("{component}: {}", text(row))).collect::<Vec<_>>().join("; "),
    }
}

/// Where is changed: `head 3 of layer 14, at all positions`.
fn scope(scope: &Scope, layer: usize, head: usize) -> String {
    let heads = match (&scope.set, scope.layers) {
        (Some(set), _) => format!("the heads {set} (LAYER:HEAD)"),
        (None, layers) => {
            let layers = match layers {
                LayerScope::Shown => format!("layer {layer}"),
                LayerScope::All => "all layers".to_owned(),
                LayerScope::Range { first, last } if first == last => format!("layer {first}"),
                LayerScope::Range { first, last } => format!("layers {first} to {last}"),
            };
            match scope.heads {
                HeadScope::Shown => format!("head {head} of {layers}"),
                HeadScope::Group => format!("the KV group of head {head} in {layers}"),
                HeadScope::All => format!("all heads of {layers}"),
            }
        }
    };
    let positions = match &scope.positions {
        PositionScope::All => "all positions".to_owned(),
        PositionScope::First => "position 0".to_owned(),
        PositionScope::Rest => "all positions but 0".to_owned(),
        selection @ PositionScope::Selection(_) => format!("positions {selection}"),
    };
    format!("{heads}, at {positions}")
}
