//! Answers requests about attention under intervention: numbered, newest wins, usable with and without a thread.
//!
//! [`Engine::run`] turns a [`RunSpec`] (plain data: source, prompt, layer, head, scope, a grid of ε) into an
//! [`Outcome`] (a pattern for each panel, and their baseline). It caches what a gesture leaves unchanged: a drag of ε that
//! only multiplies scores touches no matrix product, a change upstream restarts from the residual stream in front
//! of the first changed layer and stops at the shown one. An [`Observer`] sees the panels arrive one by one.
//! [`OpenSource::open`] opens a source on any thread, [`Engine::adopt`] takes it in. [`Worker`] is the thread around it.

mod divergences;
mod effect;
mod error;
mod fingerprint;
mod heads;
mod heads_table;
mod layer_run;
mod memory;
mod numbers;
mod observer;
mod outcome;
mod prompt_run;
mod reference;
mod run;
mod ships;
mod source;
mod source_files;
mod spec;
mod sweep;
mod worker;

pub use divergences::Divergences;
pub use effect::{Effect, NextToken};
pub use error::EngineError;
pub use fingerprint::{Fingerprint, FingerprintError, Fingerprints, ParseFingerprintError};
pub use heads::{HeadPattern, HeadSummary, Under};
pub use heads_table::{
    HeadMetric, HeadRow, HeadsTable, ParseMetricError, Ranking, ShipsOf, TableFormat, UnknownTableFormat,
};
pub use observer::{Observer, Partial, Progress, Ready};
pub use outcome::{Outcome, Panel, SourceFacts, SourceKind, Token};
pub use reference::{Reference, ReferencePanels};
pub use run::Engine;
pub use ships::HeadShips;
pub use source::OpenSource;
pub use spec::{Bundled, DefaultView, Prompt, RunSpec, SourceSpec, SourceSpecError};
pub use sweep::{ParseSweepMetricError, Sweep, SweepMetric, SweepMetrics, SweepPoint, sweep_order};
pub use worker::{Answer, RequestNumber, Ticket, Worker};
