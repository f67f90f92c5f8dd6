//! The thread that looks at all heads: from a request to metrics and thumbnails, a few heads at a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use egui::Context;
use rayon::prelude::*;

use super::atlas::Atlas;
use crate::{
    engine::{
        Answer, Engine, EngineError, HeadPattern, HeadSummary, OpenSource, Prompt, RequestNumber, RunSpec, Ticket,
        Under, Worker,
    },
    figure::{Palette, Picture, Window, paint, pool_pattern},
    session::figure_grid,
};

/// What takes longer shows its progress.
const SUDDEN: Duration = Duration::from_millis(150);

/// Everything that the thumbnails depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub spec: RunSpec,
    pub under: Under,
    pub palette: Palette,
    /// Of a thumbnail, in pixels.
    pub side: usize,
}

/// A request and the source that it goes to.
#[derive(Clone)]
pub struct Asked {
    pub source: Arc<OpenSource>,
    pub wanted: Wanted,
}

impl Asked {
    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && self.wanted == other.wanted
    }

    /// Whether heads of the two can stand side by side until the newer ones have arrived.
    fn reads_the_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source)
            && self.wanted.spec.prompt == other.wanted.spec.prompt
            && self.wanted.side == other.wanted.side
    }
}

enum Reply {
    Heads(Vec<(HeadSummary, Picture)>),
    Done,
    Failed(String),
}

/// How far the newest request is.
#[derive(Clone, Debug, PartialEq)]
enum State {
    Computing {
        since: Instant,
        heads: usize,
    },
    Done,
    GivenUp,
    /// What was given up is wanted again.
    WantedAgain,
    Failed(String),
}

/// Metrics and thumbnails of all heads, as far as they are there.
pub struct Gallery {
    worker: Worker<Asked, Reply>,
    ctx: Context,
    asked: Option<Asked>,
    number: RequestNumber,
    state: State,
    /// `[layer · n_heads + head]`
    summaries: Vec<Option<HeadSummary>>,
    n_heads: usize,
    /// Counts the changes of `summaries`.
    revision: u64,
    pub atlas: Atlas,
}

impl Gallery {
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(ctx: &Context) -> std::io::Result<Self> {
        let (mut engine, repaint) = (FreshEngine::default(), ctx.clone());
        let wake = move || repaint.request_repaint();
        let worker = Worker::spawn("heads", wake, move |ticket, asked: Asked, send: &mut dyn FnMut(Reply)| {
            look(engine.on(&asked.source, &asked.wanted.spec.prompt), ticket, &asked.wanted, send);
        })?;
        Ok(Self {
            worker,
            ctx: ctx.clone(),
            asked: None,
            number: 0,
            state: State::Done,
            summaries: Vec::new(),
            n_heads: 0,
            revision: 0,
            atlas: Atlas::default(),
        })
    }

    /// Asks for `asked` unless that was asked last.
    pub fn ask(&mut self, mut asked: Asked) {
        canonical(&mut asked.wanted);
        let is_answered = self.state != State::WantedAgain;
        if is_answered && self.asked.as_ref().is_some_and(|last| last.is_same(&asked)) {
            return;
        }
        if !self.asked.as_ref().is_some_and(|last| last.reads_the_same(&asked)) {
            let facts = asked.source.facts();
            self.n_heads = facts.n_heads;
            self.summaries = vec![None; facts.n_layers * facts.n_heads];
            self.revision += 1;
            self.atlas.clear(self.summaries.len(), asked.wanted.side);
        }
        self.asked = Some(asked.clone());
        self.number = self.worker.submit(asked);
        self.state = State::Computing { since: Instant::now(), heads: 0 };
        self.ctx.request_repaint_after(SUDDEN);
    }

    /// Gives up what is being computed; what is there stays.
    pub fn cancel(&mut self) {
        if self.is_busy() {
            self.number = self.worker.cancel();
            self.state = State::GivenUp;
        }
    }

    /// Asks again for what was given up, the next time that something is asked.
    pub fn retry(&mut self) {
        self.state = State::WantedAgain;
    }

