//! The window's end of the sweep: what was asked last, and the newest answer.

use std::{
    num::NonZeroUsize,
    sync::{Arc, atomic::Ordering},
};

use lru::LruCache;

use super::worker::{Asked, GiveWay, Question, Reply, work};
use crate::{
    attention::Epsilon,
    engine::{Answer, Engine, OpenSource, RequestNumber, Sweep, Worker},
    session::{RowChoice, Session},
};

/// Sweeps that are kept, so that stepping back is instant.
const KEPT: NonZeroUsize = NonZeroUsize::new(12).unwrap();

/// How far the answer to the newest question is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is asked.
    Idle,
    Computing,
    Done,
    Failed(String),
}

/// The thread that sweeps and the newest of its answers.
pub struct Curves {
    worker: Worker<Asked, Reply>,
    give_way: GiveWay,
    source: Option<Arc<OpenSource>>,
    question: Option<Question>,
    /// Of `question`, where it was handed to the thread.
    number: RequestNumber,
    state: State,
    /// With points; an older question's until the first of the newest arrives.
    shown: Option<Arc<Sweep>>,
    /// Whether `shown` answers an older question.
    is_old: bool,
    known: LruCache<Question, Arc<Sweep>>,
}

impl Curves {
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(ctx: &egui::Context) -> std::io::Result<Self> {
        let (repaint, give_way, mut engine) = (ctx.clone(), GiveWay::default(), Engine::default());
        let wake = move || repaint.request_repaint();
        let way = give_way.clone();
        let worker = Worker::spawn("sweep", wake, move |ticket, asked: Asked, send: &mut dyn FnMut(Reply)| {
            work(&mut engine, &way, ticket, asked, send);
        })?;
        Ok(Self {
            worker,
            give_way,
            source: None,
            question: None,
            number: 0,
            state: State::Idle,
            shown: None,
            is_old: false,
            known: LruCache::new(KEPT),
        })
    }

    /// Follows `session`: asks for its sweep while the panel is open, unless that is known or asked already. While
    /// `is_busy`, a sweep waits.
    pub fn follow(&mut self, source: &Arc<OpenSource>, session: &Session, is_busy: bool) {
        self.give_way.store(is_busy, Ordering::Release);
        if !self.source.as_ref().is_some_and(|known| Arc::ptr_eq(known, source)) {
            self.known.clear();
            self.forget();
            self.source = Some(source.clone());
        }
        let question = Question::of(session);
        let is_open = session.view.sweep.open;
        let is_answered = self.question.as_ref().is_some_and(|asked| asked.covers(&question));
        if is_answered && (is_open || self.state == State::Done) {
            return;
        }
        let known = self.known.iter().find(|(known, _)| known.covers(&question)).map(|(known, _)| known.clone());
        if let Some(known) = known {
            self.give_up();
            self.shown = self.known.get(&known).cloned();
            (self.question, self.state, self.is_old) = (Some(known), State::Done, false);
        } else if is_open {
            let asked = Asked { source: source.clone(), question: question.clone() };
            self.number = self.worker.submit(asked);
            (self.question, self.state, self.is_old) = (Some(question), State::Computing, true);
        } else {
            self.forget();
        }
    }

    fn give_up(&mut self) {
        if self.is_busy() {
            self.number = self.worker.cancel();
        }
    }

    fn forget(&mut self) {
        self.give_up();
        (self.question, self.state, self.shown) = (None, State::Idle, None);
    }

    /// Takes in what has arrived.
    pub fn poll(&mut self) {
        while let Some((number, answer)) = self.worker.poll() {
            // A panic may end a request that was given up; then nobody waits for it.
            if number != self.number || self.state != State::Computing {
                continue;
            }
            match answer {
                Answer::Result(Reply::SoFar(sweep)) => self.show(sweep),
                Answer::Result(Reply::Done(sweep)) => {
                    if let Some(question) = &self.question {
                        self.known.put(question.clone(), sweep.clone());
                    }
                    self.show(sweep);
                    self.state = State::Done;
                }
                Answer::Result(Reply::Failed(message)) => self.fail(message),
                Answer::Panicked(message) => self.fail(format!("internal error: {message}")),
            }
        }
    }

    fn show(&mut self, sweep: Arc<Sweep>) {
        (self.shown, self.is_old) = (Some(sweep), false);
    }

    fn fail(&mut self, message: String) {
        (self.state, self.shown) = (State::Failed(message), None);
    }

    /// What is there so far, once there is something.
    pub fn shown(&self) -> Option<&Sweep> {
        self.shown.as_deref()
    }

    /// Whether what is shown answers an older question.
    pub fn is_old(&self) -> bool {
        self.is_old
    }

    /// Whether more is to come.
    pub fn is_busy(&self) -> bool {
        self.state == State::Computing
    }

    /// Why there is nothing.
    pub fn failure(&self) -> Option<&str> {
        match &self.state {
            State::Failed(message) => Some(message),
            _ => None,
        }
    }

    /// Where the curves of the chosen rows are steep, from the first to the last; `None` while that is not known.
    pub fn transition(&self, rows: RowChoice) -> Option<[Epsilon; 2]> {
        let sweep = self.shown().filter(|_| !self.is_old)?;
        let all = rows.components().iter().filter_map(|&component| sweep.transition(component));
        all.reduce(|[from, to], [other_from, other_to]| {
            [if other_from < from { other_from } else { from }, if other_to > to { other_to } else { to }]
        })
    }
}
