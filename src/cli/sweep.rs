//! `attenuate sweep`: metrics over ε into a file.

use std::{path::PathBuf, str::FromStr};

use anyhow::{Context, bail};
use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser as _},
};

use super::{
    batch::NEVER,
    check, notices,
    shared::{ColumnArguments, Columns, InterventionArguments, PlaceArguments, SourceArguments, parse_columns},
    start, streams,
};
use crate::{
    attention::{Components, Notation},
    engine::{Engine, EngineError, Outcome, Rival, SweepMetric, Target},
    figure::{Dpi, Face, FontSize, Ground, PageSize, SweepExport, SweepFormat, SweepRange, SweepStyle, Unit},
    session::{Cell, Command, Session},
};

#[derive(Debug, Args)]
pub struct SweepArguments {
    /// File to write; the extension decides the format (.csv, .json, .png, .svg, .pdf)
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true, value_parser = OsStringValueParser::new().try_map(|name| streams::output(&name)))]
    pub output: PathBuf,
    /// Cell whose weight is followed, 0-based: its query position and its key position
    #[arg(long, value_name = "QUERY,KEY")]
    pub cell: Option<CellArgument>,
    /// Token whose log-probability is followed, and that less RIVAL's, each its id or a text that is one token; as columns
    /// of .csv and .json and as --metric of pictures. One run of the whole model for each ε
    #[arg(long, value_name = "TOKEN[,RIVAL]", allow_hyphen_values = true)]
    pub target: Option<Target>,
    /// The columns' ε, two to six, which a picture marks, each 0 or more [default: 5e-1,1e-3,1e-10]
    #[arg(long, value_name = "E,E,E", allow_hyphen_values = true, value_parser = parse_columns)]
    pub epsilon: Option<Columns>,
    /// Components that are swept, such as query,output [default: those of the session, else query,key,value]
    #[arg(long, value_name = "NAMES")]
    pub rows: Option<Components>,
    #[command(flatten)]
    pub picture: PictureArguments,
    #[command(flatten)]
    pub place: PlaceArguments,
    #[command(flatten)]
    pub source: SourceArguments,
    #[command(flatten)]
    pub intervention: InterventionArguments,
}

/// Looks of the curves.
#[derive(Debug, Args)]
#[command(next_help_heading = "Figure")]
pub struct PictureArguments {
    /// What a picture shows, a plot for each: sink-mass, normalized-entropy, kl, js, max-weight, weight (of --cell),
    /// target-change or rival-change (of --target) [default: normalized-entropy]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub metric: Vec<SweepMetric>,
    /// From which ε to which a picture shows the curves, such as 1e-3..=1e1 [default: all, and 0]
    #[arg(long, value_name = "E..=E")]
    pub range: Option<SweepRange>,
    /// Title of a picture; an empty text leaves it out
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Size of a picture’s page in mm, or in pixels with px: 178, 85x60, 1200x900px; without a height it is as high as
    /// its content [default: 178]
    #[arg(long, value_name = "WxH")]
    pub size: Option<PageSize>,
    /// Pixels per inch, of a .png and of a size in pixels [default: 300]
    #[arg(long, value_name = "N")]
    pub dpi: Option<Dpi>,
    /// What a picture’s texts are set in: light, sans, serif [default: light]
    #[arg(long, value_name = "FACE")]
    pub font: Option<Face>,
    /// Size of a picture’s texts in points, 4 to 24 [default: 8, or less where the page has not the room]
    #[arg(long, value_name = "POINTS")]
    pub font_size: Option<FontSize>,
    /// What a picture lies on: light, dark, transparent [default: light]
    #[arg(long, value_name = "GROUND")]
    pub ground: Option<Ground>,
    /// How a picture writes ε: scientific (5e-1, 1e-10), decimal (0.5, 10⁻¹⁰) or powers (0.5, 10⁻³) [default: that of
    /// the session, else scientific]
    #[arg(long, value_name = "NAME")]
    pub notation: Option<Notation>,
}