    /// Takes in what has arrived. Returns the message of a failure that is a bug.
    pub fn poll(&mut self) -> Option<String> {
        let mut bug = None;
        while let Some((number, answer)) = self.worker.poll() {
            let is_newest = number == self.number;
            match answer {
                Answer::Result(Reply::Heads(heads)) if is_newest => self.take_in(heads),
                Answer::Result(Reply::Done) if is_newest => self.state = State::Done,
                Answer::Result(Reply::Failed(message)) if is_newest => self.state = State::Failed(message),
                Answer::Result(_) => {}
                Answer::Panicked(message) => {
                    let message = format!("Internal error while looking at all heads: {message}.");
                    if is_newest {
                        self.state = State::Failed(message.clone());
                    }
                    bug = Some(message);
                }
            }
        }
        bug
    }

    fn take_in(&mut self, heads: Vec<(HeadSummary, Picture)>) {
        if let State::Computing { heads: arrived, .. } = &mut self.state {
            *arrived += heads.len();
        }
        for (summary, picture) in heads {
            let index = summary.layer * self.n_heads + summary.head;
            if let Some(slot) = self.summaries.get_mut(index) {
                *slot = Some(summary);
                self.atlas.set(&self.ctx, index, &picture);
            }
        }
        self.revision += 1;
    }

    /// By layer and head; `None` for what is still to come.
    pub fn summaries(&self) -> &[Option<HeadSummary>] {
        &self.summaries
    }

    pub fn n_heads(&self) -> usize {
        self.n_heads
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn is_busy(&self) -> bool {
        matches!(self.state, State::Computing { .. })
    }

    pub fn is_given_up(&self) -> bool {
        self.state == State::GivenUp
    }

    pub fn failure(&self) -> Option<&str> {
        if let State::Failed(message) = &self.state { Some(message) } else { None }
    }

    /// Heads that are done and heads in all, where that takes its time.
    pub fn progress(&self) -> Option<(usize, usize)> {
        match self.state {
            State::Computing { since, heads } if since.elapsed() >= SUDDEN => Some((heads, self.summaries.len())),
            _ => None,
        }
    }
}

/// What does not matter must not make two requests differ.
fn canonical(wanted: &mut Wanted) {
    let experiment = &mut wanted.spec.experiment;
    if wanted.under == Under::Baseline {
        (experiment.scope, experiment.operation) = Default::default();
    }
    (experiment.layer, experiment.head, experiment.epsilon) = (0, 0, figure_grid());
}

/// An engine that keeps nothing of other sources and prompts: all layers of a long one are large.
#[derive(Default)]
pub struct FreshEngine {
    engine: Engine,
    of: Option<(Arc<OpenSource>, Prompt)>,
}

impl FreshEngine {
    /// The engine, with `source` open.
    pub fn on(&mut self, source: &Arc<OpenSource>, prompt: &Prompt) -> &mut Engine {
        let is_same = |(known, read): &(Arc<OpenSource>, Prompt)| Arc::ptr_eq(known, source) && read == prompt;
        if !self.of.as_ref().is_some_and(is_same) {
            self.engine = Engine::default();
            self.engine.adopt(source.clone());
            self.of = Some((source.clone(), prompt.clone()));
        }
        &mut self.engine
    }
}

fn look(engine: &mut Engine, ticket: &Ticket<'_>, wanted: &Wanted, send: &mut dyn FnMut(Reply)) {
    let size = [wanted.side; 2];
    let mut each = |heads: Vec<HeadPattern>| {
        let draw = |head: HeadPattern| {
            let whole = Window::whole(head.pattern.n_positions());
            (head.summary, paint(&pool_pattern(&head.pattern, whole, size), &wanted.palette))
        };
        send(Reply::Heads(heads.into_par_iter().map(draw).collect()));
    };
    let result = engine.head_patterns(&wanted.spec, wanted.under, &mut each, &|| ticket.is_stale());
    match result {
        Ok(()) => send(Reply::Done),
        Err(EngineError::Cancelled) => {}
        Err(error) => send(Reply::Failed(error.to_string())),
    }
}
