//! A session as files hold it: what is read becomes a [`Session`] only where commands could have led to it.

use std::fmt::Display;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{COLUMNS, Cell, RowChoice, Session, TextView, UserSettings, View};
use crate::{
    attention::{Column, Epsilon, Experiment, Grid, InForce, LayerScope, Operation, Scope},
    engine::{Bundled, Prompt, Reference, SourceSpec},
    figure::Window,
};

/// More layers or heads than any model has.
const MOST_LAYERS: usize = 1 << 16;
/// More positions than any prompt has.
const MOST_POSITIONS: usize = 1 << 24;

/// The fields of a [`Session`] as they are stored, not yet checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    source: SourceSpec,
    prompt: Prompt,
    layer: usize,
    head: usize,
    operation: Operation,
    scope: Scope,
    #[serde(default, skip_serializing_if = "InForce::is_empty")]
    in_force: InForce,
    epsilon: Grid<Epsilon>,
    rows: RowChoice,
    column: Column,
    pinned: Option<Cell>,
    #[serde(default)]
    reference: Reference,
    view: View,
}

/// A stored session that no command leads to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session’s {field}: expected {expected}, found {found}")]
pub struct Unsound {
    /// Name of the field that has no sound value, in words.
    pub field: &'static str,
    /// What would be accepted, in words.
    pub expected: String,
    /// The value that was found, as text.
    pub found: String,
}

impl From<Session> for Stored {
    fn from(session: Session) -> Self {
        let Session { source, prompt, experiment, rows, column, pinned, reference, view } = session;
        let Experiment { layer, head, operation, scope, in_force, epsilon } = experiment;
        Self { source, prompt, layer, head, operation, scope, in_force, epsilon, rows, column, pinned, reference, view }
    }
}

impl Serialize for Session {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Session {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Stored::deserialize(deserializer)?.session(0).map_err(de::Error::custom)
    }
}

impl Stored {
    /// As of a program in which `bundled:smollm2` was a capture, and whatever prompt stood beside it was not read: now
    /// it is the model that was captured, and reads what was read then.
    #[must_use]
    pub fn with_captured_tokens(mut self) -> Self {
        let smollm2 = Bundled::Smollm2;
        if self.source == SourceSpec::Bundled(smollm2) {
            self.prompt = smollm2.default_view().into();
        }
        self
    }

    /// The session, for a prompt of `n_tokens`; 0 where nobody knows how many there are. What the source alone knows is
    /// left to the engine, which refuses it by name.
    ///
    /// # Errors
    /// When no command leads to it; the message names the field.
    pub fn session(self, n_tokens: usize) -> Result<Session, Unsound> {
        let Self { layer, head, operation, scope, in_force, epsilon, .. } = self;
        let Self { source, prompt, rows, column, pinned, reference, view, .. } = self;
        let experiment = Experiment { layer, head, operation, scope, in_force, epsilon };
        check_experiment(&experiment)?;
        let n_columns = experiment.shape().n_columns();
        within("column", column.index(), n_columns)?;
        within("solo panel’s column", view.solo.map_or(0, |panel| panel.column.index()), n_columns)?;
        check_reference(&reference, &experiment)?;
        if !UserSettings::UI_SCALE.contains(&view.user.ui_scale) {
            let expected = format!("{} to {}", UserSettings::UI_SCALE.start(), UserSettings::UI_SCALE.end());
            return Err(unsound("ui_scale", &expected, view.user.ui_scale));
        }
        let n_written = view.text.writing.n_tokens;
        if !TextView::TOKENS.contains(&n_written) {
            let expected = format!("{} to {}", TextView::TOKENS.start(), TextView::TOKENS.end());
            return Err(unsound("number of tokens to write", &expected, n_written));
        }
        let n_positions = if n_tokens == 0 { MOST_POSITIONS } else { n_tokens };
        if let Some(Cell { query, key }) = pinned {
            within("pinned query", query, n_positions)?;
            within("pinned key", key, n_positions)?;
        }
        view.window.map_or(Ok(()), |window| check_window(window, n_positions))?;
        let mut session = Session { source, prompt, experiment, rows, column, pinned, reference, view };
        // In older programs both could be open.
        session.view.inspector &= !session.view.has_heads_beside();
        // Older programs let the selection and the panel alone on screen part: what was on screen is what is shown.
        session.select_solo();
        Ok(session)
    }
}

fn check_experiment(experiment: &Experiment) -> Result<(), Unsound> {
    within("layer", experiment.layer, MOST_LAYERS)?;
    within("head", experiment.head, MOST_LAYERS)?;
    let n_columns = experiment.shape().n_columns();
    if !COLUMNS.contains(&n_columns) {
        let expected = format!("{} to {} columns", COLUMNS.start(), COLUMNS.end());
        return Err(unsound("epsilon", &expected, n_columns));
    }
    check_range("range of layers", &experiment.scope)
}

fn check_range(field: &'static str, scope: &Scope) -> Result<(), Unsound> {
    match scope.layers {
        LayerScope::Range { first, last } if first > last || last >= MOST_LAYERS => {
            Err(unsound(field, "the first at most the last", format!("{first} to {last}")))
        }
        _ => Ok(()),
    }
}

fn check_reference(reference: &Reference, shown: &Experiment) -> Result<(), Unsound> {
    let (layer, head) = match reference {
        Reference::Baseline | Reference::Base | Reference::InForce => return Ok(()),
        Reference::Head { layer, head } => (*layer, *head),
        Reference::View(view) => {
            check_range("kept view’s range of layers", &view.scope)?;
            if view.shape() != shown.shape() {
                let panels = |experiment: &Experiment| {
                    let shape = experiment.shape();
                    format!("{} columns of {}", shape.n_columns(), shape.rows())
                };
                return Err(unsound("kept view’s epsilon", &panels(shown), panels(view)));
            }
            (view.layer, view.head)
        }
    };
    within("reference’s layer", layer, MOST_LAYERS)?;
    within("reference’s head", head, MOST_LAYERS)
}

fn check_window(window: Window, n_positions: usize) -> Result<(), Unsound> {
    let Window { x0, y0, x1, y1 } = window;
    let most = n_positions as f64;
    let is_span = |low: f64, high: f64| (0.0..=most).contains(&low) && (0.0..=most).contains(&high) && low < high;
    if is_span(x0, x1) && is_span(y0, y1) {
        return Ok(());
    }
    let expected = format!("a part of 0 to {n_positions} cells each way");
    Err(unsound("window", &expected, format!("{x0} to {x1} by {y0} to {y1}")))
}

fn within(field: &'static str, value: usize, below: usize) -> Result<(), Unsound> {
    if value < below { Ok(()) } else { Err(unsound(field, &format!("0 to {}", below - 1), value)) }
}

fn unsound(field: &'static str, expected: &str, found: impl Display) -> Unsound {
    Unsound { field, expected: expected.to_owned(), found: found.to_string() }
}
