//! Moving between sources: the session goes to another one only when that one is open.

use std::{path::PathBuf, sync::Arc};

use egui::Context;

use super::{
    action::{Action, Actions},
    chats::Chats,
    opener::{Failed, Opened, Opener, Opening, Then},
    recent_files::{RecentFile, RecentFiles},
    shown::Shown,
};
use crate::{
    attention::Mask,
    engine::{Bundled, EngineError, OpenFn, OpenSource, Outcome, Service, SourceFacts, SourceSpec},
    session::{Command, OnScreen, Session, StepNumber, Timeline, document::Inputs},
    ui::{
        shell::restoring::{Origin, Restoring},
        widgets::Toasts,
    },
};

/// The session with its past, and the source that it is on.
pub struct Navigation {
    timeline: Timeline,
    service: Service,
    opener: Opener,
    /// Why the session's source is not open, after a start without any other.
    unopened: Option<String>,
    recent: RecentFiles,
    inputs: Inputs,
}

/// What is on screen; where it is said what was done, and asked for what follows.
pub struct Surroundings<'a> {
    pub shown: &'a Shown,
    pub toasts: &'a mut Toasts,
    pub chats: &'a Chats,
    pub actions: &'a mut Actions,
}

impl Navigation {
    /// Nothing is opened yet. `recent` is the file that remembers what was open; `inputs` were read already.
    pub fn new(
        ctx: &Context,
        session: Session,
        service: Service,
        open: OpenFn,
        recent: Option<PathBuf>,
        mut inputs: Inputs,
    ) -> Self {
        inputs.add_source(session.source());
        Self {
            opener: Opener::new(ctx, &service, open),
            timeline: Timeline::new(session),
            service,
            unopened: None,
            recent: RecentFiles::new(ctx, recent),
            inputs,
        }
    }

    pub fn session(&self) -> &Session {
        self.timeline.session()
    }

    /// The session to be kept: another one has another address.
    pub fn shared_session(&self) -> &Arc<Session> {
        self.timeline.shared()
    }

    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The session's source, once it is open.
    pub fn source(&self) -> Option<Arc<OpenSource>> {
        self.service.source(self.session().source())
    }

    pub fn opening(&self) -> Option<&Opening> {
        self.opener.opening()
    }

    /// Why the session's source is not open, where nothing else is.
    pub fn unopened(&self) -> Option<&str> {
        self.unopened.as_deref()
    }

    /// What was open before, the newest first.
    pub fn recent(&self) -> &[RecentFile] {
        self.recent.sources()
    }

    /// Every source and session that this window has shown, which nothing that it writes may destroy.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Whether something is being opened, or remembered.
    pub fn is_busy(&self) -> bool {
        self.opening().is_some() || self.recent.is_busy()
    }

