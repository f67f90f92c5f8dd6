//! ε that runs to and fro by itself.

use attenuate::{
    attention::Component,
    session::{Command, SliderRange},
};
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable as _;

use super::support::Window;
use crate::support::{captured_figure, grids::at};

const PLAY: &str = "Play ε";
const PAUSE: &str = "Pause ε";

fn epsilon(window: &Window) -> f64 {
    window.session().selected_epsilon().get()
}

/// So many frames of 10 ms, each answered.
fn frames(window: &mut Window, count: usize) -> Vec<f64> {
    let frame = |window: &mut Window| {
        window.settle();
        window.harness.step();
        epsilon(window)
    };
    (0..count).map(|_| frame(window)).collect()
}

/// In the two decades around 1e-1, from 5e-1.
fn zoomed() -> Window {
    let around = SliderRange::Around("0.1".parse().unwrap());
    Window::open(captured_figure().with([Command::SetSliderRange(around)]))
}

#[test]
fn it_runs_down_and_up_within_the_sliders_range_and_pauses() {
    let mut window = zoomed();
    window.click(Role::Button, PLAY);
    let mut seen = vec![epsilon(&window)];
    while epsilon(&window) > 1e-2 {
        assert!(seen.len() < 5000, "{seen:?}");
        seen.extend(frames(&mut window, 1));
    }
    assert!(seen.windows(2).all(|pair| pair[1] <= pair[0]), "downwards: {seen:?}");
    assert!(seen.len() > 20, "slowly: {seen:?}");
    let up = frames(&mut window, 20);
    assert!(up.windows(2).all(|pair| pair[0] <= pair[1]) && up[19] > 1e-2, "and up: {up:?}");
    window.metrics();
    window.click(Role::Button, PAUSE);
    let paused = epsilon(&window);
    assert_eq!(frames(&mut window, 20), [paused; 20]);
    assert!(window.has(Role::Button, PLAY));
}

#[test]
fn the_picture_follows_and_the_whole_course_is_one_step() {
    let mut window = zoomed();
    let before = window.session().clone();
    window.press(Key::E);
    frames(&mut window, 50);
    window.press(Key::E);
    let after = epsilon(&window);
    assert!(after < 0.5, "{after}");
    window.metrics();
    assert_eq!(window.outcome().experiment.epsilon[at(Component::Query, 0)].get(), after);
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(*window.session(), before);
    window.press_with(Modifiers { shift: true, ..Modifiers::COMMAND }, Key::Z);
    assert_eq!(epsilon(&window), after);
}

#[test]
fn a_hand_on_epsilon_ends_it() {
    let hands: [&dyn Fn(&mut Window); 3] = [
        &|window| {
            let rail = window.harness.get_by_role_and_label(Role::Slider, "epsilon").rect();
            let y = rail.top() + attenuate::ui::widgets::EpsilonSlider::RAIL_CENTER;
            window.click_at(egui::pos2(rail.center().x, y));
        },
        &|window| window.enter_epsilon("0,02"),
        &|window| window.press(Key::Num2),
    ];
    for hand in hands {
        let mut window = zoomed();
        window.click(Role::Button, PLAY);
        frames(&mut window, 10);
        hand(&mut window);
        window.settle();
        let left = epsilon(&window);
        assert!(window.has(Role::Button, PLAY));
        assert_eq!(frames(&mut window, 5), [left; 5]);
    }
}

#[test]
fn it_begins_upwards_from_zero_and_goes_on_without_controls() {
    let mut window = Window::figure();
    window.enter_epsilon("0");
    window.press(Key::Tab);
    window.press_with(Modifiers::COMMAND, Key::B);
    window.press(Key::E);
    let seen = frames(&mut window, 20);
    assert!(seen[19] > 1e-12 && seen.windows(2).all(|pair| pair[0] <= pair[1]), "{seen:?}");
}
