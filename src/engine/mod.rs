//! Runs requests.

mod outcome;
mod spec;

pub use outcome::{Outcome, Panel, SourceFacts, SourceKind, Token};
pub use spec::{Bundled, EpsilonGrid, Prompt, RunSpec, SourceSpec, SourceSpecError};
