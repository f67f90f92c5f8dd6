//! Prompts: typing one moves to the live model, and back leads to exactly what was there.

use attenuate::{
    attention::{Component, PositionScope, Scope},
    engine::{Bundled, Prompt, SourceSpec},
    session::{Cell, Command, Session},
};
use egui::{Event, Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::support::Window;
use crate::support::captured_figure;

const BACK: &str = "← Back to the figure";

fn type_prompt(window: &mut Window, text: &str) {
    window.type_over(Role::MultilineTextInput, "Prompt", text);
}

/// The chips' names in order.
fn chips(window: &Window) -> Vec<String> {
    let names = window.harness.get_all_by_role(Role::Button).filter_map(|node| node.accesskit_node().label());
    names.filter(|name| name.starts_with("token ")).collect()
}

/// What the panels say, which are marked as older, without that mark.
fn older(window: &Window) -> [[String; 3]; 3] {
    window.spoken().map(|row| row.map(|said| said.strip_prefix("older than the settings: ").unwrap().to_owned()))
}

/// The tokens put together again.
fn text_read(window: &Window) -> String {
    window.outcome().tokens.iter().map(|token| token.text.as_str()).collect()
}

#[test]
fn typing_moves_to_the_live_model_and_back_leads_home() {
    let mut window = Window::figure();
    // A view with everything changed, so that coming back means something.
    window.press(Key::K);
    window.press(Key::Num3);
    window.enter_epsilon("0.7");
    window.press(Key::Tab);
    window.click(Role::Button, "Layer up");
    let cell = window.cell_position(Component::Key, 2, Cell { query: 9, key: 1 });
    window.click_at(cell);
    window.harness.event(Event::Zoom(1.5));
    window.settle();
    window.leave();
    let before = window.session().clone();
    assert!(before.pinned().is_some() && before.view().window.is_some() && before.layer() == 15);

    for way_back in ["button", "keys"] {
        window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").focus();
        window.settle();
        window.press_with(Modifiers::COMMAND, Key::A);
        window.harness.event(Event::Text("It is a truth universally acknowledged.".to_owned()));
        window.settle();
        assert_eq!(*window.session().source(), SourceSpec::Bundled(Bundled::Smollm2));
        assert_eq!(text_read(&window), "It is a truth universally acknowledged.");
        assert_eq!(window.session().epsilon(), before.epsilon(), "ε goes along");
        assert_eq!(window.session().pinned(), None, "cells of another prompt mean nothing");
        let chips = chips(&window);
        assert_eq!(chips.len(), window.outcome().n_positions());
        assert_eq!(chips[..2], ["token 0: It", "token 1: is"], "no token is put in front");
        window.metrics();
        window.assert_text("bundled:smollm2");
        match way_back {
            "button" => window.click(Role::Button, BACK),
            _ => window.press_with(Modifiers::ALT, Key::ArrowLeft),
        }
        window.leave();
        assert_eq!(*window.session(), before, "by {way_back}");
        assert_eq!(window.outcome().n_positions(), 24);
        assert!(window.harness.query_by_label(BACK).is_none(), "there is nothing further back");
    }
}

#[test]
fn going_there_and_back_leaves_no_trace() {
    let mut window = Window::figure();
    window.click(Role::RadioButton, "All layers");
    window.press(Key::CloseBracket);
    let figure = window.session().clone();
    assert_eq!((figure.layer(), figure.head()), (15, 3));
    type_prompt(&mut window, "Sense");
    window.harness.get_by_role_and_label(Role::SpinButton, "first layer in scope").set_value_accesskit(2.0);
    window.settle();
    for round in 0..5 {
        window.press_with(Modifiers::ALT, Key::ArrowLeft);
        assert_eq!(*window.session(), figure, "round {round}");
        window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").focus();
        window.settle();
        window.harness.event(Event::Text(" on".to_owned()));
        window.settle();
        assert_eq!((window.session().layer(), window.session().head()), (14, 3), "round {round}");
    }
}

#[test]
fn each_keystroke_is_read_live() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    type_prompt(&mut window, "love");
    assert_eq!(text_read(&window), "<s>love");
    for (typed, text) in [(" is", "<s>love is"), (" blind", "<s>love is blind")] {
        window.harness.event(Event::Text(typed.to_owned()));
        window.settle();
        assert_eq!(text_read(&window), text);
    }
    window.metrics();
    assert!(window.harness.query_by_label(BACK).is_none(), "the same model: nothing to step back to");
}

