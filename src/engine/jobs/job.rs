//! A job: the answering of one question, as seen by the code that does it.

use std::{cell::Cell, ops::ControlFlow, time::Duration};

use super::{Clock, Progress, ticket::Ticket};
use crate::{engine::EngineError, model::loading::Loaded};

/// One question that is being answered. The code that answers it asks the job before each step whether to go on, and
/// tells it how far it is.
pub struct Job<'a> {
    link: Link<'a>,
    clock: Clock,
    begun: Duration,
    patience: Cell<Duration>,
}

/// Where a job's news goes, and where it learns whether it is still wanted.
enum Link<'a> {
    Lane(&'a Ticket),
    Alone { is_cancelled: &'a dyn Fn() -> bool, hear: &'a dyn Fn(Progress) },
    Heard { job: &'a Job<'a>, hear: &'a dyn Fn(Progress) },
}

impl<'a> Job<'a> {
    fn new(link: Link<'a>, clock: Clock) -> Self {
        Self { link, begun: clock.now(), clock, patience: Cell::default() }
    }

    pub(super) fn of(ticket: &'a Ticket, clock: Clock) -> Self {
        Self::new(Link::Lane(ticket), clock)
    }

    /// A job without a lane, on the calling thread, that ends when `is_cancelled` says so.
    pub fn until(is_cancelled: &'a dyn Fn() -> bool) -> Self {
        Self::alone(is_cancelled, &|_| {})
    }

    /// A job without a lane that nobody cancels.
    pub fn unwatched() -> Self {
        Self::until(&|| false)
    }

    /// A job without a lane, whose progress `hear` is told.
    pub fn alone(is_cancelled: &'a dyn Fn() -> bool, hear: &'a dyn Fn(Progress)) -> Self {
        Self::new(Link::Alone { is_cancelled, hear }, Clock::default())
    }

    /// The same job; `hear` is told of its progress as well.
    pub fn heard_by<'b>(&'b self, hear: &'b dyn Fn(Progress)) -> Job<'b> {
        Job {
            link: Link::Heard { job: self, hear },
            clock: self.clock.clone(),
            begun: self.begun,
            patience: Cell::default(),
        }
    }

    /// Whether to stop, asked before each step. Waits first while a lane that goes before this one is busy.
    ///
    /// Must not be called with anything locked that such a lane may need.
    pub fn is_cancelled(&self) -> bool {
        match &self.link {
            Link::Lane(ticket) => {
                ticket.give_way();
                ticket.is_closed() || ticket.is_stale() && self.elapsed() >= self.patience.get()
            }
            Link::Alone { is_cancelled, .. } => is_cancelled(),
            Link::Heard { job, .. } => job.is_cancelled(),
        }
    }

    /// # Errors
    /// [`EngineError::Cancelled`] where the job [is cancelled](Self::is_cancelled).
    pub fn check(&self) -> Result<(), EngineError> {
        if self.is_cancelled() { Err(EngineError::Cancelled) } else { Ok(()) }
    }

    /// Whether there is a newer question, or nobody wants the answer any more.
    pub fn is_stale(&self) -> bool {
        match &self.link {
            Link::Lane(ticket) => ticket.is_stale(),
            Link::Alone { is_cancelled, .. } => is_cancelled(),
            Link::Heard { job, .. } => job.is_stale(),
        }
    }

    /// Lets the job go on for so long since its beginning, though there may be a newer question.
    pub fn set_patience(&self, patience: Duration) {
        match &self.link {
            Link::Heard { job, .. } => job.set_patience(patience),
            _ => self.patience.set(patience),
        }
    }

    /// What is still to come is not urgent: lanes that come after this one need not wait for it.
    pub fn relax(&self) {
        match &self.link {
            Link::Lane(ticket) => ticket.relax(),
            Link::Heard { job, .. } => job.relax(),
            Link::Alone { .. } => {}
        }
    }

    /// Waits for a newer question, for `time` at most; whether none has come.
    pub fn rests_for(&self, time: Duration) -> bool {
        match &self.link {
            Link::Lane(ticket) => ticket.rest(time),
            Link::Heard { job, .. } => return job.rests_for(time),
            Link::Alone { .. } => {}
        }
        !self.is_stale()
    }

    /// Tells whoever waits how far the job is.
    pub fn progress(&self, progress: Progress) {
        match &self.link {
            Link::Lane(ticket) => ticket.progress(progress, self.begun),
            Link::Alone { hear, .. } => hear(progress),
            Link::Heard { job, hear } => {
                job.progress(progress);
                hear(progress);
            }
        }
    }

    /// Tells how far a model is loaded, and whether to go on.
    pub(crate) fn watch(&self, Loaded { tensors, of }: Loaded) -> ControlFlow<()> {
        self.progress(Progress { done: tensors, of });
        if self.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Time since the job began.
    pub fn elapsed(&self) -> Duration {
        self.clock.since(self.begun)
    }

    /// The time that the job goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}
