//! What whoever opens a source should know of it, on standard error.

use std::io::{self, Write as _};

use crate::engine::{Engine, EngineError, SourceSpec};

/// Opens the source and writes each of its notices as a line.
///
/// # Errors
/// When the source cannot be read.
pub fn write(engine: &mut Engine, source: &SourceSpec) -> Result<(), EngineError> {
    for notice in &engine.facts(source)?.notices {
        // A closed standard error does not stop the task.
        let _ = writeln!(io::stderr(), "attenuate: note: {}: {source}", notice.sentence);
    }
    Ok(())
}