#[test]
fn keys_belong_to_the_prompt_while_it_is_edited() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    type_prompt(&mut window, "a quick");
    let before = (window.session().rows(), window.session().layer(), window.session().view().solo);
    for key in [Key::Q, Key::S, Key::K, Key::OpenBracket, Key::Comma] {
        window.press(key);
    }
    assert_eq!((window.session().rows(), window.session().layer(), window.session().view().solo), before);
}

#[test]
fn the_beginning_of_sequence_can_be_left_out() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    let with = window.outcome().n_positions();
    window.click(Role::CheckBox, "Start with BOS");
    assert!(matches!(window.session().prompt(), Prompt::Text { bos: false, .. }));
    assert_eq!(window.outcome().n_positions(), with - 1);
    assert!(!text_read(&window).contains("<s>"));
    window.metrics();
    window.click(Role::CheckBox, "Start with BOS");
    assert_eq!(window.outcome().n_positions(), with);
    window.metrics();
}

#[test]
fn the_figure_has_no_beginning_of_sequence_to_choose() {
    assert!(Window::figure().harness.query_by_role(Role::CheckBox).is_none());
}

#[test]
fn an_empty_prompt_leaves_the_picture() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    window.metrics();
    let before = (text_read(&window), window.spoken());
    type_prompt(&mut window, "");
    window.wait("the reason", |window| window.has_text("the prompt is empty: at least one token is needed"));
    window.assert_text("shown: the last result");
    assert_eq!((text_read(&window), older(&window)), before);
    assert_eq!(window.value(Role::MultilineTextInput, "Prompt"), "");
    window.harness.event(Event::Text("Well, well.".to_owned()));
    window.settle();
    assert_eq!(text_read(&window), "<s>Well, well.");
    assert!(!window.has_text("shown: the last result"));
    window.metrics();
}

#[test]
fn a_prompt_that_is_too_long_is_kept_to_be_mended() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    window.metrics();
    let before = (text_read(&window), window.spoken());
    let long = "pride and prejudice ".repeat(200);
    type_prompt(&mut window, &long);
    window.wait("the reason", |window| window.has_text(" 512"));
    window.assert_text("the prompt has ");
    assert_eq!((text_read(&window), older(&window)), before);
    assert_eq!(window.value(Role::MultilineTextInput, "Prompt"), long);
    type_prompt(&mut window, &"sense ".repeat(100));
    assert!(window.outcome().n_positions() > 100);
    window.metrics();
}

#[test]
fn characters_outside_the_vocabulary_are_read_as_bytes() {
    for text in
        ["日本語のテキスト", "🦀 loves 🐫", "na\u{ef}ve caf\u{e9} \u{2014} \u{202e}right", "tab\tand\nline \u{0}"]
    {
        let prompt = Prompt::Text { text: text.into(), bos: true };
        let mut window = Window::with_any_glyphs(Session::example(Bundled::Austen).with([Command::Read(prompt)]));
        assert_eq!(window.value(Role::MultilineTextInput, "Prompt"), text);
        assert_eq!(chips(&window).len(), window.outcome().n_positions());
        assert!(window.outcome().n_positions() > 4, "{text}");
        window.metrics();
        let last = window.outcome().n_positions() - 1;
        let position = window.cell_position(Component::Query, 0, Cell { query: last, key: 1 });
        window.click_at(position);
        window.press(Key::I);
        window.settle();
        assert_eq!(window.session().pinned(), Some(Cell { query: last, key: 1 }), "{text}");
    }
}

#[test]
fn the_pointer_may_rest_on_a_cell_that_goes_away() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    let last = window.outcome().n_positions() - 1;
    let position = window.cell_position(Component::Value, 2, Cell { query: last, key: last });
    window.hover(position);
    for text in ["a", "once upon a time there was", "to"] {
        // By keyboard alone: the pointer stays.
        type_prompt(&mut window, text);
        assert_eq!(text_read(&window), format!("<s>{text}"));
        let last = window.outcome().n_positions() - 1;
        let position = window.cell_position(Component::Value, 2, Cell { query: last, key: last });
        window.hover(position);
        let said = format!("{last} “");
        assert!(window.spoken().as_flattened().iter().all(|spoken| spoken.starts_with(&said)), "{:?}", window.spoken());
    }
}

#[test]
fn a_single_token_attends_to_itself() {
    let prompt = Prompt::TokenIds(vec![42]);
    let mut window = Window::open(Session::example(Bundled::Austen).with([Command::Read(prompt)]));
    assert_eq!(window.outcome().n_positions(), 1);
    assert_eq!(window.value(Role::MultilineTextInput, "Prompt"), "42");
    let position = window.cell_position(Component::Key, 1, Cell { query: 0, key: 0 });
    window.hover(position);
    assert!(window.spoken().as_flattened().iter().all(|spoken| spoken.ends_with(": 1")), "{:?}", window.spoken());
    window.harness.event(Event::Zoom(2.0));
    window.settle();
    assert_eq!(window.session().view().window, None);
}

