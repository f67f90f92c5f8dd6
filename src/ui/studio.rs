//! The window's end of the worker: what was asked last, and the newest answers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    frame::{Details, Failure, Frame, PanelState, Request},
    painter::{Painter, Reply, SLOW, SharedDesk},
    widgets::Freshness,
};
use crate::{
    attention::Grid,
    engine::{Answer, OpenSource, Progress, RequestNumber, Worker},
    figure::Grain,
};

/// Where reading a prompt takes longer than [`SLOW`], typing must pause for this long before it is read.
const PAUSE: Duration = Duration::from_millis(250);

/// What arrived since the last look.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// New pictures are there.
    pub frame: bool,
    /// Something went wrong; the pictures are still the old ones.
    pub failure: Option<Failure>,
}

/// What is computed while the window waits for it visibly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Working {
    Panels(Option<Progress>),
    /// The panels are there, the effect on the output is not.
    Details(Option<Progress>),
}

/// A request and the source that it goes to.
#[derive(Clone)]
struct Asked {
    source: Arc<OpenSource>,
    request: Request,
}

impl PartialEq for Asked {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && self.request == other.request
    }
}

impl Asked {
    /// Whether what is read differs, but not who reads it.
    fn has_another_prompt(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && self.request.spec.prompt != other.request.spec.prompt
    }
}

/// The worker and the newest of its answers. The old answers stay until new ones have arrived, also after failures.
pub struct Studio {
    worker: Worker<Asked, Reply>,
    ctx: egui::Context,
    asked: Option<Asked>,
    asked_at: Instant,
    /// Of `asked`.
    number: RequestNumber,
    answered: RequestNumber,
    /// What waits for a pause in typing, and since when.
    held: Option<(Asked, Instant)>,
    frame: Option<(RequestNumber, Box<Frame>)>,
    frame_at: Instant,
    details: Option<(RequestNumber, Box<Details>)>,
    desk: SharedDesk,
    failure: Option<Failure>,
    /// Nobody wants the answer to `number` any more.
    is_given_up: bool,
    /// Also what was asked already.
    must_ask: bool,
    /// How long the last new prompt took.
    reading: Duration,
    /// Since when a new one is being read.
    reading_since: Option<Instant>,
}

impl Studio {
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(ctx: &egui::Context) -> std::io::Result<Self> {
        let desk = SharedDesk::default();
        let (mut painter, repaint) = (Painter::new(desk.clone()), ctx.clone());
        let wake = move || repaint.request_repaint();
        let worker = Worker::spawn("engine", wake, move |ticket, asked: Asked, send: &mut dyn FnMut(Reply)| {
            painter.work(ticket, asked.source, &asked.request, send);
        })?;
        let now = Instant::now();
        Ok(Self {
            worker,
            ctx: ctx.clone(),
            asked: None,
            asked_at: now,
            number: 0,
            answered: 0,
            held: None,
            frame: None,
            frame_at: now,
            details: None,
            desk,
            failure: None,
            is_given_up: false,
            must_ask: false,
            reading: Duration::ZERO,
            reading_since: None,
        })
    }

    /// Asks `source` for `request` unless that is what was asked last.
    pub fn ask(&mut self, source: &Arc<OpenSource>, request: Request) {
        let wanted = Asked { source: source.clone(), request };
        if self.must_ask {
            self.submit(wanted);
        } else if self.asked.as_ref() == Some(&wanted) {
            self.held = None;
        } else if self.held.is_none() && self.is_busy() && !self.is_sharpening() && self.differs_in_looks_alone(&wanted)
        {
            // The numbers are on their way and will be drawn as is wanted by then.
            self.desk.lock().looks = Some(wanted.request.looks);
            self.asked = Some(wanted);
        } else if !self.must_wait(&wanted) {
            self.submit(wanted);
        }
        let (is_busy, is_detailing) = (self.is_busy(), self.is_detailing());
        if is_busy || is_detailing {
            let since = if is_busy { self.asked_at } else { self.frame_at };
            if let Some(rest) = SLOW.checked_sub(since.elapsed()) {
                self.ctx.request_repaint_after(rest + Duration::from_millis(1));
            }
        }
    }

    fn differs_in_looks_alone(&self, wanted: &Asked) -> bool {
        self.asked.as_ref().is_some_and(|asked| {
            Arc::ptr_eq(&asked.source, &wanted.source) && asked.request.spec == wanted.request.spec
        })
    }

    fn submit(&mut self, wanted: Asked) {
        if !self.is_busy() {
            self.asked_at = Instant::now();
        }
        let is_same_source = self.asked.as_ref().is_some_and(|asked| Arc::ptr_eq(&asked.source, &wanted.source));
        if !is_same_source {
            (self.reading, self.reading_since) = (Duration::ZERO, None);
        }
        if !is_same_source || self.asked.as_ref().is_some_and(|asked| asked.has_another_prompt(&wanted)) {
            self.reading_since.get_or_insert_with(Instant::now);
        }
        self.asked = Some(wanted.clone());
        self.desk.lock().looks = Some(wanted.request.looks);
        self.number = self.worker.submit(wanted);
        self.held = None;
        (self.is_given_up, self.must_ask) = (false, false);
    }

