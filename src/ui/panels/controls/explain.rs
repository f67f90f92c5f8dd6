//! One-sentence explanations of what is seen, chosen by what is on screen.

use super::rule_facts;
use crate::{
    attention::{
        Column, Component, Epsilon, HeadScope, HeadSet, LayerScope, Operation, OperationKind, PositionScope, Scope,
        Shown, SinkQueries,
    },
    engine::{Outcome, PATTERNS_ONLY},
    figure::{ColorNorm, LimitsFrom, Quantity},
    session::{Command, Session},
    ui::{
        jobs::pictures::{Details, Frame},
        shell::lesson::Lesson,
    },
};

/// How close to uniform ε must be for its explanation to apply.
const NEARLY_UNIFORM: f64 = 1e-2;

/// The share of the weight on the first token from which it is called a sink.
const LARGE_SINK: f64 = 0.3;

/// Most positions that are listed by their numbers.
const LISTED: usize = 8;

/// What the explanations may refer to besides the session.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Mean length of the head's output: of the baseline, and of the selected panel.
    output_norms: Option<(f64, f64)>,
    /// What a norm behind the attention leaves of the selected panel's factor on all values.
    kept_by_norm: Option<f64>,
}

/// Whether the scope changes what enters the shown layer, so that even Value can move the pattern.
pub fn reaches_earlier_layers(session: &Session, outcome: &Outcome) -> bool {
    let (selected, shown) = (session.selected(), outcome.shown());
    // At any ε: that of the slider may be the one that changes nothing.
    let epsilon = if session.operation().neutral() == Epsilon::ZERO { Epsilon::ONE } else { Epsilon::ZERO };
    let intervention = session.experiment().intervention_at(shown, selected.component, epsilon);
    outcome.facts.kind.is_model() && intervention.upstream_of(session.layer()).is_some()
}

/// One sentence, and the page that says more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub text: String,
    pub lesson: Option<Lesson>,
}

impl Note {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), lesson: None }
    }

    fn of(lesson: Lesson, text: impl Into<String>) -> Self {
        Self { text: text.into(), lesson: Some(lesson) }
    }
}

/// All that is said beside the panels, written once for a session and what is on screen.
#[derive(Default)]
pub struct Explanations {
    /// For the selected panel, the most telling first.
    pub notes: Vec<Note>,
    pub offers: Vec<Offer>,
    /// How much of the selected panel's weight rests on the first token.
    pub sink: Option<Note>,
}

impl Explanations {
    pub fn of(session: &Session, frame: Option<&Frame>, details: Option<&Details>) -> Self {
        let Some(Frame { outcome, .. }) = frame else { return Self::default() };
        let sink = details.and_then(|details| sink(session, outcome, details));
        let seen = Seen {
            output_norms: details.and_then(|details| details.output_norms),
            kept_by_norm: details.and_then(|details| details.kept_by_norm),
        };
        Self { notes: notes(session, outcome, seen), offers: offers(session, outcome), sink }
    }
}

/// The sentences for the selected panel, the most telling first.
fn notes(session: &Session, outcome: &Outcome, seen: Seen) -> Vec<Note> {
    if outcome.n_positions() == 1 {
        return vec![Note::plain("One token can only attend to itself: its weight is 1, whatever is modified.")];
    }
    let mut notes = Vec::new();
    if let Some(reason) = session.view().look.quantity.why_not(outcome) {
        notes.push(Note::plain(format!("{reason}: the attention weight is shown.")));
    }
    if !outcome.facts.kind.has_vectors() {
        notes.push(Note::plain(format!("ε has nothing to act on: {PATTERNS_ONLY}.")));
        return notes;
    }
    match (session.selected().component, session.operation()) {
        (component @ (Component::Value | Component::Output), _) => {
            notes.extend(passed_on_notes(component, session, outcome, seen));
        }
        (_, Operation::Scale) => notes.extend(scale_notes(session, outcome)),
        (component, _) => notes.extend(operation_notes(component, session, outcome)),
    }
    notes
}

