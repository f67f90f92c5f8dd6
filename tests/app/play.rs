//! ε that runs to and fro by itself.

use std::time::Duration;

use attenuate::{
    attention::Component,
    session::{Command, SliderRange},
};
use egui::{Event, Key, Modifiers, Role};
use egui_kittest::kittest::Queryable as _;

use super::support::Window;
use crate::support::{captured_figure, grids::at};

const PLAY: &str = "Play ε";
const PAUSE: &str = "Pause ε";

fn epsilon(window: &Window) -> f64 {
    window.session().selected_epsilon().get()
}

/// So many steps of ε, from one to the next. While it plays, nothing settles.
fn steps(window: &mut Window, count: usize) -> Vec<f64> {
    let step = |window: &mut Window| {
        let before = epsilon(window);
        window.until("another ε", |window| epsilon(window) != before);
        epsilon(window)
    };
    (0..count).map(|_| step(window)).collect()
}

/// Nothing moves while time goes by.
#[track_caller]
fn assert_still(window: &mut Window) {
    assert!(window.has(Role::Button, PLAY));
    window.settle();
    let before = epsilon(window);
    window.advance(Duration::from_millis(300));
    assert_eq!(epsilon(window), before);
}

/// In the two decades around 1e-1, near their lower end.
fn zoomed() -> Window {
    let around = SliderRange::Around("0.1".parse().unwrap());
    let low = Command::SetEpsilon("0.011".parse().unwrap());
    Window::open(captured_figure().with([Command::SetSliderRange(around), low]))
}

#[test]
fn it_runs_down_and_up_within_the_sliders_range_and_pauses() {
    let mut window = zoomed();
    window.click_now(Role::Button, PLAY);
    let mut seen = vec![epsilon(&window)];
    while epsilon(&window) > 1e-2 {
        assert!(seen.len() < 1000, "{seen:?}");
        seen.extend(steps(&mut window, 1));
    }
    assert!(seen.windows(2).all(|pair| pair[1] < pair[0]) && seen.len() > 3, "downwards and slowly: {seen:?}");
    let up = steps(&mut window, 4);
    assert!(up.windows(2).all(|pair| pair[0] < pair[1]) && up[0] > 1e-2, "and up: {up:?}");
    window.click_now(Role::Button, PAUSE);
    assert_still(&mut window);
    window.metrics();
}

#[test]
fn the_picture_follows_and_the_whole_course_is_one_step() {
    let mut window = zoomed();
    let before = window.session().clone();
    window.press_now(Key::E);
    steps(&mut window, 5);
    let shown = window.outcome().experiment.epsilon[at(Component::Query, 0)].get();
    assert!(shown < 0.011, "each picture is seen: {shown}");
    window.press_now(Key::E);
    assert_still(&mut window);
    let after = epsilon(&window);
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(*window.session(), before);
    window.press_with(Modifiers { shift: true, ..Modifiers::COMMAND }, Key::Z);
    assert_eq!(epsilon(&window), after);
}

#[test]
fn a_hand_on_epsilon_ends_it() {
    let hands: [&dyn Fn(&mut Window); 3] = [
        &|window| window.harness.get_by_role_and_label(Role::Slider, "epsilon").set_value_accesskit(0.05),
        &|window| {
            window.harness.get_by_role_and_label(Role::TextInput, "epsilon value").focus();
            window.harness.step();
            window.harness.event(Event::Text("0,02".to_owned()));
            window.press_now(Key::Enter);
        },
        &|window| window.press_now(Key::Num2),
    ];
    for hand in hands {
        let mut window = zoomed();
        window.click_now(Role::Button, PLAY);
        steps(&mut window, 2);
        hand(&mut window);
        window.until("the end", |window| window.has(Role::Button, PLAY));
        assert_still(&mut window);
    }
}

#[test]
fn it_begins_upwards_from_zero_and_goes_on_without_controls() {
    let mut window = Window::figure();
    window.enter_epsilon("0");
    window.press(Key::Tab);
    window.press_with(Modifiers::COMMAND, Key::B);
    window.press_now(Key::E);
    let seen = steps(&mut window, 4);
    assert!(seen[0] >= 1e-12 && seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
}
