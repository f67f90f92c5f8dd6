use std::{collections::VecDeque, sync::Arc};

use super::{Command, OnScreen, Session};

/// Most steps that can be undone.
const KEPT: usize = 256;

/// Undo and redo: the session on screen, those before it, and those that were undone.
///
/// A gesture is one step, however many commands it gives: [`Timeline::apply`] adds to the step of the command before it
/// until [`Timeline::end_gesture`] is called. Typing a prompt, this or another, and scrolling and moving the view, are many gestures and
/// one step all the same. What belongs to the user and not to the view (theme, scale, motion) is no part of a step.
///
/// Opening another source is a step like others; [`Timeline::before_source`] names the one before the last of them.
///
/// A command copies the session once. One that changes nothing leaves the very session that was there, so that whoever
/// keeps [`Timeline::shared`] knows by its address alone that nothing has changed.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    past: VecDeque<Step>,
    current: Step,
    /// What can be redone, the next one last.
    future: Vec<Step>,
    /// Whether the next command belongs to the current step.
    in_gesture: bool,
    /// Of the next step.
    number: u64,
}

/// Names a step of a [`Timeline`], whatever is done before it is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepNumber(u64);

#[derive(Clone, Debug, Default)]
struct Step {
    number: u64,
    session: Arc<Session>,
    /// Whether another source was opened, or a saved session.
    has_opened: bool,
    run: Option<Run>,
}

/// Commands that are one step as long as no other kind comes between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    Prompt,
    System,
    Date,
    Others,
    Target,
    Window,
}

impl Run {
    const fn of(command: &Command) -> Option<Self> {
        match command {
            Command::SetPrompt(_) => Some(Self::Prompt),
            Command::SetSystem(_) => Some(Self::System),
            Command::SetDate(_) => Some(Self::Date),
            Command::TypeOthers(_) => Some(Self::Others),
            Command::SetTarget(_) => Some(Self::Target),
            Command::SetWindow(_) => Some(Self::Window),
            _ => None,
        }
    }
}

impl Timeline {
    /// A history that begins with `session`.
    pub fn new(session: Session) -> Self {
        Self { current: Step { session: Arc::new(session), ..Step::default() }, ..Self::default() }
    }

    /// The session as it is now.
    pub fn session(&self) -> &Session {
        &self.current.session
    }

    /// The session as it is now, to be kept: another one has another address.
    pub fn shared(&self) -> &Arc<Session> {
        &self.current.session
    }

    /// [`Session::apply`], as a step that can be undone, or as a part of the current one.
    pub fn apply(&mut self, command: Command, screen: OnScreen<'_>) {
        let is_restored = matches!(command, Command::Restore(_));
        let run = Run::of(&command);
        let mut session = Session::clone(&self.current.session);
        session.apply(command, screen);
        if is_same_view(&mut session, &self.current.session) {
            self.set(session);
            return;
        }
        self.future.clear();
        let has_opened = is_restored || self.current.session.source != session.source;
        let continues = self.in_gesture || run.is_some() && run == self.current.run;
        self.in_gesture = true;
        if continues && !self.past.is_empty() {
            self.current.has_opened |= has_opened;
            self.current.run = run.filter(|_| run == self.current.run);
            let is_undone = self.returns_to_before(&mut session);
            self.current.session = Arc::new(session);
            if is_undone && let Some(before) = self.past.pop_back() {
                self.travel_to(before);
                // What comes next in the gesture begins its step again.
                self.in_gesture = false;
            }
            return;
        }
        self.number += 1;
        let step = Step { number: self.number, session: Arc::new(session), has_opened, run };
        self.past.push_back(std::mem::replace(&mut self.current, step));
        if self.past.len() > KEPT {
            self.past.pop_front();
        }
    }

    /// Within the current step; an equal session stays the very same.
    fn set(&mut self, session: Session) {
        if session != *self.current.session {
            self.current.session = Arc::new(session);
        }
    }

    /// A gesture that ends where it began is no step.
    fn returns_to_before(&self, session: &mut Session) -> bool {
        !self.current.has_opened && self.past.back().is_some_and(|before| is_same_view(session, &before.session))
    }