/// What changing what a head passes on, Value or Output, does to the pattern.
fn passed_on_notes(component: Component, session: &Session, outcome: &Outcome, seen: Seen) -> Vec<Note> {
    let upstream = reaches_earlier_layers(session, outcome);
    let mut notes = vec![Note::of(Lesson::ValueLater, passed_on_note(component, upstream, outcome, session))];
    if *session.operation() == Operation::Scale && session.shape().rows().contains(Component::Output) {
        let shown = outcome.shown();
        let row = |component| session.experiment().intervention_at(shown, component, Epsilon::ZERO);
        notes.push(Note::plain(if row(Component::Value) == row(Component::Output) {
            "Value and Output rows agree: ε·(A·V) = A·(ε·V)."
        } else if session.scope().positions == PositionScope::All {
            "Value and Output rows differ: a mean of outputs in force beneath finds scaled values, not scaled outputs."
        } else {
            "Value and Output rows differ: a scaled value acts where it is attended to, a scaled output where it is made."
        }));
    }
    if *session.operation() != Operation::Scale {
        notes.push(Note::of(Lesson::Operations, of_operation(session.operation())));
    }
    if session.operation().kind() == OperationKind::Patch {
        notes.push(Note::plain(counterparts(outcome)));
    }
    match seen.output_norms {
        Some((baseline, now)) if (now / baseline).is_finite() => notes.push(Note::plain(format!(
            "What follows ε is the head’s output: its mean norm is {now:.4}, {} of the baseline’s {baseline:.4}.",
            percent(now / baseline)
        ))),
        Some((baseline, now)) => notes.push(Note::plain(format!(
            "What follows ε is the head’s output: its mean norm is {now:.4}, the baseline’s {baseline:.4}."
        ))),
        None => {}
    }
    notes.extend(seen.kept_by_norm.map(|kept| Note::plain(rule_facts::behind_norm(kept))));
    notes
}

/// What scaling Query or Key does to the pattern.
fn scale_notes(session: &Session, outcome: &Outcome) -> Vec<Note> {
    let epsilon = session.selected_epsilon().get();
    let effect = if epsilon < NEARLY_UNIFORM {
        format!("As ε → 0 {}. The head is less focused, not more.", rule_facts::limit_at_zero(outcome))
    } else if epsilon > 1.0 {
        "ε > 1 spreads the scores apart: each row sharpens onto its largest score.".to_owned()
    } else {
        "ε multiplies every score before the softmax, so a smaller ε flattens each row towards uniform.".to_owned()
    };
    let mut notes = vec![Note::of(Lesson::Uniform, effect)];
    notes.extend(rule_facts::of_layer(session, outcome).into_iter().map(Note::plain));
    if let Some(columns) = columns_look_alike(session) {
        let numbers: Vec<String> = columns.iter().map(|column| (column.index() + 1).to_string()).collect();
        let all = if numbers.len() == 2 { "both" } else { "all" };
        let text = format!("Columns {} look alike on a linear scale: {all} are nearly uniform.", listed(&numbers));
        notes.push(Note::of(Lesson::LookAlike, text));
    }
    let agreement = if session.scope().positions == PositionScope::All {
        "Query and Key rows agree: (ε·q)·k = q·(ε·k)."
    } else {
        "Query and Key rows differ: a scaled query changes its row, a scaled key its column."
    };
    notes.push(Note::of(Lesson::QueryEqualsKey, agreement));
    notes
}

/// The columns that a linear scale cannot tell apart, where the slider stands on one of them.
fn columns_look_alike(session: &Session) -> Option<Vec<Column>> {
    let selected = session.selected();
    let is_linear =
        session.view().look.norm == ColorNorm::default() && session.view().look.quantity == Quantity::Weight;
    let is_scaled = *session.operation() == Operation::Scale && selected.component.makes_scores();
    if !is_linear || !is_scaled || session.view().solo.is_some() {
        return None;
    }
    let row = session.epsilon().shape().columns().zip(session.epsilon().row(selected.component));
    let are_uniform = row.filter(|(_, epsilon)| epsilon.get() < NEARLY_UNIFORM);
    let columns: Vec<Column> = are_uniform.map(|(column, _)| column).collect();
    (columns.len() > 1 && columns.contains(&selected.column)).then_some(columns)
}

/// `2 and 3`, `1, 2 and 3`
fn listed(words: &[String]) -> String {
    match words {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => words.concat(),
    }
}

/// The first position that is no padding.
fn first_token(outcome: &Outcome) -> usize {
    outcome.mask().tokens(outcome.n_positions()).start
}

/// How much of the selected panel’s weight rests on the first token; `None` where it is not known, or has no meaning.
fn sink(session: &Session, outcome: &Outcome, details: &Details) -> Option<Note> {
    let metrics = details.panels.get(session.selected())?;
    let mass = metrics.sink_mass.filter(|mass| !mass.is_nan())?;
    let share = format!("{:.0} %", mass * 100.0);
    let queries = SinkQueries::of(outcome.mask(), outcome.n_positions());
    let over = if queries.is_partial() {
        format!(", over the {} of {} queries from the fourth on that see it", queries.counted, queries.of)
    } else {
        String::new()
    };
    let name = if mass >= LARGE_SINK { "Sink: " } else { "" };
    let text = format!("{name}{share} of this panel’s weight is on token {}{over}.", first_token(outcome));
    Some(Note::of(Lesson::Sink, text))
}

