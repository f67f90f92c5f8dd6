//! What a screen reader says of each panel.

use super::scene::Scene;
use crate::{
    attention::{Grid, PanelId, SinkQueries},
    figure::Quantity,
    session::Cell,
    ui::{
        memo::{Memo, Revision},
        numbers,
        widgets::Freshness,
    },
};

/// The values of the panels, evaluated when what they say has changed: each takes rows in f64.
#[derive(Default)]
pub struct Spoken(Memo<Key, Grid<String>>);

/// What the values depend on.
#[derive(PartialEq)]
struct Key {
    frame: Revision,
    details: Option<Revision>,
    freshness: Grid<Freshness>,
    cell: Option<Cell>,
    solo: Option<PanelId>,
}

impl Spoken {
    /// One text for each panel on screen.
    pub fn texts(&mut self, scene: &Scene<'_>) -> &Grid<String> {
        let shape = scene.frame.outcome.shape();
        let key = Key {
            frame: scene.frame.revision,
            details: scene.details.map(|details| details.revision),
            freshness: scene.freshness.clone(),
            cell: scene.cell(),
            solo: scene.session.view().solo.map(|panel| shape.nearest(panel)),
        };
        let solo = key.solo;
        self.0.get(key, || {
            let is_on_screen = |panel| solo.is_none_or(|solo| solo == panel);
            Grid::from_fn(shape, |panel| if is_on_screen(panel) { text(scene, panel) } else { String::new() })
        })
    }
}

fn text(scene: &Scene<'_>, panel: PanelId) -> String {
    match scene.freshness[panel] {
        Freshness::Current => contents(scene, panel),
        Freshness::Stale => format!("older than the settings: {}", contents(scene, panel)),
        Freshness::Awaited => "not computed yet".to_owned(),
    }
}

/// The cell in question, else what the pattern amounts to.
fn contents(scene: &Scene<'_>, panel: PanelId) -> String {
    let outcome = &scene.frame.outcome;
    if let Some(cell) = scene.cell() {
        let (query, key) = (numbers::token_as_it_is(outcome, cell.query), numbers::token_as_it_is(outcome, cell.key));
        return match outcome.panels[panel].pattern.exact_cell(cell.query, cell.key) {
            Some(exact) => {
                let value = value(scene, panel, cell);
                let weight = numbers::weight(exact.weight);
                format!("{} {query} attends to {} {key}: {value}{weight}", cell.query, cell.key)
            }
            None => format!("{} {query} to {} {key}: {}", cell.query, cell.key, numbers::masked(outcome, cell)),
        };
    }
    let metrics = scene.details.and_then(|details| details.panels.get(panel));
    match metrics.and_then(|metrics| metrics.sink_mass.zip(metrics.normalized_entropy)) {
        Some((sink, entropy)) => {
            let queries = SinkQueries::of(outcome.mask(), outcome.n_positions());
            let over = if queries.is_partial() { format!(" over {} queries", queries.counted) } else { String::new() };
            format!("sink mass {sink:.4}{over}, normalized entropy {entropy:.4}")
        }
        None if outcome.n_positions() == 1 => "1 token".to_owned(),
        None => format!("{} tokens", outcome.n_positions()),
    }
}

/// What stands in front of the weight where that is not what the panel shows.
fn value(scene: &Scene<'_>, panel: PanelId, cell: Cell) -> String {
    let measure = &scene.frame.pictures.panels[panel].measure;
    let quantity = measure.quantity();
    match measure.exact(cell.query, cell.key) {
        Some(value) if quantity != Quantity::Weight => {
            format!("{} {}, weight ", numbers::name(quantity), numbers::text(quantity, value))
        }
        _ => String::new(),
    }
}
