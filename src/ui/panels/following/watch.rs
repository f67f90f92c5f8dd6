//! A thread that looks whether the files of the open source are still those that were opened.
//!
//! The system says at once when something happens in their folders; where it cannot (network file systems), twice a
//! second is soon enough. The window is woken when there is something to say, and never else.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{Builder, JoinHandle},
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::engine::{Clock, SourceId, SourceStamp};

/// From one look to the next while nothing happens.
const PERIOD: Duration = Duration::from_millis(500);
/// What was written to a moment ago may be written to again: so long it must have been left alone.
const QUIET: Duration = Duration::from_millis(40);

/// Looks at one source at a time. Dropping it ends the thread.
pub struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Lives as long as the clock shall wake the thread.
    _listener: Arc<dyn Fn() + Send + Sync>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    clock: Clock,
}

#[derive(Default)]
struct State {
    watched: Option<Watched>,
    /// Something has happened: look now.
    is_due: bool,
    /// What the files of the source have become, once they are left alone.
    found: Option<SourceId>,
    is_over: bool,
}

/// A source that is open, and its files.
#[derive(Clone)]
struct Watched {
    id: SourceId,
    /// As they were opened, or as it was last said that they are.
    known: SourceStamp,
    /// As they were at the last look, and since when.
    seen: SourceStamp,
    since: Duration,
}

impl Watch {
    /// Looks at nothing yet. `wake` is called on the thread when there is something to [take](Self::take).
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(clock: Clock, wake: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), clock });
        let listener: Arc<dyn Fn() + Send + Sync> = Arc::new({
            let shared = shared.clone();
            move || {
                let _guard = shared.state();
                shared.changed.notify_all();
            }
        });
        shared.clock.on_advance(&listener);
        let looks = shared.clone();
        let thread = Builder::new().name("files".to_owned()).spawn(move || looks.look(&wake))?;
        Ok(Self { shared, thread: Some(thread), _listener: listener })
    }

    /// Looks at the files of this source from now on, which were so when it was opened.
    pub fn follow(&self, id: SourceId, stamp: &SourceStamp) {
        let mut state = self.shared.state();
        if state.watched.as_ref().is_some_and(|watched| watched.id == id) {
            return;
        }
        let since = self.shared.clock.now();
        state.watched = (!stamp.is_empty()).then(|| Watched { id, known: stamp.clone(), seen: stamp.clone(), since });
        state.found = None;
        state.is_due = true;
        self.shared.changed.notify_all();
    }

    /// Whether the files of this source are others by now, and nobody writes to them any more. Said once for each change.
    pub fn take(&self, id: SourceId) -> bool {
        self.shared.state().found.take().is_some_and(|found| found == id)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // Nothing is lost with it.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(self: &Arc<Self>, wake: &impl Fn()) {
        // Of whose folders the system tells; dropped, it tells no more.
        let mut told: Option<(SourceId, Option<RecommendedWatcher>)> = None;
        loop {
            let Some(watched) = self.next() else { return };
            if told.as_ref().is_none_or(|(id, _)| *id != watched.id) {
                told = Some((watched.id, self.told_of(&watched.known)));
            }
            // Without the lock: a disk may be slow.
            let now = watched.known.again();
            if self.saw(&watched, now) {
                wake();
            }
        }
    }

    /// What is to be looked at, when it is time; `None` when all is over.
    fn next(&self) -> Option<Watched> {
        let mut state = self.state();
        loop {
            let now = self.clock.now();
            let due = match &state.watched {
                // For the next source.
                None => now + Duration::from_hours(24),
                Some(watched) if watched.seen != watched.known => watched.since + QUIET,
                Some(_) => now + PERIOD,
            };
            state = self.clock.wait_until(due, state, &self.changed, |state| !state.is_due && !state.is_over);
            if state.is_over {
                return None;
            }
            state.is_due = false;
            if let Some(watched) = &state.watched {
                return Some(watched.clone());
            }
        }
    }

    /// Takes in what was seen of the source; whether there is something to say.
    fn saw(&self, looked: &Watched, now: SourceStamp) -> bool {
        let mut state = self.state();
        let time = self.clock.now();
        let State { watched: Some(watched), found, .. } = &mut *state else { return false };
        if watched.id != looked.id {
            return false;
        }
        if now != watched.seen {
            watched.seen = now;
            watched.since = time;
            return false;
        }
        let is_new = now != watched.known && now.has_all_of(&watched.known);
        if is_new && time.saturating_sub(watched.since) >= QUIET {
            watched.known = now;
            *found = Some(watched.id);
            return true;
        }
        if now != watched.known && !is_new {
            // One is missing: nothing to hurry for until it is there again.
            watched.since = time + PERIOD.saturating_sub(QUIET);
        }
        false
    }

    /// What wakes the thread when something happens in the source's folders; `None` where the system cannot say.
    fn told_of(self: &Arc<Self>, stamp: &SourceStamp) -> Option<RecommendedWatcher> {
        let shared = Arc::downgrade(self);
        let mut watcher = notify::recommended_watcher(move |_| {
            if let Some(shared) = shared.upgrade() {
                shared.state().is_due = true;
                shared.changed.notify_all();
            }
        })
        .ok()?;
        for folder in stamp.folders() {
            watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
        }
        Some(watcher)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::mpsc::channel};

    use super::*;
    use crate::engine::{Bundled, Job, OpenSource, SourceSpec};

    /// Looks, a millisecond apart, before something that should come is given up.
    const PATIENCE: usize = 30_000;

    #[test]
    fn the_window_is_woken_once_for_each_change_and_never_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npz");
        fs::write(&path, "0").unwrap();
        let id = OpenSource::open(&SourceSpec::Bundled(Bundled::Smollm2Capture), &Job::unwatched()).unwrap().id();

        let clock = Clock::stopped();
        let (woken, wakes) = channel();
        let watch = Watch::new(clock.clone(), move || woken.send(()).unwrap()).unwrap();
        watch.follow(id, &SourceStamp::of(&SourceSpec::Capture(path.clone())));
        for _ in 0..20 {
            clock.advance(PERIOD);
        }
        fs::write(folder.path().join("another"), "").unwrap();
        for length in 2..5 {
            fs::write(&path, "x".repeat(length)).unwrap();
            let is_woken = (0..PATIENCE).any(|_| {
                clock.advance(QUIET);
                wakes.recv_timeout(Duration::from_millis(1)).is_ok()
            });
            assert!(is_woken);
            assert!(watch.take(id));
            assert!(!watch.take(id), "said once");
        }
        drop(watch);
        assert!(wakes.recv().is_err(), "its thread is over, and had nothing else to say");
    }
}
