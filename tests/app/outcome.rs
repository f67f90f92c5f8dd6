//! The strip above the panels: the next token before and after the intervention.

use attenuate::{
    attention::{Component, PanelId},
    engine::{Bundled, Effect, Engine},
    session::{Command, Session},
};
use egui::Key;
use egui_kittest::kittest::Queryable as _;

use super::{
    slow::slow,
    support::{Window, quoted_token},
};
use crate::support::{captured_figure, grids::at};

fn effect(window: &Window, panel: PanelId) -> Effect {
    Engine::default().effect(&window.session().run_spec(), panel, &|| false).unwrap().unwrap()
}

/// What the strip says, if it is there.
fn said(window: &Window) -> Option<String> {
    window.texts().into_iter().find(|text| text.starts_with("Next token: "))
}

#[track_caller]
fn says(window: &mut Window, effect: &Effect) {
    let before = effect.top.iter().max_by(|a, b| a.baseline.total_cmp(&b.baseline)).unwrap();
    let after = effect.top.iter().max_by(|a, b| a.modified.total_cmp(&b.modified)).unwrap();
    let percent = |text: &str| text.split(' ').next().unwrap().parse::<f64>().unwrap();
    window.wait_anyhow("the engine's next tokens", |window| {
        let Some(said) = said(window) else { return false };
        let Some((first, second)) = said.trim_start_matches("Next token: ").split_once("  →  ") else { return false };
        let shows = |half: &str, text: &str, probability: f64| {
            let rest = half.strip_prefix(&format!("{} ", quoted_token(text)));
            rest.is_some_and(|rest| (percent(rest) - probability * 100.0).abs() <= 0.06)
        };
        shows(first, &before.text, before.baseline) && shows(second, &after.text, after.modified)
    });
}

#[test]
fn the_next_token_follows_epsilon_and_the_selected_panel() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    let expected = effect(&window, at(Component::Query, 0));
    says(&mut window, &expected);
    let panel = window.panel_rect(Component::Key, 1).center();
    window.click_at(panel);
    window.enter_epsilon("0");
    let expected = effect(&window, at(Component::Key, 1));
    says(&mut window, &expected);
    window.wait("the ε that it is of", |window| window.has_text("Key, ε = 0 · KL "));
}

#[test]
fn a_capture_has_no_next_token() {
    let mut window = Window::open(captured_figure());
    assert_eq!(said(&window), None);
    assert!(!window.has_text("Next token"));
    window.press(Key::I);
    window.assert_text("A capture has no model behind it");
}

#[test]
fn pictures_do_not_wait_for_it_and_the_old_one_is_marked() {
    let mut window = Window::gated(Session::example(Bundled::Austen).with([Command::Locate(slow())]));
    window.gates.tensors.open();
    window.gates.layers.open();
    window.settle();
    window.until("a first token", |window| window.harness.state().is_complete());
    let before = said(&window).unwrap();
    window.gates.layers.close();
    // The shown layer of this head needs no layer anew: its picture is there at once.
    window.enter_epsilon("0.001");
    window.metrics();
    window.until("the mark", |window| said(window).is_some_and(|said| said == format!("{before}, being computed")));
    // While the pictures are of the next ε, the list of tokens says which one it is of.
    let strip = window.harness.get_by_label(&format!("{before}, being computed")).rect().center();
    window.harness.hover_at(strip);
    window.until("the old list", |window| window.has_text("Next token: baseline above, Query, ε = 5e-1 below"));
    window.gates.layers.open();
    window.until("the new one", |window| window.harness.state().is_complete());
    assert!(!said(&window).unwrap().ends_with(", being computed"));
}
