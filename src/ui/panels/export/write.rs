//! What the export's thread does.

use std::{path::PathBuf, sync::Arc};

use crate::{
    base::{ProtectedFiles, write_atomically},
    engine::{Continuation, ContinuationLine, Fingerprints, Outcome, RunSpec, Sweep, TextQuestion},
    figure::{FigureStyle, FileFormat, SweepExport, SweepFormat, SweepStyle, draw},
    numbers::NumbersFormat,
    session::{
        Session,
        document::{self, Inputs},
    },
};

/// A figure on its way to a file.
pub struct FigureTask {
    pub path: PathBuf,
    pub outcome: Outcome,
    pub style: FigureStyle,
    /// For a file that carries its session: the session, and what is known of its source.
    pub carried: Option<(Session, Arc<Fingerprints>)>,
    pub inputs: Inputs,
}

impl FigureTask {
    pub fn run(self) -> Result<PathBuf, String> {
        let Self { path, outcome, style, carried, inputs } = self;
        let format = FileFormat::of(&path).map_err(|error| error.to_string())?;
        let protected = if carried.is_some() { inputs.protected_from_session(&path) } else { inputs.protected() };
        protected.check(&path).map_err(|error| error.to_string())?;
        let payload = carried.map(|(session, fingerprints)| {
            document::payload(&session, &outcome, &path, &fingerprints).map_err(|error| error.to_string())
        });
        let bytes =
            draw(&outcome, &style, format, payload.transpose()?.as_deref()).map_err(|error| error.to_string())?;
        write(path, &protected, &bytes)
    }
}

pub fn numbers(path: PathBuf, outcome: &Outcome, spec: &RunSpec, inputs: &Inputs) -> Result<PathBuf, String> {
    let format = NumbersFormat::of(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let numbers = outcome.numbers(spec);
    write_atomically(&path, &inputs.protected(), |file| numbers.write(format, file))
        .map_err(|error| error.to_string())?;
    Ok(path)
}

/// Both texts, as the line that `attenuate continue` writes.
pub fn texts(
    path: PathBuf,
    written: &Continuation,
    question: &TextQuestion,
    inputs: &Inputs,
) -> Result<PathBuf, String> {
    if path.extension().is_none_or(|extension| extension != "jsonl") {
        return Err(format!("{}: expected .jsonl", path.display()));
    }
    let change = (question.component, question.epsilon);
    let line = ContinuationLine::new(written, &question.spec, change, question.writing.choice);
    let bytes = line.bytes().map_err(|error| error.to_string())?;
    write(path, &inputs.protected(), &bytes)
}

/// Curves on their way to a file.
pub struct SweepTask {
    path: PathBuf,
    sweep: Sweep,
    outcome: Outcome,
    spec: RunSpec,
    cell: Option<[usize; 2]>,
    style: SweepStyle,
    inputs: Inputs,
}

impl SweepTask {
    pub fn new(
        path: PathBuf,
        sweep: &Sweep,
        outcome: &Outcome,
        session: &Session,
        style: SweepStyle,
        inputs: &Inputs,
    ) -> Self {
        let is_followed = sweep.baseline.weight.is_some();
        Self {
            path,
            sweep: sweep.clone(),
            outcome: outcome.clone(),
            spec: session.run_spec(),
            cell: session.pinned().filter(|_| is_followed).map(|cell| [cell.query, cell.key]),
            style,
            inputs: inputs.clone(),
        }
    }

    pub fn run(self) -> Result<PathBuf, String> {
        let format = SweepFormat::of(&self.path).map_err(|error| error.to_string())?;
        let Self { sweep, outcome, spec, cell, style, .. } = &self;
        let export = SweepExport { sweep, spec, outcome, cell: *cell, style };
        let bytes = export.bytes(format).map_err(|error| error.to_string())?;
        write(self.path, &self.inputs.protected(), &bytes)
    }
}

fn write(path: PathBuf, protected: &ProtectedFiles, bytes: &[u8]) -> Result<PathBuf, String> {
    write_atomically(&path, protected, |file| file.write_all(bytes)).map_err(|error| error.to_string())?;
    Ok(path)
}
