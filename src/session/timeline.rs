use super::{Command, OnScreen, Session};

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

    /// [`Session::apply`], remembering the view that another source or a saved session replaces.
    pub fn apply(&mut self, command: Command, screen: OnScreen<'_>) {
        let before = self.current.clone();
        let is_restoring = matches!(command, Command::Restore(_));
        self.current.apply(command, screen);
        if before.source != self.current.source || is_restoring && before != self.current {
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
            session.view.person = self.current.view.person;
            self.current = session;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attention::{Component, Epsilon, Preset, panel},
        engine::{Bundled, SourceSpec},
        figure::Window,
        session::{Cell, Person, Theme, View},
    };

    #[test]
    fn one_step_back_is_the_exact_session() {
        let mut timeline = Timeline::default();
        assert!(timeline.previous().is_none());
        for command in [
            Command::SetLayer(3),
            Command::SetEpsilon(Epsilon::ONE),
            Command::Pin(Cell { query: 7, key: 3 }),
            Command::SetWindow(Some(Window { x0: 1.0, y0: 2.0, x1: 5.5, y1: 6.5 })),
            Command::SetScope(Preset::ThisLayer.scope()),
        ] {
            timeline.apply(command, OnScreen { n_positions: 24, ..OnScreen::default() });
        }
        assert!(timeline.previous().is_none(), "the same source is no step");
        let figure = timeline.session().clone();
        timeline.apply(Command::SetPrompt("Hello.".to_owned()), OnScreen { n_positions: 24, ..OnScreen::default() });
        assert_eq!(timeline.previous(), Some(&figure));
        timeline.apply(Command::SetPrompt("Hello again.".to_owned()), OnScreen::default());
        timeline.apply(Command::SetEpsilon(Epsilon::ZERO), OnScreen::default());
        let live = timeline.session().clone();
        timeline.apply(Command::Open(SourceSpec::Capture("x.safetensors".into())), OnScreen::default());
        timeline.back();
        assert_eq!(*timeline.session(), live);
        timeline.back();
        assert_eq!(*timeline.session(), figure);
        timeline.back();
        assert_eq!(*timeline.session(), figure, "there is nothing before the first");
    }

    #[test]
    fn theme_and_scale_are_the_persons_not_the_views() {
        let mut timeline = Timeline::new(Session::example(Bundled::Austen));
        timeline.apply(Command::OpenExample(Bundled::Smollm2), OnScreen::default());
        timeline.apply(Command::SetTheme(Theme::Dark), OnScreen::default());
        timeline.apply(Command::SetUiScale(2.0), OnScreen::default());
        timeline.back();
        let view =
            View { person: Person { theme: Theme::Dark, ui_scale: 2.0, ..Person::default() }, ..View::default() };
        assert_eq!(*timeline.session(), Session { view, ..Session::example(Bundled::Austen) });
    }

    #[test]
    fn a_restored_session_can_be_stepped_back_from() {
        let mut timeline = Timeline::default();
        timeline.apply(Command::SetTheme(Theme::Dark), OnScreen::default());
        let before = timeline.session().clone();
        let saved = Session { layer: 3, column: panel(Component::Query, 2).column, ..Session::default() };
        timeline.apply(Command::Restore(Box::new(saved.clone())), OnScreen::default());
        assert_eq!(timeline.session().view.person.theme, Theme::Dark, "the person's, not the view's");
        assert_eq!(Session { view: saved.view.clone(), ..timeline.session().clone() }, saved);
        timeline.apply(Command::Restore(Box::new(saved)), OnScreen::default());
        timeline.back();
        assert_eq!(*timeline.session(), before, "the same session again is no step");
        assert!(timeline.previous().is_none());
    }

    #[test]
    fn old_steps_are_dropped() {
        let mut timeline = Timeline::default();
        for number in 0..100 {
            timeline
                .apply(Command::Open(SourceSpec::Capture(format!("{number}.safetensors").into())), OnScreen::default());
        }
        let mut steps = 0;
        while timeline.previous().is_some() {
            timeline.back();
            steps += 1;
        }
        assert_eq!(steps, 32);
        assert_eq!(timeline.session().source, SourceSpec::Capture("67.safetensors".into()));
    }
}
