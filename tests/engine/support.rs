//! Requests, and outcomes as numbers that can be compared.

use attenuate::{
    attention::{Component, Epsilon, Grid, Pattern, Preset},
    engine::{Bundled, Engine, EngineError, Outcome, Panel, Prompt, RunSpec},
    session::Session,
};

pub const NEVER: &dyn Fn() -> bool = &|| false;

/// A bundled source at its default view with the figure's ε.
pub fn spec(bundled: Bundled, preset: Preset) -> RunSpec {
    Session::example(bundled).run_spec().with(|experiment| experiment.scope = preset.scope())
}

pub fn text(text: &str) -> Prompt {
    Prompt::Text { text: text.into(), bos: true }
}

pub fn epsilon(value: f64) -> Epsilon {
    Epsilon::new(value).unwrap()
}

/// The answer of an engine that was asked nothing before.
pub fn fresh(spec: &RunSpec) -> Result<Outcome, EngineError> {
    Engine::default().run(spec, NEVER)
}

/// Baseline and nine panels, in this order.
pub fn panels(outcome: &Outcome) -> impl Iterator<Item = &Panel> {
    std::iter::once(&outcome.baseline).chain(outcome.panels.values())
}

/// `[query, key]`, both evaluations of a pattern, as bits.
pub fn bits(pattern: &Pattern) -> Vec<u64> {
    let pictured = pattern.dense().into_iter().map(|weight| u64::from(weight.to_bits()));
    let exact = (0..pattern.n_positions()).flat_map(|query| pattern.exact_row(query)).map(f64::to_bits);
    pictured.chain(exact).collect()
}

/// All that a view shows of an outcome, to the last bit.
#[derive(Debug, PartialEq)]
pub struct Numbers {
    place: (String, usize, usize),
    tokens: Vec<(Option<u32>, String, String)>,
    epsilon: Grid<Epsilon>,
    panels: Vec<(Vec<u64>, Option<u64>)>,
}

pub fn numbers(outcome: &Outcome) -> Numbers {
    Numbers {
        place: (outcome.facts.source.to_string(), outcome.experiment.layer, outcome.experiment.head),
        tokens: outcome.tokens.iter().map(|token| (token.id, token.piece.clone(), token.text.clone())).collect(),
        epsilon: outcome.experiment.epsilon.clone(),
        panels: panels(outcome).map(|panel| (bits(&panel.pattern), panel.output_norm().map(f64::to_bits))).collect(),
    }
}

/// Every panel of the grid.
pub fn grid() -> impl Iterator<Item = (Component, usize)> {
    Component::FIGURE.into_iter().flat_map(|component| (0..3).map(move |column| (component, column)))
}
