//! Sessions on their way to and from the screen.

use egui::Context;

use super::App;
use crate::{
    engine::{Bundled, Outcome},
    session::{Command, OnScreen, Timeline},
    ui::{
        opener::Then,
        sessions::{Decision, Event, Restoring, SessionAction},
    },
};

impl App {
    pub(super) fn act_on_sessions(&mut self, ctx: &Context, action: SessionAction) {
        match action {
            SessionAction::Open(file) => self.sessions.open(ctx, file),
            SessionAction::Save | SessionAction::SaveAs => {
                let (session, shown) = (self.timeline.session(), answer(&self.pictures, &self.timeline));
                self.sessions.save(ctx, session, shown, action == SessionAction::SaveAs);
            }
            SessionAction::Restore => self.sessions.restore(ctx),
            SessionAction::Dismiss => self.sessions.dismiss(),
        }
    }

    /// Takes in what was read and written, and keeps what is on screen.
    pub(super) fn receive_sessions(&mut self, ctx: &Context) {
        while let Some(event) = self.sessions.poll() {
            match event {
                Event::Restore(restoring) => self.go_to(restoring),
                Event::Failed(message) => {
                    self.toasts.error(message);
                    self.stay();
                }
                Event::Saved(file) => {
                    self.recent.add_session(ctx, &file);
                    self.toasts.success(format!("Saved {}", file.display()));
                }
                Event::Told(message) => self.toasts.info(message),
            }
        }
        self.sessions.follow(ctx, self.timeline.session(), answer(&self.pictures, &self.timeline));
    }

    pub(super) fn sessions_ui(&mut self, ctx: &Context) {
        match self.sessions.show(ctx, self.timeline.session(), answer(&self.pictures, &self.timeline)) {
            Some(Decision::Restore(restoring)) => self.go_to(restoring),
            Some(Decision::Stay) => self.stay(),
            None => {}
        }
    }

    fn go_to(&mut self, restoring: Box<Restoring>) {
        self.go(restoring.session.source().clone(), Then::Restore(restoring), true);
    }

    /// With what is on screen; where that is nothing, with the figure.
    fn stay(&mut self) {
        if self.pictures.frame().is_none() && self.opener.opening().is_none() {
            self.apply(Command::OpenExample(Bundled::Smollm2));
        }
    }

    /// The source of a session is open.
    pub(super) fn restored(&mut self, restoring: Restoring) {
        let Restoring { session, origin } = restoring;
        if self.pictures.frame().is_none() {
            // There is nothing to step back to.
            self.timeline = Timeline::new(session);
        } else {
            self.timeline.apply(Command::Restore(Box::new(session)), OnScreen::default());
        }
        self.sessions.arrived(origin, self.timeline.session());
    }
}

/// What is on screen, if it answers the session's source and prompt.
fn answer<'a>(pictures: &'a crate::ui::pictures::Pictures, timeline: &Timeline) -> Option<&'a Outcome> {
    let (frame, session) = (pictures.frame()?, timeline.session());
    let is_answer = frame.spec.source == *session.source() && frame.spec.prompt == *session.prompt();
    is_answer.then_some(&frame.outcome)
}
