//! The service: a thread for each lane, and the sources and runs that all of them share.
//!
//! Whoever asks has a [`Port`] with one pending slot: a question that is still waiting when another arrives is dropped,
//! and the job that is at work on an older one is told through [`Job::is_stale`]. Every question that was begun ends with
//! [`Answer::Done`], [`Answer::Failed`] or, should its code panic, [`Answer::Panicked`].

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
};

use super::{
    Clock, Job, Lane, Progress, Question,
    lane::{Board, PortId},
    ticket::{Line, RequestNumber, Ticket, Wake},
};
use crate::engine::{Engine, EngineError, OpenSource, PromptCache, SourceSpec};

/// What comes back for a question.
#[derive(Debug)]
pub enum Answer<P> {
    /// What is there so far; more follows.
    Part(P),
    /// All parts have come.
    Done,
    /// No answer: the question cannot be answered, was cancelled or panicked.
    Failed(EngineError),
    /// The code panicked, with this message; the lane goes on.
    Panicked(String),
}

/// Answers questions on threads of its own, one for each [`Lane`]. Dropping it ends them after the step that they are at.
pub struct Service {
    cache: Arc<PromptCache>,
    /// By lane; each keeps what only its own questions need.
    engines: [Arc<Mutex<Engine>>; Lane::ALL.len()],
    board: Arc<Board>,
    wake: Wake,
    threads: Vec<JoinHandle<()>>,
    /// Lives as long as the clock shall wake the lanes.
    _listener: Arc<dyn Fn() + Send + Sync>,
}

impl Service {
    /// Starts the lanes. `wake` is called after every answer, on the lane's thread.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(clock: Clock, wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        Self::on(PromptCache::default(), clock, wake)
    }

    /// [`Self::new`] on a cache, which says how sources are opened.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn on(cache: PromptCache, clock: Clock, wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let (board, cache) = (Board::new(clock), Arc::new(cache));
        let listener: Arc<dyn Fn() + Send + Sync> = Arc::new({
            let board = board.clone();
            move || board.tick()
        });
        board.clock.on_advance(&listener);
        let engines = Lane::ALL.map(|_| Arc::new(Mutex::new(Engine::on(cache.clone()))));
        let mut service =
            Self { cache, engines, board, wake: Arc::new(wake), threads: Vec::new(), _listener: listener };
        for lane in Lane::ALL {
            let board = service.board.clone();
            let serve = move || {
                while let Some(task) = board.next(lane) {
                    let begun = board.clock.now();
                    {
                        profiling::scope!("job");
                        task();
                    }
                    board.relax(lane);
                    board.rest(lane.rest_after(board.clock.since(begun)), &|| false);
                }
            };
            service.threads.push(std::thread::Builder::new().name(lane.name().to_owned()).spawn(serve)?);
        }
        Ok(service)
    }

    /// Somewhere to ask from.
    pub fn port<Q: Question>(&self) -> Port<Q> {
        let (sender, answers) = channel();
        let line = Line { newest: AtomicU64::new(0), progress: Mutex::default(), wake: self.wake.clone() };
        let ticket = Ticket::new(self.board.clone(), Q::LANE, 0, Arc::new(line));
        let engine = self.engines[Q::LANE as usize].clone();
        Port { id: self.board.new_port(), ticket, engine, sender, answers }
    }

    /// The time that the service goes by.
    pub fn clock(&self) -> &Clock {
        &self.board.clock
    }

    /// The source, if it is open.
    pub fn source(&self, spec: &SourceSpec) -> Option<Arc<OpenSource>> {
        self.cache.source(spec)
    }

    /// Keeps `source` open, as the one used last, in place of another with the same name.
    pub fn keep(&self, source: Arc<OpenSource>) {
        self.cache.keep(source);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.board.close();
        for thread in self.threads.drain(..) {
            // A panic was already reported as an answer.
            let _ = thread.join();
        }
    }
}

/// Where one client asks and hears. Dropping it gives up what it has asked.
pub struct Port<Q: Question> {
    id: PortId,
    /// Of no question.
    ticket: Ticket,
    engine: Arc<Mutex<Engine>>,
    sender: Sender<(RequestNumber, Answer<Q::Part>)>,
    answers: Receiver<(RequestNumber, Answer<Q::Part>)>,
}

impl<Q: Question> Port<Q> {
    /// Asks `question`, in place of one that was not begun.
    pub fn submit(&self, question: Q) -> RequestNumber {
        let Ticket { board, lane, line, .. } = &self.ticket;
        // Only this port numbers its questions, and it is on one thread.
        let number = line.newest.load(Ordering::Acquire) + 1;
        let ticket = Ticket::new(board.clone(), *lane, number, line.clone());
        let (engine, sender) = (self.engine.clone(), self.sender.clone());
        let task = move || {
            // What an engine holds is valid after any panic.
            let mut engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
            serve(&ticket, &question, &mut engine, &sender);
        };
        board.submit(*lane, self.id, Box::new(task), || line.newest.store(number, Ordering::Release));
        number
    }

    /// Gives up what is being answered and what waits. What comes for it nevertheless has a smaller number than the one
    /// that is returned.
    pub fn cancel(&self) -> RequestNumber {
        let Ticket { board, lane, line, .. } = &self.ticket;
        let number = line.newest.load(Ordering::Acquire) + 1;
        board.withdraw(*lane, self.id, || line.newest.store(number, Ordering::Release));
        number
    }

    /// The next answer, if one has arrived. Answers to older questions may still come; compare the numbers.
    pub fn poll(&self) -> Option<(RequestNumber, Answer<Q::Part>)> {
        self.answers.try_recv().ok()
    }

    /// How far the job of question `number` is, once it has said so.
    pub fn progress(&self, number: RequestNumber) -> Option<Progress> {
        let (of, progress) = (*self.ticket.line.progress.lock().unwrap_or_else(PoisonError::into_inner))?;
        (of == number).then_some(progress)
    }

    /// The time that the service goes by.
    pub fn clock(&self) -> &Clock {
        &self.ticket.board.clock
    }
}

impl<Q: Question> Drop for Port<Q> {
    fn drop(&mut self) {
        self.cancel();
    }
}

fn serve<Q: Question>(
    ticket: &Ticket,
    question: &Q,
    engine: &mut Engine,
    sender: &Sender<(RequestNumber, Answer<Q::Part>)>,
) {
    let send = |answer| {
        // A closed channel means that nobody listens any more.
        if sender.send((ticket.number, answer)).is_ok() {
            (ticket.line.wake)();
        }
    };
    let job = Job::of(ticket, ticket.board.clock.clone());
    let answer = AssertUnwindSafe(|| question.answer(engine, &job, &mut |part| send(Answer::Part(part))));
    send(match catch_unwind(answer) {
        Ok(Ok(())) => Answer::Done,
        Ok(Err(error)) => Answer::Failed(error),
        Err(panic) => Answer::Panicked(message(&*panic)),
    });
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref().map(String::as_str));
    text.unwrap_or("unknown cause").to_owned()
}
