//! A thread that works on the newest request.
//!
//! One pending slot: a request that is still waiting when another arrives is dropped, and the one being worked on
//! is told through [`Ticket::is_stale`]. Every request that was started answers at least once: with a result, with
//! an error, or, should the work panic, with [`Answer::Panicked`].

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

/// The number of a request; later requests have larger numbers.
pub type RequestNumber = u64;

/// What the worker sends back for a request.
#[derive(Debug)]
pub enum Answer<R> {
    /// Any number of these for one request.
    Result(R),
    /// The work panicked, with this message; the worker goes on.
    Panicked(String),
}

/// Held by the work while it runs.
pub struct Ticket<'a> {
    number: RequestNumber,
    newest: &'a AtomicU64,
    /// Waits so long, or until this request is stale.
    wait: &'a dyn Fn(Duration),
}

impl Ticket<'_> {
    pub fn number(&self) -> RequestNumber {
        self.number
    }

    /// Whether a newer request is waiting or this one was cancelled, so that it may stop.
    pub fn is_stale(&self) -> bool {
        self.newest.load(Ordering::Acquire) != self.number
    }

    /// Waits for a newer request, so long at most; whether none has come.
    pub fn rests_for(&self, time: Duration) -> bool {
        (self.wait)(time);
        !self.is_stale()
    }
}

struct Slot<Q> {
    pending: Option<(RequestNumber, Q)>,
    closed: bool,
}

struct Shared<Q> {
    slot: Mutex<Slot<Q>>,
    arrived: Condvar,
    newest: AtomicU64,
}

impl<Q> Shared<Q> {
    /// The slot holds plain data that is valid after any panic.
    fn slot(&self) -> MutexGuard<'_, Slot<Q>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Handle of the thread; dropping it stops the thread after its current step.
pub struct Worker<Q, R> {
    shared: Arc<Shared<Q>>,
    answers: Receiver<(RequestNumber, Answer<R>)>,
    thread: Option<JoinHandle<()>>,
}

impl<Q: Send + 'static, R: Send + 'static> Worker<Q, R> {
    /// Starts a thread called `name` that hands each request to `work`, which sends its results through the given
    /// function; `wake` is called after every answer.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn spawn(
        name: &str,
        wake: impl Fn() + Send + 'static,
        mut work: impl FnMut(&Ticket<'_>, Q, &mut dyn FnMut(R)) + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            slot: Mutex::new(Slot { pending: None, closed: false }),
            arrived: Condvar::new(),
            newest: AtomicU64::new(0),
        });
        let (sender, answers) = channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn({
            let shared = shared.clone();
            move || {
                while let Some((number, request)) = next(&shared) {
                    serve(&shared, number, request, &sender, &wake, &mut work);
                }
            }
        })?;
        Ok(Self { shared, answers, thread: Some(thread) })
    }

    /// Puts `request` into the slot, in place of one that was not started yet.
    pub fn submit(&self, request: Q) -> RequestNumber {
        let mut slot = self.shared.slot();
        let number = self.shared.newest.fetch_add(1, Ordering::AcqRel) + 1;
        slot.pending = Some((number, request));
        drop(slot);
        self.shared.arrived.notify_one();
        number
    }

    /// Gives up what is being worked on and what waits. What is sent for it nevertheless has a smaller number than the
    /// one that is returned.
    pub fn cancel(&self) -> RequestNumber {
        let mut slot = self.shared.slot();
        slot.pending = None;
        let number = self.shared.newest.fetch_add(1, Ordering::AcqRel) + 1;
        drop(slot);
        self.shared.arrived.notify_one();
        number
    }

    /// The next answer, if one has arrived. Answers to older requests may still come; compare the numbers.
    pub fn poll(&self) -> Option<(RequestNumber, Answer<R>)> {
        self.answers.try_recv().ok()
    }
}

fn next<Q>(shared: &Shared<Q>) -> Option<(RequestNumber, Q)> {
    let mut slot = shared.slot();
    loop {
        if slot.closed {
            return None;
        }
        if let Some(pending) = slot.pending.take() {
            return Some(pending);
        }
        slot = shared.arrived.wait(slot).unwrap_or_else(PoisonError::into_inner);
    }
}

