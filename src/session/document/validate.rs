//! Checks of a stored session: rejects states that the window cannot produce.

use std::fmt::Display;

use super::{error::Problem, session_document::SessionDocument};
use crate::{
    attention::LayerScope,
    engine::Reference,
    figure::Window,
    session::{COLUMNS, Cell, Person, Session},
};

/// More layers or heads than any model has.
const MOST_LAYERS: usize = 1 << 16;
/// More positions than any prompt has.
const MOST_POSITIONS: usize = 1 << 24;

/// Checks what the types leave open. What the source alone knows is left to the engine, which refuses it by name.
pub fn check(document: &SessionDocument) -> Result<(), Problem> {
    let Session { layer, head, scope, column, pinned, view, .. } = &document.session;
    within("layer", *layer, MOST_LAYERS)?;
    within("head", *head, MOST_LAYERS)?;
    let n_columns = document.session.shape().n_columns();
    if !COLUMNS.contains(&n_columns) {
        return Err(unsound("epsilon", "2 to 6 columns", n_columns));
    }
    within("column", column.index(), n_columns)?;
    within("solo panel’s column", view.solo.map_or(0, |panel| panel.column.index()), n_columns)?;
    if let LayerScope::Range { first, last } = scope.layers
        && (first > last || last >= MOST_LAYERS)
    {
        return Err(unsound("range of layers", "the first at most the last", format!("{first} to {last}")));
    }
    check_reference(&document.session.reference)?;
    if let Reference::View(view) = &document.session.reference
        && view.shape() != document.session.shape()
    {
        return Err(unsound("kept view’s epsilon", "the panels of the session", "others"));
    }
    if !Person::UI_SCALE.contains(&view.person.ui_scale) {
        let expected = format!("{} to {}", Person::UI_SCALE.start(), Person::UI_SCALE.end());
        return Err(unsound("ui_scale", &expected, view.person.ui_scale));
    }
    if !document.token_ids.is_empty() && document.token_ids.len() != document.tokens.len() {
        let expected = format!("a number for each of {} tokens", document.tokens.len());
        return Err(unsound("token_ids", &expected, document.token_ids.len()));
    }
    // Without tokens nobody knows how many there are.
    let n_positions = if document.tokens.is_empty() { MOST_POSITIONS } else { document.tokens.len() };
    if let Some(Cell { query, key }) = *pinned {
        within("pinned query", query, n_positions)?;
        within("pinned key", key, n_positions)?;
    }
    view.window.map_or(Ok(()), |window| check_window(window, n_positions))
}

fn check_reference(reference: &Reference) -> Result<(), Problem> {
    let (layer, head) = match reference {
        Reference::Baseline => return Ok(()),
        Reference::Head { layer, head } => (*layer, *head),
        Reference::View(view) => {
            if let LayerScope::Range { first, last } = view.scope.layers
                && (first > last || last >= MOST_LAYERS)
            {
                let found = format!("{first} to {last}");
                return Err(unsound("kept view’s range of layers", "the first at most the last", found));
            }
            (view.layer, view.head)
        }
    };
    within("reference’s layer", layer, MOST_LAYERS)?;
    within("reference’s head", head, MOST_LAYERS)
}

fn check_window(window: Window, n_positions: usize) -> Result<(), Problem> {
    let Window { x0, y0, x1, y1 } = window;
    let most = n_positions as f64;
    let is_span = |low: f64, high: f64| (0.0..=most).contains(&low) && (0.0..=most).contains(&high) && low < high;
    if is_span(x0, x1) && is_span(y0, y1) {
        return Ok(());
    }
    let expected = format!("a part of 0 to {n_positions} cells each way");
    Err(unsound("window", &expected, format!("{x0} to {x1} by {y0} to {y1}")))
}

fn within(field: &'static str, value: usize, below: usize) -> Result<(), Problem> {
    if value < below { Ok(()) } else { Err(unsound(field, &format!("0 to {}", below - 1), value)) }
}

fn unsound(field: &'static str, expected: &str, found: impl Display) -> Problem {
    Problem::Unsound { field, expected: expected.to_owned(), found: found.to_string() }
}