/// What an operation other than scaling does to Query or Key.
fn operation_notes(component: Component, session: &Session, outcome: &Outcome) -> Vec<Note> {
    let facts = &outcome.facts;
    let particular = match (session.operation(), component) {
        (Operation::MeanHeads, Component::Key) if facts.n_kv_heads == 1 => Note::of(
            Lesson::GroupedQueries,
            "All heads read the same key head here, so that its mean is itself: the Key row stays.",
        ),
        (Operation::MeanHeads, Component::Key) if facts.n_kv_heads < facts.n_heads => Note::of(
            Lesson::GroupedQueries,
            format!("The {} query heads share {} key heads, whose mean it is.", facts.n_heads, facts.n_kv_heads),
        ),
        (Operation::MeanHeads, _) => {
            Note::of(Lesson::QueryEqualsKey, "Query and Key rows differ: a mean is no factor on the scores.")
        }
        (Operation::MeanPositions, Component::Key) => Note::of(
            Lesson::Uniform,
            "At ε = 0 all keys are equal, and so are the scores of a row: every row is uniform.",
        ),
        (Operation::MeanPositions, _) => {
            Note::plain("At ε = 0 every position asks the same question: rows differ only in which keys they may see.")
        }
        (Operation::Patch { .. }, _) => Note::plain(counterparts(outcome)),
        (Operation::MeanPrompts { .. }, Component::Key) => Note::of(
            Lesson::Uniform,
            "At ε = 0 all keys are equal, and so are the scores of a row: every row is uniform.",
        ),
        (Operation::MeanPrompts { .. }, _) => {
            Note::plain("The mean is one vector for each layer and head, the same at every position, new ones too.")
        }
        _ => Note::plain("Seed and place decide the noise: the same in every run, another in every head."),
    };
    vec![Note::of(Lesson::Operations, of_operation(session.operation())), particular]
}

fn of_operation(operation: &Operation) -> String {
    match operation {
        Operation::Scale => "Each vector becomes ε times itself.",
        Operation::MeanHeads => {
            "Each vector becomes ε·itself + (1−ε)·the mean over the layer’s heads; ε = 0 is the paper’s mean operation."
        }
        Operation::MeanPositions => "Each vector becomes ε·itself + (1−ε)·the mean over all positions of the prompt.",
        Operation::Noise { .. } => {
            "Gaussian noise is added, ε times as large as the vectors (root mean square); ε = 0 adds none."
        }
        Operation::Patch { .. } => {
            "Each vector becomes ε·itself + (1−ε)·that of the other prompt, as the unmodified model reads it."
        }
        Operation::MeanPrompts { over, .. } => {
            return format!("Each vector becomes ε·itself + (1−ε)·the mean over the tokens of {over}.");
        }
    }
    .to_owned()
}

/// Which positions of the other prompt stand at which of this one.
fn counterparts(outcome: &Outcome) -> String {
    let here = outcome.n_positions();
    let there = outcome.patched_from.as_ref().map_or(here, |tokens| tokens.len());
    if here == there {
        return format!("Both prompts have {here} tokens: each position is patched from the same one.");
    }
    let aligned = format!("The other prompt has {there} tokens, this one {here}: they are aligned at the end");
    let stay = match here.saturating_sub(there) {
        0 => String::new(),
        1 => ", position 0 stays".to_owned(),
        n => format!(", positions 0 to {} stay", n - 1),
    };
    let come_along = if outcome.facts.adds_positions {
        "; the positions that this model adds to its tokens come along"
    } else {
        ", and queries and keys are turned to their new places"
    };
    format!("{aligned}{stay}{come_along}.")
}

/// Where ε acts, with numbers: `ε acts on heads 3 to 5, which share KV head 1, of layer 14, at every position.`
pub fn scope(scope: &Scope, outcome: &Outcome) -> String {
    let shown = outcome.shown();
    let of_layer = scope.heads(shown);
    let heads = match scope.heads {
        HeadScope::All => format!("all {} heads", shown.n_heads),
        HeadScope::Group if of_layer.len() > 1 => {
            let kv_head = shown.head / of_layer.len();
            format!("heads {} to {}, which share KV head {kv_head},", of_layer.start, of_layer.end - 1)
        }
        HeadScope::Group | HeadScope::Shown => format!("head {}", shown.head),
    };
    let layers = match scope.layers {
        _ if !outcome.facts.kind.is_model() => format!("layer {}", outcome.layer_number()),
        LayerScope::All => format!("all {} layers", shown.n_layers),
        LayerScope::Range { first, last } if first < last => format!("layers {first} to {last}"),
        LayerScope::Range { first, .. } => format!("layer {first}"),
        LayerScope::Shown => format!("layer {}", shown.layer),
    };
    let place = scope.set.as_ref().map_or_else(|| format!("{heads} of {layers}"), |set| set_in_words(set, shown));
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
    format!("ε acts on {place}, {positions}.")
}

