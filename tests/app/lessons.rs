//! Lessons: from the menu, from the sentences that they belong to, and by keyboard.

use attenuate::{
    attention::{Component, Preset},
    engine::{Bundled, Engine, SourceSpec},
    figure::{ColorNorm, LimitsFrom, Quantity},
    session::{Cell, Command, Session},
    ui::Lesson,
};
use egui::{Key, Role, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::support::{Window, quoted_token};
use crate::support::{captured_figure, grids::at, model_inside};

/// The answer to the trial: layer and head.
const COPIER: (usize, usize) = (17, 5);

fn is_open(window: &Window, lesson: Lesson) -> bool {
    window.harness.query_all_by_role(Role::Heading).any(|node| node.value().as_deref() == Some(lesson.title()))
}

/// What is to be tried, and has no drawing.
const TRIALS: [Lesson; 3] = [Lesson::RemoveSink, Lesson::FindCopier, Lesson::FlattenHead];

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
            let is_trial = TRIALS.contains(&lesson);
            window.menu(&["Help", if is_trial { "Try this" } else { "Lessons" }, lesson.title()]);
            assert!(is_open(&window, lesson), "{lesson:?}");
            assert!(is_trial || !illustration(&window, lesson).is_empty(), "{lesson:?}");
            assert!(window.texts().iter().any(|text| text.contains("arXiv ")), "{lesson:?}");
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
    assert!(is_open(&window, Lesson::Panel));
    assert!(window.is_disabled(Role::Button, "Previous lesson"));
    for lesson in &Lesson::ALL[1..] {
        window.click(Role::Button, "Next lesson");
        assert!(is_open(&window, *lesson));
    }
    assert!(window.is_disabled(Role::Button, "Next lesson"));
    window.click(Role::Button, "Previous lesson");
    assert!(is_open(&window, Lesson::ALL[9]));
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
    let position = window.cell_position(Component::Query, 0, Cell { query: 5, key: 0 });
    window.click_at(position);
    window.press(Key::F1);
    window.press(Key::Escape);
    assert!(!is_open(&window, Lesson::Panel) && window.session().pinned().is_some());
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
    let list = window.harness.get_by_role_and_label(Role::Button, Lesson::Panel.title());
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

/// What the page says of the picture.
fn said(window: &Window, part: &str) -> String {
    // A token in quotes, or a number.
    let is_said = |first: char| first == '“' || first.is_ascii_digit();
    let said = window.texts().into_iter().find(|text| text.starts_with(is_said) && text.contains(part));
    said.unwrap_or_else(|| panic!("nothing says “{part}”: {:#?}", window.texts()))
}

#[test]
fn the_first_lesson_reads_the_row_that_is_pointed_at() {
    let mut window = Window::figure();
    window.press(Key::F1);
    let share = |weight: f64| format!("{:.0} %", weight * 100.0);
    let expected = |window: &Window, query: usize| {
        let outcome = window.outcome();
        let row = outcome.panels[at(Component::Query, 0)].pattern.exact_row(query);
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        let token = |position: usize| quoted_token(&outcome.tokens[position].text);
        let (first, second) = (order[0], order[1]);
        format!(
            "{} looks {} at {}, {} at {} and ",
            token(query),
            share(row[first]),
            token(first),
            share(row[second]),
            token(second)
        )
    };
    assert!(said(&window, " looks ").starts_with(&expected(&window, 23)), "{}", said(&window, " looks "));
    window.press(Key::Escape);
    let position = window.cell_position(Component::Query, 0, Cell { query: 5, key: 1 });
    window.click_at(position);
    window.leave();
    window.press(Key::F1);
    assert!(said(&window, " looks ").starts_with(&expected(&window, 5)), "{}", said(&window, " looks "));
    window.assert_text("5e-1 is 0.5");
}

/// Opens the page, asks to be shown, and undoes it; says what was shown.
#[track_caller]
fn shown_and_undone(window: &mut Window, lesson: Lesson) -> Session {
    let before = window.session().clone();
    window.menu(&["Help", if TRIALS.contains(&lesson) { "Try this" } else { "Lessons" }, lesson.title()]);
    window.click(Role::Button, "Show me");
    let shown = window.session().clone();
    assert_ne!(shown, before, "{lesson:?}");
    window.press(Key::Escape);
    window.press_with(egui::Modifiers::COMMAND, Key::Z);
    assert_eq!(*window.session(), before, "{lesson:?}");
    shown
}

#[test]
fn show_me_sets_the_view_and_is_undone_in_one_step() {
    let mut window = Window::figure();
    window.enter_epsilon("0.3");
    window.press(Key::Tab);
    window.click(Role::Button, "Head up");
    for lesson in Lesson::ALL {
        if lesson != Lesson::ValueLater && !TRIALS.contains(&lesson) {
            shown_and_undone(&mut window, lesson);
        }
    }
    // Of these a live model is shown.
    let mut window = Window::open(Session::example(Bundled::Austen));
    let shown = shown_and_undone(&mut window, Lesson::ValueLater);
    assert_eq!(*shown.scope(), Preset::AllLayers.scope());
    assert_eq!(shown.selected().component, Component::Value);
}

#[test]
fn the_sink_is_removed() {
    let mut window = Window::figure();
    window.menu(&["Help", "Try this", Lesson::RemoveSink.title()]);
    window.click(Role::Button, "Show me");
    assert_eq!(*window.session().source(), SourceSpec::Bundled(Bundled::Smollm2));
    let text = said(&window, "% of the weight rests on the first token");
    let numbers: Vec<f64> =
        text.split_whitespace().filter_map(|word| word.trim_end_matches('.').parse().ok()).collect();
    assert!(numbers[0] < 0.5 * numbers[1], "{text}");
    window.press(Key::Escape);
    window.press_with(egui::Modifiers::COMMAND, Key::Z);
    assert_eq!(*window.session(), captured_figure(), "one step, to another source too");
}

#[test]
fn the_next_token_turns() {
    let mut window = Window::figure();
    window.menu(&["Help", "Try this", Lesson::FlattenHead.title()]);
    window.click(Role::Button, "Show me");
    window.wait_anyhow("the next token", |window| window.harness.state().is_complete());
    let text = said(&window, "Rome”");
    let (before, after) = text.rsplit_once('→').unwrap();
    assert!(before.contains("“·Rome”") && after.contains("“·Italy”"), "{text}");
}

#[test]
fn the_head_that_copies_has_a_stripe() {
    let mut window = Window::figure();
    window.menu(&["Help", "Try this", Lesson::FindCopier.title()]);
    window.click(Role::Button, "Show me");
    assert!(window.session().view().heads);
    let mut session = window.session().clone().with([Command::ToggleHeads]);
    let (layer, head) = COPIER;
    session = session.with([Command::SetLayer(layer), Command::SetHead(head)]);
    let outcome = Engine::opening(model_inside().opener()).run(&session.run_spec(), &|| false).unwrap();
    let half = outcome.n_positions() / 2;
    let pattern = &outcome.baseline.pattern;
    let stripe = (half..2 * half - 1).map(|query| pattern.exact_cell(query, query - half + 1).unwrap().weight);
    let mean = stripe.sum::<f32>() / (half - 1) as f32;
    assert!(mean > 0.4, "{mean}");
    window.assert_text(&format!("layer {layer}, head {head}"));
}
