//! Draws what is there of an answer, and sends it on the way.

use std::{
    cell::{Cell, RefCell},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::frame::{Details, Frame, PanelState, Presentation, Request, SLOW};
use crate::{
    attention::Grid,
    engine::{Clock, EngineError, Job, Outcome, Pace, Partial, Ready},
    figure::{Grain, PanelPictures, PanelRenderer},
    ui::memo::Revision,
};

/// Between two partial frames: each costs the drawing of its new panels.
const PARTS: Duration = Duration::from_millis(100);
/// Drawing that takes longer is late for the hand: a coarser picture comes first.
const LATE: Duration = Duration::from_millis(8);
/// A hand that asks for nothing new for so long rests.
pub const REST: Duration = Duration::from_millis(60);
/// Cells that are drawn in a second, until that was measured.
const CELLS_PER_SECOND: f64 = 5e8;
/// Fewer cells tell nothing about the pace.
const TELLING: usize = 1 << 18;

/// What comes back for a question for pictures.
pub enum PicturesPart {
    /// Whole, or with panels that are still to come.
    Frame(Box<Frame>),
    Details(Box<Details>),
}

/// Draws the panels, and knows what it drew last.
pub struct PacedRenderer {
    renderer: PanelRenderer,
    last: Option<(Outcome, Grid<PanelState>)>,
    /// Cells that were drawn in a second.
    pub pace: f64,
}

impl Default for PacedRenderer {
    fn default() -> Self {
        Self { renderer: PanelRenderer::default(), last: None, pace: CELLS_PER_SECOND }
    }
}

impl PacedRenderer {
    fn draw(&mut self, outcome: &Outcome, presentation: Presentation, grain: Grain, clock: &Clock) -> PanelPictures {
        let n_cells = self.renderer.n_new_cells(outcome, &presentation.picture);
        let start = clock.now();
        let pictures = self.renderer.render_as(outcome, &presentation.picture, grain);
        if grain == Grain::Fine && n_cells >= TELLING {
            self.pace = n_cells as f64 / clock.since(start).as_secs_f64().max(f64::EPSILON);
        }
        pictures
    }

    /// Whether a fine picture would come too late for a hand that moves.
    fn is_late(&self, outcome: &Outcome, presentation: Presentation) -> bool {
        self.renderer.n_new_cells(outcome, &presentation.picture) as f64 > self.pace * LATE.as_secs_f64()
    }
}

/// Sends what there is on the way to an answer.
pub struct Watcher<'a> {
    job: &'a Job<'a>,
    request: &'a Request,
    newest: &'a Mutex<Option<Presentation>>,
    /// What of the time since the beginning was spent waiting for the hand to rest.
    rested: Cell<Duration>,
    /// What is there so far, and was not sent yet.
    waiting: RefCell<Option<(Outcome, Ready)>>,
    parts: Pace,
    paced: RefCell<&'a mut PacedRenderer>,
    send: RefCell<&'a mut dyn FnMut(PicturesPart)>,
}

impl<'a> Watcher<'a> {
    /// `newest` is the presentation that the newest request wants.
    pub fn new(
        job: &'a Job<'a>,
        request: &'a Request,
        newest: &'a Mutex<Option<Presentation>>,
        paced: &'a mut PacedRenderer,
        send: &'a mut dyn FnMut(PicturesPart),
    ) -> Self {
        Self {
            job,
            request,
            newest,
            rested: Cell::default(),
            waiting: RefCell::new(None),
            parts: Pace::new(PARTS),
            paced: RefCell::new(paced),
            send: RefCell::new(send),
        }
    }

    pub fn job(&self) -> &Job<'_> {
        self.job
    }

    pub fn request(&self) -> &Request {
        self.request
    }

    pub fn send(&self, part: PicturesPart) {
        self.send.borrow_mut()(part);
    }

    /// Those of the request, or what they have become since.
    pub fn presentation(&self) -> Presentation {
        let newest = *self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.filter(|_| !self.job.is_stale()).unwrap_or(self.request.presentation)
    }

    /// All panels are there: what was there before them is not sent any more.
    pub fn forget_waiting(&self) {
        self.waiting.take();
    }

    /// Sends the picture of a whole answer; where drawing it would be late, a coarse one first, and the fine one only
    /// when the hand rests. Returns how it looks.
    pub fn send_whole(&self, outcome: &Outcome) -> Result<Presentation, EngineError> {
        let presentation = self.presentation();
        let is_late = self.paced.borrow().is_late(outcome, presentation);
        if is_late {
            self.send_frame(outcome.clone(), all_current(outcome), presentation, Grain::Coarse);
            let before = self.job.elapsed();
            if !self.job.rests_for(REST) {
                return Err(EngineError::Cancelled);
            }
            self.rested.set(self.job.elapsed().saturating_sub(before));
        }
        let presentation = self.presentation();
        self.send_frame(outcome.clone(), all_current(outcome), presentation, Grain::Fine);
        Ok(presentation)
    }

    fn send_frame(&self, outcome: Outcome, states: Grid<PanelState>, presentation: Presentation, grain: Grain) {
        let mut paced = self.paced.borrow_mut();
        let pictures = paced.draw(&outcome, presentation, grain, self.job.clock());
        paced.last = Some((outcome.clone(), states.clone()));
        let (spec, elapsed) = (self.request.spec.clone(), self.job.elapsed().saturating_sub(self.rested.get()));
        let frame = Frame { revision: Revision::next(), spec, outcome, pictures, states, presentation, grain, elapsed };
        drop(paced);
        self.send(PicturesPart::Frame(Box::new(frame)));
    }

    pub fn so_far(&self, partial: Partial<'_>) {
        *self.waiting.borrow_mut() = Some((partial.outcome.clone(), partial.ready.clone()));
        self.send_waiting();
    }

    /// Sends what is there so far, unless that was only just done: then it waits for the next layer.
    pub fn send_waiting(&self) {
        let is_waiting = self.waiting.borrow().is_some();
        if is_waiting
            && !self.job.is_stale()
            && self.is_due()
            && let Some((outcome, ready)) = self.waiting.take()
        {
            let (outcome, states) = joined(outcome, &ready, self.paced.borrow().last.as_ref());
            self.send_frame(outcome, states, self.presentation(), Grain::Fine);
        }
    }

    /// Whether it takes long by now, and nothing partial was sent for a while.
    pub fn is_due(&self) -> bool {
        self.job.elapsed() > SLOW && self.parts.is_due(self.job.clock())
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
