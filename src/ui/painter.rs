//! The engine's thread: from requests to frames and details, panel by panel where it takes long.

mod details;

use std::{
    cell::{Cell, RefCell},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use details::Known;

use super::frame::{Details, Failure, Frame, Looks, PanelState, Request};
use crate::{
    attention::{Grid, PanelId},
    engine::{Engine, EngineError, Observer, OpenSource, Outcome, Partial, Progress, Ready, RequestNumber, Ticket},
    figure::{Grain, PanelPictures, PanelRenderer},
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

/// Drawing that takes longer is late for the hand: a coarser picture comes first.
const LATE: Duration = Duration::from_millis(8);
/// A hand that asks for nothing new for so long rests.
const REST: Duration = Duration::from_millis(60);
/// Cells that are drawn in a second, until that was measured.
const CELLS_PER_SECOND: f64 = 5e8;
/// Fewer cells tell nothing about the pace.
const TELLING: usize = 1 << 18;

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
    known: Known,
}

struct Brush {
    renderer: PanelRenderer,
    last: Option<(Outcome, Grid<PanelState>)>,
    /// Cells that were drawn in a second.
    pace: f64,
}

impl Default for Brush {
    fn default() -> Self {
        Self { renderer: PanelRenderer::default(), last: None, pace: CELLS_PER_SECOND }
    }
}

impl Brush {
    fn draw(&mut self, outcome: &Outcome, looks: Looks, grain: Grain) -> PanelPictures {
        let n_cells = self.renderer.n_new_cells(outcome, &looks.picture);
        let start = Instant::now();
        let pictures = self.renderer.render_as(outcome, &looks.picture, grain);
        if grain == Grain::Fine && n_cells >= TELLING {
            self.pace = n_cells as f64 / start.elapsed().as_secs_f64().max(f64::EPSILON);
        }
        pictures
    }

    /// Whether a fine picture would come too late for a hand that moves.
    fn is_late(&self, outcome: &Outcome, looks: Looks) -> bool {
        self.renderer.n_new_cells(outcome, &looks.picture) as f64 > self.pace * LATE.as_secs_f64()
    }
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
            rested: Cell::default(),
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
            let looks = watcher.send_whole(&outcome)?;
            // Details are given up at once.
            watcher.patience.set(Duration::ZERO);
            details::send(&mut self.engine, &mut self.known, &outcome, looks, &watcher)
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
    /// What of the time since was spent waiting for the hand to rest.
    rested: Cell<Duration>,
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

    /// Sends the picture of a whole answer; where drawing it would be late, a coarse one first, and the fine one only
    /// when the hand rests. Returns how it looks.
    fn send_whole(&self, outcome: &Outcome) -> Result<Looks, EngineError> {
        let looks = self.looks();
        let is_late = self.brush.borrow().is_late(outcome, looks);
        if is_late {
            self.send_frame(outcome.clone(), all_current(outcome), looks, Grain::Coarse);
            let before = Instant::now();
            if !self.ticket.rests_for(REST) {
                return Err(EngineError::Cancelled);
            }
            self.rested.set(before.elapsed());
        }
        let looks = self.looks();
        self.send_frame(outcome.clone(), all_current(outcome), looks, Grain::Fine);
        Ok(looks)
    }

    fn send_frame(&self, outcome: Outcome, states: Grid<PanelState>, looks: Looks, grain: Grain) {
        let mut brush = self.brush.borrow_mut();
        let pictures = brush.draw(&outcome, looks, grain);
        brush.last = Some((outcome.clone(), states.clone()));
        let (spec, elapsed) = (self.request.spec.clone(), self.start.elapsed().saturating_sub(self.rested.get()));
        let frame = Frame { spec, outcome, pictures, states, looks, grain, elapsed };
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
            let (outcome, states) = joined(outcome, &ready, self.brush.borrow().last.as_ref());
            self.send_frame(outcome, states, self.looks(), Grain::Fine);
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

    fn first(&self) -> PanelId {
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
        *self.waiting.borrow_mut() = Some((partial.outcome.clone(), partial.ready.clone()));
        self.send_waiting();
    }
}

fn all_current(outcome: &Outcome) -> Grid<PanelState> {
    Grid::filled(outcome.shape(), PanelState::Current)
}

/// The panels that are there; in place of the others the older ones, where only the intervention has changed.
fn joined(
    mut outcome: Outcome,
    ready: &Ready,
    last: Option<&(Outcome, Grid<PanelState>)>,
) -> (Outcome, Grid<PanelState>) {
    let same_kind = |last: &Outcome| {
        last.experiment.operation == outcome.experiment.operation && last.baseline.pattern == outcome.baseline.pattern
    };
    let last = last.filter(|(last, _)| same_kind(last));
    let states = Grid::from_fn(outcome.shape(), |panel| {
        if ready[panel] {
            return PanelState::Current;
        }
        let Some((last, states)) = last else { return PanelState::Awaited };
        match (states.get(panel), last.panels.get(panel), last.experiment.epsilon.get(panel)) {
            (Some(PanelState::Current | PanelState::Older), Some(older), Some(&epsilon)) => {
                outcome.panels[panel] = older.clone();
                outcome.experiment.epsilon[panel] = epsilon;
                PanelState::Older
            }
            _ => PanelState::Awaited,
        }
    });
    (outcome, states)
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Duration};

    use super::*;
    use crate::{
        attention::{Column, Component, Epsilon},
        engine::{Answer, SourceSpec, Worker},
        figure::PictureSpec,
        session::Session,
        ui::frame::Request,
    };

    /// A capture of one head, of zeros: its pictures cost as much as any.
    fn capture(folder: &Path, n_positions: usize) -> Arc<OpenSource> {
        let data = vec![0; 4 * n_positions];
        let view = || safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![n_positions, 1], &data);
        let path = folder.join("zeros.safetensors");
        std::fs::write(&path, safetensors::serialize([("q", view().unwrap()), ("k", view().unwrap())], None).unwrap())
            .unwrap();
        Arc::new(OpenSource::open(&SourceSpec::Capture(path), &crate::model::loading::unwatched).unwrap())
    }

    fn request(source: &OpenSource, epsilon: f64) -> Request {
        let mut session = Session { source: source.facts().source.clone(), layer: 0, head: 0, ..Session::default() };
        let first = PanelId { component: Component::Query, column: Column::FIRST };
        session.epsilon[first] = Epsilon::new(epsilon).unwrap();
        let view = &session.view;
        let picture = PictureSpec {
            window: None,
            size: [50; 2],
            quantity: view.quantity,
            pooling: view.pooling,
            colormap: view.colormap,
            norm: view.norm,
            limits_from: view.limits_from,
            masked: view.masked,
            ground: crate::figure::Ground::Light,
        };
        let looks = Looks { picture, selected: first, inspector: false };
        Request { spec: session.run_spec(), looks }
    }

    /// The frames of a request as it is worked on at `pace`, until its details.
    fn grains(pace: f64) -> Vec<Grain> {
        let folder = tempfile::tempdir().unwrap();
        let source = capture(folder.path(), 1024);
        let mut painter = Painter::default();
        painter.brush.pace = pace;
        let request = request(&source, 0.5);
        let worker = Worker::spawn(
            "test",
            || {},
            move |ticket, (), send: &mut dyn FnMut(Reply)| {
                painter.work(ticket, source.clone(), &request, send);
            },
        );
        let worker = worker.unwrap();
        worker.submit(());
        let mut grains = Vec::new();
        for _ in 0..10_000 {
            match worker.poll() {
                Some((_, Answer::Result(Reply::Frame(frame)))) => grains.push(frame.grain),
                Some((_, Answer::Result(Reply::Details(_)))) => return grains,
                _ => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        panic!("no details after {grains:?}");
    }

    #[test]
    fn what_would_be_late_is_drawn_coarsely_first() {
        assert_eq!(grains(1e12), [Grain::Fine]);
        assert_eq!(grains(1e6), [Grain::Coarse, Grain::Fine]);
    }
}