#[test]
fn a_session_that_cannot_be_shown_says_why_and_can_be_mended() {
    let prompt = Prompt::TokenIds(vec![0, 4_000_000]);
    let mut window = Window::unanswered(Session::example(Bundled::Austen).with([Command::Read(prompt)]));
    window.wait_anyhow("the reason", |window| window.has_text("there is no token 4000000"));
    assert!(window.panels().is_empty());
    window.assert_text("Not computed: ");
    window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").focus();
    window.harness.step();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.harness.event(Event::Text("mended at last".to_owned()));
    window.settle();
    assert_eq!(text_read(&window), "<s>mended at last");
    window.metrics();
}

#[test]
fn examples_are_in_the_menu() {
    let mut window = Window::figure();
    window.menu(&["File", "Examples", "Small model: Austen, reads any prompt"]);
    window.close_menus();
    assert_eq!(*window.session(), Session::example(Bundled::Austen));
    window.metrics();
    window.menu(&["File", "Examples", "The same figure, captured"]);
    window.close_menus();
    assert_eq!(*window.session(), captured_figure());
    window.metrics();
}

/// What the program opens on is given by token ids, which say more than the text: the box says what they say.
#[test]
fn the_figures_own_tokens_are_text_in_the_box() {
    let mut window = Window::open(Session::default());
    assert!(matches!(window.session().prompt(), Prompt::TokenIds(_)));
    let text = format!("<|endoftext|>{}", Bundled::Smollm2.default_view().prompt);
    assert_eq!(window.value(Role::MultilineTextInput, "Prompt"), text);
    let ids = |window: &Window| window.outcome().tokens.iter().map(|token| token.id.unwrap()).collect::<Vec<_>>();
    let before = ids(&window);
    window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").focus();
    window.settle();
    window.harness.event(Event::Text(" And".to_owned()));
    window.settle();
    assert_eq!(window.session().prompt(), &Prompt::text(&format!("{text} And")), "typing on goes on from the text");
    assert_eq!(ids(&window)[..24], before, "and its tokens are the same");
    assert_eq!(window.outcome().n_positions(), 25);
}

/// The box on screen.
fn field(window: &Window) -> egui::Rect {
    window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").rect()
}

#[test]
fn it_stands_above_everything_in_one_line_and_grows_while_it_is_edited() {
    let text = "It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in \
                want of a wife. However little known the feelings or views of such a man may be, it is so.";
    for size in [egui::vec2(450.0, 300.0), egui::vec2(900.0, 600.0), egui::vec2(1280.0, 800.0)] {
        let session = Session::example(Bundled::Austen).with([Command::SetPrompt(text.to_owned())]);
        let mut window = Window::sized(session, size);
        let panels = |window: &Window| window.panels().iter().map(|panel| panel.rect().top()).fold(f32::MAX, f32::min);
        let line = field(&window).height();
        assert!(line < 30.0, "{size}: {line}");
        assert!(field(&window).bottom() < panels(&window), "{size}");
        if let Some(slider) = window.harness.query_by_role_and_label(Role::Slider, "epsilon") {
            assert!(field(&window).bottom() < slider.rect().top(), "{size}");
        }
        for chip in window.harness.query_all_by_role(Role::Button) {
            let is_chip = chip.accesskit_node().label().is_some_and(|name| name.starts_with("token 0:"));
            assert!(!is_chip || chip.rect().bottom() < panels(&window), "{size}");
        }
        window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").focus();
        window.settle();
        assert!(field(&window).height() > 1.4 * line, "{size}: {}", field(&window).height());
        assert_eq!(window.panels().len(), 9);
        window.press(Key::Escape);
        window.settle();
        assert_eq!(field(&window).height(), line, "{size}");
        assert_eq!(window.value(Role::MultilineTextInput, "Prompt"), text);
    }
}

#[test]
fn chips_are_there_to_be_chosen_in_the_lowest_window() {
    let session = Session::example(Bundled::Austen);
    let mut window = Window::sized(session.clone(), egui::vec2(450.0, 240.0));
    assert!(chips(&window).is_empty(), "the panels have the room");
    let positions = PositionScope::Selection(std::collections::BTreeSet::new().into());
    let scope = Scope { positions, ..session.scope().clone() };
    window = Window::sized(session.with([Command::SetScope(scope)]), egui::vec2(450.0, 240.0));
    window.harness.get_by_label("token 1: T").click();
    window.settle();
    assert!(window.session().scope().positions.contains(1));
    assert_eq!(window.panels().len(), 9);
}
