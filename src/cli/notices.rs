//! What whoever opens a source should know of it, on standard error.

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use crate::{
    engine::{Engine, EngineError, Outcome, SourceFacts, SourceSpec},
    figure::{FigureStyle, illegible},
};

/// Opens the source and writes each of its notices as a line; returns what it offers.
///
/// # Errors
/// When the source cannot be read.
pub fn write(engine: &mut Engine, source: &SourceSpec) -> Result<Arc<SourceFacts>, EngineError> {
    let facts = engine.facts(source)?;
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
