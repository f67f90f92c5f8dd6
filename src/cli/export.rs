//! `attenuate export`: the figure as a file.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use anyhow::Context as _;
use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser as _},
};

use super::{
    batch::{self, NEVER, PlacesArguments},
    check,
    figure::FigureArguments,
    notices,
    shared::{ColumnArguments, InterventionArguments, SourceArguments, ViewArguments},
    start, streams,
};
use crate::{
    engine::{Engine, Fingerprints, Job},
    figure::{FigureStyle, FileFormat, StripLines, TextMode, TextStrip, Unit, caption, encode, figure},
    session::{Session, document},
};

pub const EXAMPLES: &str = "\
Examples:
  attenuate export -o figure.png
  attenuate export -o figure.pdf --title \"\" --metrics sink,entropy,kl
  attenuate export -o row.svg --rows query --size 178x80
  attenuate export -o column.pdf --size 85 --font serif --least-text 6 --caption
  attenuate export -o panel.svg --rows value --columns right --size 85 --text paths
  attenuate export -o answers.svg --prompt \"The capital of France is\" --continuation 2
  attenuate export -o slide.png --size 1600x1200px --dpi 144 --ground dark
  attenuate export -o difference.png --quantity difference --labels positions --ground transparent
  attenuate export -o 'head-{layer}-{head}.png' --layer 0..=5 --head all bundled:austen";

#[derive(Debug, Args)]
pub struct ExportArguments {
    /// File to write; the extension decides the format (.png, .svg, .pdf). {layer} and {head} stand for the numbers of
    /// what is shown
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true, value_parser = OsStringValueParser::new().try_map(|name| streams::output(&name)))]
    pub output: PathBuf,
    /// Leave out the session (source, prompt, ε, view), which the file otherwise carries and which opens it again
    #[arg(long)]
    pub no_session: bool,
    /// Print a caption for each figure: model, layer, head, prompt, operation, scope, ε and version
    #[arg(long)]
    pub caption: bool,
    #[command(flatten)]
    pub figure: FigureArguments,
    /// Words in SVG and PDF: embedded (as text that can be searched) or paths (as outlines alone) [default: embedded]
    #[arg(long, value_name = "HOW", help_heading = "Figure")]
    pub text: Option<TextMode>,
    /// Under each panel what the model writes behind the prompt under its change, on so many lines, 1 to 8, and at the
    /// foot what it writes unmodified: 40 tokens, or as many as the session says
    #[arg(long, value_name = "LINES", help_heading = "Figure")]
    pub continuation: Option<StripLines>,
    #[command(flatten)]
    pub places: PlacesArguments,
    #[command(flatten)]
    pub source: SourceArguments,
    #[command(flatten)]
    pub columns: ColumnArguments,
    #[command(flatten)]
    pub intervention: InterventionArguments,
    #[command(flatten)]
    pub view: ViewArguments,
}

impl ExportArguments {
    /// # Errors
    /// With one sentence that names the option that cannot be obeyed.
    pub fn check(&self) -> Result<(), String> {
        start::check_source(&self.source)?;
        check::intervention(&self.intervention, &self.source)?;
        check::view(&self.view)?;
        check::limits(&self.view, &self.source)?;
        self.figure.check()?;
        if self.caption && streams::is_output(&self.output) {
            return Err("--caption is printed to standard output, where the figure goes: name a file".to_owned());
        }
        // Another ending is said when it is written.
        match FileFormat::of(&self.output) {
            Ok(FileFormat::Png) if self.text.is_some() => {
                Err(format!("--text is for .svg and .pdf, found {}", self.output.display()))
            }
            Ok(FileFormat::Svg | FileFormat::Pdf)
                if self.figure.dpi.is_some() && self.figure.size.unit() == Unit::Millimetres =>
            {
                let output = self.output.display();
                Err(format!("--dpi is for .png and for a --size in pixels, found {output} in millimetres"))
            }
            _ => self.places.check(&self.output),
        }
    }
}

/// # Errors
/// With one sentence for a person.
pub fn export(arguments: &ExportArguments, engine: &mut Engine) -> anyhow::Result<()> {
    let output = &arguments.output;
    let format = FileFormat::of(output)?;
    let mut session = start::source_and_prompt(&arguments.source)?;
    arguments.figure.add_output(&mut session);
    start::intervene(&mut session, &arguments.columns, &arguments.intervention)?;
    check::vectors(session.source(), &arguments.figure.of_panels())?;
    let inputs = start::inputs(&arguments.source, arguments.intervention.files(), &session);
    let protected = if arguments.no_session { inputs.protected() } else { inputs.protected_from_session(output) };
    start::show(&mut session, &arguments.view)?;
    if arguments.view.per_panel {
        check::limits_of(session.view().look.norm).map_err(anyhow::Error::msg)?;
    }
    let style = arguments.figure.over(session.view().figure_style());
    let style = FigureStyle { text: arguments.text.unwrap_or_default(), ..style };
    let fingerprints = Fingerprints::default();
    let notes = OnceLock::new();
    // Was possible just now: heads differ in no ε.
    let compare = |session: &mut Session| start::compare(session, &arguments.view).unwrap_or_default();
    // Files are written by several threads, captions are printed in the order of their files.
    let captions = Mutex::new(BTreeMap::new());
    let strip = |engine: &mut Engine, session: &Session| {
        let Some(lines) = arguments.continuation else { return Ok(None) };
        let (job, writing) = (Job::until(&NEVER), session.view().text.writing);
        let texts = engine.panel_texts(&job, &session.run_spec(), &writing, &mut |_| {}).context("--continuation")?;
        Ok(Some(TextStrip { lines, texts: Arc::new(texts) }))
    };
    batch::each(
        engine,
        &session,
        &arguments.places,
        (output, &protected),
        compare,
        strip,
        |session, (outcome, strip), path| {
            let style = FigureStyle { strip: strip.clone(), ..style.clone() };
            let payload = if arguments.no_session {
                None
            } else {
                Some(document::payload(session, outcome, path, &fingerprints)?)
            };
            let drawn = figure(outcome, &style)?;
            let file = encode(&drawn, &style, format, payload.as_deref())?;
            // One prompt, and so the same labels, in every file.
            notes.get_or_init(|| notices::of_figure(&drawn, outcome, &style));
            if arguments.caption {
                let place = (outcome.layer_number(), outcome.experiment.head);
                let caption = caption(outcome, &session.run_spec(), &style);
                captions.lock().unwrap_or_else(PoisonError::into_inner).insert(place, caption);
            }
            streams::write(path, &protected, |out| out.write_all(&file))
        },
    )?;
    if let Some(notes) = notes.get() {
        notices::tell(notes);
    }
    let captions = captions.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut out = io::stdout().lock();
    match captions.into_values().try_for_each(|caption| writeln!(out, "{caption}")) {
        // `attenuate export --caption | head` is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.context("cannot print the caption"),
    }
}
