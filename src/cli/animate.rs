//! `attenuate animate`: the figure as a film.

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal, Write},
    num::NonZeroU16,
    path::PathBuf,
};

use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser as _},
};

use super::{
    batch::NEVER,
    check,
    figure::FigureArguments,
    notices,
    shared::{ColumnArguments, InterventionArguments, PlaceArguments, SourceArguments, ViewArguments},
    start, streams,
};
use crate::{
    engine::{Engine, EngineError, Fingerprints, Job, Progress},
    figure::{
        Dpi, FigureStyle, PanelColumns, StripLines,
        animation::{AnimatedRange, Animation, AnimationFormat, DPI, FRAMES, Film, Play, RATES},
    },
    session::document,
};

pub const EXAMPLES: &str = "\
Examples:
  attenuate animate -o film.png
  attenuate animate -o panel.gif --rows query --columns 0 --size 400x440px --dpi 72
  attenuate animate -o answers.gif --prompt \"The capital of\" --continuation 2 --frames 9
  attenuate animate -o once.gif --moving right --range 1e-4..=1 --frames 24 --play once --dpi 72";

#[derive(Debug, Args)]
pub struct AnimateArguments {
    /// File to write; the extension decides the format (.png or .apng: animated PNG, .gif)
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true, value_parser = OsStringValueParser::new().try_map(|name| streams::output(&name)))]
    pub output: PathBuf,
    /// Column whose ε moves, in all rows: 0, 1, 2, … or left, middle, right
    #[arg(long, value_name = "COLUMN", default_value = "0", help_heading = "Animation")]
    pub moving: PanelColumns,
    /// From which ε to which, in equal steps of the logarithm
    #[arg(long, value_name = "E..=E", default_value_t = AnimatedRange::default(), help_heading = "Animation")]
    pub range: AnimatedRange,
    /// Frames from the one to the other, 2 to 1000
    #[arg(long, value_name = "N", default_value_t = Animation::default().n_frames, value_parser = frames, help_heading = "Animation")]
    pub frames: usize,
    /// Frames per second, 1 to 50
    #[arg(long, value_name = "N", default_value_t = Animation::default().rate, value_parser = rate, help_heading = "Animation")]
    pub rate: NonZeroU16,
    /// How it plays: back-and-forth, loop, once
    #[arg(long, value_name = "HOW", default_value = "back-and-forth", help_heading = "Animation")]
    pub play: Play,
    /// Under each panel what the model writes behind the prompt under its change in that frame, on so many lines, 1 to 8,
    /// and at the foot what it writes unmodified: 40 tokens, or as many as the session says
    #[arg(long, value_name = "LINES", help_heading = "Figure")]
    pub continuation: Option<StripLines>,
    /// Leave out the session, which an animated PNG otherwise carries and which opens it again
    #[arg(long)]
    pub no_session: bool,
    #[command(flatten)]
    pub figure: FigureArguments,
    #[command(flatten)]
    pub place: PlaceArguments,
    #[command(flatten)]
    pub source: SourceArguments,
    #[command(flatten)]
    pub columns: ColumnArguments,
    #[command(flatten)]
    pub intervention: InterventionArguments,
    #[command(flatten)]
    pub view: ViewArguments,
}

fn frames(text: &str) -> Result<usize, String> {
    let frames = text.parse().ok().filter(|frames| FRAMES.contains(frames));
    frames.ok_or_else(|| format!("expected {} to {} frames, found “{text}”", FRAMES.start(), FRAMES.end()))
}

fn rate(text: &str) -> Result<NonZeroU16, String> {
    let rate = text.parse().ok().filter(|rate| RATES.contains(rate)).and_then(NonZeroU16::new);
    rate.ok_or_else(|| format!("expected {} to {} frames per second, found “{text}”", RATES.start(), RATES.end()))
}

impl AnimateArguments {
    /// # Errors
    /// With one sentence that names the option that cannot be obeyed.
    pub fn check(&self) -> Result<(), String> {
        start::check_source(&self.source)?;
        check::intervention(&self.intervention, &self.source)?;
        check::view(&self.view)?;
        check::limits(&self.view, &self.source)?;
        self.figure.check()?;
        let moving = self.moving()?;
        if self.figure.columns.named().is_some_and(|mut drawn| !drawn.any(|column| column == moving)) {
            return Err(format!("--moving {moving} moves a column that --columns leaves out"));
        }
        Ok(())
    }

    /// The one column that moves.
    fn moving(&self) -> Result<usize, String> {
        let mut columns = self.moving.named().into_iter().flatten();
        match (columns.next(), columns.next()) {
            (Some(column), None) => Ok(column),
            _ => Err("--moving is one column: expected 0, 1, 2, … or left, middle, right".to_owned()),
        }
    }
}

/// A line on a terminal that counts; nothing elsewhere.
fn count(Progress { done, of }: Progress) {
    let mut out = io::stderr().lock();
    if out.is_terminal() {
        let end = if done == of { "\n" } else { "" };
        // A closed terminal does not stop the export.
        let _ = write!(out, "\rframe {done} of {of}{end}").and_then(|()| out.flush());
    }
}

pub fn animate(arguments: &AnimateArguments, engine: &mut Engine) -> anyhow::Result<()> {
    let output = &arguments.output;
    let format = AnimationFormat::of(output)?;
    let mut session = start::source_and_prompt(&arguments.source)?;
    let inputs = start::inputs(&arguments.source, arguments.intervention.files(), &session);
    let protected = if arguments.no_session { inputs.protected() } else { inputs.protected_from_session(output) };
    protected.check(output)?;
    arguments.figure.add_output(&mut session);
    start::intervene(&mut session, &arguments.columns, &arguments.intervention)?;
    start::place(&mut session, arguments.place)?;
    start::show(&mut session, &arguments.view)?;
    if arguments.view.per_panel {
        check::limits_of(session.view().look.norm).map_err(anyhow::Error::msg)?;
    }
    let style = arguments.figure.over(session.view().figure_style());
    let dpi = arguments.figure.dpi.unwrap_or(Dpi::new(DPI)?);
    let column = arguments.moving().map_err(anyhow::Error::msg)?;
    let facts = notices::write(engine, &session)?;
    if !facts.kind.has_vectors() {
        return Err(EngineError::PatternsOnly { title: facts.title.clone() }.into());
    }
    let spec = session.run_spec();
    let shown = engine.run(&spec, &NEVER)?;
    let notes = notices::of_labels(&shown, &style);
    let payload = if arguments.no_session {
        None
    } else {
        Some(document::payload(&session, &shown, output, &Fingerprints::default())?)
    };
    let film = Film {
        spec,
        style: FigureStyle { dpi, ..style },
        strip: arguments.continuation.map(|lines| (lines, session.view().text.writing)),
        animation: Animation {
            column,
            range: arguments.range,
            n_frames: arguments.frames,
            rate: arguments.rate,
            play: arguments.play,
        },
        format,
        payload,
    };
    let job = Job::alone(&|| false, &count);
    let mut fitted = BTreeSet::new();
    if streams::is_output(output) {
        streams::print(output, |out| {
            fitted = film.write(engine, out, &job)?;
            Ok(())
        })?;
    } else {
        fitted = film.save(output, &protected, engine, &job)?;
    }
    let notes: Vec<String> = notes.into_iter().chain(fitted).collect();
    notices::tell(&notes);
    Ok(())
}
