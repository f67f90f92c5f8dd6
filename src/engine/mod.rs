//! Answers requests about attention under intervention: numbered, newest wins, usable with and without a thread.
//!
//! [`Engine::run`] turns a [`RunSpec`] (plain data: source, prompt, layer, head, scope, a grid of ε) into an
//! [`Outcome`] (a pattern for each panel, and their baseline). It caches what a gesture leaves unchanged: a drag of ε that
//! only multiplies scores touches no matrix product, a change upstream restarts from the residual stream in front
//! of the first changed layer and stops at the shown one. [`OpenSource::open`] opens a source on any thread,
//! [`Engine::adopt`] takes it in. A [`Service`] answers [`Question`]s on threads of its own, which share one cache.

mod batches;
mod bundled;
mod cache;
mod continuation;
mod divergences;
mod donors;
mod effect;
mod error;
mod fingerprint;
mod heads;
mod heads_table;
mod jobs;
mod layer_run;
mod memory;
mod numbers;
mod outcome;
mod progress;
mod prompt_run;
mod questions;
mod reference;
mod run;
mod ships;
mod source;
mod source_files;
mod spec;
mod sweep;
mod writes;

pub use bundled::{Bundled, DefaultView, ModelInside};
pub use cache::PromptCache;
pub use continuation::{
    AtEnd, Choice, Continuation, ContinuationLine, KnownTexts, PanelTexts, Sampling, Stopped, Temperature, Writing,
    Written, WrittenToken,
};
pub use divergences::Divergences;
pub use effect::{Effect, NextToken};
pub use error::EngineError;
pub use fingerprint::{Fingerprint, FingerprintError, Fingerprints, ParseFingerprintError};
pub use heads::{HeadPattern, HeadSummary, Under};
pub use heads_table::{
    HeadEffect, HeadMetric, HeadRow, HeadsTable, MetricRange, ParseMetricError, ParsePresetError, Ranking, ShipsOf,
    ShipsPreset, TableFormat, UnknownTableFormat,
};
pub use jobs::{Answer, Clock, Job, Lane, Pace, Port, Progress, Question, RequestNumber, Service};
pub use outcome::{
    Adapter, LayerNumbers, Notice, Outcome, PATTERNS_ONLY, Panel, ReferencePanels, Role, SourceFacts, SourceKind, Token,
};
pub use progress::{Partial, Ready};
pub use questions::{
    AllWrittenTokensQuestion, HeadsQuestion, NextTokenQuestion, PanelTextsQuestion, ShipsQuestion, SweepQuestion,
    TextQuestion, WritesQuestion, WrittenTokensQuestion,
};
pub use reference::Reference;
pub use run::Engine;
pub use ships::HeadShips;
pub use source::{OpenFn, OpenSource, SourceId};
pub use source_files::{Located, SourceStamp};
pub use spec::{Chat, Prompt, RunSpec, SourceSpec, SourceSpecError};
#[cfg(test)]
pub use sweep::TRANSITIONS;
pub use sweep::{ParseSweepMetricError, Sweep, SweepMetric, SweepMetrics, SweepPoint, sweep_order};
pub use writes::{
    NamedToken, ParseTargetError, Part, PartKind, PartWrites, Rival, Target, TargetChange, TokenName, TokenWrites,
    Writes, WrittenTokens,
};
