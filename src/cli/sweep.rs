//! `attenuate sweep`: metrics over ε into a file.

use std::{
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;

use super::{args::ViewArguments, commands::NEVER};
use crate::{
    attention::{Component, Epsilon, Operation, Scope},
    capture::write_atomically,
    engine::{Engine, EngineError, Outcome, RunSpec, Sweep, SweepMetric, SweepMetrics, SweepPoint},
    figure::{Dpi, TextMode, sweep_figure, to_png, to_svg},
    session::{Cell, Session},
};

#[derive(Debug, Args)]
pub struct SweepArguments {
    /// File to write; the extension decides the format (.csv, .json, .png, .svg)
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Cell whose weight is followed, 0-based: its query position and its key position
    #[arg(long, value_name = "QUERY,KEY")]
    pub cell: Option<CellArgument>,
    /// What a picture shows: sink-mass, normalized-entropy, kl, js, max-weight, or weight (of --cell)
    #[arg(long, value_name = "NAME", default_value = "normalized-entropy")]
    pub metric: SweepMetric,
    /// Pixels per inch of a .png
    #[arg(long, default_value = "300", value_name = "N")]
    pub dpi: Dpi,
    #[command(flatten)]
    pub view: ViewArguments,
}

/// `QUERY,KEY`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellArgument(Cell);

impl FromStr for CellArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(',').and_then(|(query, key)| Some((number(query)?, number(key)?)));
        let (query, key) = parts.ok_or_else(|| format!("expected QUERY,KEY such as 6,2, found “{text}”"))?;
        Ok(Self(Cell { query, key }))
    }
}

fn number(text: &str) -> Option<usize> {
    text.trim().parse().ok()
}

/// What cannot be understood about the arguments as a whole.
pub fn check(arguments: &SweepArguments) -> Result<(), String> {
    let is_of_weight = arguments.metric == SweepMetric::Weight;
    if is_of_weight && arguments.cell.is_none() {
        return Err("--metric weight needs a cell: expected --cell QUERY,KEY".to_owned());
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
    Png,
    Svg,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        [("csv", Self::Csv), ("json", Self::Json), ("png", Self::Png), ("svg", Self::Svg)]
            .into_iter()
            .find(|(name, _)| extension.eq_ignore_ascii_case(name))
            .map(|(_, format)| format)
    }
}

pub fn sweep(arguments: &SweepArguments) -> anyhow::Result<()> {
    let output = &arguments.output;
    let Some(format) = Format::of(output) else {
        bail!("{}: the name must end in .csv, .json, .png or .svg", output.display());
    };
    let session = super::session(&arguments.view)?;
    let mut engine = Engine::default();
    let outcome = baseline(&mut engine, &session)?;
    let cell = arguments.cell.map(|CellArgument(cell)| cell);
    if let Some(cell) = cell {
        check_cell(cell, &outcome)?;
    }
    let cell = cell.map(|cell| [cell.query, cell.key]);
    let sweep = engine.sweep(&session.run_spec(), cell, &mut |_| {}, &NEVER)?;
    let bytes = match format {
        Format::Csv => csv(&sweep)?,
        Format::Json => json(&sweep, &session.run_spec(), &outcome, cell)?,
        Format::Png => to_png(&figure(&sweep, arguments.metric, &session, &outcome)?, arguments.dpi, None)?,
        Format::Svg => {
            let figure = figure(&sweep, arguments.metric, &session, &outcome)?;
            to_svg(&figure, TextMode::default(), None)?.into_bytes()
        }
    };
    write_atomically(output, |file| file.write_all(&bytes)).map_err(Into::into)
}

/// The source and its tokens: a run in which nothing is changed.
fn baseline(engine: &mut Engine, session: &Session) -> Result<Outcome, EngineError> {
    let epsilon = [[session.operation.neutral(); 3]; 3];
    engine.run(&RunSpec { epsilon, ..session.run_spec() }, &NEVER)
}

fn check_cell(cell: Cell, outcome: &Outcome) -> anyhow::Result<()> {
    let n_positions = outcome.n_positions();
    for position in [cell.query, cell.key] {
        if position >= n_positions {
            return Err(EngineError::NoSuchPosition { position, n_positions }).context("--cell");
        }
    }
    if cell.key >= outcome.baseline.pattern.attended(cell.query) {
        bail!("--cell {},{} is masked: a token cannot attend to a later one", cell.query, cell.key);
    }
    Ok(())
}