    /// [`Session::apply`] within the current step: what the program sets right by itself cannot be undone alone.
    pub fn amend(&mut self, command: Command, screen: OnScreen<'_>) {
        let mut session = Session::clone(&self.current.session);
        session.apply(command, screen);
        self.set(session);
    }

    /// The next command is another step.
    pub fn end_gesture(&mut self) {
        self.in_gesture = false;
    }

    /// The step that undo leads to, and its session, whose source may have to be opened first.
    pub fn before(&self) -> Option<(StepNumber, &Session)> {
        self.past.back().map(Step::name)
    }

    /// The step that redo leads to.
    pub fn after(&self) -> Option<(StepNumber, &Session)> {
        self.future.last().map(Step::name)
    }

    /// The step before the last one that opened a source or a saved session.
    pub fn before_source(&self) -> Option<(StepNumber, &Session)> {
        let mut after = &self.current;
        for step in self.past.iter().rev() {
            if after.has_opened {
                return Some(step.name());
            }
            after = step;
        }
        None
    }

    /// Undoes or redoes as many steps as lead to `step`; does nothing where it is forgotten. Theme and scale stay.
    pub fn go_to(&mut self, step: StepNumber) {
        self.in_gesture = false;
        if self.past.iter().any(|past| past.number == step.0) {
            while self.current.number != step.0
                && let Some(before) = self.past.pop_back()
            {
                let undone = self.travel_to(before);
                self.future.push(undone);
            }
        } else if self.future.iter().any(|future| future.number == step.0) {
            while self.current.number != step.0
                && let Some(after) = self.future.pop()
            {
                let done = self.travel_to(after);
                self.past.push_back(done);
            }
        }
    }

    /// Makes `step` the current one and returns the one that was.
    fn travel_to(&mut self, mut step: Step) -> Step {
        let user = self.current.session.view.user;
        if step.session.view.user != user {
            Arc::make_mut(&mut step.session).view.user = user;
        }
        std::mem::replace(&mut self.current, step)
    }
}

impl Step {
    fn name(&self) -> (StepNumber, &Session) {
        (StepNumber(self.number), &self.session)
    }
}

