//! What is told of a job while it goes on, and how often.

use std::{cell::Cell, time::Duration};

use super::Clock;

/// How far a job has come, in steps: layers of the model, tensors of a file, frames of an animation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps that are done: layers, tensors, heads or frames, as the job has it.
    pub done: usize,
    /// As far as is known by now.
    pub of: usize,
}

/// Says when something that is done often is due again.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    last: Cell<Option<Duration>>,
}

impl Pace {
    /// Due at once, and then `every` so long.
    pub const fn new(every: Duration) -> Self {
        Self { every, last: Cell::new(None) }
    }

    /// Whether it is due now; if so it was done now.
    pub fn is_due(&self, clock: &Clock) -> bool {
        let is_due = self.last.get().is_none_or(|last| clock.since(last) >= self.every);
        if is_due {
            self.last.set(Some(clock.now()));
        }
        is_due
    }
}
