//! Sources that were opened lately, from one start of the program to the next.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use attenuate::{
    engine::{Bundled, SourceSpec},
    session::{Command, Session},
};
use egui::{Key, Modifiers, Role};
use safetensors::{Dtype, tensor::TensorView};

use super::{files::FIELD, support::Window};
use crate::support::captured_figure;

fn capture(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let values = |rate: f32| -> Vec<u8> { (0..5 * 4).flat_map(|i| (i as f32 * rate).sin().to_le_bytes()).collect() };
    let data: HashMap<&str, Vec<u8>> = [("q", values(0.7)), ("k", values(1.1)), ("v", values(1.9))].into();
    let views = data.iter().map(|(name, bytes)| (*name, TensorView::new(Dtype::F32, vec![5, 4], bytes).unwrap()));
    fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    path
}

/// A start of the program that remembers in `file`.
fn start(session: Session, file: &Path) -> Window {
    let mut window = Window::with(session, |setup| setup.recent = Some(file.to_owned()));
    window.settle();
    window
}

fn open(window: &mut Window, path: &Path) {
    window.press_with(Modifiers::COMMAND, Key::O);
    window.type_over(Role::TextInput, FIELD, &path.display().to_string());
    window.press(Key::Enter);
    window.settle();
}

#[test]
fn sources_are_remembered_from_start_to_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state").join("recent.json");
    let (first, second) = (capture(folder.path(), "first.safetensors"), capture(folder.path(), "second.safetensors"));
    let mut window = start(captured_figure(), &file);
    assert!(window.session().source().path().is_none());
    open(&mut window, &first);
    open(&mut window, &second);
    assert_eq!(*window.session().source(), SourceSpec::Capture(second.clone()));
    drop(window);

    let mut window = start(captured_figure(), &file);
    window.menu(&["File", "Open recent"]);
    let top = |window: &Window, name: &str| button(window, name).top();
    assert!(top(&window, "second.safetensors") < top(&window, "first.safetensors"), "the newest is on top");
    choose(&mut window, "first.safetensors");
    window.close_menus();
    assert_eq!(*window.session().source(), SourceSpec::Capture(first.clone()));
    window.metrics();
    drop(window);

    // What was opened on the command line is remembered as well, and the newest is in front again.
    drop(start(
        captured_figure().with([
            Command::Locate(SourceSpec::Capture(second.clone())),
            Command::SetLayer(0),
            Command::SetHead(0),
        ]),
        &file,
    ));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.find("second") < text.find("first") && text.matches("second").count() == 1, "{text}");

    let mut window = start(captured_figure(), &file);
    window.menu(&["File", "Open recent", "Clear recent"]);
    window.close_menus();
    window.settle();
    drop(window);
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), "[]");
    assert!(first.is_file() && second.is_file(), "the list is cleared, not the disk");
}

/// The dialog that opens whatever can be opened has the menu's list as well.
#[test]
fn the_dialog_open_lists_what_was_open_lately() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recent.json");
    let (first, second) = (capture(folder.path(), "first.safetensors"), capture(folder.path(), "second.safetensors"));
    let mut window = start(captured_figure(), &file);
    window.press_with(Modifiers::COMMAND, Key::O);
    assert!(!window.has_text("Recent"), "nothing was open");
    window.press(Key::Escape);
    open(&mut window, &first);
    open(&mut window, &second);
    window.press_with(Modifiers::COMMAND, Key::O);
    window.assert_text("Recent");
    let top = |window: &Window, name: &str| button(window, name).top();
    assert!(top(&window, "second.safetensors, ") < top(&window, "first.safetensors, "), "the newest is on top");
    choose(&mut window, "first.safetensors, ");
    window.settle();
    assert_eq!(*window.session().source(), SourceSpec::Capture(first));
    assert!(!window.has(Role::Window, "Open"), "it is open, and the dialog is closed");

    // What does not open is said where it was chosen, and is named in the field.
    fs::remove_file(&second).unwrap();
    window.press_with(Modifiers::COMMAND, Key::O);
    choose(&mut window, "second.safetensors, ");
    window.until("why not", |window| !window.announced(Role::Alert).is_empty());
    window.settle();
    assert!(window.has(Role::Window, "Open"));
    assert_eq!(window.value(Role::TextInput, FIELD), second.display().to_string());
    assert!(name_of(&window, "second.safetensors, ").is_none(), "it has left the list");
}

#[test]
fn what_is_gone_leaves_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recent.json");
    let path = capture(folder.path(), "gone.safetensors");
    open(&mut start(captured_figure(), &file), &path);
    fs::remove_file(&path).unwrap();
    let mut window = start(captured_figure(), &file);
    window.menu(&["File", "Open recent"]);
    choose(&mut window, "gone.safetensors");
    window.until("an error", |window| !window.announced(Role::Alert).is_empty());
    window.close_menus();
    assert!(window.announced(Role::Alert)[0].contains("gone.safetensors"));
    assert!(window.announced(Role::Status)[0].contains("no longer there"), "{:?}", window.announced(Role::Status));
    assert_eq!(*window.session().source(), SourceSpec::Bundled(Bundled::Smollm2Capture));
    window.settle();
    window.metrics();
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), "[]");
}

#[test]
fn a_folder_that_takes_no_file_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("blocked");
    fs::write(&blocked, "a file, not a folder").unwrap();
    let (first, second) = (capture(folder.path(), "a.safetensors"), capture(folder.path(), "b.safetensors"));
    let mut window = start(captured_figure(), &blocked.join("recent.json"));
    open(&mut window, &first);
    open(&mut window, &second);
    window.settle();
    let told = window.announced(Role::Status);
    let complaints = told.iter().filter(|text| text.contains("Recent sources are not remembered")).count();
    assert_eq!(complaints, 1, "{told:?}");
    assert!(window.announced(Role::Alert).is_empty());
    window.menu(&["File", "Open recent"]);
    assert!(button(&window, "a.safetensors").is_positive(), "in this window they are known all the same");
}

#[test]
fn without_a_file_nothing_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let path = capture(folder.path(), "a.safetensors");
    let mut window = Window::figure();
    open(&mut window, &path);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

fn name_of(window: &Window, start: &str) -> Option<String> {
    use egui_kittest::kittest::{NodeT as _, Queryable as _};
    let names = window.harness.query_all_by_role(Role::Button).filter_map(|node| node.accesskit_node().label());
    names.into_iter().find(|name| name.starts_with(start))
}

#[track_caller]
fn button(window: &Window, start: &str) -> egui::Rect {
    use egui_kittest::kittest::Queryable as _;
    let name = name_of(window, start).unwrap();
    window.harness.get_by_role_and_label(Role::Button, &name).rect()
}

#[track_caller]
pub fn choose(window: &mut Window, start: &str) {
    let name = name_of(window, start).unwrap();
    window.click_now(Role::Button, &name);
}
