//! Time, as jobs and the window measure it.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

/// Called when a stopped clock is advanced.
type Listener = Weak<dyn Fn() + Send + Sync>;

/// The computer's clock, or one that stands still until a test advances it. Clones are the same clock.
#[derive(Clone)]
pub struct Clock(Hands);

#[derive(Clone)]
enum Hands {
    Running(Instant),
    Stopped(Arc<Stopped>),
}

#[derive(Default)]
struct Stopped {
    now: Mutex<Duration>,
    listeners: Mutex<Vec<Listener>>,
}

impl Default for Clock {
    /// The computer's clock.
    fn default() -> Self {
        Self(Hands::Running(Instant::now()))
    }
}

impl Clock {
    /// A clock that stands still until it is [advanced](Self::advance), for tests.
    pub fn stopped() -> Self {
        Self(Hands::Stopped(Arc::default()))
    }

    /// Time since the clock was made.
    pub fn now(&self) -> Duration {
        match &self.0 {
            Hands::Running(start) => start.elapsed(),
            Hands::Stopped(clock) => *lock(&clock.now),
        }
    }

    /// Time since `moment`, which [`Self::now`] has returned.
    pub fn since(&self, moment: Duration) -> Duration {
        self.now().saturating_sub(moment)
    }

    /// Moves a stopped clock on; one that runs by itself is not touched.
    pub fn advance(&self, by: Duration) {
        if let Hands::Stopped(clock) = &self.0 {
            *lock(&clock.now) += by;
            let listeners: Vec<_> = lock(&clock.listeners).iter().filter_map(Weak::upgrade).collect();
            for listener in listeners {
                listener();
            }
        }
    }

    /// Calls `listener` after each [advance](Self::advance), as long as it lives.
    pub(crate) fn on_advance(&self, listener: &Arc<dyn Fn() + Send + Sync>) {
        if let Hands::Stopped(clock) = &self.0 {
            let mut listeners = lock(&clock.listeners);
            listeners.retain(|known| known.strong_count() > 0);
            listeners.push(Arc::downgrade(listener));
        }
    }

    /// Waits for `changed` while `goes_on`, until `moment` at most. Whoever waits on a stopped clock is woken through
    /// `changed` when it is advanced.
    pub(crate) fn wait_until<'a, T>(
        &self,
        moment: Duration,
        mut guard: MutexGuard<'a, T>,
        changed: &Condvar,
        goes_on: impl Fn(&T) -> bool,
    ) -> MutexGuard<'a, T> {
        while goes_on(&guard)
            && let rest = moment.saturating_sub(self.now())
            && !rest.is_zero()
        {
            guard = match &self.0 {
                Hands::Running(_) => changed.wait_timeout(guard, rest).unwrap_or_else(PoisonError::into_inner).0,
                Hands::Stopped(_) => changed.wait(guard).unwrap_or_else(PoisonError::into_inner),
            };
        }
        guard
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_moves_when_it_is_advanced() {
        let clock = Clock::stopped();
        let start = clock.now();
        assert_eq!(clock.since(start), Duration::ZERO);
        clock.clone().advance(Duration::from_secs(3));
        assert_eq!(clock.since(start), Duration::from_secs(3));
        assert_eq!(start.saturating_sub(clock.now()), Duration::ZERO);
        let running = Clock::default();
        running.advance(Duration::from_hours(1));
        assert!(running.now() < Duration::from_hours(1));
    }
}
