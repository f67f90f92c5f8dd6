//! `attenuate weights`: the numbers of the nine panels as a file.

use std::path::PathBuf;

use anyhow::Context;
use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser as _},
};

use super::{
    batch::{self, PlacesArguments},
    check,
    shared::{ColumnArguments, InterventionArguments, SourceArguments},
    start, streams,
};
use crate::{attention::Components, engine::Engine, numbers::NumbersFormat, session::Command};

#[derive(Debug, Args)]
pub struct WeightsArguments {
    /// File to write; the extension decides the format (.npz, .safetensors, .csv, .json). {layer} and {head} stand for
    /// the numbers of what is shown
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true, value_parser = OsStringValueParser::new().try_map(|name| streams::output(&name)))]
    pub output: PathBuf,
    /// Rows that are written, such as query,value [default: those of the session, else query,key,value]
    #[arg(long, value_name = "NAMES")]
    pub rows: Option<Components>,
    #[command(flatten)]
    pub places: PlacesArguments,
    #[command(flatten)]
    pub source: SourceArguments,
    #[command(flatten)]
    pub columns: ColumnArguments,
    #[command(flatten)]
    pub intervention: InterventionArguments,
}

impl WeightsArguments {
    /// # Errors
    /// With one sentence that names the option that cannot be obeyed.
    pub fn check(&self) -> Result<(), String> {
        start::check_source(&self.source)?;
        check::intervention(&self.intervention, &self.source)?;
        self.places.check(&self.output)
    }
}

/// # Errors
/// With one sentence for a person.
pub fn weights(arguments: &WeightsArguments, engine: &mut Engine) -> anyhow::Result<()> {
    let output = &arguments.output;
    let format = NumbersFormat::of(output).with_context(|| output.display().to_string())?;
    let mut session = start::source_and_prompt(&arguments.source)?;
    start::intervene(&mut session, &arguments.columns, &arguments.intervention)?;
    check::vectors(session.source(), &[("--rows", arguments.rows.is_some())])?;
    let session = session.with(arguments.rows.map(Command::SetRows));
    let protected = start::inputs(&arguments.source, arguments.intervention.files(), &session).protected();
    batch::each(
        engine,
        &session,
        &arguments.places,
        (output, &protected),
        |_| (),
        |_, _| Ok(()),
        |session, (outcome, ()), path| {
            let numbers = outcome.numbers(&session.run_spec());
            streams::write(path, &protected, |file| numbers.write(format, file))
        },
    )
}
