//! Opening sources, one at a time; the newest wins.

use std::{sync::Arc, time::Duration};

use crate::{
    engine::{Clock, Engine, EngineError, Job, Lane, OpenFn, OpenSource, Progress, Question, Service, SourceSpec},
    session::{Command, StepNumber},
    ui::{
        jobs::{Arrival, Client},
        shell::restoring::Restoring,
    },
};

/// What opens sooner shows no progress.
const SUDDEN: Duration = Duration::from_millis(150);

/// A source that is to be opened, and how.
#[derive(Clone)]
struct OpenQuestion {
    source: SourceSpec,
    open: OpenFn,
}

impl PartialEq for OpenQuestion {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Question for OpenQuestion {
    type Part = Arc<OpenSource>;

    const LANE: Lane = Lane::Sources;

    fn answer(
        &self,
        _engine: &mut Engine,
        job: &Job<'_>,
        send: &mut dyn FnMut(Arc<OpenSource>),
    ) -> Result<(), EngineError> {
        send(Arc::new((self.open)(&self.source, job)?));
        Ok(())
    }
}

/// What happens once a source is open.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// The session is on it already.
    Show,
    /// The session is on it, and it is open as it was before it changed.
    Renew,
    /// A command that moves the session to it.
    Apply(Command),
    /// The step, undone or to be done again, that leads to it.
    GoTo(StepNumber),
    /// A session that is on it.
    Restore(Box<Restoring>),
}

/// The source that is being opened.
#[derive(Debug)]
pub struct Opening {
    pub source: SourceSpec,
    /// How far it is, in tensors; `None` while nothing is known.
    pub loaded: Option<Progress>,
    then: Then,
    clock: Clock,
    since: Duration,
}

impl Opening {
    /// Whether it takes so long that it is worth showing.
    pub fn is_noticeable(&self) -> bool {
        self.clock.since(self.since) >= SUDDEN
    }

    /// From 0 to 1.
    pub fn fraction(&self) -> f32 {
        self.loaded.map_or(0.0, |Progress { done, of }| done as f32 / of.max(1) as f32)
    }
}

/// What became of an opening.
#[derive(Debug)]
pub enum Opened {
    Ready { source: Arc<OpenSource>, then: Then },
    Failed(Failed),
}

/// A source that does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub source: SourceSpec,
    pub message: String,
    /// There is nothing at its path.
    pub is_gone: bool,
    /// What an adapter calls its base, which was not found.
    pub missing_base: Option<String>,
    /// It stays open as it was.
    pub is_renewal: bool,
}

/// Opens sources in the background.
pub struct Opener {
    client: Client<OpenQuestion>,
    ctx: egui::Context,
    open: OpenFn,
    opening: Option<Opening>,
}

impl Opener {
    pub fn new(ctx: &egui::Context, service: &Service, open: OpenFn) -> Self {
        Self { client: Client::new(service), ctx: ctx.clone(), open, opening: None }
    }

    pub fn opening(&self) -> Option<&Opening> {
        self.opening.as_ref()
    }

    /// Opens `source`, also where it is open already: it may have changed. Returns the other one that is given up for
    /// it.
    pub fn open(&mut self, source: SourceSpec, then: Then) -> Option<SourceSpec> {
        if let Some(opening) = self.opening.as_mut().filter(|opening| opening.source == source) {
            opening.then = then;
            return None;
        }
        self.client.forget();
        self.client.want(OpenQuestion { source: source.clone(), open: self.open.clone() });
        self.ctx.request_repaint_after(SUDDEN);
        let clock = self.client.clock().clone();
        let opening = Opening { source, loaded: None, then, since: clock.now(), clock };
        self.opening.replace(opening).map(|given_up| given_up.source)
    }

    /// Gives up what is being opened, and returns it. Its thread stops at the next tensor.
    pub fn cancel(&mut self) -> Option<SourceSpec> {
        self.client.forget();
        self.opening.take().map(|opening| opening.source)
    }

    /// What became of the opening, once it is over.
    pub fn poll(&mut self) -> Option<Opened> {
        while let Some(arrival) = self.client.poll() {
            match arrival {
                Arrival::Part { part: source, is_newest: true, .. } => {
                    let Opening { then, .. } = self.opening.take()?;
                    return Some(Opened::Ready { source, then });
                }
                Arrival::Failed(why) if self.client.failure().is_some() => {
                    let Opening { source, then, .. } = self.opening.take()?;
                    let is_renewal = then == Then::Renew;
                    let message = why.message(&format!("opening {source}"));
                    let is_gone = why.is_refusal() && source.is_gone();
                    let missing_base = if why.is_refusal() { source.missing_base() } else { None };
                    return Some(Opened::Failed(Failed { source, message, is_gone, missing_base, is_renewal }));
                }
                Arrival::Part { .. } | Arrival::Failed(_) | Arrival::Done | Arrival::GivenUp => {}
            }
        }
        if let Some(opening) = &mut self.opening {
            opening.loaded = self.client.progress();
        }
        None
    }
}
