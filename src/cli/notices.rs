//! What whoever opens a source should know of it, on standard error.

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use crate::engine::{Engine, EngineError, SourceFacts, SourceSpec};

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
