//! Shortcuts, lessons and the tour.

use attenuate::ui::{Lesson, TourStart};
use egui::{Event, Role};

use super::{dialog, in_both_themes, picture, themed, window};
use crate::app::support::Window;
use crate::support::captured_figure;

#[test]
fn the_sheet_of_keys() {
    window("shortcuts", &captured_figure(), |window| {
        window.harness.event(Event::Text("?".to_owned()));
        window.settle();
    });
}

#[test]
fn every_lesson() {
    let names = ["lesson-1", "lesson-2", "lesson-3", "lesson-4", "lesson-5", "lesson-6", "lesson-7"];
    for (lesson, name) in Lesson::ALL.into_iter().zip(names) {
        dialog(name, "Lessons", |window| window.menu(&["Help", "Lessons", lesson.title()]));
    }
}

#[test]
fn every_step_of_the_tour() {
    for (step, name) in ["tour-1", "tour-2", "tour-3", "tour-4", "tour-5"].into_iter().enumerate() {
        in_both_themes(name, |theme| {
            let mut window = Window::with(themed(&captured_figure(), theme), |setup| setup.tour = TourStart::Offer);
            window.settle();
            for _ in 0..step {
                window.click(Role::Button, "Next");
            }
            window.leave();
            picture(&mut window)
        });
    }
}
