//! Opening sources that take their time: progress, Cancel, failure, and the old source under the hand meanwhile.

use std::{path::PathBuf, sync::Arc, time::Duration};

use attenuate::{
    attention::{Component, Metrics},
    engine::{Bundled, SourceSpec},
    session::{Cell, Command, OnScreen, Session},
};
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::{
    files::{Dropped, FIELD},
    slow::{TENSORS, slow},
    support::{Window, of_figure, said},
};
use crate::support::captured_figure;
use crate::support::grids::column;

const CANCEL: &str = "Cancel opening";

fn figure() -> Window {
    let mut window = Window::gated(captured_figure());
    window.settle();
    window
}

/// A dropped folder called `name`, which is there as far as the window can see.
fn start_opening(window: &mut Window, name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::create_dir(&path).unwrap();
    window.harness.input_mut().dropped_files.push(Arc::new(Dropped(path)));
    window.until("the progress of opening", |window| window.has(Role::Button, CANCEL));
    folder
}

fn opened(folder: &tempfile::TempDir) -> SourceSpec {
    SourceSpec::Folder(folder.path().join("slow"))
}

/// Waits until the nine panels say what the engine says of the session, whatever is being opened.
fn follows(window: &mut Window) {
    let expected = window.expected();
    let texts = of_figure(|panel| said(Metrics::of(&expected.panels[panel].pattern)));
    window.until("panels that follow", |window| window.spoken() == texts);
}

fn percent(window: &Window, name: &str) -> f64 {
    window.harness.get_by_role_and_label(Role::ProgressIndicator, name).accesskit_node().numeric_value().unwrap()
}

