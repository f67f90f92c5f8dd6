//! A question's place in its lane.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{Lane, Pace, Progress, lane::Board};

/// Progress wakes nobody before a job has taken so long: what is done sooner is not worth a word.
const QUIET: Duration = Duration::from_millis(150);
/// Between two wakings for progress.
const REPORTS: Duration = Duration::from_millis(50);

/// The number of a question; later questions of a port have larger numbers.
pub type RequestNumber = u64;

/// Called whenever there is something new to look at.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// What a port and the jobs of its questions share.
pub struct Line {
    pub newest: AtomicU64,
    /// How far a job is.
    pub progress: Mutex<Option<(RequestNumber, Progress)>>,
    pub wake: Wake,
}

/// One question's place in its lane.
pub struct Ticket {
    pub board: Arc<Board>,
    pub lane: Lane,
    pub number: RequestNumber,
    pub line: Arc<Line>,
    reports: Pace,
}

impl Ticket {
    pub fn new(board: Arc<Board>, lane: Lane, number: RequestNumber, line: Arc<Line>) -> Self {
        Self { board, lane, number, line, reports: Pace::new(REPORTS) }
    }

    pub fn is_stale(&self) -> bool {
        self.is_outrun() || self.is_closed()
    }

    /// Whether the service is about to end.
    pub fn is_closed(&self) -> bool {
        self.board.is_closed()
    }

    /// Whether there is a newer question. Locks nothing.
    fn is_outrun(&self) -> bool {
        self.line.newest.load(Ordering::Acquire) != self.number
    }

    pub fn give_way(&self) {
        self.board.give_way(self.lane, &|| self.is_outrun());
    }

    pub fn rest(&self, time: Duration) {
        self.board.rest(time, &|| self.is_outrun());
    }

    pub fn relax(&self) {
        self.board.relax(self.lane);
    }

    pub fn progress(&self, progress: Progress, begun: Duration) {
        *self.line.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some((self.number, progress));
        if self.board.clock.since(begun) >= QUIET && self.reports.is_due(&self.board.clock) {
            (self.line.wake)();
        }
    }
}
