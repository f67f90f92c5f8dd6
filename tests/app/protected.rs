//! No dialog writes over a file that the window has read.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use attenuate::{
    base::InputRole,
    engine::{Prompt, SourceSpec},
    model::bundled,
    session::Command,
};
use egui::{Key, Modifiers, Role};

use super::{files::drop_file, support::Window};
use crate::support::captured_figure;

/// A model folder whose files have the endings of what is written, and a window on it.
fn window_on_a_model(folder: &Path) -> Window {
    for (name, bytes) in [
        ("config.json", bundled::CONFIG),
        ("model.safetensors", bundled::WEIGHTS),
        ("tokenizer.json", bundled::TOKENIZER),
    ] {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    #[cfg(unix)]
    for name in ["link.png", "link.gif", "link.csv"] {
        std::os::unix::fs::symlink("model.safetensors", folder.join(name)).unwrap();
    }
    let prompt = Prompt::Text { text: "Hello.".into(), bos: true };
    let source = SourceSpec::Folder(folder.to_owned());
    let commands = [Command::Locate(source), Command::Read(prompt), Command::SetLayer(0), Command::SetHead(0)];
    Window::open(captured_figure().with(commands))
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// Types `path` into the open dialog: it is refused with one sentence, and the dialog stays.
#[track_caller]
fn refused(window: &mut Window, field: &str, path: &Path, part: &str) {
    let before = contents(path.parent().unwrap());
    window.type_over(Role::TextInput, field, &path.display().to_string());
    window.press(Key::Enter);
    let end = format!("choose another name: {}", path.display());
    let is_said = |window: &Window| {
        window.announced(Role::Alert).iter().any(|alert| alert.contains(part) && alert.ends_with(&end))
    };
    window.wait(&end, is_said);
    assert!(window.has(Role::TextInput, field), "the dialog stays");
    assert!(contents(path.parent().unwrap()) == before, "{}", path.display());
    window.press(Key::Escape);
}

const SOURCE: &str = "a file of the source";
const SESSION: &str = "the session that was read";
const COMMAND_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

#[cfg(unix)]
#[test]
fn pictures_do_not_replace_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_on_a_model(folder.path());
    window.press_with(Modifiers::COMMAND, Key::E);
    refused(&mut window, "Figure file", &folder.path().join("link.png"), SOURCE);
    window.menu(&["File", "Export animation…"]);
    refused(&mut window, "Animation file", &folder.path().join("link.gif"), SOURCE);
}

#[test]
fn numbers_do_not_replace_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_on_a_model(folder.path());
    window.press_with(COMMAND_SHIFT, Key::E);
    refused(&mut window, "NPZ, safetensors, CSV or JSON file", &folder.path().join("model.safetensors"), SOURCE);
    window.menu(&["File", "Export sweep…"]);
    refused(&mut window, "CSV, JSON, PNG, SVG or PDF file", &folder.path().join("config.json"), SOURCE);
    window.press(Key::H);
    // Beside the panels the buttons of the table are folded in.
    window.click(Role::Button, "Fill");
    window.click(Role::Button, "Save table…");
    refused(&mut window, "CSV or JSON file", &folder.path().join("tokenizer.json"), SOURCE);
}

#[test]
fn a_session_does_not_replace_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_on_a_model(folder.path());
    window.press_with(COMMAND_SHIFT, Key::S);
    refused(&mut window, "Session file", &folder.path().join("config.json"), SOURCE);
    // Nor one that was open before.
    window.menu(&["File", "Examples", "Small model: Austen, reads any prompt"]);
    window.close_menus();
    window.press_with(COMMAND_SHIFT, Key::S);
    refused(&mut window, "Session file", &folder.path().join("tokenizer.json"), SOURCE);
}

#[test]
fn nothing_replaces_a_list_that_the_window_was_started_with() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.json");
    std::fs::write(&list, "[]").unwrap();
    let mut window = Window::with(captured_figure(), |setup| setup.inputs.add_file(&list, InputRole::InForce));
    window.settle();
    window.press_with(COMMAND_SHIFT, Key::S);
    refused(&mut window, "Session file", &list, "the changes in force that are read");
}

#[test]
fn numbers_do_not_replace_a_session_and_a_figure_may_replace_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::figure();
    let saved = |path: &Path| format!("Saved {}", path.display());
    let session = folder.path().join("s.json");
    window.press_with(COMMAND_SHIFT, Key::S);
    window.type_over(Role::TextInput, "Session file", &session.display().to_string());
    window.press(Key::Enter);
    window.wait("saved", |window| window.announced(Role::Status).contains(&saved(&session)));
    window.press_with(COMMAND_SHIFT, Key::E);
    refused(&mut window, "NPZ, safetensors, CSV or JSON file", &session, SESSION);

    let figure = folder.path().join("f.svg");
    window.press_with(Modifiers::COMMAND, Key::E);
    window.type_over(Role::TextInput, "Figure file", &figure.display().to_string());
    window.press(Key::Enter);
    window.wait("saved", |window| window.announced(Role::Status).contains(&saved(&figure)));
    let first = std::fs::read(&figure).unwrap();

    let mut window = Window::figure();
    drop_file(&mut window, &figure);
    window.wait("opened", |window| window.outcome().n_positions() == 24);
    window.menu(&["File", "Export sweep…"]);
    refused(&mut window, "CSV, JSON, PNG, SVG or PDF file", &figure, SESSION);
    window.enter_epsilon("0.02");
    window.press(Key::Tab);
    window.press_with(Modifiers::COMMAND, Key::E);
    window.type_over(Role::TextInput, "Figure file", &figure.display().to_string());
    window.press(Key::Enter);
    window.wait("saved", |window| window.announced(Role::Status).contains(&saved(&figure)));
    assert!(std::fs::read(&figure).unwrap() != first);
    assert_eq!(attenuate::session::document::read(&figure).unwrap().session, *window.session());
}
