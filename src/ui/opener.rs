//! Opening sources on a thread of their own: what is on screen stays usable until another source is ready.

use std::{
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    engine::{Answer, EngineError, OpenSource, RequestNumber, SourceSpec, Ticket, Worker},
    model::loading::{Loaded, Watch},
    session::{Command, StepNumber},
    ui::sessions::Restoring,
};

/// Sources that stay open, so that a step back is instant.
const KEPT: usize = 3;
/// What opens sooner shows no progress.
const SUDDEN: Duration = Duration::from_millis(150);
/// Between two words about how far it is.
const REPORTS: Duration = Duration::from_millis(40);

/// How sources are opened: [`OpenSource::open`], or what a test puts in its place.
pub type OpenFn = Arc<dyn Fn(&SourceSpec, Watch<'_>) -> Result<OpenSource, EngineError> + Send + Sync>;

/// What happens once a source is open.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// The session is on it already.
    Show,
    /// A command that moves the session to it.
    Apply(Command),
    /// The step, undone or to be done again, that leads to it.
    GoTo(StepNumber),
    /// A session that is on it.
    Restore(Box<Restoring>),
}

/// The source that is being opened.
#[derive(Debug)]
pub struct Opening {
    pub source: SourceSpec,
    /// How far it is; `None` while nothing is known.
    pub loaded: Option<Loaded>,
    then: Then,
    since: Instant,
    number: RequestNumber,
}

impl Opening {
    /// Whether it takes so long that it is worth showing.
    pub fn is_noticeable(&self) -> bool {
        self.since.elapsed() >= SUDDEN
    }

    /// From 0 to 1.
    pub fn fraction(&self) -> f32 {
        self.loaded.map_or(0.0, |loaded| loaded.tensors as f32 / loaded.of.max(1) as f32)
    }
}

/// What became of an opening.
#[derive(Debug)]
pub enum Opened {
    Ready { source: Arc<OpenSource>, then: Then },
    Failed(Failed),
}

/// A source that does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub source: SourceSpec,
    pub message: String,
    /// There is nothing at its path.
    pub is_gone: bool,
}

enum Reply {
    Loaded(Loaded),
    Opened(Box<OpenSource>),
    Failed(Failed),
}

/// The thread that opens sources, and those that are open. One at a time; the newest wins.
pub struct Opener {
    worker: Worker<SourceSpec, Reply>,
    ctx: egui::Context,
    opening: Option<Opening>,
    /// The one used last is in front.
    open: Vec<Arc<OpenSource>>,
}

impl Opener {
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(ctx: &egui::Context, open: OpenFn) -> std::io::Result<Self> {
        let repaint = ctx.clone();
        let wake = move || repaint.request_repaint();
        let worker = Worker::spawn("opener", wake, move |ticket, source: SourceSpec, send: &mut dyn FnMut(Reply)| {
            work(&open, ticket, source, send);
        })?;
        Ok(Self { worker, ctx: ctx.clone(), opening: None, open: Vec::new() })
    }

    /// The source, if it is open.
    pub fn get(&self, source: &SourceSpec) -> Option<&Arc<OpenSource>> {
        self.open.iter().find(|open| open.facts().source == *source)
    }

    pub fn opening(&self) -> Option<&Opening> {
        self.opening.as_ref()
    }

    /// Opens `source`, also where it is open already: it may have changed. Returns the other one that is given up for
    /// it.
    pub fn open(&mut self, source: SourceSpec, then: Then) -> Option<SourceSpec> {
        if let Some(opening) = self.opening.as_mut().filter(|opening| opening.source == source) {
            opening.then = then;
            return None;
        }
        let number = self.worker.submit(source.clone());
        self.ctx.request_repaint_after(SUDDEN);
        let opening = Opening { source, loaded: None, then, since: Instant::now(), number };
        self.opening.replace(opening).map(|given_up| given_up.source)
    }

    /// Gives up what is being opened, and returns it. Its thread stops at the next tensor.
    pub fn cancel(&mut self) -> Option<SourceSpec> {
        let opening = self.opening.take()?;
        self.worker.cancel();
        Some(opening.source)
    }

    /// Keeps `source` open as the one that is in use.
    pub fn keep(&mut self, source: Arc<OpenSource>) {
        self.open.retain(|open| open.facts().source != source.facts().source);
        self.open.insert(0, source);
        self.open.truncate(KEPT);
    }

    /// What became of the opening, once it is over.
    pub fn poll(&mut self) -> Option<Opened> {
        while let Some((number, answer)) = self.worker.poll() {
            let Some(opening) = self.opening.take_if(|opening| opening.number == number) else { continue };
            match answer {
                Answer::Result(Reply::Loaded(loaded)) => {
                    self.opening = Some(Opening { loaded: Some(loaded), ..opening });
                }
                Answer::Result(Reply::Opened(source)) => {
                    return Some(Opened::Ready { source: Arc::new(*source), then: opening.then });
                }
                Answer::Result(Reply::Failed(failed)) => return Some(Opened::Failed(failed)),
                Answer::Panicked(message) => {
                    let message = format!("Internal error while opening {}: {message}.", opening.source);
                    return Some(Opened::Failed(Failed { source: opening.source, message, is_gone: false }));
                }
            }
        }
        None
    }
}

fn work(open: &OpenFn, ticket: &Ticket<'_>, source: SourceSpec, send: &mut dyn FnMut(Reply)) {
    let last = std::cell::Cell::new(None::<Instant>);
    let send = std::cell::RefCell::new(send);
    let watch = |loaded| {
        if ticket.is_stale() {
            return ControlFlow::Break(());
        }
        if last.get().is_none_or(|last| last.elapsed() >= REPORTS) {
            last.set(Some(Instant::now()));
            send.borrow_mut()(Reply::Loaded(loaded));
        }
        ControlFlow::Continue(())
    };
    let result = open(&source, &watch);
    let reply = match result {
        Ok(opened) => Reply::Opened(Box::new(opened)),
        Err(EngineError::Cancelled) if ticket.is_stale() => return,
        Err(error) => {
            let is_gone = source.path().is_some_and(|path| !path.exists());
            Reply::Failed(Failed { source, message: error.to_string(), is_gone })
        }
    };
    send.borrow_mut()(reply);
}