    /// What Esc gives up when nothing else takes it.
    pub fn given_up(&self, shown: &Shown) -> Option<&'static Action> {
        if self.opening().is_some() {
            Some(&Action::CancelOpening)
        } else {
            shown.can_be_given_up().then_some(&Action::CancelComputing)
        }
    }

    /// What comes next is another step of the timeline.
    pub fn end_gesture(&mut self) {
        self.timeline.end_gesture();
    }

    /// Carries out an action that leads to another session or source.
    pub fn act(&mut self, ctx: &Context, action: Action, around: &mut Surroundings<'_>) {
        match action {
            Action::Session(command) => self.apply(command, around),
            Action::Amend(command) => self.timeline.amend(command, OnScreen::default()),
            Action::Undo => self.travel(Timeline::before, around),
            Action::Redo => self.travel(Timeline::after, around),
            Action::Back => self.travel(Timeline::before_source, around),
            Action::OpenRecent(RecentFile::Source(source)) => self.apply(Command::Open(source), around),
            Action::ClearRecent => self.recent.clear(ctx),
            Action::CancelOpening => self.cancel_opening(around),
            Action::Reopen => self.reopen(around),
            Action::Renew => self.go(self.session().source().clone(), Then::Renew, Anew::Always, around),
            Action::Restore(restoring) => {
                self.go(restoring.session.source().clone(), Then::Restore(restoring), Anew::Always, around);
            }
            Action::Stay => self.stay(around),
            Action::SessionSaved(file) => {
                self.recent.add_session(ctx, &file);
                self.inputs.add_session(&file);
            }
            _ => {}
        }
    }

    /// Carries out a command; one that leads to another source waits until that one is open.
    fn apply(&mut self, command: Command, around: &mut Surroundings<'_>) {
        let session = self.timeline.session();
        // What is opened by its path may have changed since it was opened last.
        let anew = if matches!(command, Command::Open(_)) { Anew::Always } else { Anew::IfClosed };
        let target = match &command {
            Command::Open(source) => Some(source.clone()),
            command => session.source_after(command),
        };
        if let Some(target) = target {
            self.go(target, Then::Apply(command), anew, around);
            return;
        }
        let outcome = around.shown.pictures.frame().map(|frame| &frame.outcome);
        let facts = self.source().map(|source| source.facts().clone());
        let screen = OnScreen {
            facts: facts.as_deref(),
            n_positions: outcome.map_or(0, Outcome::n_positions),
            mask: outcome.map_or(&Mask::CAUSAL, Outcome::mask),
        };
        self.timeline.apply(command, screen);
    }

    /// To another step of the timeline, whose source may have to be opened again.
    fn travel(&mut self, to: impl Fn(&Timeline) -> Option<(StepNumber, &Session)>, around: &mut Surroundings<'_>) {
        if let Some((step, session)) = to(&self.timeline) {
            self.go(session.source().clone(), Then::GoTo(step), Anew::IfClosed, around);
        }
    }

    /// Opens the session's source: at the start, and after that has failed.
    fn reopen(&mut self, around: &mut Surroundings<'_>) {
        self.unopened = None;
        self.go(self.session().source().clone(), Then::Show, Anew::Always, around);
    }

    fn cancel_opening(&mut self, around: &mut Surroundings<'_>) {
        if let Some(source) = self.opener.cancel() {
            not_opened(&source, around);
            around.actions.push(Action::NotRestored);
            if self.source().is_none() {
                // There is nothing to stay with.
                self.apply(Command::OpenExample(Bundled::Smollm2), around);
            }
        }
    }

    /// With what is on screen; where that is nothing, with the figure.
    fn stay(&mut self, around: &mut Surroundings<'_>) {
        if around.shown.pictures.frame().is_none() && self.opening().is_none() {
            self.apply(Command::OpenExample(Bundled::Smollm2), around);
        }
    }

    fn go(&mut self, target: SourceSpec, then: Then, anew: Anew, around: &mut Surroundings<'_>) {
        if anew == Anew::IfClosed
            && let Some(source) = self.service.source(&target)
        {
            if let Some(given_up) = self.opener.cancel() {
                not_opened(&given_up, around);
            }
            self.service.keep(source.clone());
            self.arrive(then, source.facts(), around);
        } else if let Some(given_up) = self.opener.open(target, then) {
            not_opened(&given_up, around);
        }
    }

    /// Takes in what the opener has done, and whether it could be remembered.
    pub fn poll(&mut self, ctx: &Context, around: &mut Surroundings<'_>) {
        match self.opener.poll() {
            Some(Opened::Ready { source, then }) => {
                self.service.keep(source.clone());
                self.recent.add(ctx, &source.facts().source);
                if let Then::Restore(restoring) = &then
                    && let Origin::File(file) = &restoring.origin
                {
                    self.recent.add_session(ctx, file);
                }
                self.arrive(then, source.facts(), around);
            }
            Some(Opened::Failed(failed)) => self.failed(ctx, failed, around),
            None => {}
        }
        if let Some(message) = self.recent.poll(ctx) {
            around.toasts.not_remembered(message);
        }
    }

    /// The old source stays. A start without any says so in the place of the picture.
    fn failed(&mut self, ctx: &Context, failed: Failed, around: &mut Surroundings<'_>) {
        if failed.is_renewal {
            around.actions.push(Action::NotRenewed(failed.message));
            return;
        }
        if let (Some(named), Some(adapter)) = (&failed.missing_base, failed.source.path()) {
            around.actions.push(Action::AskForBase { adapter: adapter.to_owned(), named: named.clone() });
        } else {
            around.actions.push(Action::NotOpened(failed.message.clone()));
        }
        around.actions.push(Action::NotRestored);
        if failed.is_gone && self.recent.remove(ctx, &failed.source) {
            around.toasts.info(format!("{} is no longer there, nor among the recent ones.", failed.source.name()));
        }
        let is_first = around.shown.pictures.frame().is_none() && self.source().is_none();
        if is_first || failed.source == *self.session().source() && self.source().is_none() {
            self.unopened = Some(failed.message);
        }
    }

    fn arrive(&mut self, then: Then, facts: &SourceFacts, around: &mut Surroundings<'_>) {
        self.unopened = None;
        // Whatever is held meanwhile, this is a step of its own.
        self.timeline.end_gesture();
        match then {
            Then::Show if facts.has_chat && around.shown.pictures.frame().is_none() => {
                self.amend(around.chats.resuming_at_start(self.session()));
            }
            Then::Show | Then::Renew => {}
            Then::Apply(command) => {
                let is_opened = matches!(command, Command::Open(_));
                self.timeline.apply(command, OnScreen::default());
                if is_opened && facts.has_chat {
                    self.amend(around.chats.resuming(self.session()));
                }
            }
            Then::GoTo(step) => self.timeline.go_to(step),
            Then::Restore(restoring) => self.restored(*restoring, around),
        }
        self.inputs.add_source(self.timeline.session().source());
        self.fit(facts, around);
        self.timeline.end_gesture();
    }

    fn amend(&mut self, commands: Vec<Command>) {
        for command in commands {
            self.timeline.amend(command, OnScreen::default());
        }
    }

    /// The source of a session is open.
    fn restored(&mut self, restoring: Restoring, around: &mut Surroundings<'_>) {
        let Restoring { session, origin } = restoring;
        if around.shown.pictures.frame().is_none() {
            // There is nothing to step back to.
            self.timeline = Timeline::new(session);
        } else {
            self.timeline.apply(Command::Restore(Box::new(session)), OnScreen::default());
        }
        if let Origin::File(file) = &origin {
            self.inputs.add_session(file);
        }
        let restored = Restoring { session: self.session().clone(), origin };
        around.actions.push(Action::Restored(Box::new(restored)));
    }

    /// A layer or head that the source does not have becomes its last one, and positions that it does not have are no
    /// longer pinned, shown or changed.
    fn fit(&mut self, facts: &SourceFacts, around: &mut Surroundings<'_>) {
        for command in self.session().beyond(facts.max_positions) {
            self.timeline.amend(command, OnScreen::default());
        }
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
        around.toasts.info(format!("{refusal}; shown: layer {layer}, head {head}"));
    }
}

/// Whether a source that is open is opened once more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Anew {
    Always,
    IfClosed,
}

fn not_opened(source: &SourceSpec, around: &mut Surroundings<'_>) {
    around.toasts.info(format!("{} was not opened.", source.name()));
}
