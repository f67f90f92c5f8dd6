//! What the subcommands do.

use std::path::Path;

use anyhow::{Context, bail};

use super::args::{ExportArguments, WeightsArguments};
use crate::{
    capture::{NumbersFormat, write_atomically},
    engine::{Engine, Outcome},
    figure::draw_png,
    session::Session,
};

/// Nobody waits for an interruption on the command line: Ctrl+C ends the program.
pub(super) const NEVER: fn() -> bool = || false;

pub fn export(arguments: &ExportArguments) -> anyhow::Result<()> {
    match extension(&arguments.output).as_deref() {
        Some("png") => {}
        Some(other @ ("svg" | "pdf")) => bail!("{}: .{other} is not written yet; use .png", arguments.output.display()),
        _ => bail!("{}: the name must end in .png", arguments.output.display()),
    }
    let session = super::session(&arguments.view)?;
    let outcome = run(&session)?;
    let mut style = session.view.figure_style();
    style.title.clone_from(&arguments.title);
    style.page = arguments.size;
    let png = draw_png(&outcome, &style, arguments.dpi)?;
    write_atomically(&arguments.output, |file| file.write_all(&png))?;
    Ok(())
}

pub fn weights(arguments: &WeightsArguments) -> anyhow::Result<()> {
    let output = &arguments.output;
    let format = NumbersFormat::of(output).with_context(|| output.display().to_string())?;
    let session = super::session(&arguments.view)?;
    let numbers = run(&session)?.numbers(&session.run_spec());
    write_atomically(output, |file| numbers.write(format, file))?;
    Ok(())
}

fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

fn run(session: &Session) -> anyhow::Result<Outcome> {
    Ok(Engine::default().run(&session.run_spec(), &NEVER)?)
}
