//! The engine's thread: from requests to frames and details, panel by panel where it takes long.

mod details;

use std::{
    cell::{Cell, RefCell},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use details::Norms;

use super::frame::{Details, Failure, Frame, Looks, PanelState, Request};
use crate::{
    attention::Component,
    engine::{Engine, EngineError, Observer, OpenSource, Outcome, Partial, Progress, Ready, RequestNumber, Ticket},
    figure::PanelRenderer,
};

/// A run may be given up for a newer request only after this long: a drag over a fast source shows every step that
/// it finishes, and a slow one is not waited for.
const PATIENCE: Duration = Duration::from_millis(120);
/// What takes longer is waited for visibly, and shows what it has so far.
pub const SLOW: Duration = Duration::from_millis(250);
/// Between two partial frames: each costs the drawing of its new panels.
const PARTS: Duration = Duration::from_millis(100);
/// Between two words about how far it is.
const REPORTS: Duration = Duration::from_millis(50);

/// What the thread sends.
pub enum Reply {
    /// Whole, or with panels that are still to come.
    Frame(Box<Frame>),
    Details(Box<Details>),
    /// There is more on the desk.
    Progress,
    Failed(Failure),
}

/// What both threads look at while a request is worked on.
#[derive(Debug, Default)]
pub struct Desk {
    /// How far the run of a request is.
    pub progress: Option<(RequestNumber, Progress)>,
    /// What the newest request looks like by now.
    pub looks: Option<Looks>,
}

/// The desk, for both threads. It holds plain data that is valid after any panic.
#[derive(Clone, Debug, Default)]
pub struct SharedDesk(Arc<Mutex<Desk>>);

impl SharedDesk {
    pub fn lock(&self) -> MutexGuard<'_, Desk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Engine and brush, and what they showed last.
#[derive(Default)]
pub struct Painter {
    desk: SharedDesk,
    engine: Engine,
    brush: Brush,
    norms: Norms,
}

#[derive(Default)]
struct Brush {
    renderer: PanelRenderer,
    last: Option<(Outcome, [[PanelState; 3]; 3])>,
}

impl Painter {
    pub fn new(desk: SharedDesk) -> Self {
        Self { desk, ..Self::default() }
    }

    pub fn work(
        &mut self,
        ticket: &Ticket<'_>,
        source: Arc<OpenSource>,
        request: &Request,
        send: &mut dyn FnMut(Reply),
    ) {
        self.engine.adopt(source);
        let watcher = Watcher {
            ticket,
            request,
            start: Instant::now(),
            desk: &self.desk,
            patience: Cell::new(PATIENCE),
            waiting: RefCell::new(None),
            reported: Cell::new(None),
            parted: Cell::new(None),
            brush: RefCell::new(&mut self.brush),
            send: RefCell::new(send),
        };
        let result = self.engine.run_observed(&request.spec, &watcher).and_then(|outcome| {
            watcher.waiting.take();
            let looks = watcher.looks();
            watcher.send_frame(outcome.clone(), Default::default(), looks);
            // Details are given up at once.
            watcher.patience.set(Duration::ZERO);
            details::send(&mut self.engine, &mut self.norms, &outcome, looks, &watcher)
        });
        match result {
            Ok(()) | Err(EngineError::Cancelled) => {}
            Err(error) => watcher.send(Reply::Failed(match &error {
                EngineError::NoSuchPosition { n_positions, .. } => {
                    Failure::NoSuchPosition { n_positions: *n_positions, message: error.to_string() }
                }
                _ => Failure::Refused { message: error.to_string() },
            })),
        }
    }
}

/// Sends what there is on the way to an answer.
struct Watcher<'a> {
    ticket: &'a Ticket<'a>,
    request: &'a Request,
    start: Instant,
    desk: &'a SharedDesk,
    patience: Cell<Duration>,
    /// What is there so far, and was not sent yet.
    waiting: RefCell<Option<(Outcome, Ready)>>,
    reported: Cell<Option<Instant>>,
    parted: Cell<Option<Instant>>,
    brush: RefCell<&'a mut Brush>,
    send: RefCell<&'a mut dyn FnMut(Reply)>,
}

impl Watcher<'_> {
    fn send(&self, reply: Reply) {
        self.send.borrow_mut()(reply);
    }

    /// Those of the request, or what they have become since.
    fn looks(&self) -> Looks {
        let newest = self.desk.lock().looks;
        newest.filter(|_| !self.ticket.is_stale()).unwrap_or(self.request.looks)
    }

    fn send_frame(&self, outcome: Outcome, states: [[PanelState; 3]; 3], looks: Looks) {
        let mut brush = self.brush.borrow_mut();
        let pictures = brush.renderer.render(&outcome, &looks.picture);
        brush.last = Some((outcome.clone(), states));
        let (spec, elapsed) = (self.request.spec.clone(), self.start.elapsed());
        let frame = Frame { spec, outcome, pictures, states, looks, elapsed };
        drop(brush);
        self.send(Reply::Frame(Box::new(frame)));
    }

    /// # Errors
    /// [`EngineError::Cancelled`] where nobody waits any more.
    fn check(&self) -> Result<(), EngineError> {
        if self.is_cancelled() { Err(EngineError::Cancelled) } else { Ok(()) }
    }

    /// Sends what is there so far, unless that was only just done: then it waits for the next layer.
    fn send_waiting(&self) {
        let is_waiting = self.waiting.borrow().is_some();
        if is_waiting
            && !self.ticket.is_stale()
            && self.is_due(&self.parted, PARTS)
            && let Some((outcome, ready)) = self.waiting.take()
        {
            let (outcome, states) = joined(outcome, ready, self.brush.borrow().last.as_ref());
            self.send_frame(outcome, states, self.looks());
        }
    }

    /// Whether it takes long by now, and `last` is long ago; then `last` is now.
    fn is_due(&self, last: &Cell<Option<Instant>>, every: Duration) -> bool {
        let is_due = self.start.elapsed() > SLOW && last.get().is_none_or(|last| last.elapsed() >= every);
        if is_due {
            last.set(Some(Instant::now()));
        }
        is_due
    }
}