/// The heads of a set, by their numbers where they are few: `these 2 heads (14:3, 20:5)`.
fn set_in_words(set: &HeadSet, shown: Shown) -> String {
    let heads = set.resolve(shown.n_layers, shown.n_heads);
    match heads.len() {
        1 => format!("head {set}"),
        number if number <= LISTED => {
            let all: Vec<String> = heads.iter().map(|(layer, head)| format!("{layer}:{head}")).collect();
            format!("these {number} heads ({})", all.join(", "))
        }
        number => format!("these {number} heads"),
    }
}

/// What shared keys and values mean for the heads in scope; `None` where each head has its own.
pub fn sharing(scope: &Scope, outcome: &Outcome) -> Option<Note> {
    let shown = outcome.shown();
    if shown.n_kv_heads >= shown.n_heads || shown.n_kv_heads == 0 {
        return None;
    }
    let others = shown.n_heads / shown.n_kv_heads - 1;
    let text = match (scope.heads, others) {
        _ if scope.set.is_some() => {
            format!(
                "{} query heads share {} KV heads; each has its own copy of what changes.",
                shown.n_heads, shown.n_kv_heads
            )
        }
        (HeadScope::Shown, 1) => "1 other head shares its keys and values.".to_owned(),
        (HeadScope::Shown, _) => format!("{others} other heads share its keys and values."),
        (HeadScope::Group | HeadScope::All, _) => {
            format!("{} query heads share {} KV heads.", shown.n_heads, shown.n_kv_heads)
        }
    };
    Some(Note::of(Lesson::GroupedQueries, text))
}

/// Another view of the same numbers, and what its link says.
pub struct Offer {
    pub text: &'static str,
    pub commands: Vec<Command>,
}

/// Views that move where what is shown does not, tell apart what looks alike, or lead back.
fn offers(session: &Session, outcome: &Outcome) -> Vec<Offer> {
    if !outcome.facts.kind.has_vectors() {
        return Vec::new();
    }
    let stays = !session.selected().component.makes_scores() && !reaches_earlier_layers(session, outcome);
    let one = |text, command| vec![Offer { text, commands: vec![command] }];
    match session.view().look.quantity {
        Quantity::Weight if stays && outcome.baseline.has_values() => {
            one("Show weight × ‖value‖", Command::SetQuantity(Quantity::WeightedValue))
        }
        Quantity::WeightedValue if stays => one("Show the weight", Command::SetQuantity(Quantity::Weight)),
        Quantity::Weight if columns_look_alike(session).is_some() => vec![
            Offer { text: "Show on a log scale", commands: vec![Command::SetNorm(ColorNorm::LOG)] },
            Offer {
                text: "Show ratio to uniform",
                commands: vec![
                    Command::SetQuantity(Quantity::UniformRatio),
                    Command::SetNorm(ColorNorm::Auto),
                    Command::SetLimitsFrom(LimitsFrom::EachPanel),
                ],
            },
        ],
        _ => Vec::new(),
    }
}

fn passed_on_note(component: Component, upstream: bool, outcome: &Outcome, session: &Session) -> String {
    if upstream && *session.operation() != Operation::Scale {
        format!(
            "{component} is changed in earlier layers too, and with it what enters this layer: the pattern changes."
        )
    } else if upstream {
        format!(
            "{component} is turned down in earlier layers too: what they pass on is weaker, and so this layer’s \
             pattern changes."
        )
    } else if !outcome.facts.kind.is_model() && session.scope().layers != LayerScope::Shown {
        format!(
            "A capture holds this prompt’s vectors but no model: the pattern stays, because only a live model can carry \
             a change of {component} into later layers."
        )
    } else {
        format!(
            "The pattern stays: {component} does not enter its own layer’s softmax. It acts in later layers, through \
             what the head passes on."
        )
    }
}

fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if percent == 0.0 || percent >= 0.01 { format!("{percent:.2} %") } else { format!("{percent:.0e} %") }
}
