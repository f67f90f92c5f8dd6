//! What the subcommands do.

use std::{io::Write, path::Path};

use anyhow::{Context, bail};
use serde_json::json;

use super::args::{ExportArguments, HeadsArguments, WeightsArguments};
use crate::{
    capture::{NumbersFormat, write_atomically},
    engine::{Engine, HeadSummary, Outcome},
    figure::draw_png,
    session::Session,
};

/// Nobody waits for an interruption on the command line: Ctrl+C ends the program.
const NEVER: fn() -> bool = || false;

pub fn export(arguments: &ExportArguments) -> anyhow::Result<()> {
    match extension(&arguments.output).as_deref() {
        Some("png") => {}
        Some(other @ ("svg" | "pdf")) => bail!("{}: .{other} is not written yet; use .png", arguments.output.display()),
        _ => bail!("{}: the name must end in .png", arguments.output.display()),
    }
    let session = super::session(&arguments.view);
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
    let session = super::session(&arguments.view);
    let numbers = run(&session)?.numbers(&session.run_spec());
    write_atomically(output, |file| numbers.write(format, file))?;
    Ok(())
}

pub fn heads(arguments: &HeadsArguments) -> anyhow::Result<()> {
    let session = super::source_and_prompt(&arguments.source);
    let heads = Engine::default().heads(&session.source, &session.prompt, &NEVER)?;
    let mut out = std::io::stdout().lock();
    let written = if arguments.json { heads_json(&heads, &mut out) } else { heads_table(&heads, &mut out) };
    match written {
        // `attenuate heads | head` is no failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing the table to standard output"),
    }
}

fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

fn run(session: &Session) -> anyhow::Result<Outcome> {
    Ok(Engine::default().run(&session.run_spec(), &NEVER)?)
}

fn heads_table(heads: &[HeadSummary], out: &mut impl Write) -> std::io::Result<()> {
    let cell = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
    writeln!(out, "{:>5}  {:>4}  {:>9}  {:>8}  {:>8}", "layer", "head", "sink mass", "entropy", "diagonal")?;
    for HeadSummary { layer, head, metrics } in heads {
        let (sink, entropy) = (cell(metrics.sink_mass), cell(metrics.normalized_entropy));
        writeln!(out, "{layer:>5}  {head:>4}  {sink:>9}  {entropy:>8}  {:>8}", cell(Some(metrics.diagonal)))?;
    }
    Ok(())
}

fn heads_json(heads: &[HeadSummary], out: &mut impl Write) -> std::io::Result<()> {
    let rows: Vec<_> = heads
        .iter()
        .map(|HeadSummary { layer, head, metrics }| {
            json!({
                "layer": layer,
                "head": head,
                "sink_mass": metrics.sink_mass,
                "entropy": metrics.normalized_entropy,
                "diagonal": metrics.diagonal,
            })
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &rows)?;
    writeln!(out)
}
