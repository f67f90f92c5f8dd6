//! Dialogs over the figure.

use std::path::Path;

use attenuate::{
    engine::{Fingerprints, SourceSpec},
    session::{Command, document::SessionDocument},
};
use egui::{Key, Modifiers, Role};

use super::{dialog, in_both_themes, picture, themed, window};
use crate::app::{
    files::{FIELD, drop_file},
    support::Window,
};
use crate::support::captured_figure;

const SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

/// Paths begin in the folder where the test runs.
fn type_path(window: &mut Window, field: &str, path: &str) {
    window.type_over(Role::TextInput, field, path);
    window.leave();
}

#[test]
fn exporting_the_figure() {
    window("export-figure", &captured_figure(), |window| {
        window.press_with(Modifiers::COMMAND, Key::E);
        type_path(window, "Figure file", "/figures/attention.png");
    });
}

#[test]
fn exporting_numbers() {
    dialog("export-numbers", "Export numbers", |window| {
        window.press_with(SHIFT, Key::E);
        type_path(window, "NPZ, safetensors, CSV or JSON file", "/figures/weights.npz");
    });
}

#[test]
fn exporting_an_animation() {
    dialog("export-animation", "Export animation", |window| {
        window.menu(&["File", "Export animation…"]);
        type_path(window, "Animation file", "/figures/attention.gif");
    });
}

#[test]
fn opening() {
    dialog("open", "Open", |window| {
        window.press_with(Modifiers::COMMAND, Key::O);
        type_path(window, FIELD, "/captures/mine.safetensors");
    });
}

#[test]
fn what_does_not_open() {
    dialog("open-refused", "Open", |window| {
        window.press_with(Modifiers::COMMAND, Key::O);
        type_path(window, FIELD, "/captures/gone.safetensors");
        window.press(Key::Enter);
        window.wait("why", |window| !window.announced(Role::Alert).is_empty());
    });
}

#[test]
fn saving_the_session() {
    dialog("save-session", "Save session", |window| {
        window.press_with(SHIFT, Key::S);
        type_path(window, "Session file", "/sessions/view.json");
    });
}

#[test]
fn a_source_that_has_moved() {
    dialog("missing-source", "Where is the session’s source?", |window| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session.json");
        let session =
            captured_figure().with([Command::Locate(SourceSpec::Capture("/captures/moved.safetensors".into()))]);
        SessionDocument::of(&session, None, &Fingerprints::default()).save(&file).unwrap();
        drop_file(window, &file);
        window.wait("the question", |window| window.has(Role::Window, "Where is the session’s source?"));
        type_path(window, "Its place now", "/captures/here.safetensors");
    });
}

#[test]
fn what_a_crash_left() {
    let folder = tempfile::tempdir().unwrap();
    in_both_themes("restore", |theme| {
        keep(folder.path());
        let kept = folder.path().to_owned();
        let mut window = Window::with(themed(&captured_figure(), theme), |setup| setup.kept = Some(kept));
        window.settle();
        window.assert_text("ended without being closed");
        picture(&mut window)
    });
}

fn keep(folder: &Path) {
    let session = captured_figure().with([Command::SetHead(7)]);
    SessionDocument::of(&session, None, &Fingerprints::default()).save(&folder.join("4711-left.json")).unwrap();
}
