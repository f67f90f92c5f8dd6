//! What the subcommands do.

use anyhow::Context;

use super::args::WeightsArguments;
use crate::{
    capture::{NumbersFormat, write_atomically},
    engine::{Engine, Outcome},
    session::Session,
};

/// Nobody waits for an interruption on the command line: Ctrl+C ends the program.
pub(super) const NEVER: fn() -> bool = || false;

pub fn weights(arguments: &WeightsArguments) -> anyhow::Result<()> {
    let output = &arguments.output;
    let format = NumbersFormat::of(output).with_context(|| output.display().to_string())?;
    let session = super::session(&arguments.view)?;
    let numbers = run(&session)?.numbers(&session.run_spec());
    write_atomically(output, |file| numbers.write(format, file))?;
    Ok(())
}

pub(super) fn run(session: &Session) -> anyhow::Result<Outcome> {
    Ok(Engine::default().run(&session.run_spec(), &NEVER)?)
}
