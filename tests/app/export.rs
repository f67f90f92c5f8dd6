//! Exporting the figure through the path field.

use std::{fs::File, io::BufReader, path::Path};

use attenuate::figure::{Dpi, FigureStyle, draw_png};
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable as _;

use super::support::Window;

const DIALOG: &str = "Export figure";

fn export_to(window: &mut Window, path: &Path) {
    window.press_with(Modifiers::COMMAND, Key::E);
    assert!(window.harness.get_by_role_and_label(Role::TextInput, "PNG file").is_focused());
    window.type_over(Role::TextInput, "PNG file", &path.display().to_string());
    window.press(Key::Enter);
}

fn dialog_is_open(window: &Window) -> bool {
    window.harness.query_by_role_and_label(Role::Window, DIALOG).is_some()
}

#[test]
fn writes_the_figure_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figure.png");
    let mut window = Window::figure();
    window.enter_epsilon("0.3");
    window.press(Key::Tab);
    export_to(&mut window, &path);
    let saved = format!("Saved {}", path.display());
    window.wait(&saved, |window| window.announced(Role::Status) == [saved.clone()]);
    assert!(!dialog_is_open(&window));
    assert!(window.announced(Role::Alert).is_empty());

    let mut reader = png::Decoder::new(BufReader::new(File::open(&path).unwrap())).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    // 178 mm at 300 dpi.
    assert_eq!(info.width, 2102);
    let expected = draw_png(&window.expected(), &FigureStyle::default(), Dpi::default()).unwrap();
    assert!(std::fs::read(&path).unwrap() == expected, "the file is what the figure code draws of the engine's answer");
    assert_eq!(files_in(folder.path()), ["figure.png"], "no temporary file is left");
}

#[test]
fn a_failure_keeps_the_dialog_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::figure();
    let missing = folder.path().join("no such folder").join("figure.png");
    export_to(&mut window, &missing);
    window.wait("an error", |window| !window.announced(Role::Alert).is_empty());
    let alerts = window.announced(Role::Alert);
    assert!(alerts.len() == 1 && alerts[0].contains(&missing.display().to_string()), "{alerts:?}");
    assert!(dialog_is_open(&window));
    assert!(files_in(folder.path()).is_empty());

    let other = folder.path().join("figure.jpg");
    window.type_over(Role::TextInput, "PNG file", &other.display().to_string());
    window.press(Key::Enter);
    let message = format!("{}: the name must end in .png", other.display());
    window.wait(&message, |window| window.announced(Role::Alert).contains(&message));
    assert!(dialog_is_open(&window) && files_in(folder.path()).is_empty());

    let good = folder.path().join("figure.png");
    window.type_over(Role::TextInput, "PNG file", &good.display().to_string());
    window.click(Role::Button, "Save figure");
    window.wait("the dialog closed", |window| !dialog_is_open(window));
    assert_eq!(files_in(folder.path()), ["figure.png"]);
}

#[test]
fn escape_closes_the_dialog() {
    let mut window = Window::figure();
    window.press_with(Modifiers::COMMAND, Key::E);
    assert!(dialog_is_open(&window));
    window.press(Key::Escape);
    assert!(!dialog_is_open(&window));
}

fn files_in(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
