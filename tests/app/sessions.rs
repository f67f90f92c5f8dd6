//! Sessions saved, dropped, restored after a crash; sources that have moved.

use std::path::{Path, PathBuf};

use attenuate::{
    engine::{Fingerprints, SourceSpec},
    session::{
        Command,
        document::{SessionDocument, read},
    },
};
use egui::{Key, Modifiers, Role};

use super::{files::drop_file, support::Window};
use crate::support::captured_figure;

const FIELD: &str = "Session file";
const QUESTION: &str = "Where is the session’s source?";

fn save_as(window: &mut Window, path: &Path) {
    window.press_with(Modifiers { shift: true, ..Modifiers::COMMAND }, Key::S);
    window.type_over(Role::TextInput, FIELD, &path.display().to_string());
    window.press(Key::Enter);
}

fn save_at(folder: &Path, window: &mut Window) -> PathBuf {
    let path = folder.join("view.json");
    save_as(window, &path);
    let saved = format!("Saved {}", path.display());
    window.wait(&saved, |window| window.announced(Role::Status).contains(&saved));
    path
}

/// A copy of the bundled capture with a session on it.
fn on_a_copy(folder: &Path) -> (PathBuf, PathBuf) {
    let capture = folder.join("copy.safetensors");
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/captures/smollm2-135m.safetensors");
    std::fs::copy(bundled, &capture).unwrap();
    let source = SourceSpec::Capture(capture.clone());
    let session = captured_figure().with([Command::Locate(source), Command::SetLayer(0), Command::SetHead(2)]);
    let file = folder.join("on-a-copy.json");
    SessionDocument::of(&session, None, &Fingerprints::default()).save(&file).unwrap();
    (capture, file)
}

#[test]
fn what_is_saved_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::somewhere();
    let path = save_at(folder.path(), &mut window);
    let saved = window.session().clone();
    let shown = window.outcome().clone();
    assert_eq!(read(&path).unwrap().session, saved);
    assert_eq!(read(&path).unwrap().tokens.len(), 24);

    let mut other = Window::figure();
    drop_file(&mut other, &path);
    other.wait("the saved view", |window| *window.session() == saved);
    other.metrics();
    assert_eq!(other.outcome().experiment.epsilon, shown.experiment.epsilon);

    // Ctrl+S has a file now and asks no more.
    other.enter_epsilon("0.5");
    other.press(Key::Tab);
    other.press_with(Modifiers::COMMAND, Key::S);
    other.wait("saved", |window| !window.announced(Role::Status).is_empty());
    assert_eq!(read(&path).unwrap().session, *other.session());
    // One step back is the figure that was there before.
    other.press_with(Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(*other.session(), captured_figure());
}

#[test]
fn a_session_that_cannot_be_saved_keeps_the_dialog_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::somewhere();
    let path = folder.path().join("no such folder").join("view.json");
    save_as(&mut window, &path);
    window.wait("an error", |window| !window.announced(Role::Alert).is_empty());
    assert!(window.announced(Role::Alert)[0].contains(&path.display().to_string()));
    assert!(window.has(Role::TextInput, FIELD));
    window.press(Key::Escape);
    assert!(!window.has(Role::TextInput, FIELD));
}

#[test]
fn what_is_no_session_or_a_newer_one_leaves_the_view_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let newer = r#"{"format":"attenuate-session","version":3,"program":"9.1.0"}"#;
    for (name, text, expected) in [
        ("newer.json", newer, "a newer Attenuate 9.1.0"),
        ("list.json", "[1, 2]", "list.json"),
        ("cut.json", r#"{"format":"attenuate-session","ver"#, "cut.json"),
        ("plain.png", "no picture", "plain.png"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let mut window = Window::figure();
        drop_file(&mut window, &path);
        window.wait("an error", |window| !window.announced(Role::Alert).is_empty());
        let alerts = window.announced(Role::Alert);
        assert!(alerts.len() == 1 && alerts[0].contains(expected), "{name}: {alerts:?}");
        assert_eq!(*window.session(), captured_figure());
        window.metrics();
    }
}

#[test]
fn a_source_that_has_moved_is_asked_for_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (capture, file) = on_a_copy(folder.path());
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("moved.safetensors");
    std::fs::rename(&capture, &moved).unwrap();

    let mut window = Window::somewhere();
    let before = window.session().clone();
    drop_file(&mut window, &file);
    window.wait("the question", |window| window.has(Role::Window, QUESTION));
    window.assert_text(&capture.display().to_string());
    assert_eq!(*window.session(), before, "the view stays until the source is found");
    window.press(Key::Escape);
    assert!(!window.has(Role::Window, QUESTION));
    assert_eq!(*window.session(), before);

    drop_file(&mut window, &file);
    window.wait("the question", |window| window.has(Role::Window, QUESTION));
    window.type_over(Role::TextInput, "Its place now", &moved.display().to_string());
    window.press(Key::Enter);
    window.wait("the session on the moved source", |window| {
        *window.session().source() == SourceSpec::Capture(moved.clone())
    });
    assert_eq!(window.session().head(), 2);
    window.metrics();
}

#[test]
fn a_source_that_is_another_one_now_is_told_and_can_be_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (capture, file) = on_a_copy(folder.path());
    let mut bytes = std::fs::read(&capture).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&capture, bytes).unwrap();

    let mut window = Window::figure();
    drop_file(&mut window, &file);
    window.wait("the question", |window| window.has(Role::Window, QUESTION));
    window.assert_text("is not what the session was saved with");
    assert_eq!(*window.session(), captured_figure());
    window.click(Role::Button, "Open anyway");
    window.wait("the changed source", |window| *window.session().source() == SourceSpec::Capture(capture.clone()));
    // Where the button was there are panels now.
    window.leave();
    window.metrics();
}

#[test]
fn what_a_crash_left_is_offered_once() {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("4711-left.json");
    let session = captured_figure().with([Command::SetHead(7)]);
    SessionDocument::of(&session, None, &Fingerprints::default()).save(&left).unwrap();
    let open = || {
        let mut window = Window::with(captured_figure(), |setup| setup.kept = Some(folder.path().to_owned()));
        window.settle();
        window
    };
    let mut window = open();
    window.assert_text("ended without being closed");
    assert_eq!(window.session().head(), captured_figure().head());
    window.click(Role::Button, "Restore");
    window.wait("what it had", |window| window.session().head() == 7);
    window.metrics();
    assert!(!window.has_text("ended without being closed") && !left.exists());
    drop(window);
    assert!(!open().has_text("ended without being closed"));

    SessionDocument::of(&session, None, &Fingerprints::default()).save(&left).unwrap();
    let mut window = open();
    window.click(Role::Button, "Dismiss");
    assert!(!left.exists());
    assert_eq!(*window.session(), captured_figure());
}
