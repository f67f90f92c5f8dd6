//! Moving between sources: the session goes to another one only when that one is open.

use egui::Context;

use super::App;
use crate::{
    attention::{Mask, PositionScope, Scope},
    engine::{Bundled, EngineError, Outcome, SourceFacts, SourceSpec},
    session::{Command, OnScreen, Session, StepNumber, Timeline},
    ui::{
        jobs::Failure,
        opener::{Failed, Opened, Then},
        pictures,
        sessions::Origin,
    },
};

impl App {
    /// Carries out a command; one that leads to another source waits until that one is open.
    pub(super) fn apply(&mut self, command: Command) {
        let session = self.timeline.session();
        let is_opening = matches!(command, Command::Open(_));
        let target = source_after(session, &command);
        if is_opening || target != *session.source() {
            // What is opened by its path may have changed since it was opened last.
            self.go(target, Then::Apply(command), is_opening);
            return;
        }
        let outcome = self.pictures.frame().map(|frame| &frame.outcome);
        let facts = self.service.source(session.source()).map(|source| source.facts().clone());
        let screen = OnScreen {
            facts: facts.as_deref(),
            n_positions: outcome.map_or(0, Outcome::n_positions),
            mask: outcome.map_or(Mask::CAUSAL, Outcome::mask),
        };
        self.timeline.apply(command, screen);
    }

    /// To another step of the timeline, whose source may have to be opened again.
    pub(super) fn travel(&mut self, to: impl Fn(&Timeline) -> Option<(StepNumber, &Session)>) {
        if let Some((step, session)) = to(&self.timeline) {
            self.go(session.source().clone(), Then::GoTo(step), false);
        }
    }

    /// Opens the session's source: at the start, and after that has failed.
    pub(super) fn reopen(&mut self) {
        self.unopened = None;
        self.go(self.session().source().clone(), Then::Show, true);
    }

    pub(super) fn cancel_opening(&mut self) {
        if let Some(source) = self.opener.cancel() {
            self.toasts.info(format!("{} was not opened.", source.name()));
            self.sessions.stays_away();
            if self.service.source(self.session().source()).is_none() {
                // There is nothing to stay with.
                self.apply(Command::OpenExample(Bundled::Smollm2));
            }
        }
    }

    pub(super) fn go(&mut self, target: SourceSpec, then: Then, anew: bool) {
        if !anew && let Some(source) = self.service.source(&target) {
            if let Some(given_up) = self.opener.cancel() {
                self.toasts.info(format!("{} was not opened.", given_up.name()));
            }
            self.service.keep(source.clone());
            self.arrive(then, source.facts());
        } else if let Some(given_up) = self.opener.open(target, then) {
            self.toasts.info(format!("{} was not opened.", given_up.name()));
        }
    }

    /// Takes in what the opener has done.
    pub(super) fn receive_source(&mut self, ctx: &Context) {
        match self.opener.poll() {
            Some(Opened::Ready { source, then }) => {
                self.service.keep(source.clone());
                self.recent.add(ctx, &source.facts().source);
                if let Then::Restore(restoring) = &then
                    && let Origin::File(file) = &restoring.origin
                {
                    self.recent.add_session(ctx, file);
                }
                self.arrive(then, source.facts());
            }
            Some(Opened::Failed(failed)) => self.not_opened(ctx, failed),
            None => {}
        }
    }

    /// The old source stays. A start without any says so in the place of the picture.
    fn not_opened(&mut self, ctx: &Context, failed: Failed) {
        self.toasts.error(failed.message.clone());
        self.sessions.stays_away();
        if failed.is_gone && self.recent.remove(ctx, &failed.source) {
            self.toasts.info(format!("{} is no longer there, nor among the recent ones.", failed.source.name()));
        }
        let is_first = self.pictures.frame().is_none() && self.service.source(self.session().source()).is_none();
        if is_first || failed.source == *self.session().source() && self.service.source(&failed.source).is_none() {
            self.unopened = Some(failed.message);
        }
    }

    fn arrive(&mut self, then: Then, facts: &SourceFacts) {
        self.unopened = None;
        // Whatever is held meanwhile, this is a step of its own.
        self.timeline.end_gesture();
        match then {
            Then::Show => {}
            Then::Apply(command) => self.timeline.apply(command, OnScreen::default()),
            Then::GoTo(step) => self.timeline.go_to(step),
            Then::Restore(restoring) => self.restored(*restoring),
        }
        self.fit(facts);
        self.timeline.end_gesture();
    }

    /// A layer or head that the source does not have becomes its last one.
    fn fit(&mut self, facts: &SourceFacts) {
        let (layer, head) = (self.session().layer(), self.session().head());
        let (n_heads, title) = (facts.n_heads, facts.title.clone());
        let refusal = if layer >= facts.n_layers {
            EngineError::no_such_layer(layer, facts)
        } else if head >= n_heads {
            EngineError::NoSuchHead { head, n_heads, title }
        } else {
            return;
        };
        let screen = OnScreen { facts: Some(facts), ..OnScreen::default() };
        self.timeline.amend(Command::SetLayer(layer), screen);
        self.timeline.amend(Command::SetHead(head), screen);
        let (layer, head) = (facts.layers.of(self.session().layer()), self.session().head());
        self.toasts.info(format!("{refusal}; shown: layer {layer}, head {head}"));
    }

    /// What does not fit the prompt is said beside its box; positions that it does not have leave the scope.
    pub(super) fn fail(&mut self, failure: &Failure) {
        match failure {
            Failure::Refused(error @ EngineError::NoSuchPosition { n_positions, .. }) => {
                let scope = self.session().scope();
                let chosen = (0..*n_positions).filter(|&position| scope.positions.contains(position));
                let positions = PositionScope::Selection(chosen.collect::<std::collections::BTreeSet<_>>().into());
                let scope = Scope { positions, ..scope.clone() };
                self.toasts.info(format!("{error}; it is no longer chosen"));
                self.timeline.amend(Command::SetScope(scope), OnScreen::default());
            }
            Failure::Refused(_) => {}
            Failure::Panicked(_) => self.toasts.error(pictures::message(failure)),
        }
    }
}

/// The source that the command leads to.
fn source_after(session: &Session, command: &Command) -> SourceSpec {
    session.clone().with([command.clone()]).source().clone()
}
