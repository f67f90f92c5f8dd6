//! The panels on screen: what was asked last, and the newest answers.

mod details;
mod frame;
mod renderer;
mod watcher;

use std::{sync::Arc, time::Duration};

use super::{Arrival, Client, Failure};
use crate::{
    attention::Grid,
    engine::{OpenSource, Progress, Prompt, RequestNumber, Service, SourceId},
    figure::Grain,
    ui::widgets::Freshness,
};

pub use frame::{Details, Frame, PanelState, Presentation, Request, SLOW};
use renderer::{PicturesQuestion, Renderer};
use watcher::PicturesPart;

/// Where reading a prompt takes longer than [`SLOW`], typing must pause for this long before it is read.
const PAUSE: Duration = Duration::from_millis(250);

/// What arrived since the last look.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// New pictures are there.
    pub frame: bool,
    /// Something went wrong; the pictures are still the old ones.
    pub failure: Option<Arc<Failure>>,
}

/// What is computed while the window waits for it visibly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Working {
    Panels(Option<Progress>),
    /// The panels are there, the effect on the output is not.
    Details(Option<Progress>),
}

/// The newest pictures of the panels. The old ones stay until new ones have arrived, also after failures.
pub struct Pictures {
    client: Client<PicturesQuestion>,
    ctx: egui::Context,
    renderer: Arc<Renderer>,
    frame: Option<(RequestNumber, Box<Frame>)>,
    /// When the last whole frame came.
    frame_at: Duration,
    details: Option<(RequestNumber, Box<Details>)>,
    /// Why the newest request has no picture.
    failure: Option<Arc<Failure>>,
    reading: Reading,
}

/// How long prompts take to be read.
#[derive(Default)]
struct Reading {
    /// The last one, and who reads it.
    of: Option<(SourceId, Prompt)>,
    /// How long the last one took that was read to its picture.
    took: Duration,
    /// Since when one is being read.
    since: Option<Duration>,
}

impl Reading {
    /// Whether `wanted` is another prompt for the same source, and such are read slowly.
    fn is_slow_typing(&self, wanted: &PicturesQuestion, now: Duration) -> bool {
        let is_slow = self.took > SLOW || self.since.is_some_and(|since| now.saturating_sub(since) > SLOW);
        let is_typing =
            |(source, prompt): &(SourceId, Prompt)| *source == wanted.source && *prompt != wanted.request.spec.prompt;
        is_slow && self.of.as_ref().is_some_and(is_typing)
    }

    /// `wanted` is asked now.
    fn begin(&mut self, wanted: &PicturesQuestion, now: Duration) {
        let (source, prompt) = (wanted.source, &wanted.request.spec.prompt);
        let last = self.of.as_ref();
        if last.is_none_or(|last| last.0 != source) {
            *self = Self::default();
        } else if last.is_some_and(|last| last.1 == *prompt) {
            return;
        }
        self.of = Some((source, prompt.clone()));
        self.since.get_or_insert(now);
    }

    /// The last one is read.
    fn end(&mut self, now: Duration) {
        if let Some(since) = self.since.take() {
            self.took = now.saturating_sub(since);
        }
    }
}

impl PicturesQuestion {
    fn asks(&self, source: &OpenSource, request: &Request) -> bool {
        self.source == source.id() && self.request == *request
    }

    fn differs_in_presentation_alone(&self, other: &Self) -> bool {
        self.source == other.source && self.request.spec == other.request.spec
    }
}

impl Pictures {
    pub fn new(ctx: &egui::Context, service: &Service) -> Self {
        Self {
            client: Client::new(service),
            ctx: ctx.clone(),
            renderer: Arc::default(),
            frame: None,
            frame_at: Duration::ZERO,
            details: None,
            failure: None,
            reading: Reading::default(),
        }
    }

    /// Asks `source` for `request` unless that is what was asked last.
    pub fn ask(&mut self, source: &OpenSource, request: &Request) {
        if self.client.question().is_some_and(|last| last.asks(source, request)) {
            self.client.keep();
        } else {
            self.ask_anew(source, request.clone());
        }
        let waiting = if self.is_busy() { self.client.waiting() } else { self.detailing() };
        if let Some(rest) = waiting.and_then(|waiting| SLOW.checked_sub(waiting)) {
            self.ctx.request_repaint_after(rest + Duration::from_millis(1));
        }
    }

    fn ask_anew(&mut self, source: &OpenSource, request: Request) {
        let presentation = request.presentation;
        let wanted = PicturesQuestion { source: source.id(), request, renderer: self.renderer.clone() };
        let is_on_its_way = !self.client.is_held() && self.is_busy() && !self.is_sharpening();
        if is_on_its_way && self.client.question().is_some_and(|last| last.differs_in_presentation_alone(&wanted)) {
            // The numbers are on their way and will be drawn as is wanted by then.
            self.renderer.set_presentation(presentation);
            self.client.revise(wanted);
        } else if !self.must_wait(&wanted) {
            self.reading.begin(&wanted, self.client.clock().now());
            self.renderer.set_presentation(presentation);
            self.client.want(wanted);
        }
    }