impl PictureArguments {
    /// The options that were given, and which of them numbers have no use for.
    fn given(&self) -> [(&'static str, bool); 8] {
        [
            ("--metric", !self.metric.is_empty()),
            ("--range", self.range.is_some()),
            ("--title", self.title.is_some()),
            ("--size", self.size.is_some()),
            ("--font", self.font.is_some()),
            ("--font-size", self.font_size.is_some()),
            ("--ground", self.ground.is_some()),
            ("--notation", self.notation.is_some()),
        ]
    }

    fn style(&self, notation: Notation) -> SweepStyle {
        let default = SweepStyle::default();
        let mut metrics = self.metric.clone();
        let mut seen = Vec::new();
        metrics.retain(|metric| {
            let is_new = !seen.contains(metric);
            seen.push(*metric);
            is_new
        });
        SweepStyle {
            title: self.title.clone(),
            metrics: if metrics.is_empty() { default.metrics } else { metrics },
            range: self.range,
            page: self.size.unwrap_or_default(),
            dpi: self.dpi.unwrap_or_default(),
            face: self.font.unwrap_or_default(),
            font_size: self.font_size,
            ground: self.ground.unwrap_or_default(),
            notation: self.notation.unwrap_or(notation),
            ..default
        }
    }
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
        let is_of_weight = self.picture.metric.contains(&SweepMetric::Weight);
        // Another ending is said when it is written.
        let Ok(format) = SweepFormat::of(&self.output) else { return Ok(()) };
        let is_picture = format.is_picture();
        let output = self.output.display();
        if !is_picture {
            let options = self.picture.given().into_iter().chain([("--epsilon", self.epsilon.is_some())]);
            if let Some((option, _)) = options.into_iter().find(|(_, is_given)| *is_given) {
                return Err(format!("{option} is for a picture (.png, .svg, .pdf): {output} has all metrics at all ε"));
            }
        }
        let has_rival = self.target.as_ref().is_some_and(|target| target.rival != Rival::None);
        for metric in &self.picture.metric {
            match metric {
                SweepMetric::TargetChange if self.target.is_none() => {
                    return Err("--metric target-change needs a target: expected --target TOKEN".to_owned());
                }
                SweepMetric::RivalChange if !has_rival => {
                    return Err("--metric rival-change needs two tokens: expected --target TOKEN,RIVAL".to_owned());
                }
                _ => {}
            }
        }
        let is_of_target = self.picture.metric.iter().any(|metric| metric.is_of_target());
        if is_picture && self.target.is_some() && !is_of_target {
            return Err("--target is drawn by --metric target-change and rival-change alone".to_owned());
        }
        let is_in_pixels = self.picture.size.is_some_and(|page| page.unit() == Unit::Pixels);
        if self.picture.dpi.is_some() && format != SweepFormat::Png && !(is_picture && is_in_pixels) {
            return Err(format!("--dpi is for .png and for a --size in pixels, found {output}"));
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
    let protected = start::inputs(&arguments.source, arguments.intervention.files(), &session).protected();
    protected.check(output)?;
    let columns = ColumnArguments { epsilon: arguments.epsilon.clone() };
    start::intervene(&mut session, &columns, &arguments.intervention)?;
    start::place(&mut session, arguments.place)?;
    let session = session.with(arguments.rows.map(Command::SetRows));
    notices::write(engine, &session)?;
    let outcome = baseline(engine, &session)?;
    let cell = arguments.cell.map(|CellArgument(cell)| cell);
    if let Some(cell) = cell {
        check_cell(cell, &outcome)?;
    }
    let cell = cell.map(|cell| [cell.query, cell.key]);
    let spec = session.run_spec();
    let sweep = engine.sweep(&spec, cell, arguments.target.as_ref(), &mut |_| {}, &NEVER)?;
    let style = arguments.picture.style(session.view().look.notation);
    let export = SweepExport { sweep: &sweep, spec: &spec, outcome: &outcome, cell, style: &style };
    let bytes = export.bytes(format)?;
    let notes = if format.is_picture() { notices::of_curves(&export.figure()?) } else { Vec::new() };
    streams::write(output, &protected, |file| file.write_all(&bytes))?;
    notices::tell(&notes);
    Ok(())
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
