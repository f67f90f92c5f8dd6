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

/// Which labels of a figure no font can show.
pub fn of_labels(outcome: &Outcome, style: &FigureStyle) -> Vec<String> {
    illegible(outcome, style).iter().map(ToString::to_string).collect()
}

/// What of a figure for print is not as it was asked for or hard to read: labels that no font can show, what had no
/// room, and text that is too small, with the option that mends it.
pub fn of_figure(figure: &Figure, outcome: &Outcome, style: &FigureStyle) -> Vec<String> {
    let mended = || Repair::of(outcome, style).map(|repair| repair.option(style));
    let labels = of_labels(outcome, style).into_iter();
    labels.chain(figure.fitted.iter().cloned()).chain(of_small_text(figure, mended)).collect()
}

/// What of curves is not as it was asked for or hard to read.
pub fn of_curves(figure: &Figure) -> Vec<String> {
    let mended = || Some("a larger --size".to_owned());
    figure.fitted.iter().cloned().chain(of_small_text(figure, mended)).collect()
}

/// That the smallest text is too small for print, and what mends it.
fn of_small_text(figure: &Figure, mended: impl FnOnce() -> Option<String>) -> Option<String> {
    let smallest = figure.smallest_text().filter(|&smallest| smallest < LEGIBLE - 1e-9)?;
    let mended = mended().map_or_else(String::new, |mended| format!(": {mended} mends it"));
    Some(format!("the smallest text has {smallest:.1} points, and print needs {LEGIBLE}{mended}"))
}

/// Writes each as a line, once the file that they are of is there: a command that fails says why and no more.
pub fn tell(notes: &[String]) {
    for note in notes {
        // A closed standard error does not stop the task.
        let _ = writeln!(io::stderr(), "attenuate: note: {note}");
    }
}