impl Observer for Watcher<'_> {
    fn is_cancelled(&self) -> bool {
        self.ticket.is_stale() && self.start.elapsed() > self.patience.get()
    }

    fn first(&self) -> (Component, usize) {
        self.looks().selected
    }

    fn progress(&self, progress: Progress) {
        self.desk.lock().progress = Some((self.ticket.number(), progress));
        self.send_waiting();
        if self.is_due(&self.reported, REPORTS) {
            self.send(Reply::Progress);
        }
    }

    fn so_far(&self, partial: Partial<'_>) {
        *self.waiting.borrow_mut() = Some((partial.outcome.clone(), partial.ready));
        self.send_waiting();
    }
}

/// The panels that are there; in place of the others the older ones, where only the intervention has changed.
fn joined(
    mut outcome: Outcome,
    ready: Ready,
    last: Option<&(Outcome, [[PanelState; 3]; 3])>,
) -> (Outcome, [[PanelState; 3]; 3]) {
    let same_kind =
        |last: &Outcome| last.operation == outcome.operation && last.baseline.pattern == outcome.baseline.pattern;
    let last = last.filter(|(last, _)| same_kind(last));
    let mut states = [[PanelState::Awaited; 3]; 3];
    for component in Component::ALL {
        let row = component.row();
        for column in 0..3 {
            if ready[row][column] {
                states[row][column] = PanelState::Current;
            } else if let Some((last, old)) = last
                && old[row][column] != PanelState::Awaited
            {
                states[row][column] = PanelState::Older;
                outcome.panels[row][column] = last.panels[row][column].clone();
                outcome.epsilon[row][column] = last.epsilon[row][column];
            }
        }
    }
    (outcome, states)
}