    /// Whether `wanted` waits for a pause in typing.
    fn must_wait(&mut self, wanted: &PicturesQuestion) -> bool {
        if !self.reading.is_slow_typing(wanted, self.client.clock().now()) {
            return false;
        }
        let Some(rest) = self.client.hold(PAUSE, wanted.clone()) else { return false };
        self.ctx.request_repaint_after(rest + Duration::from_millis(1));
        true
    }

    /// Gives up what is being computed. What is on screen stays, marked as old where it is.
    pub fn cancel(&mut self) {
        self.client.cancel();
    }

    /// Asks again for what was given up.
    pub fn retry(&mut self) {
        self.client.forget();
    }

    /// Takes in what has arrived.
    pub fn poll(&mut self) -> Arrivals {
        let mut arrivals = Arrivals::default();
        while let Some(arrival) = self.client.poll() {
            match arrival {
                Arrival::Part { part: PicturesPart::Frame(frame), number, is_newest } => {
                    arrivals.frame = true;
                    self.show(number, frame, is_newest);
                }
                Arrival::Part { part: PicturesPart::Details(details), number, .. } => {
                    self.details = Some((number, details));
                }
                Arrival::Done | Arrival::GivenUp => {}
                Arrival::Failed(failure) => {
                    if self.client.failure().is_some() {
                        self.reading.since = None;
                    }
                    self.failure = Some(failure.clone());
                    arrivals.failure = Some(failure);
                }
            }
        }
        arrivals
    }

    fn show(&mut self, number: RequestNumber, frame: Box<Frame>, is_newest: bool) {
        self.failure = None;
        if frame.is_whole() {
            let now = self.client.clock().now();
            self.client.restart_waiting();
            self.frame_at = now;
            if is_newest {
                self.reading.end(now);
            }
            let is_as_wanted =
                self.client.question().is_some_and(|asked| asked.request.presentation == frame.presentation);
            if is_newest && frame.grain == Grain::Fine && !is_as_wanted {
                // They changed after it was drawn: asked anew.
                self.client.forget();
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
        (shown == Some(number) || self.client.clock().since(self.frame_at) < SLOW).then_some(details)
    }

    /// Why the newest request has no picture.
    pub fn failure(&self) -> Option<String> {
        self.failure.as_deref().map(message)
    }

    /// The frame, if it answers what was asked last.
    fn newest_frame(&self) -> Option<&Frame> {
        let (number, frame) = self.frame.as_ref()?;
        (self.client.number() == Some(*number)).then_some(frame)
    }

    /// Whether the picture for the newest request is still to come.
    pub fn is_busy(&self) -> bool {
        let is_drawn = |frame: &Frame| frame.is_whole() && frame.grain == Grain::Fine;
        self.client.is_held() || self.client.is_busy() && !self.newest_frame().is_some_and(is_drawn)
    }

    /// Whether neither the picture nor the numbers beside it are still to come.
    pub fn is_complete(&self) -> bool {
        !self.client.is_busy()
    }

    /// Whether the picture is there, and will be drawn more finely when the hand rests.
    fn is_sharpening(&self) -> bool {
        self.newest_frame().is_some_and(|frame| frame.grain == Grain::Coarse)
    }

    /// Whether it is so long in coming that what is shown must be marked as old.
    fn is_slow(&self) -> bool {
        self.is_busy() && self.client.waiting().is_some_and(|waiting| waiting > SLOW)
    }

    /// How long the picture is there, while its details are still to come.
    fn detailing(&self) -> Option<Duration> {
        (self.client.is_busy() && !self.is_busy()).then(|| self.client.clock().since(self.frame_at))
    }

    /// What is visibly waited for.
    pub fn working(&self) -> Option<Working> {
        if self.is_slow() {
            Some(Working::Panels(self.client.progress()))
        } else if self.detailing().is_some_and(|time| time > SLOW) {
            Some(Working::Details(self.client.progress()))
        } else {
            None
        }
    }

    pub fn is_given_up(&self) -> bool {
        self.client.is_given_up()
    }

    /// Whether the picture answers an older request, and visibly so.
    pub fn is_outdated(&self) -> bool {
        let is_newest = !self.client.is_held() && self.newest_frame().is_some();
        !is_newest && (self.is_slow() || self.failure.is_some() || self.is_given_up())
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

/// Why there is no picture, for people.
pub fn message(failure: &Failure) -> String {
    let message = failure.message("computing");
    match failure {
        Failure::Refused(_) => message,
        Failure::Panicked(_) => message + " What is shown is unchanged.",
    }
}
