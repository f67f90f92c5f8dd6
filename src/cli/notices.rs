//! What whoever opens a source should know of it, on standard error.

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use crate::{
    attention::OperationKind,
    engine::{Engine, EngineError, Outcome, SourceFacts},
    figure::{FigureStyle, illegible},
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
        // A closed standard error does not stop the task.
        let _ = writeln!(io::stderr(), "attenuate: note: {illegible}");
    }
}
