//! `attenuate heads`: the table of all heads.

use std::{io::Write, path::PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::{
    batch::NEVER,
    check, notices,
    others::OthersArguments,
    shared::{GivenInForce, SourceArguments, parse_in_force},
    start,
};
use crate::{
    attention::{Component, Epsilon, Operation, OperationKind},
    base::write_atomically,
    engine::{Engine, HeadMetric, HeadRow, HeadsTable, Ranking, ShipsOf, TableFormat},
    session::{Command, Session},
};

#[derive(Debug, Args)]
pub struct HeadsArguments {
    /// Print JSON instead of a table
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
    /// File to write instead; the extension decides the format (.csv, .json)
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// First what has most of it: layer (in order), sink, entropy, diagonal, previous, induction, ships [default: ships
    /// with --ships, else layer]
    #[arg(long, value_name = "METRIC")]
    pub sort: Option<Ranking>,
    /// Add what each head does to the model's output: KL(baseline ‖ modified) of the next token, in nats, when that head
    /// alone is changed. One run a head
    #[arg(long)]
    pub ships: bool,
    /// What is changed of the head: query or key (undifferentiated attention), value (scaling contribution)
    #[arg(long, value_name = "NAME", default_value = "query", requires = "ships")]
    pub component: Component,
    /// How far, 0 or more [default: 5e-1]
    #[arg(long, alias = "epsilon-ships", value_name = "E", allow_hyphen_values = true, requires = "ships")]
    pub epsilon: Option<Epsilon>,
    /// What ε does to the head's vectors: scale, mean-heads, mean-positions, noise, patch (from another prompt),
    /// mean-prompts (over other prompts)
    #[arg(long, value_name = "NAME", default_value = "scale", requires = "ships")]
    pub operation: OperationKind,
    /// Which noise, for --operation noise [default: 0]
    #[arg(long, value_name = "N", requires = "ships")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub others: OthersArguments,
    /// Changes that act beneath each head's: COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON with ";" between, such as
    /// "key@14:*=0.5; value@3..=5:0@rest=mean-heads:0"; or a FILE.json
    #[arg(long, value_name = "SPEC|FILE", value_parser = parse_in_force, requires = "ships")]
    pub in_force: Option<GivenInForce>,
    #[command(flatten)]
    pub source: SourceArguments,
}

impl HeadsArguments {
    /// There is no order by a column that is not there, and no seed without noise.
    ///
    /// # Errors
    /// With one sentence that names the option that cannot be obeyed.
    pub fn check(&self) -> Result<(), String> {
        if self.sort == Some(Ranking::Highest(HeadMetric::Ships)) && !self.ships {
            return Err("--sort ships needs --ships, which computes it".to_owned());
        }
        if let Some((option, _)) = self.others.given().next().filter(|_| !self.ships) {
            return Err(format!("{option} needs --ships, which computes what it does"));
        }
        self.others.check(self.operation)?;
        self.others.check_complete(self.operation)?;
        if self.seed.is_some() && self.operation != OperationKind::Noise {
            return Err(check::seed_without_noise(self.operation));
        }
        start::check_source(&self.source)
    }
}

pub fn heads(arguments: &HeadsArguments, engine: &mut Engine) -> anyhow::Result<()> {
    let format = match &arguments.output {
        Some(path) => Some(TableFormat::of(path).with_context(|| path.display().to_string())?),
        None => arguments.json.then_some(TableFormat::Json),
    };
    let mut session = start::source_and_prompt(&arguments.source)?;
    if arguments.ships {
        let kind = Some(arguments.operation);
        let operation = start::operation(&Operation::default(), kind, arguments.seed, &arguments.others)?;
        session = session.with([Command::SetOperation(operation)]);
    }
    let files = arguments.in_force.iter().flat_map(GivenInForce::files).chain(arguments.others.files());
    let protected = start::inputs(&arguments.source, files, &session).protected();
    if let Some(path) = &arguments.output {
        protected.check(path)?;
    }
    let table = table(engine, &session, arguments)?;
    if let (Some(path), Some(format)) = (&arguments.output, format) {
        write_atomically(path, &protected, |file| table.write(format, file))?;
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    let written = match format {
        Some(format) => table.write(format, &mut out),
        None => write_aligned(&table, &mut out),
    };
    match written {
        // `attenuate heads | head` is no failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing the table to standard output"),
    }
}

fn table(engine: &mut Engine, session: &Session, arguments: &HeadsArguments) -> anyhow::Result<HeadsTable> {
    let layers = notices::write(engine, session)?.layers.clone();
    let summaries = engine.heads(session.source(), session.prompt(), &NEVER)?;
    let mut rows: Vec<_> = summaries.into_iter().map(|summary| HeadRow { summary, ships: None }).collect();
    let ships = if arguments.ships { Some(add_ships(engine, session, arguments, &mut rows)?) } else { None };
    let mut table = HeadsTable { rows, layers, ships };
    let ranking = match (arguments.sort, arguments.ships) {
        (Some(ranking), _) => ranking,
        (None, true) => Ranking::Highest(HeadMetric::Ships),
        (None, false) => Ranking::ByLayer,
    };
    table.sort(ranking);
    Ok(table)
}

/// Rows are by layer and head, as the engine gives them.
fn add_ships(
    engine: &mut Engine,
    session: &Session,
    arguments: &HeadsArguments,
    rows: &mut [HeadRow],
) -> anyhow::Result<ShipsOf> {
    let component = arguments.component;
    let epsilon = arguments.epsilon.unwrap_or(Epsilon::FIGURE[0]);
    let in_force = arguments.in_force.as_ref().map(GivenInForce::get).transpose()?.cloned();
    let spec = session.run_spec().with(|experiment| {
        experiment.in_force = in_force.unwrap_or_else(|| std::mem::take(&mut experiment.in_force));
    });
    let Some(all) = engine.ships(&spec, component, epsilon, &mut |_| {}, &NEVER)? else {
        bail!("--ships needs a model that predicts tokens, and {} has no output to compare", session.source());
    };
    for (row, found) in rows.iter_mut().zip(all) {
        row.ships = Some(found.ships);
    }
    Ok(ShipsOf { component, operation: session.operation().clone(), epsilon })
}

/// For people, in columns.
fn write_aligned(table: &HeadsTable, out: &mut impl Write) -> std::io::Result<()> {
    write!(out, "{:>5}  {:>4}", "layer", "head")?;
    for metric in table.metrics() {
        write!(out, "  {:>width$}", metric.name(), width = width(metric))?;
    }
    writeln!(out)?;
    for row in &table.rows {
        let (layer, head) = table.named_place(row);
        write!(out, "{layer:>5}  {head:>4}")?;
        for metric in table.metrics() {
            let text = match row.get(metric) {
                None => "–".to_owned(),
                // Most heads do next to nothing: four places would show them all alike.
                Some(ships) if metric == HeadMetric::Ships => format!("{ships:.3e}"),
                Some(value) => format!("{value:.4}"),
            };
            write!(out, "  {text:>width$}", width = width(metric))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn width(metric: HeadMetric) -> usize {
    metric.name().len().max(8)
}
