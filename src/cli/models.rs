//! `attenuate models`: what other programs' caches hold.

use std::io::{self, Write};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use crate::{
    base::byte_count,
    engine::SourceSpec,
    model::on_disk::{DiskModel, Listing, Places, list},
};

#[derive(Debug, Args)]
pub struct ModelsArguments {
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// # Errors
/// When standard output cannot be written to.
pub fn models(arguments: &ModelsArguments) -> anyhow::Result<()> {
    let listing = list(&Places::of_machine(), &|| false);
    let mut out = io::stdout().lock();
    let written = if arguments.json { write_json(&listing, &mut out) } else { write_table(&listing, &mut out) };
    match written {
        // `attenuate models | head` is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing the list to standard output"),
    }
}

/// One model, for programs.
#[derive(Serialize)]
struct Row<'a> {
    source: String,
    program: &'static str,
    path: String,
    bytes: u64,
    family: Option<&'a str>,
    state: &'static str,
    why: Option<&'a str>,
    /// Of an adapter, its base.
    over: Option<String>,
}

#[derive(Serialize)]
struct Searched<'a> {
    program: &'static str,
    path: String,
    why_not: Option<&'a str>,
}

fn write_json(listing: &Listing, out: &mut impl Write) -> io::Result<()> {
    let row = |model: &DiskModel| {
        serde_json::to_value(Row {
            source: source(model),
            program: model.program.name(),
            path: model.path.display().to_string(),
            bytes: model.n_bytes,
            family: model.family.as_deref(),
            state: model.state.name(),
            why: Some(&*model.why).filter(|why| !why.is_empty()),
            over: model.over.as_ref().map(ToString::to_string),
        })
    };
    let models: Vec<_> = listing.models.iter().map(row).collect::<Result<_, _>>()?;
    let searched: Vec<_> = (listing.searched.iter())
        .map(|folder| {
            let (program, path) = (folder.program.name(), folder.path.display().to_string());
            serde_json::to_value(Searched { program, path, why_not: folder.why_not.as_deref() })
        })
        .collect::<Result<_, _>>()?;
    serde_json::to_writer_pretty(&mut *out, &serde_json::json!({ "models": models, "searched": searched }))?;
    writeln!(out)
}

/// What opens it, as it is typed.
fn source(model: &DiskModel) -> String {
    SourceSpec::from(model.source.clone()).to_string()
}

/// For people, in columns.
fn write_table(listing: &Listing, out: &mut impl Write) -> io::Result<()> {
    if listing.models.is_empty() {
        writeln!(out, "No models of other programs were found. Looked in:")?;
        for folder in &listing.searched {
            let why_not = folder.why_not.as_deref().map_or_else(String::new, |why| format!(": {why}"));
            writeln!(out, "  {} ({}){why_not}", folder.path.display(), folder.program.name())?;
        }
        return Ok(());
    }
    let rows: Vec<[String; 4]> = listing.models.iter().map(row).collect();
    let width = |column: usize| {
        let heading = HEADINGS[column].chars().count();
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(heading)
    };
    let [source, size, family] = [0, 1, 2].map(width);
    let mut line = |[a, b, c, d]: [&str; 4]| writeln!(out, "{a:<source$}  {b:>size$}  {c:<family$}  {d}");
    line(HEADINGS)?;
    rows.iter().try_for_each(|row| line(row.each_ref().map(String::as_str)))
}

const HEADINGS: [&str; 4] = ["source", "size", "family", "opens"];

fn row(model: &DiskModel) -> [String; 4] {
    let size = if model.n_bytes == 0 { "–".to_owned() } else { byte_count(model.n_bytes) };
    [one_line(&source(model)), size, model.family.clone().unwrap_or_else(|| "–".to_owned()), one_line(&model.opens())]
}

/// A name from the disk, which must not move the terminal's cursor.
fn one_line(text: &str) -> String {
    let lines: Vec<String> = text.split(char::is_control).map(ToOwned::to_owned).collect();
    lines.join(" ")
}