fn serve<Q, R>(
    shared: &Shared<Q>,
    number: RequestNumber,
    request: Q,
    sender: &Sender<(RequestNumber, Answer<R>)>,
    wake: &impl Fn(),
    work: &mut impl FnMut(&Ticket<'_>, Q, &mut dyn FnMut(R)),
) {
    let send = |answer| {
        // A closed channel means that the window is gone; the thread ends with its slot.
        if sender.send((number, answer)).is_ok() {
            wake();
        }
    };
    let is_newest = |_: &mut Slot<Q>| shared.newest.load(Ordering::Acquire) == number;
    let wait = |time| drop(shared.arrived.wait_timeout_while(shared.slot(), time, is_newest));
    let ticket = Ticket { number, newest: &shared.newest, wait: &wait };
    profiling::scope!("request");
    let outcome = catch_unwind(AssertUnwindSafe(|| work(&ticket, request, &mut |result| send(Answer::Result(result)))));
    if let Err(panic) = outcome {
        let message = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown cause".to_owned());
        send(Answer::Panicked(message));
    }
}

impl<Q, R> Drop for Worker<Q, R> {
    fn drop(&mut self) {
        let mut slot = self.shared.slot();
        slot.closed = true;
        self.shared.newest.fetch_add(1, Ordering::AcqRel);
        drop(slot);
        self.shared.arrived.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the work was already reported as an answer.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait<R: Send + 'static, Q: Send + 'static>(worker: &Worker<Q, R>) -> (RequestNumber, Answer<R>) {
        worker.answers.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    #[test]
    fn a_newer_request_ends_a_rest() {
        let work = |ticket: &Ticket<'_>, time, send: &mut dyn FnMut(Option<bool>)| {
            send(None);
            send(Some(ticket.rests_for(time)));
        };
        let worker = Worker::spawn("test", || {}, work).unwrap();
        let answer = || match wait(&worker) {
            (number, Answer::Result(result)) => (number, result),
            (number, Answer::Panicked(message)) => panic!("{number}: {message}"),
        };
        let long = Duration::from_hours(1);
        worker.submit(Duration::from_millis(1));
        assert_eq!([answer(), answer()], [(1, None), (1, Some(true))], "nothing came");
        worker.submit(long);
        assert_eq!(answer(), (2, None));
        worker.submit(Duration::ZERO);
        assert_eq!([answer(), answer(), answer()], [(2, Some(false)), (3, None), (3, Some(true))]);
        worker.submit(long);
        assert_eq!(answer(), (4, None));
        worker.cancel();
        assert_eq!(answer(), (4, Some(false)));
        worker.submit(long);
        assert_eq!(answer(), (6, None));
    }

    #[test]
    fn the_newest_request_wins() {
        let (release, gate) = channel::<()>();
        let (started_sender, started) = channel();
        let worker = Worker::spawn(
            "test",
            || {},
            move |ticket, request: u32, send: &mut dyn FnMut((u32, bool))| {
                started_sender.send(()).unwrap();
                gate.recv().unwrap();
                send((request, ticket.is_stale()));
            },
        )
        .unwrap();
        let first = worker.submit(1);
        started.recv().unwrap();
        worker.submit(2);
        worker.submit(3);
        let last = worker.submit(4);
        release.send(()).unwrap();
        release.send(()).unwrap();
        let (number, Answer::Result(result)) = wait(&worker) else { panic!("no result") };
        assert_eq!((number, result), (first, (1, true)), "the running one is told that it is stale");
        let (number, Answer::Result(result)) = wait(&worker) else { panic!("no result") };
        assert_eq!((number, result), (last, (4, false)), "those in between were never started");
        assert!(worker.poll().is_none());
    }

    #[test]
    fn a_panic_comes_back_as_an_answer_and_the_worker_goes_on() {
        let worker = Worker::spawn(
            "test",
            || {},
            |_, request: u32, send: &mut dyn FnMut(u32)| {
                assert!(request != 13, "unlucky");
                send(request * 2);
            },
        )
        .unwrap();
        worker.submit(13);
        assert!(matches!(wait(&worker).1, Answer::Panicked(message) if message.contains("unlucky")));
        worker.submit(4);
        assert!(matches!(wait(&worker).1, Answer::Result(8)));
    }
}
