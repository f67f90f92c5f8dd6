//! What whoever opens a source should know of it, on standard error.

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use crate::{
    attention::OperationKind,
    engine::{Engine, EngineError, Outcome, SourceFacts},
    figure::{Figure, FigureStyle, LEGIBLE, Repair, illegible},
    session::Session,
};

/// Opens the session's source and writes each of its notices as a line, and what of other prompts comes along with their
/// vectors; returns what it offers.
///
/// # Errors
/// When the source cannot be read.
pub fn write(engine: &mut Engine, session: &Session) -> Result<Arc<SourceFacts>, EngineError> {
    let source = session.source();
    let facts = engine.facts(source)?;
    let mut operations = session.experiment().operations();
    if facts.adds_positions && operations.any(|operation| operation.kind() == OperationKind::Patch) {
        let along = "the positions that this model adds to its tokens come along with the vectors of the other prompt";
        let _ = writeln!(io::stderr(), "attenuate: note: {along}: {source}");
    }
    for notice in &facts.notices {
        // A closed standard error does not stop the task.
        let _ = writeln!(io::stderr(), "attenuate: note: {}: {source}", notice.sentence);
    }
    Ok(facts)
}

/// Writes which labels of a figure no font can show.
pub fn write_illegible(outcome: &Outcome, style: &FigureStyle) {
    if let Some(illegible) = illegible(outcome, style) {
        note(&illegible.to_string());
    }
}

/// Writes what of a figure for print is not as it was asked for or hard to read: labels that no font can show, what had
/// no room, and text that is too small, with the option that mends it.
pub fn write_of_figure(figure: &Figure, outcome: &Outcome, style: &FigureStyle) {
    write_illegible(outcome, style);
    figure.fitted.iter().for_each(|told| note(told));
    if let Some(smallest) = figure.smallest_text().filter(|&smallest| smallest < LEGIBLE - 1e-9) {
        let mended = Repair::of(outcome, style).map(|repair| format!(": {} mends it", repair.option(style)));
        let mended = mended.unwrap_or_default();
        note(&format!("the smallest text has {smallest:.1} points, and print needs {LEGIBLE}{mended}"));
    }
}

/// Writes what of curves is not as it was asked for or hard to read.
pub fn write_of_curves(figure: &Figure) {
    figure.fitted.iter().for_each(|told| note(told));
    if let Some(smallest) = figure.smallest_text().filter(|&smallest| smallest < LEGIBLE - 1e-9) {
        note(&format!(
            "the smallest text has {smallest:.1} points, and print needs {LEGIBLE}: a larger --size mends it"
        ));
    }
}

fn note(text: &str) {
    // A closed standard error does not stop the task.
    let _ = writeln!(io::stderr(), "attenuate: note: {text}");
}
