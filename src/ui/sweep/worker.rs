//! The thread that sweeps, with an engine of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    engine::{Engine, EngineError, OpenSource, Reference, RunSpec, Sweep, SweepMetric, Ticket},
    session::{Cell, Session, figure_grid},
};

/// Between two partial sweeps.
const PARTS: Duration = Duration::from_millis(50);
/// Between two looks whether the way is free.
const PAUSE: Duration = Duration::from_millis(4);

/// What a sweep depends on. The ε of `spec` are always the figure's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    pub spec: RunSpec,
    pub cell: Option<Cell>,
}

impl Question {
    /// The pinned cell is asked for only where its weight is looked at: its curve alone would not be worth a sweep.
    pub fn of(session: &Session) -> Self {
        let is_looked_at = session.view.sweep.metric == SweepMetric::Weight;
        let spec = RunSpec { reference: Reference::Baseline, ..session.run_spec() };
        Self {
            spec: spec.with(|experiment| experiment.epsilon = figure_grid()),
            cell: session.pinned.filter(|_| is_looked_at),
        }
    }

    /// Whether a sweep that answers `self` answers `other` too.
    pub fn covers(&self, other: &Self) -> bool {
        self.spec == other.spec && (other.cell.is_none() || self.cell == other.cell)
    }
}

/// A question and the source that it goes to.
pub struct Asked {
    pub source: Arc<OpenSource>,
    pub question: Question,
}

/// What the thread sends.
pub enum Reply {
    SoFar(Arc<Sweep>),
    Done(Arc<Sweep>),
    /// Why there is no sweep, for people.
    Failed(String),
}

/// Set while the pictures are computed, which go first.
pub type GiveWay = Arc<AtomicBool>;

pub fn work(
    engine: &mut Engine,
    give_way: &GiveWay,
    ticket: &Ticket<'_>,
    Asked { source, question }: Asked,
    send: &mut dyn FnMut(Reply),
) {
    engine.adopt(source);
    let is_cancelled = || {
        while give_way.load(Ordering::Acquire) && !ticket.is_stale() {
            std::thread::sleep(PAUSE);
        }
        ticket.is_stale()
    };
    let mut sent: Option<Instant> = None;
    let mut so_far = |sweep: &Sweep| {
        if sent.is_none_or(|sent| sent.elapsed() >= PARTS) {
            sent = Some(Instant::now());
            send(Reply::SoFar(Arc::new(sweep.clone())));
        }
    };
    let cell = question.cell.map(|cell| [cell.query, cell.key]);
    match engine.sweep(&question.spec, cell, &mut so_far, &is_cancelled) {
        Ok(sweep) => send(Reply::Done(Arc::new(sweep))),
        Err(EngineError::Cancelled) => {}
        Err(error) => send(Reply::Failed(error.to_string())),
    }
}
