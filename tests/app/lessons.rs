//! Lessons: from the menu, from the sentences that they belong to, and by keyboard.

use attenuate::{
    attention::Preset,
    engine::Bundled,
    figure::{ColorNorm, LimitsFrom, Quantity},
    session::Session,
    ui::Lesson,
};
use egui::{Key, Role, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::support::Window;
use crate::support::captured_figure;

fn is_open(window: &Window, lesson: Lesson) -> bool {
    window.has(Role::Image, &format!("Illustration: {}", lesson.title()))
}

/// What a screen reader says of the drawing.
fn illustration(window: &Window, lesson: Lesson) -> String {
    let name = format!("Illustration: {}", lesson.title());
    window.value(Role::Image, &name)
}

#[track_caller]
fn more(window: &mut Window, lesson: Lesson) {
    window.click(Role::Link, &format!("More: {}", lesson.title()));
    assert!(is_open(window, lesson), "{lesson:?}: {:#?}", window.texts());
    window.press(Key::Escape);
    assert!(!is_open(window, lesson), "{lesson:?}");
}

#[test]
fn every_lesson_opens_from_the_menu_and_escape_closes_it() {
    for size in [vec2(900.0, 600.0), vec2(1280.0, 800.0)] {
        let mut window = Window::sized(captured_figure(), size);
        for lesson in Lesson::ALL {
            window.menu(&["Help", "Lessons", lesson.title()]);
            assert!(is_open(&window, lesson), "{lesson:?}");
            assert!(!illustration(&window, lesson).is_empty(), "{lesson:?}");
            assert!(window.texts().iter().any(|text| text.contains("arXiv 2")), "{lesson:?}");
            window.press(Key::Escape);
            assert!(!is_open(&window, lesson), "{lesson:?}");
        }
    }
}

#[test]
fn illustrations_say_the_numbers_of_the_example() {
    let mut window = Window::figure();
    window.menu(&["Help", "Lessons", Lesson::Sink.title()]);
    // (16/22 + 16/23)/2, and the last row 16/23, 1/23, 1/23, 1/23, 4/23.
    assert_eq!(illustration(&window, Lesson::Sink), "Sink mass 0.71. Last row: 0.70, 0.04, 0.04, 0.04, 0.17.");
    window.click(Role::Button, "Next lesson");
    let said = illustration(&window, Lesson::Uniform);
    assert!(said.contains("ε = 5e-1: ") && said.contains("Last row: 0.44, 0.11, 0.11, 0.11, 0.22."), "{said}");
    assert!(said.contains("ε = 0: entropy 1.00. Last row: 0.20, 0.20, 0.20, 0.20, 0.20."), "{said}");
}

#[test]
fn pages_are_turned_by_buttons_and_list() {
    let mut window = Window::figure();
    window.press(Key::F1);
    assert!(is_open(&window, Lesson::Sink));
    assert!(window.is_disabled(Role::Button, "Previous lesson"));
    for lesson in &Lesson::ALL[1..] {
        window.click(Role::Button, "Next lesson");
        assert!(is_open(&window, *lesson));
    }
    assert!(window.is_disabled(Role::Button, "Next lesson"));
    window.click(Role::Button, "Previous lesson");
    assert!(is_open(&window, Lesson::ALL[5]));
    window.click(Role::Button, Lesson::Uniform.title());
    assert!(is_open(&window, Lesson::Uniform));
    window.press(Key::F1);
    assert!(!is_open(&window, Lesson::Uniform));
    window.press(Key::F1);
    assert!(is_open(&window, Lesson::Uniform), "where it was left");
}

#[test]
fn escape_goes_to_the_lesson_before_the_pin() {
    let mut window = Window::figure();
    let position =
        window.cell_position(attenuate::attention::Component::Query, 0, attenuate::session::Cell { query: 5, key: 0 });
    window.click_at(position);
    window.press(Key::F1);
    window.press(Key::Escape);
    assert!(!is_open(&window, Lesson::Sink) && window.session().pinned().is_some());
    window.press(Key::Escape);
    assert!(window.session().pinned().is_none());
}

#[test]
fn sentences_lead_to_their_lessons() {
    let mut window = Window::figure();
    window.assert_text("Sink: ");
    for lesson in [Lesson::Sink, Lesson::Uniform, Lesson::QueryEqualsKey, Lesson::GroupedQueries] {
        more(&mut window, lesson);
    }
    window.click(Role::RadioButton, "Value");
    more(&mut window, Lesson::ValueLater);
    window.click(Role::ComboBox, "Operation");
    window.click(Role::Button, "Mean over heads");
    window.click(Role::RadioButton, "Query");
    more(&mut window, Lesson::Operations);
}

#[test]
fn query_and_key_are_said_to_differ_where_they_do() {
    let mut window = Window::figure();
    window.assert_text("Query and Key rows agree");
    window.click(Role::RadioButton, "Positions: first");
    window.assert_text("Query and Key rows differ");
    more(&mut window, Lesson::QueryEqualsKey);
}

#[test]
fn columns_that_look_alike_are_told_apart_by_a_click() {
    let mut window = Window::figure();
    assert!(!window.has_text("look alike"));
    window.press(Key::Num2);
    window.assert_text("Columns 2 and 3 look alike");
    more(&mut window, Lesson::LookAlike);
    window.click(Role::Link, "Show on a log scale");
    assert_eq!(window.session().view().look.norm, ColorNorm::LOG);
    assert!(!window.has_text("look alike"));

    let mut window = Window::figure();
    window.press(Key::Num3);
    window.click(Role::Link, "Show ratio to uniform");
    let view = window.session().view();
    assert_eq!((view.look.quantity, view.look.limits_from), (Quantity::UniformRatio, LimitsFrom::EachPanel));
}

#[test]
fn the_drawing_of_heads_is_that_of_the_source() {
    for bundled in [Bundled::Smollm2Capture, Bundled::Austen] {
        let mut window = Window::open(Session::example(bundled));
        let outcome = window.outcome();
        let (n_heads, n_kv_heads, head) = (outcome.facts.n_heads, outcome.facts.n_kv_heads, outcome.experiment.head);
        let group = n_heads / n_kv_heads;
        window.menu(&["Help", "Lessons", Lesson::GroupedQueries.title()]);
        let expected = format!(
            "{n_heads} query heads share {n_kv_heads} KV heads, {group} each. Head {head} reads KV head {}.",
            head / group
        );
        assert_eq!(illustration(&window, Lesson::GroupedQueries), expected);
    }
}

#[test]
fn shared_heads_are_said_where_heads_are_chosen() {
    let mut window = Window::figure();
    window.assert_text("2 other heads share its keys and values.");
    window.click(Role::RadioButton, Preset::ThisLayer.name());
    window.assert_text("9 query heads share 3 KV heads.");
}

#[test]
fn lessons_fit_small_windows() {
    let size = vec2(900.0, 600.0);
    let mut window = Window::sized(captured_figure(), size);
    window.press(Key::F1);
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
    for name in ["Previous lesson", "Next lesson"] {
        let rect = window.harness.get_by_role_and_label(Role::Button, name).rect();
        assert!(screen.contains_rect(rect), "{name}: {rect:?}");
    }
    let list = window.harness.get_by_role_and_label(Role::Button, Lesson::Sink.title());
    assert!(list.accesskit_node().is_focused(), "the keyboard goes on from the list");
}

#[test]
fn the_controls_do_not_move_when_sentences_change() {
    let mut window = Window::figure();
    let place =
        |window: &Window| window.harness.get_by_role_and_label(Role::RadioButton, Preset::ThisHead.name()).rect();
    let at_first = place(&window);
    for row in ["Query", "Key", "Value", "All"] {
        window.click(Role::RadioButton, row);
        for key in [Key::Num1, Key::Num2, Key::Num3] {
            window.press(key);
            assert_eq!(place(&window), at_first, "{row}, {key:?}");
        }
    }
}
