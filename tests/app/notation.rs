//! How ε is written: in titles, at the slider, in figures.

use std::time::Duration;

use attenuate::{
    attention::Notation,
    engine::Engine,
    figure::{FigureSpec, FigureStyle},
    session::{Session, document::SessionDocument},
};
use egui::{Key, Modifiers, Role};

use super::support::Window;
use crate::support::captured_figure;

fn choose(window: &mut Window, name: &str) {
    window.menu(&["View", "Notation", name]);
    window.close_menus();
}

/// The titles of the figure of a session's first row.
fn printed(session: &Session) -> Vec<String> {
    let outcome = Engine::default().run(&session.run_spec(), &|| false).unwrap();
    let style = FigureStyle { look: session.view().look, ..FigureStyle::default() };
    FigureSpec::from_outcome(&outcome, &style).panels[0].iter().map(|panel| panel.title.clone()).collect()
}

#[test]
fn titles_slider_and_figures_follow_and_it_is_undone() {
    let mut window = Window::figure();
    assert_eq!(window.session().view().look.notation, Notation::Scientific);
    for (name, written, typed) in [
        ("0.5, 0.001, 10⁻¹⁰", ["0.5", "0.001", "10⁻¹⁰"], ["0.5", "0.001", "1e-10"]),
        ("0.5, 10⁻³, 10⁻¹⁰", ["0.5", "10⁻³", "10⁻¹⁰"], ["0.5", "1e-3", "1e-10"]),
        ("5e-1, 1e-3, 1e-10", ["5e-1", "1e-3", "1e-10"], ["5e-1", "1e-3", "1e-10"]),
    ] {
        choose(&mut window, name);
        let titles = written.map(|epsilon| format!("Modifying Query with ε = {epsilon}"));
        assert_eq!(window.panel_names()[..3], titles, "{name}");
        assert_eq!(printed(window.session()), titles, "{name}");
        for (key, typed) in [Key::Num1, Key::Num2, Key::Num3].into_iter().zip(typed) {
            window.press(key);
            assert_eq!(window.value(Role::Slider, "epsilon"), typed);
            assert_eq!(window.value(Role::TextInput, "epsilon value"), typed);
        }
    }
    choose(&mut window, "0.5, 10⁻³, 10⁻¹⁰");
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.panel_names()[0], "Modifying Query with ε = 5e-1");
}

#[test]
fn it_is_remembered_and_a_session_of_old_is_written_as_before() {
    let written = |session: &Session| serde_json::to_string(&SessionDocument::of_unread(session, None)).unwrap();
    assert!(!written(&captured_figure()).contains("notation"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("preferences.json");
    let start = || {
        let mut window = Window::with(captured_figure(), |setup| setup.preferences = Some(file.clone()));
        window.settle();
        window
    };
    let mut window = start();
    choose(&mut window, "0.5, 10⁻³, 10⁻¹⁰");
    assert!(written(window.session()).contains("\"notation\":\"powers\""));
    window.advance(Duration::from_millis(700));
    window.until("the file", |_| file.is_file());
    drop(window);
    assert_eq!(start().panel_names()[1], "Modifying Query with ε = 10⁻³");
}

#[test]
fn a_decimal_comma_is_understood() {
    let mut window = Window::figure();
    for (text, written) in [("0,02", "2e-2"), ("1,5e-3", "1.5e-3")] {
        window.enter_epsilon(text);
        assert_eq!(window.value(Role::Slider, "epsilon"), written);
    }
}
