//! What the subcommands do.

use anyhow::Context;

use super::{
    args::{PlaceArguments, WeightsArguments},
    batch, start,
};
use crate::{base::write_atomically, numbers::NumbersFormat};

/// Nobody waits for an interruption on the command line: Ctrl+C ends the program.
pub(super) const NEVER: fn() -> bool = || false;

pub fn weights(arguments: &WeightsArguments) -> anyhow::Result<()> {
    let output = &arguments.output;
    let format = NumbersFormat::of(output).with_context(|| output.display().to_string())?;
    let session = super::session(&arguments.view, PlaceArguments::default())?;
    let protected = start::inputs(&arguments.view.source, &session).protected();
    batch::each(&session, &arguments.places, output, &protected, |session, outcome, path| {
        let numbers = outcome.numbers(&session.run_spec());
        Ok(write_atomically(path, &protected, |file| numbers.write(format, file))?)
    })
}
