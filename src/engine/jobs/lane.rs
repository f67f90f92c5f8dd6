//! The lanes that questions are answered in, and who waits for whom.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::Clock;

/// A thread that answers one kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The panels on screen, and what goes with them.
    Pictures,
    /// All heads of all layers.
    Heads,
    /// What the selected panel does to the next token.
    NextToken,
    /// Metrics over ε.
    Sweep,
    /// Heads ranked by what they do to the output.
    Ships,
    /// What a model writes behind the prompt.
    Text,
    /// Figures, animations and numbers on their way to a file.
    Export,
    /// Sources that are being opened.
    Sources,
}

impl Lane {
    /// All lanes, those that go first in front.
    pub const ALL: [Self; 8] = [
        Self::Pictures,
        Self::Heads,
        Self::NextToken,
        Self::Sweep,
        Self::Ships,
        Self::Text,
        Self::Export,
        Self::Sources,
    ];

    /// The thread's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pictures => "pictures",
            Self::Heads => "heads",
            Self::NextToken => "next token",
            Self::Sweep => "sweep",
            Self::Ships => "ships",
            Self::Text => "text",
            Self::Export => "export",
            Self::Sources => "sources",
        }
    }

    /// The lanes that go first: at each step a job waits while one of them has something urgent to do. What the hand
    /// waits for goes before what is looked at later, and one run of the model before many.
    const fn after(self) -> &'static [Self] {
        match self {
            Self::Pictures | Self::Sources => &[],
            Self::Heads | Self::NextToken | Self::Text | Self::Export => &[Self::Pictures],
            Self::Sweep | Self::Ships => &[Self::Pictures, Self::Heads, Self::NextToken, Self::Text],
        }
    }
}

impl Lane {
    /// How long the lane rests behind a question that took `time`. What is asked anew with each step of a drag would
    /// otherwise take a core from the panels and the window all the while; one question by itself is not held up.
    pub(super) fn rest_after(self, time: Duration) -> Duration {
        /// Sooner than an eye misses the next one.
        const MOST: Duration = Duration::from_millis(60);

        match self {
            Self::NextToken => (time * 2).min(MOST),
            _ => Duration::ZERO,
        }
    }
}

/// Identifies whoever asks in a lane.
pub type PortId = u64;

/// A question on its way to an answer.
pub type Task = Box<dyn FnOnce() + Send>;

/// What waits in all lanes and who is at work, for all threads.
pub struct Board {
    state: Mutex<State>,
    /// Notified of every change, and when a stopped clock is advanced.
    changed: Condvar,
    /// Set under the lock of `state`, read without.
    is_closed: AtomicBool,
    pub clock: Clock,
}

#[derive(Default)]
struct State {
    lanes: [LaneState; Lane::ALL.len()],
    ports: PortId,
}

#[derive(Default)]
struct LaneState {
    /// At most one of each port.
    waiting: VecDeque<(PortId, Task)>,
    /// Something is worked on that others wait for.
    is_urgent: bool,
}

impl State {
    fn is_busy(&self, lane: Lane) -> bool {
        let lane = &self.lanes[lane as usize];
        lane.is_urgent || !lane.waiting.is_empty()
    }
}

impl Board {
    pub fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), changed: Condvar::new(), is_closed: AtomicBool::new(false), clock })
    }

    /// The state is plain data that is valid after any panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn new_port(&self) -> PortId {
        let mut state = self.lock();
        state.ports += 1;
        state.ports
    }

    /// Changes what waits, and tells everyone. `newest` is changed under the same lock.
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Puts `task` in the place of the one of the same port that was not begun. `number` numbers it, under the lock.
    pub fn submit(&self, lane: Lane, port: PortId, task: Task, number: impl FnOnce()) {
        self.change(|state| {
            number();
            let waiting = &mut state.lanes[lane as usize].waiting;
            match waiting.iter_mut().find(|(other, _)| *other == port) {
                Some(slot) => slot.1 = task,
                None => waiting.push_back((port, task)),
            }
        });
    }

    /// Takes back what was not begun. `number` is called under the lock.
    pub fn withdraw(&self, lane: Lane, port: PortId, number: impl FnOnce()) {
        self.change(|state| {
            number();
            state.lanes[lane as usize].waiting.retain(|(other, _)| *other != port);
        });
    }

    /// The next task of a lane, waited for; `None` when the service is closed.
    pub fn next(&self, lane: Lane) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if self.is_closed() {
                return None;
            }
            if let Some((_, task)) = state.lanes[lane as usize].waiting.pop_front() {
                state.lanes[lane as usize].is_urgent = true;
                return Some(task);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What the lane still does, others need not wait for.
    pub fn relax(&self, lane: Lane) {
        self.change(|state| state.lanes[lane as usize].is_urgent = false);
    }

    /// Waits while a lane is busy that goes before `lane`, unless `is_stale`.
    pub fn give_way(&self, lane: Lane, is_stale: &dyn Fn() -> bool) {
        if lane.after().is_empty() {
            return;
        }
        let must_wait =
            |state: &State| !self.is_closed() && !is_stale() && lane.after().iter().any(|&other| state.is_busy(other));
        let state = self.lock();
        drop(self.changed.wait_while(state, |state| must_wait(state)).unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits for `time`, or until `is_stale`.
    pub fn rest(&self, time: Duration, is_stale: &dyn Fn() -> bool) {
        let until = self.clock.now() + time;
        let goes_on = |_: &State| !self.is_closed() && !is_stale();
        drop(self.clock.wait_until(until, self.lock(), &self.changed, goes_on));
    }

    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Ends all lanes after the step that each is at.
    pub fn close(&self) {
        self.change(|_| self.is_closed.store(true, Ordering::Release));
    }

    /// Wakes whoever waits for a time.
    pub fn tick(&self) {
        self.change(|_| {});
    }
}