    /// Whether `wanted` waits for a pause in typing; remembers it as what does.
    fn must_wait(&mut self, wanted: &Asked) -> bool {
        let is_typing = self.asked.as_ref().is_some_and(|asked| asked.has_another_prompt(wanted));
        let is_slow = self.reading > SLOW || self.reading_since.is_some_and(|since| since.elapsed() > SLOW);
        if !is_typing || !is_slow {
            return false;
        }
        let since = match &self.held {
            Some((held, since)) if held == wanted => *since,
            _ => {
                let now = Instant::now();
                if !self.is_busy() {
                    self.asked_at = now;
                }
                self.held = Some((wanted.clone(), now));
                now
            }
        };
        let Some(rest) = PAUSE.checked_sub(since.elapsed()) else { return false };
        self.ctx.request_repaint_after(rest + Duration::from_millis(1));
        true
    }

    /// Gives up what is being computed. What is on screen stays, marked as old where it is.
    pub fn cancel(&mut self) {
        self.answered = self.worker.cancel();
        if let Some((held, _)) = self.held.take() {
            // Never asked, and nothing will answer it.
            (self.asked, self.number) = (Some(held), self.answered);
        }
        self.is_given_up = true;
    }

    /// Asks again for what was given up.
    pub fn retry(&mut self) {
        self.must_ask = true;
    }

    /// Takes in what has arrived.
    pub fn poll(&mut self) -> Arrivals {
        let mut arrivals = Arrivals::default();
        while let Some((number, answer)) = self.worker.poll() {
            match answer {
                Answer::Result(Reply::Frame(frame)) => {
                    arrivals.frame = true;
                    self.show(number, frame);
                }
                Answer::Result(Reply::Details(details)) => self.details = Some((number, details)),
                Answer::Result(Reply::Failed(failure)) if number == self.number => {
                    self.answered = number;
                    self.reading_since = None;
                    self.failure = Some(failure.clone());
                    arrivals.failure = Some(failure);
                }
                Answer::Result(Reply::Progress | Reply::Failed(_)) => {}
                Answer::Panicked(message) => {
                    self.answered = self.answered.max(number);
                    let message = format!("Internal error while computing: {message}. What is shown is unchanged.");
                    let failure = Failure::Internal { message };
                    self.failure = Some(failure.clone());
                    arrivals.failure = Some(failure);
                }
            }
        }
        arrivals
    }

    fn show(&mut self, number: RequestNumber, frame: Box<Frame>) {
        self.failure = None;
        if frame.is_whole() {
            let now = Instant::now();
            (self.asked_at, self.frame_at) = (now, now);
            if frame.grain == Grain::Fine {
                self.answered = self.answered.max(number);
            }
            if frame.grain == Grain::Fine
                && number == self.number
                && self.asked.as_ref().is_some_and(|asked| asked.request.looks != frame.looks)
            {
                // They changed after it was drawn.
                self.must_ask = true;
            }
            if number == self.number
                && let Some(since) = self.reading_since.take()
            {
                self.reading = since.elapsed();
            }
        }
        self.frame = Some((number, frame));
    }

    pub fn frame(&self) -> Option<&Frame> {
        self.frame.as_ref().map(|(_, frame)| &**frame)
    }

    /// Those of the picture on screen. While it follows the hand, also those of the step before.
    pub fn details(&self) -> Option<&Details> {
        let (number, details) = self.details.as_ref()?;
        let shown = self.frame.as_ref().map(|(shown, _)| shown);
        (shown == Some(number) || self.frame_at.elapsed() < SLOW).then_some(details)
    }

    /// Why the newest request has no picture.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_ref().map(Failure::message)
    }

    /// Whether the picture for the newest request is still to come.
    pub fn is_busy(&self) -> bool {
        self.held.is_some() || self.answered < self.number
    }

    /// Whether the picture is there, and will be drawn more finely when the hand rests.
    pub fn is_sharpening(&self) -> bool {
        self.frame.as_ref().is_some_and(|(number, frame)| *number == self.number && frame.grain == Grain::Coarse)
    }

    /// Whether it is so long in coming that what is shown must be marked as old.
    pub fn is_slow(&self) -> bool {
        self.is_busy() && self.asked_at.elapsed() > SLOW
    }

    /// Whether the picture is there, and its details are still to come.
    fn is_detailing(&self) -> bool {
        let is_there = |number: Option<RequestNumber>| number == Some(self.number);
        !self.is_busy()
            && is_there(self.frame.as_ref().map(|(number, _)| *number))
            && !is_there(self.details.as_ref().filter(|(_, details)| details.is_whole).map(|(number, _)| *number))
            && self.failure.is_none()
            && !self.is_given_up
    }

    /// What is visibly waited for.
    pub fn working(&self) -> Option<Working> {
        let noted = self.desk.lock().progress;
        let progress = noted.filter(|(number, _)| *number == self.number).map(|(_, progress)| progress);
        if self.is_slow() {
            Some(Working::Panels(progress))
        } else if self.is_detailing() && self.frame_at.elapsed() > SLOW {
            Some(Working::Details(progress))
        } else {
            None
        }
    }

    pub fn is_given_up(&self) -> bool {
        self.is_given_up
    }

    /// Whether the picture answers an older request, and visibly so.
    pub fn is_outdated(&self) -> bool {
        let is_newest = self.held.is_none() && self.frame.as_ref().is_some_and(|(number, _)| *number == self.number);
        !is_newest && (self.is_slow() || self.failure.is_some() || self.is_given_up)
    }

    /// Whether the panels of `frame` show the current settings.
    pub fn freshness(&self, frame: &Frame) -> Grid<Freshness> {
        let is_outdated = self.is_outdated();
        frame.states.each_ref().map(|state| match state {
            PanelState::Awaited => Freshness::Awaited,
            PanelState::Current if !is_outdated => Freshness::Current,
            PanelState::Current | PanelState::Older => Freshness::Stale,
        })
    }
}
