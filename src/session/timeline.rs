use super::{Command, Session};
use crate::engine::SourceFacts;

/// Steps back that are kept.
const KEPT: usize = 32;

/// The session on screen and the ones before it: opening another source can be stepped back from.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    current: Session,
    past: Vec<Session>,
}

impl Timeline {
    pub fn new(session: Session) -> Self {
        Self { current: session, past: Vec::new() }
    }

    pub fn session(&self) -> &Session {
        &self.current
    }

    /// [`Session::apply`], remembering the view that another source replaces.
    pub fn apply(&mut self, command: Command, facts: Option<&SourceFacts>, n_positions: usize) {
        let before = self.current.clone();
        self.current.apply(command, facts, n_positions);
        if before.source != self.current.source {
            self.past.push(before);
            if self.past.len() > KEPT {
                self.past.remove(0);
            }
        }
    }

    /// What [`Timeline::back`] would return to.
    pub fn previous(&self) -> Option<&Session> {
        self.past.last()
    }

    /// One step back: the view as it was before another source was opened. Theme and scale stay.
    pub fn back(&mut self) {
        if let Some(mut session) = self.past.pop() {
            session.view.theme = self.current.view.theme;
            session.view.ui_scale = self.current.view.ui_scale;
            self.current = session;
        }
    }
}