#[test]
fn the_progress_is_shown_and_the_old_source_follows_the_hand() {
    let mut window = figure();
    let folder = start_opening(&mut window, "slow");
    window.assert_text("Opening slow: 0 of 10 tensors");
    assert_eq!(percent(&window, "Opening slow"), 0.0);
    window.gates.tensors.allow(4);
    window.until("four tensors", |window| window.has_text("Opening slow: 4 of 10 tensors"));
    assert_eq!(percent(&window, "Opening slow"), 40.0);

    assert_eq!(*window.session().source(), SourceSpec::Bundled(Bundled::Smollm2Capture));
    for epsilon in [0.3, 0.02] {
        window.harness.get_by_role_and_label(Role::Slider, "epsilon").set_value_accesskit(epsilon);
        window.harness.step();
        window.until("ε", |window| window.session().selected_epsilon().get() == epsilon);
        follows(&mut window);
    }
    window.press_now(Key::CloseBracket);
    assert_eq!(window.session().layer(), 15);
    follows(&mut window);
    assert!(window.has(Role::Button, CANCEL), "still on its way");
    let before = window.session().clone();

    window.gates.tensors.open();
    window.gates.layers.open();
    window.until("the new source", |window| *window.session().source() == opened(&folder));
    window.settle();
    let after = window.session();
    assert_eq!(
        (after.epsilon(), after.prompt()),
        (before.epsilon(), before.prompt()),
        "what was chosen meanwhile stays"
    );
    assert_eq!((after.layer(), after.head()), (5, 3), "the last layer, and the head that was shown");
    assert_eq!(window.outcome().facts.title, "Slow");
    assert!(!window.has(Role::Button, CANCEL));
    window.press_with(Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(*window.session(), before);
}

#[test]
fn cancelling_leaves_everything_as_it_was() {
    for how in ["button", "key"] {
        let mut window = figure();
        let before = window.session().clone();
        let _folder = start_opening(&mut window, "slow");
        window.gates.tensors.allow(3);
        match how {
            "button" => window.click_now(Role::Button, CANCEL),
            _ => window.press_now(Key::Escape),
        }
        assert!(!window.has(Role::Button, CANCEL), "{how}");
        window.until("a word about it", |window| window.announced(Role::Status) == ["slow was not opened."]);
        window.gates.tensors.open();
        window.advance(Duration::from_millis(100));
        assert!(window.gates.tensors.begun() < TENSORS, "its thread has stopped");
        assert_eq!(*window.session(), before, "by {how}");
        window.metrics();
        assert!(window.announced(Role::Alert).is_empty());
    }
}

#[test]
fn a_failure_leaves_everything_as_it_was() {
    let mut window = figure();
    let before = window.session().clone();
    let _folder = start_opening(&mut window, "broken");
    window.press_now(Key::Num2);
    window.gates.tensors.open();
    window.until("an error", |window| !window.announced(Role::Alert).is_empty());
    let alerts = window.announced(Role::Alert);
    assert!(alerts.len() == 1 && alerts[0].contains("config.json"), "{alerts:?}");
    assert!(!window.has(Role::Button, CANCEL));
    assert_eq!(*window.session(), before.with([Command::ChooseColumn(column(1))]));
    window.metrics();
}

#[test]
fn a_slow_start_shows_the_window_and_its_progress() {
    let mut window = Window::gated(Session::example(Bundled::Austen).with([Command::Locate(slow())]));
    window.until("the progress of opening", |window| window.has(Role::Button, CANCEL));
    assert!(window.panels().is_empty());
    assert!(window.has(Role::Slider, "epsilon"), "the controls are there");
    window.gates.tensors.allow(5);
    window.until("five tensors", |window| window.has_text("Opening slow: 5 of 10 tensors"));
    window.gates.tensors.open();
    window.gates.layers.open();
    window.settle();
    assert_eq!(*window.session().source(), slow());
    window.metrics();
}

#[test]
fn a_cancelled_start_is_the_figure() {
    let mut window = Window::gated(Session::example(Bundled::Austen).with([Command::Locate(slow())]));
    window.until("the progress of opening", |window| window.has(Role::Button, CANCEL));
    window.press_now(Key::Escape);
    window.settle();
    assert_eq!(*window.session().source(), SourceSpec::Bundled(Bundled::Smollm2));
    window.metrics();
}

#[test]
fn a_failed_start_says_why_and_offers_a_way_on() {
    let missing = SourceSpec::Folder(PathBuf::from("/nowhere/model"));
    let mut window = Window::gated(Session::example(Bundled::Austen).with([Command::Locate(missing.clone())]));
    window.until("the reason", |window| window.has_text("/nowhere/model"));
    window.assert_text("Not opened");
    assert_eq!(*window.session().source(), missing);
    window.click_now(Role::Button, "Try again");
    window.until("the reason again", |window| window.has(Role::Button, "Open the figure"));
    window.click_now(Role::Button, "Open the figure");
    window.settle();
    assert_eq!(*window.session().source(), SourceSpec::Bundled(Bundled::Smollm2));
    window.metrics();
}

#[test]
fn the_newest_source_wins() {
    let mut window = figure();
    let _folder = start_opening(&mut window, "slow");
    window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").focus();
    window.harness.step();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.harness.event(egui::Event::Text("Sense and Sensibility is a novel".to_owned()));
    window.settle();
    assert_eq!(*window.session().source(), SourceSpec::Bundled(Bundled::Smollm2));
    assert_eq!(window.announced(Role::Status), ["slow was not opened."]);
    window.gates.tensors.open();
    window.advance(Duration::from_millis(100));
    assert_eq!(*window.session().source(), SourceSpec::Bundled(Bundled::Smollm2));
    window.metrics();
}

/// The dialog that asked stays until the source is there; Cancel leads back to what was typed, Esc gives both up.
#[test]
fn the_dialog_that_asked_waits() {
    let mut window = figure();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow");
    std::fs::create_dir(&path).unwrap();
    window.press_with(Modifiers::COMMAND, Key::O);
    window.type_over(Role::TextInput, FIELD, &path.display().to_string());
    for way_out in ["Cancel", "Esc"] {
        window.harness.get_by_role_and_label(Role::TextInput, FIELD).focus();
        window.harness.step();
        window.press_now(Key::Enter);
        window.until("the progress of opening", |window| window.has(Role::Button, CANCEL));
        assert!(window.has(Role::Window, "Open") && window.is_disabled(Role::Button, "Open"));
        if way_out == "Cancel" {
            window.click_now(Role::Button, CANCEL);
            assert!(window.has(Role::Window, "Open") && !window.is_disabled(Role::Button, "Open"));
            assert_eq!(window.value(Role::TextInput, FIELD), path.display().to_string());
        } else {
            window.press_now(Key::Escape);
            assert!(!window.has(Role::Window, "Open"));
        }
        window.until("the end of opening", |window| !window.has(Role::Button, CANCEL));
    }
    assert_eq!(*window.session().source(), SourceSpec::Bundled(Bundled::Smollm2Capture));
    window.press_with(Modifiers::COMMAND, Key::O);
    window.press_now(Key::Enter);
    window.gates.tensors.open();
    window.gates.layers.open();
    window.wait("the model", |window| *window.session().source() == SourceSpec::Folder(path.clone()));
    assert!(!window.has(Role::Window, "Open") && window.announced(Role::Alert).is_empty());
}

#[test]
fn escape_is_for_what_is_nearest() {
    let mut window = figure();
    let mut pinned = window.session().clone();
    pinned.apply(Command::Pin(Cell { query: 5, key: 1 }), OnScreen::default());
    let cell = window.cell_position(Component::Query, 0, pinned.pinned().unwrap());
    window.click_at(cell);
    assert_eq!(window.session().pinned(), pinned.pinned());
    let _folder = start_opening(&mut window, "slow");

    window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").focus();
    window.harness.step();
    window.harness.step();
    window.press_now(Key::Escape);
    assert!(window.session().pinned().is_some() && window.has(Role::Button, CANCEL), "it leaves the prompt");
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.until("the dialog", |window| window.has(Role::Window, "Open"));
    window.press_now(Key::Escape);
    assert!(!window.has(Role::Window, "Open"), "it closes the dialog");
    assert!(window.has(Role::Button, CANCEL));
    window.press_now(Key::Escape);
    assert_eq!(window.session().pinned(), None, "it unpins the cell");
    assert!(window.has(Role::Button, CANCEL));
    window.press_now(Key::Escape);
    assert!(!window.has(Role::Button, CANCEL), "and then it cancels");
}
