//! ε that runs to and fro by itself.

use std::time::Duration;

use egui::{Context, Response, Shape, Stroke, Ui, pos2, vec2};

use crate::{
    attention::Epsilon,
    session::{Command, Session},
    ui::{
        shell::{
            action::{Action, Actions},
            commands::hint,
        },
        theme,
        widgets::{rounded_epsilon, with_accessible_name},
    },
};

/// From one end of the slider to the other, in seconds.
const ONE_WAY: f64 = 6.0;
/// After a pause, such as one for a slow picture, ε goes on from where it was.
const LONGEST_STEP: f64 = 0.1;
/// No display shows more.
const NEXT_FRAME: Duration = Duration::from_millis(16);

/// Whether ε moves by itself, and where it is.
#[derive(Debug, Default)]
pub struct Play {
    course: Option<Course>,
}

/// Whether ε moves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    Still,
    Playing,
}

#[derive(Debug)]
struct Course {
    /// log10 of ε; what is set is rounded.
    decade: f64,
    direction: Direction,
    /// The slider's ε by this course: where it is another, a hand has moved it.
    set: Epsilon,
    /// Whether the session has a step of its own for this course.
    has_begun: bool,
    /// On egui's clock, in seconds.
    time: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Down,
    Up,
}

impl Play {
    pub const fn motion(&self) -> Motion {
        if self.course.is_some() { Motion::Playing } else { Motion::Still }
    }

    /// Begins at the slider's ε, or pauses there.
    pub fn toggle(&mut self, ctx: &Context, session: &Session) {
        self.course = match self.course {
            Some(_) => None,
            None => Some(Course::at(session, ctx.input(|input| input.time))),
        };
    }

    /// What the time that has gone by makes of ε. The whole course is one step that can be undone. It ends where something
    /// else has moved ε.
    pub fn step(&mut self, ctx: &Context, session: &Session) -> Option<Action> {
        let course = self.course.as_mut()?;
        if session.selected_epsilon() != course.set {
            self.course = None;
            return None;
        }
        ctx.request_repaint_after(NEXT_FRAME);
        let command = Command::SetEpsilon(course.after(ctx.input(|input| input.time), session)?);
        let is_first = !std::mem::replace(&mut course.has_begun, true);
        Some(if is_first { Action::Session(command) } else { Action::Amend(command) })
    }
}

impl Course {
    /// From the slider's ε downwards; from its lower end upwards.
    fn at(session: &Session, time: f64) -> Self {
        let [first, last] = session.view().slider.decades();
        let set = session.selected_epsilon();
        let decade = set.get().log10().clamp(first, last);
        let direction = if decade > first { Direction::Down } else { Direction::Up };
        Self { decade, direction, set, has_begun: false, time }
    }

    /// The ε that it has come to, if that is another one.
    fn after(&mut self, time: f64, session: &Session) -> Option<Epsilon> {
        let [first, last] = session.view().slider.decades();
        let way = (time - self.time).clamp(0.0, LONGEST_STEP) / ONE_WAY * (last - first);
        self.time = time;
        let decade = match self.direction {
            Direction::Down => self.decade - way,
            Direction::Up => self.decade + way,
        };
        if decade <= first {
            self.direction = Direction::Up;
        } else if decade >= last {
            self.direction = Direction::Down;
        }
        self.decade = decade.clamp(first, last);
        let epsilon = rounded_epsilon(self.decade);
        let is_other = way > 0.0 && epsilon != self.set;
        is_other.then(|| {
            self.set = epsilon;
            epsilon
        })
    }
}

/// The button beside the slider.
pub fn button_ui(ui: &mut Ui, motion: Motion, actions: &mut Actions) {
    let button = ui.add(egui::Button::new("").min_size(theme::TARGET).selected(motion == Motion::Playing));
    paint(ui, &button, motion);
    let (name, text) = match motion {
        Motion::Still => ("Play ε", "ε runs to and fro over the slider’s range"),
        Motion::Playing => ("Pause ε", "ε stays where it is"),
    };
    let button = with_accessible_name(button, name);
    if button.on_hover_text(hint(text, &Action::TogglePlay)).clicked() {
        actions.push(Action::TogglePlay);
    }
}

/// A triangle, or two bars.
fn paint(ui: &Ui, button: &Response, motion: Motion) {
    let color = ui.style().interact(button).fg_stroke.color;
    let middle = button.rect.center();
    match motion {
        Motion::Still => {
            let corners = [vec2(-3.5, -5.0), vec2(5.0, 0.0), vec2(-3.5, 5.0)].map(|offset| middle + offset);
            ui.painter().add(Shape::convex_polygon(corners.to_vec(), color, Stroke::NONE));
        }
        Motion::Playing => {
            for x in [-3.0, 3.0] {
                let ends = [-4.5, 4.5].map(|y| pos2(middle.x + x, middle.y + y));
                ui.painter().line_segment(ends, Stroke::new(3.0, color));
            }
        }
    }
}
