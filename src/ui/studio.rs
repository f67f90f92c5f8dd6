//! The window's end of the worker: what was asked last, and the newest answers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    attention::{Component, Metrics},
    engine::{
        Answer, Effect, Engine, EngineError, Outcome, RequestNumber, RunSpec, SourceFacts, SourceSpec, Ticket, Worker,
    },
    figure::{PanelPictures, PanelRenderer, PictureSpec},
};

/// A run may be given up for a newer request only after this long: a drag over a fast source shows every step that
/// it finishes, and a slow one is not waited for.
const PATIENCE: Duration = Duration::from_millis(120);

/// An answer that takes longer is waited for visibly.
const SLOW: Duration = Duration::from_millis(250);

/// Everything that the picture depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub spec: RunSpec,
    pub picture: PictureSpec,
    /// The panel whose details are wanted.
    pub selected: (Component, usize),
}

/// A picture of the whole grid and what it shows.
pub struct Frame {
    /// What was asked; the session may have moved on.
    pub spec: RunSpec,
    pub outcome: Outcome,
    pub pictures: PanelPictures,
    /// From request to pixels.
    pub elapsed: Duration,
}

/// What takes longer than the picture and comes after it.
#[derive(Clone, Debug)]
pub struct Details {
    /// `[component][column]`
    pub panels: [[Metrics; 3]; 3],
    /// Mean length of the head's output: baseline, selected panel. `None` without values.
    pub output_norms: Option<(f64, f64)>,
    /// Of the selected panel's intervention; `None` for a capture.
    pub effect: Option<Effect>,
}

enum Reply {
    Frame(Box<Frame>),
    Details(Box<Details>),
    Failed(Failure),
}

/// Why a request has no picture. Messages are for people.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The source could not be opened.
    Unopened { source: SourceSpec, message: String },
    /// The source is open but the request asks for something that it cannot give.
    Refused { facts: Arc<SourceFacts>, message: String },
    /// A bug.
    Internal { message: String },
}

impl Failure {
    pub fn message(&self) -> &str {
        match self {
            Self::Unopened { message, .. } | Self::Refused { message, .. } | Self::Internal { message } => message,
        }
    }
}

/// What arrived since the last look.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// New pictures are there.
    pub frame: bool,
    /// Something went wrong; the pictures are still the old ones.
    pub failure: Option<Failure>,
}

/// The worker and the newest of its answers. The old answers stay until new ones have arrived, also after failures.
pub struct Studio {
    worker: Worker<Request, Reply>,
    asked: Option<Request>,
    number: RequestNumber,
    answered: RequestNumber,
    frame: Option<Box<Frame>>,
    details: Option<Box<Details>>,
    failure: Option<Failure>,
    asked_at: Instant,
}

impl Studio {
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(ctx: egui::Context) -> std::io::Result<Self> {
        let mut engine = Engine::default();
        let mut renderer = PanelRenderer::default();
        let worker = Worker::spawn(
            "engine",
            move || ctx.request_repaint(),
            move |ticket, request, send| {
                work(&mut engine, &mut renderer, ticket, &request, send);
            },
        )?;
        Ok(Self {
            worker,
            asked: None,
            number: 0,
            answered: 0,
            frame: None,
            details: None,
            failure: None,
            asked_at: Instant::now(),
        })
    }

    /// Asks for `request` unless it is what was asked last.
    pub fn ask(&mut self, request: Request) {
        if self.asked.as_ref() != Some(&request) {
            self.asked = Some(request.clone());
            if !self.is_busy() {
                self.asked_at = Instant::now();
            }
            self.number = self.worker.submit(request);
        }
    }

    /// Takes in what has arrived.
    pub fn poll(&mut self) -> Arrivals {
        let mut arrivals = Arrivals::default();
        while let Some((number, answer)) = self.worker.poll() {
            self.answered = self.answered.max(number);
            match answer {
                Answer::Result(Reply::Frame(frame)) => {
                    self.frame = Some(frame);
                    self.failure = None;
                    arrivals.frame = true;
                }
                Answer::Result(Reply::Details(details)) => self.details = Some(details),
                Answer::Result(Reply::Failed(failure)) if number == self.number => {
                    self.failure = Some(failure.clone());
                    arrivals.failure = Some(failure);
                }
                Answer::Result(Reply::Failed(_)) => {}
                Answer::Panicked(message) => {
                    let message = format!("Internal error while computing: {message}. What is shown is unchanged.");
                    self.failure = Some(Failure::Internal { message: message.clone() });
                    arrivals.failure = Some(Failure::Internal { message });
                }
            }
        }
        arrivals
    }

    pub fn frame(&self) -> Option<&Frame> {
        self.frame.as_deref()
    }

    pub fn details(&self) -> Option<&Details> {
        self.details.as_deref()
    }

    /// Why the newest request has no picture.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_ref().map(Failure::message)
    }

    /// Whether an answer to the newest request is still to come.
    pub fn is_busy(&self) -> bool {
        self.answered < self.number
    }

    /// Whether the answer is so long in coming that what is shown must be marked as old.
    pub fn is_slow(&self) -> bool {
        self.is_busy() && self.asked_at.elapsed() > SLOW
    }
}

fn work(
    engine: &mut Engine,
    renderer: &mut PanelRenderer,
    ticket: &Ticket<'_>,
    request: &Request,
    send: &mut dyn FnMut(Reply),
) {
    let start = Instant::now();
    let cancelled = || ticket.is_stale() && start.elapsed() > PATIENCE;
    let result = engine.run(&request.spec, &cancelled).and_then(|outcome| {
        let pictures = renderer.render(&outcome, &request.picture);
        let frame = Frame { spec: request.spec.clone(), outcome: outcome.clone(), pictures, elapsed: start.elapsed() };
        send(Reply::Frame(Box::new(frame)));
        if ticket.is_stale() { Ok(()) } else { send_details(engine, request, &outcome, &|| ticket.is_stale(), send) }
    });
    match result {
        Ok(()) | Err(EngineError::Cancelled) => {}
        Err(error) => {
            let (source, message) = (request.spec.source.clone(), error.to_string());
            send(Reply::Failed(match engine.facts(&source) {
                Ok(facts) => Failure::Refused { facts, message },
                Err(_) => Failure::Unopened { source, message },
            }));
        }
    }
}

fn send_details(
    engine: &mut Engine,
    request: &Request,
    outcome: &Outcome,
    cancelled: &dyn Fn() -> bool,
    send: &mut dyn FnMut(Reply),
) -> Result<(), EngineError> {
    let baseline = &outcome.baseline.pattern;
    let mut panels = [[Metrics::of(baseline); 3]; 3];
    for (metrics, panel) in panels.as_flattened_mut().iter_mut().zip(outcome.panels.as_flattened()) {
        if cancelled() {
            return Err(EngineError::Cancelled);
        }
        if panel.pattern != *baseline {
            *metrics = Metrics::of(&panel.pattern);
        }
    }
    let (component, column) = request.selected;
    let norms = outcome.baseline.output_norm().zip(outcome.panel(component, column).output_norm());
    let effect = engine.effect(&request.spec, component, column, cancelled)?;
    send(Reply::Details(Box::new(Details { panels, output_norms: norms, effect })));
    Ok(())
}