/// Whether two sessions differ at most in what is the user's.
fn is_same_view(session: &mut Session, other: &Session) -> bool {
    let user = std::mem::replace(&mut session.view.user, other.view.user);
    let is_same = session == other;
    session.view.user = user;
    is_same
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attention::{Component, Epsilon, Preset, panel},
        engine::{Bundled, SourceSpec},
        figure::Window,
        session::{Cell, Theme, UserSettings, View},
    };

    /// Commands that are a gesture each.
    fn do_each(timeline: &mut Timeline, commands: impl IntoIterator<Item = Command>) {
        for command in commands {
            timeline.apply(command, OnScreen { n_positions: 24, ..OnScreen::default() });
            timeline.end_gesture();
        }
    }

    fn undo(timeline: &mut Timeline) {
        let step = timeline.before().map(|(step, _)| step).unwrap();
        timeline.go_to(step);
    }

    fn redo(timeline: &mut Timeline) {
        let step = timeline.after().map(|(step, _)| step).unwrap();
        timeline.go_to(step);
    }

    fn back(timeline: &mut Timeline) {
        let step = timeline.before_source().map(|(step, _)| step).unwrap();
        timeline.go_to(step);
    }

    fn epsilon(value: f64) -> Command {
        Command::SetEpsilon(Epsilon::new(value).unwrap())
    }

    #[test]
    fn every_gesture_is_a_step() {
        let mut timeline = Timeline::default();
        assert!(timeline.before().is_none() && timeline.after().is_none());
        let mut seen = vec![timeline.session().clone()];
        for command in [
            Command::SetLayer(3),
            epsilon(1.0),
            Command::Pin(Cell { query: 7, key: 3 }),
            Command::SetScope(Preset::ThisLayer.scope()),
            Command::ToggleInspector,
        ] {
            do_each(&mut timeline, [command]);
            seen.push(timeline.session().clone());
        }
        for session in seen.iter().rev().skip(1) {
            undo(&mut timeline);
            assert_eq!(timeline.session(), session);
        }
        assert!(timeline.before().is_none());
        for session in &seen[1..] {
            redo(&mut timeline);
            assert_eq!(timeline.session(), session);
        }
        assert!(timeline.after().is_none());
        undo(&mut timeline);
        do_each(&mut timeline, [Command::SetLayer(7)]);
        assert!(timeline.after().is_none(), "another way was taken");
    }

    #[test]
    fn a_drag_is_one_step_and_one_that_returns_is_none() {
        let mut timeline = Timeline::default();
        let start = timeline.session().clone();
        for value in [0.4, 0.3, 0.2] {
            timeline.apply(epsilon(value), OnScreen::default());
        }
        timeline.end_gesture();
        for value in [0.1, 0.05] {
            timeline.apply(epsilon(value), OnScreen::default());
        }
        timeline.end_gesture();
        undo(&mut timeline);
        assert_eq!(timeline.session().selected_epsilon().get(), 0.2);
        undo(&mut timeline);
        assert_eq!(*timeline.session(), start);
        assert!(timeline.before().is_none());

        for value in [0.1, 0.9, start.selected_epsilon().get()] {
            timeline.apply(epsilon(value), OnScreen::default());
        }
        timeline.end_gesture();
        assert_eq!(*timeline.session(), start);
        assert!(timeline.before().is_none());
    }

    #[test]
    fn typing_and_scrolling_are_a_step_until_something_else_comes() {
        let mut timeline = Timeline::new(Session::example(Bundled::Austen));
        let window = |x0: f64| Command::SetWindow(Some(Window { x0, y0: 0.0, x1: x0 + 4.0, y1: 4.0 }));
        do_each(&mut timeline, ["H", "He", "Hello"].map(|text| Command::SetPrompt(text.to_owned())));
        do_each(&mut timeline, [1.0, 2.0, 3.0].map(window));
        do_each(&mut timeline, [epsilon(0.3)]);
        do_each(&mut timeline, [window(5.0)]);
        let mut steps = 0;
        while timeline.before().is_some() {
            undo(&mut timeline);
            steps += 1;
        }
        assert_eq!(steps, 4);
        assert_eq!(*timeline.session(), Session::example(Bundled::Austen));
    }

    #[test]
    fn what_the_program_sets_right_is_undone_with_what_it_belongs_to() {
        let mut timeline = Timeline::default();
        do_each(&mut timeline, [Command::Open(SourceSpec::Capture("x.npz".into()))]);
        undo(&mut timeline);
        timeline.amend(Command::SetLayer(2), OnScreen::default());
        assert!(timeline.after().is_some(), "what was undone can be done again");
        redo(&mut timeline);
        timeline.amend(Command::SetLayer(0), OnScreen::default());
        undo(&mut timeline);
        assert_eq!(timeline.session().layer(), 2);
        assert!(timeline.before().is_none());
    }

    #[test]
    fn back_is_undo_to_before_the_last_source() {
        let mut timeline = Timeline::new(Session::example(Bundled::Smollm2Capture));
        do_each(
            &mut timeline,
            [
                Command::SetLayer(3),
                Command::SetEpsilon(Epsilon::ONE),
                Command::Pin(Cell { query: 7, key: 3 }),
                Command::SetWindow(Some(Window { x0: 1.0, y0: 2.0, x1: 5.5, y1: 6.5 })),
                Command::SetScope(Preset::ThisLayer.scope()),
            ],
        );
        assert!(timeline.before_source().is_none(), "the same source is no step back");
        let figure = timeline.session().clone();
        do_each(&mut timeline, [Command::SetPrompt("Hello.".to_owned())]);
        assert_eq!(timeline.before_source().map(|(_, session)| session), Some(&figure));
        do_each(&mut timeline, [Command::SetPrompt("Hello again.".to_owned()), Command::SetEpsilon(Epsilon::ZERO)]);
        let live = timeline.session().clone();
        do_each(&mut timeline, [Command::Open(SourceSpec::Capture("x.safetensors".into())), epsilon(0.7)]);
        let last = timeline.session().clone();
        back(&mut timeline);
        assert_eq!(*timeline.session(), live);
        back(&mut timeline);
        assert_eq!(*timeline.session(), figure);
        assert!(timeline.before_source().is_none(), "there is no source before the first");
        while timeline.after().is_some() {
            redo(&mut timeline);
        }
        assert_eq!(*timeline.session(), last, "everything can be done again");
    }

    #[test]
    fn theme_and_scale_are_the_users_not_the_views() {
        let mut timeline = Timeline::new(Session::example(Bundled::Austen));
        do_each(
            &mut timeline,
            [Command::OpenExample(Bundled::Smollm2), Command::SetTheme(Theme::Dark), Command::SetUiScale(2.0)],
        );
        undo(&mut timeline);
        assert!(timeline.before().is_none(), "they are no steps");
        let view = View {
            user: UserSettings { theme: Theme::Dark, ui_scale: 2.0, ..UserSettings::default() },
            ..View::default()
        };
        assert_eq!(*timeline.session(), Session { view, ..Session::example(Bundled::Austen) });
        do_each(&mut timeline, [Command::SetTheme(Theme::Light)]);
        redo(&mut timeline);
        assert_eq!(timeline.session().view.user.theme, Theme::Light);
    }

    #[test]
    fn a_restored_session_can_be_stepped_back_from() {
        let mut timeline = Timeline::default();
        do_each(&mut timeline, [Command::SetTheme(Theme::Dark)]);
        let before = timeline.session().clone();
        let saved =
            Session::default().with([Command::SetLayer(3), Command::ChooseColumn(panel(Component::Query, 2).column)]);
        do_each(&mut timeline, [Command::Restore(Box::new(saved.clone()))]);
        assert_eq!(timeline.session().view.user.theme, Theme::Dark, "the user's, not the view's");
        assert_eq!(Session { view: saved.view.clone(), ..timeline.session().clone() }, saved);
        do_each(&mut timeline, [Command::Restore(Box::new(saved))]);
        back(&mut timeline);
        assert_eq!(*timeline.session(), before, "the same session again is no step");
        assert!(timeline.before_source().is_none());
    }

    /// While a source is opened the view moves on.
    #[test]
    fn a_step_is_found_after_others_were_added_and_not_once_it_is_gone() {
        let mut timeline = Timeline::default();
        do_each(&mut timeline, [Command::SetLayer(1), Command::SetLayer(2)]);
        let (second, _) = timeline.before().unwrap();
        do_each(&mut timeline, [Command::SetLayer(3)]);
        timeline.go_to(second);
        assert_eq!(timeline.session().layer(), 1);
        let (third, _) = timeline.after().unwrap();
        do_each(&mut timeline, [Command::SetLayer(9)]);
        timeline.go_to(third);
        assert_eq!(timeline.session().layer(), 9, "it cannot be done again");
    }

    #[test]
    fn a_command_copies_the_session_once_and_one_that_changes_nothing_leaves_it() {
        let mut timeline = Timeline::default();
        let first = timeline.shared().clone();
        do_each(&mut timeline, [Command::SetLayer(3)]);
        let (_, before) = timeline.before().unwrap();
        assert!(std::ptr::eq(before, &raw const *first), "the step before is the very session that was there");
        let second = timeline.shared().clone();
        do_each(&mut timeline, [Command::SetLayer(3), Command::Unpin]);
        timeline.amend(Command::SetLayer(3), OnScreen::default());
        assert!(Arc::ptr_eq(timeline.shared(), &second));
        undo(&mut timeline);
        assert!(Arc::ptr_eq(timeline.shared(), &first));
        redo(&mut timeline);
        assert!(Arc::ptr_eq(timeline.shared(), &second));
        do_each(&mut timeline, [Command::SetTheme(Theme::Dark)]);
        assert!(!Arc::ptr_eq(timeline.shared(), &second), "theme is no step, but another session");
    }

    #[test]
    fn old_steps_are_dropped() {
        let mut timeline = Timeline::default();
        let capture = |number: usize| SourceSpec::Capture(format!("{number}.safetensors").into());
        do_each(&mut timeline, (0..1000).map(|number| Command::Open(capture(number))));
        let mut steps = 0;
        while timeline.before_source().is_some() {
            back(&mut timeline);
            steps += 1;
        }
        assert_eq!(steps, KEPT);
        assert_eq!(timeline.session().source, capture(1000 - 1 - KEPT));
    }
}