fn figure(
    sweep: &Sweep,
    metric: SweepMetric,
    session: &Session,
    outcome: &Outcome,
) -> anyhow::Result<crate::figure::Figure> {
    if metric.of(&sweep.baseline).is_none() {
        bail!("there is no {}: the prompt has {} tokens", metric.name(), outcome.n_positions());
    }
    let (layer, head, title) = (outcome.layer, outcome.head, &outcome.facts.title);
    let title = format!("{title}, layer {layer}, head {head}: {} over ε", metric.name());
    Ok(sweep_figure(sweep, metric, session.epsilon[0], &title))
}

/// One point of one component.
#[derive(Serialize)]
struct Line {
    component: &'static str,
    epsilon: Epsilon,
    sink_mass: Option<f64>,
    normalized_entropy: Option<f64>,
    kl: f64,
    js: f64,
    max_weight: Option<f64>,
    weight: Option<f64>,
}

/// A header line and one line for each point; what was not measured is empty.
fn csv(sweep: &Sweep) -> io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for (component, curve) in Component::ALL.into_iter().zip(&sweep.curves) {
        for SweepPoint { epsilon, metrics } in curve {
            let SweepMetrics { sink_mass, normalized_entropy, kl, js, max_weight, weight } = *metrics;
            let (component, epsilon) = (word(component), *epsilon);
            csv.serialize(Line { component, epsilon, sink_mass, normalized_entropy, kl, js, max_weight, weight })
                .map_err(io::Error::other)?;
        }
    }
    csv.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

const fn word(component: Component) -> &'static str {
    match component {
        Component::Query => "query",
        Component::Key => "key",
        Component::Value => "value",
    }
}

/// The JSON file. A number that is not finite is `null`, as what was not measured.
#[derive(Serialize)]
struct SweepFile<'a> {
    source: String,
    model: &'a str,
    tokens: Vec<&'a str>,
    token_ids: Option<Vec<u32>>,
    layer: usize,
    head: usize,
    n_layers: usize,
    n_heads: usize,
    n_kv_heads: usize,
    operation: Operation,
    scope: &'a Scope,
    /// `[query, key]`
    cell: Option<[usize; 2]>,
    baseline: SweepMetrics,
    uniform: SweepMetrics,
    transition: ByComponent<Option<[Epsilon; 2]>>,
    #[serde(flatten)]
    curves: ByComponent<Vec<PointRow>>,
}

#[derive(Serialize)]
struct ByComponent<T> {
    query: T,
    key: T,
    value: T,
}

impl<T> ByComponent<T> {
    fn of(of: impl Fn(Component) -> T) -> Self {
        Self { query: of(Component::Query), key: of(Component::Key), value: of(Component::Value) }
    }
}

#[derive(Serialize)]
struct PointRow {
    epsilon: Epsilon,
    #[serde(flatten)]
    metrics: SweepMetrics,
}

fn json(sweep: &Sweep, spec: &RunSpec, outcome: &Outcome, cell: Option<[usize; 2]>) -> anyhow::Result<Vec<u8>> {
    let row = |&SweepPoint { epsilon, metrics }: &SweepPoint| PointRow { epsilon, metrics };
    let file = SweepFile {
        source: spec.source.to_string(),
        model: &outcome.facts.title,
        tokens: outcome.tokens.iter().map(|token| token.piece.as_str()).collect(),
        token_ids: outcome.tokens.iter().map(|token| token.id).collect(),
        layer: outcome.layer,
        head: outcome.head,
        n_layers: outcome.facts.n_layers,
        n_heads: outcome.facts.n_heads,
        n_kv_heads: outcome.facts.n_kv_heads,
        operation: spec.operation,
        scope: &spec.scope,
        cell,
        baseline: sweep.baseline,
        uniform: sweep.uniform,
        transition: ByComponent::of(|component| sweep.transition(component)),
        curves: ByComponent::of(|component| sweep.curves[component.row()].iter().map(row).collect()),
    };
    let mut bytes = serde_json::to_vec_pretty(&file)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_two_positions() {
        assert_eq!("6, 2".parse(), Ok(CellArgument(Cell { query: 6, key: 2 })));
        for text in ["", "6", "6,", "6,-1", "6,2,1", "a,b"] {
            assert!(text.parse::<CellArgument>().is_err_and(|error| error.contains("QUERY,KEY")), "{text}");
        }
    }
}
