//! The guided tour: offered once, five steps, in nobody's way.

use attenuate::{attention::Component, session::Cell, ui::TourStart};
use egui::{Key, Modifiers, Rect, Role, vec2};
use egui_kittest::kittest::Queryable as _;

use super::support::Window;
use crate::support::captured_figure;
use crate::support::grids::at;

const TITLES: [&str; 5] = ["Nine panels", "Turn ε down", "Read a cell", "Where ε acts", "Your own text"];

/// One where the tour is offered.
fn offered() -> Window {
    let mut window = Window::with(captured_figure(), |setup| setup.tour = TourStart::Offer);
    window.settle();
    window
}

#[track_caller]
fn assert_step(window: &Window, step: usize) {
    window.assert_text(TITLES[step]);
    window.assert_text(&format!("{} of 5", step + 1));
}

fn is_on(window: &Window) -> bool {
    window.has_text(" of 5")
}

#[test]
fn there_is_no_tour_unless_it_is_offered() {
    assert!(!is_on(&Window::figure()));
    assert!(is_on(&offered()));
}

#[test]
fn it_has_five_steps_forth_and_back() {
    let mut window = offered();
    assert_step(&window, 0);
    assert!(window.is_disabled(Role::Button, "Back"));
    for step in 1..5 {
        window.click(Role::Button, "Next");
        assert_step(&window, step);
    }
    window.click(Role::Button, "Back");
    assert_step(&window, 3);
    window.click(Role::Button, "Next");
    assert!(!window.has(Role::Button, "Skip tour"), "the last step");
    window.click(Role::Button, "Done");
    assert!(!is_on(&window));
}

#[test]
fn it_is_taken_by_keyboard() {
    let mut window = offered();
    window.press(Key::Enter);
    assert_step(&window, 1);
    window.press(Key::ArrowRight);
    assert_step(&window, 2);
    window.press(Key::ArrowLeft);
    assert_step(&window, 1);
    window.press(Key::Escape);
    assert!(!is_on(&window));
}

#[test]
fn it_is_skipped_and_repeated_from_help() {
    let mut window = offered();
    window.click(Role::Button, "Skip tour");
    assert!(!is_on(&window));
    window.press(Key::H);
    window.menu(&["Help", "Guided tour"]);
    assert!(!window.session().view().heads, "it speaks of the panels");
    assert_step(&window, 0);
}

#[test]
fn what_a_step_speaks_of_can_be_tried() {
    let mut window = offered();
    window.click(Role::Button, "Next");
    window.enter_epsilon("0.25");
    assert_eq!(window.session().epsilon()[at(Component::Query, 0)].get(), 0.25);
    assert_step(&window, 1);
    window.harness.get_by_role_and_label(Role::Button, "Next").click();
    window.settle();
    assert_step(&window, 2);
    let cell = Cell { query: 5, key: 0 };
    let position = window.cell_position(Component::Query, 0, cell);
    window.click_at(position);
    assert_eq!(window.session().pinned(), Some(cell));
    window.press(Key::ArrowRight);
    assert_eq!(window.session().pinned(), Some(Cell { query: 5, key: 1 }), "the arrows move the pin");
    assert_step(&window, 2);
}

#[test]
fn that_it_was_seen_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("attenuate").join("tour-seen");
    let mut window = Window::with(captured_figure(), |setup| {
        setup.tour = TourStart::Offer;
        setup.tour_seen = Some(file.clone());
    });
    window.settle();
    assert!(!file.exists());
    window.press(Key::Escape);
    window.wait("remembered", |_| file.exists());
}

#[test]
fn cards_cover_nothing_that_they_speak_of_and_stay_on_screen() {
    for size in [vec2(900.0, 600.0), vec2(1280.0, 800.0), vec2(2560.0, 1440.0)] {
        let mut window = Window::sized(captured_figure(), size);
        window.menu(&["Help", "Guided tour"]);
        for (step, title) in TITLES.iter().enumerate() {
            assert_step(&window, step);
            let rect = |role, name: &str| window.harness.get_by_role_and_label(role, name).rect();
            let next = if step == 4 { "Done" } else { "Next" };
            let title =
                window.harness.get_all_by_role(Role::Label).find(|node| node.value().as_deref() == Some(*title));
            let card = title.unwrap().rect().union(rect(Role::Button, next)).union(rect(Role::Button, "Back"));
            let card = Rect::from_min_size(card.min, vec2(272.0, card.height())).expand(12.0);
            let screen = Rect::from_min_size(egui::Pos2::ZERO, size);
            assert!(screen.contains_rect(card), "step {step}, {size:?}: {card:?}");
            let spoken_of = match step {
                0 => (0..9).map(|panel| window.panels()[panel].rect()).collect(),
                1 => vec![rect(Role::Slider, "epsilon"), rect(Role::RadioButton, "Query")],
                2 => vec![window.panel_rect(Component::Query, 0), rect(Role::Button, "Inspector")],
                3 => vec![rect(Role::RadioButton, "This head"), rect(Role::Button, "Sweep")],
                _ => vec![rect(Role::MultilineTextInput, "Prompt"), rect(Role::Button, "Export figure…")],
            };
            for rect in spoken_of {
                assert!(screen.contains_rect(rect), "step {step}, {size:?}: {rect:?} is out of view");
                assert!(!rect.intersects(card), "step {step}, {size:?}: {card:?} covers {rect:?}");
            }
            window.click(Role::Button, next);
        }
        assert!(!is_on(&window));
    }
}

#[test]
fn at_twice_the_size_cards_are_beside_what_they_speak_of() {
    let mut window = Window::sized(captured_figure(), vec2(640.0, 400.0));
    window.menu(&["Help", "Guided tour"]);
    for (step, title) in TITLES.iter().enumerate() {
        let rect = |role, name: &str| window.harness.get_by_role_and_label(role, name).rect();
        let next = if step == 4 { "Done" } else { "Next" };
        let title = window.harness.get_all_by_role(Role::Label).find(|node| node.value().as_deref() == Some(*title));
        let card = title.unwrap().rect().union(rect(Role::Button, next)).expand(8.0);
        let spoken_of: Vec<Rect> = match step {
            0 => window.panels().iter().map(egui_kittest::Node::rect).collect(),
            1 => vec![rect(Role::Slider, "epsilon"), rect(Role::RadioButton, "Query")],
            2 => vec![window.panel_rect(Component::Query, 0)],
            3 => vec![rect(Role::RadioButton, "This head")],
            _ => vec![rect(Role::MultilineTextInput, "Prompt")],
        };
        for rect in spoken_of {
            assert!(!rect.intersects(card), "step {step}: {card:?} covers {rect:?}");
        }
        window.click(Role::Button, next);
    }
}

#[test]
fn it_stands_back_while_the_palette_is_open() {
    let mut window = offered();
    window.press_with(Modifiers::COMMAND, Key::K);
    assert!(window.has(Role::TextInput, "Search commands") && !is_on(&window));
    window.press(Key::Escape);
    assert_step(&window, 0);
}
