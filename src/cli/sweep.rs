//! `attenuate sweep`: metrics over ε into a file.

use std::{path::PathBuf, str::FromStr};

use anyhow::{Context, bail};
use clap::Args;

use super::{
    batch::NEVER,
    check, notices,
    shared::{ColumnArguments, Columns, InterventionArguments, PlaceArguments, SourceArguments, parse_columns},
    start,
};
use crate::{
    attention::Components,
    base::write_atomically,
    engine::{Engine, EngineError, Outcome, Rival, SweepMetric, Target},
    figure::{Dpi, SweepExport, SweepFormat},
    session::{Cell, Command, Session},
};

#[derive(Debug, Args)]
pub struct SweepArguments {
    /// File to write; the extension decides the format (.csv, .json, .png, .svg, .pdf)
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Cell whose weight is followed, 0-based: its query position and its key position
    #[arg(long, value_name = "QUERY,KEY")]
    pub cell: Option<CellArgument>,
    /// Token whose log-probability is followed, and that less RIVAL's, each its id or a text that is one token; as columns
    /// of .csv and .json and as --metric of pictures. One run of the whole model for each ε
    #[arg(long, value_name = "TOKEN[,RIVAL]", allow_hyphen_values = true)]
    pub target: Option<Target>,
    /// What a picture shows: sink-mass, normalized-entropy, kl, js, max-weight, weight (of --cell), target-change or
    /// rival-change (of --target) [default: normalized-entropy]
    #[arg(long, value_name = "NAME")]
    pub metric: Option<SweepMetric>,
    /// Pixels per inch of a .png [default: 300]
    #[arg(long, value_name = "N")]
    pub dpi: Option<Dpi>,
    /// The columns' ε, two to six, which a picture marks, each 0 or more [default: 5e-1,1e-3,1e-10]
    #[arg(long, value_name = "E,E,E", allow_hyphen_values = true, value_parser = parse_columns)]
    pub epsilon: Option<Columns>,
    /// Components that are swept, such as query,output [default: those of the session, else query,key,value]
    #[arg(long, value_name = "NAMES")]
    pub rows: Option<Components>,
    #[command(flatten)]
    pub place: PlaceArguments,
    #[command(flatten)]
    pub source: SourceArguments,
    #[command(flatten)]
    pub intervention: InterventionArguments,
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

impl SweepArguments {
    /// # Errors
    /// With one sentence that names the option that cannot be obeyed.
    pub fn check(&self) -> Result<(), String> {
        start::check_source(&self.source)?;
        check::intervention(&self.intervention, &self.source)?;
        let is_of_weight = self.metric == Some(SweepMetric::Weight);
        // Another ending is said when it is written.
        let Ok(format) = SweepFormat::of(&self.output) else { return Ok(()) };
        let is_picture = matches!(format, SweepFormat::Png | SweepFormat::Svg | SweepFormat::Pdf);
        let output = self.output.display();
        if !is_picture {
            let options = [("--metric", self.metric.is_some()), ("--epsilon", self.epsilon.is_some())];
            if let Some((option, _)) = options.into_iter().find(|(_, is_given)| *is_given) {
                return Err(format!("{option} is for a picture (.png, .svg, .pdf): {output} has all metrics at all ε"));
            }
        }
        let has_rival = self.target.as_ref().is_some_and(|target| target.rival != Rival::None);
        match self.metric {
            Some(SweepMetric::TargetChange) if self.target.is_none() => {
                return Err("--metric target-change needs a target: expected --target TOKEN".to_owned());
            }
            Some(SweepMetric::RivalChange) if !has_rival => {
                return Err("--metric rival-change needs two tokens: expected --target TOKEN,RIVAL".to_owned());
            }
            metric if is_picture && self.target.is_some() && !metric.is_some_and(SweepMetric::is_of_target) => {
                return Err("--target is drawn by --metric target-change and rival-change alone".to_owned());
            }
            _ => {}
        }
        if self.dpi.is_some() && format != SweepFormat::Png {
            return Err(format!("--dpi is for .png, found {output}"));
        }
        if is_picture && self.cell.is_some() && !is_of_weight {
            return Err("--cell is drawn by --metric weight alone".to_owned());
        }
        if is_of_weight && self.cell.is_none() {
            return Err("--metric weight needs a cell: expected --cell QUERY,KEY".to_owned());
        }
        Ok(())
    }
}

pub fn sweep(arguments: &SweepArguments, engine: &mut Engine) -> anyhow::Result<()> {
    let output = &arguments.output;
    let format = SweepFormat::of(output)?;
    let mut session = start::source_and_prompt(&arguments.source)?;
    let protected = start::inputs(&arguments.source, &session).protected();
    protected.check(output)?;
    let columns = ColumnArguments { epsilon: arguments.epsilon.clone() };
    start::intervene(&mut session, &columns, &arguments.intervention)?;
    start::place(&mut session, arguments.place)?;
    let session = session.with(arguments.rows.map(Command::SetRows));
    notices::write(engine, session.source())?;
    let outcome = baseline(engine, &session)?;
    let cell = arguments.cell.map(|CellArgument(cell)| cell);
    if let Some(cell) = cell {
        check_cell(cell, &outcome)?;
    }
    let cell = cell.map(|cell| [cell.query, cell.key]);
    let spec = session.run_spec();
    let sweep = engine.sweep(&spec, cell, arguments.target.as_ref(), &mut |_| {}, &NEVER)?;
    let export = SweepExport {
        sweep: &sweep,
        spec: &spec,
        outcome: &outcome,
        cell,
        metric: arguments.metric.unwrap_or(SweepMetric::NormalizedEntropy),
        dpi: arguments.dpi.unwrap_or_default(),
    };
    let bytes = export.bytes(format)?;
    write_atomically(output, &protected, |file| file.write_all(&bytes)).map_err(Into::into)
}

/// The source and its tokens: a run in which nothing is changed.
fn baseline(engine: &mut Engine, session: &Session) -> Result<Outcome, EngineError> {
    let spec = session.run_spec().with(|experiment| {
        let neutral = experiment.operation.neutral();
        experiment.epsilon = experiment.epsilon.clone().map(|_| neutral);
    });
    engine.run(&spec, &NEVER)
}

fn check_cell(cell: Cell, outcome: &Outcome) -> anyhow::Result<()> {
    let n_positions = outcome.n_positions();
    for position in [cell.query, cell.key] {
        if position >= n_positions {
            return Err(EngineError::NoSuchPosition { position, n_positions }).context("--cell");
        }
    }
    if let Some(reason) = outcome.mask().reason(cell.query, cell.key) {
        bail!("--cell {},{} is masked: {reason}", cell.query, cell.key);
    }
    Ok(())
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
