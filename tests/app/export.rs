//! Exporting the figure through the path field.

use std::{fs::File, io::BufReader, path::Path};

use attenuate::{
    attention::Component,
    engine::Fingerprints,
    figure::{FigureStyle, FileFormat, draw},
    numbers::NumbersFormat,
    session::document::payload,
};
use egui::{Key, Modifiers, Pos2, Rect, Role, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::{recent::choose, support::Window};
use crate::support::captured_figure;
use crate::support::grids::at;

const DIALOGS: [&str; 2] = ["Export figure", "Export numbers"];
const FIGURE_FIELD: &str = "Figure file";
const NUMBERS_FIELD: &str = "NPZ, safetensors, CSV or JSON file";
const NUMBERS_MODIFIERS: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

fn export_to(window: &mut Window, path: &Path) {
    window.press_with(Modifiers::COMMAND, Key::E);
    assert!(window.harness.get_by_role_and_label(Role::TextInput, FIGURE_FIELD).is_focused());
    window.type_over(Role::TextInput, FIGURE_FIELD, &path.display().to_string());
    window.press(Key::Enter);
}

fn dialog_is_open(window: &Window) -> bool {
    DIALOGS.iter().any(|title| window.harness.query_by_role_and_label(Role::Window, title).is_some())
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
    let outcome = window.expected();
    let session = payload(window.session(), &outcome, &path, &Fingerprints::default()).unwrap();
    let expected = draw(&outcome, &FigureStyle::default(), FileFormat::Png, Some(&session)).unwrap();
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
    window.type_over(Role::TextInput, FIGURE_FIELD, &other.display().to_string());
    window.press(Key::Enter);
    let message = format!("{}: the name must end in .png, .svg or .pdf", other.display());
    // In the dialog, in the place of the one before.
    window.wait(&message, |window| window.announced(Role::Alert) == [message.clone()]);
    assert!(dialog_is_open(&window) && files_in(folder.path()).is_empty());
    let dialog = window.harness.get_by_role_and_label(Role::Window, "Export figure").rect();
    assert!(dialog.contains_rect(window.harness.get_by_role(Role::Alert).rect()));

    let good = folder.path().join("figure.png");
    window.type_over(Role::TextInput, FIGURE_FIELD, &good.display().to_string());
    window.click(Role::Button, "Save figure");
    window.wait("the dialog closed", |window| !dialog_is_open(window));
    assert_eq!(files_in(folder.path()), ["figure.png"]);
}

#[test]
fn escape_closes_the_dialog() {
    let mut window = Window::figure();
    for modifiers in [Modifiers::COMMAND, NUMBERS_MODIFIERS] {
        window.press_with(modifiers, Key::E);
        assert!(dialog_is_open(&window));
        window.press(Key::Escape);
        assert!(!dialog_is_open(&window));
    }
}

fn numbers_to(window: &mut Window, path: &Path) {
    window.press_with(NUMBERS_MODIFIERS, Key::E);
    assert!(window.harness.get_by_role_and_label(Role::TextInput, NUMBERS_FIELD).is_focused());
    window.type_over(Role::TextInput, NUMBERS_FIELD, &path.display().to_string());
    window.press(Key::Enter);
}

#[test]
fn writes_the_numbers_of_what_is_shown_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::figure();
    window.enter_epsilon("0.3");
    window.press(Key::Tab);
    let spec = window.session().run_spec();
    let expected = window.expected().numbers(&spec);
    assert_eq!(expected.experiment.epsilon[at(Component::Query, 0)].get(), 0.3);
    for format in NumbersFormat::ALL {
        let path = folder.path().join(format!("weights.{}", format.extension()));
        numbers_to(&mut window, &path);
        let saved = format!("Saved {}", path.display());
        window.wait(&saved, |window| window.announced(Role::Status).contains(&saved));
        assert!(!dialog_is_open(&window));
        let mut bytes = Vec::new();
        expected.write(format, &mut bytes).unwrap();
        assert!(std::fs::read(&path).unwrap() == bytes, "{format:?}: what the command line writes");
    }
    assert!(window.announced(Role::Alert).is_empty());
    assert_eq!(files_in(folder.path()).len(), 4, "no temporary file is left");
}

#[test]
fn numbers_that_cannot_be_written_keep_the_dialog() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::figure();
    window.press_with(NUMBERS_MODIFIERS, Key::E);
    let text = folder.path().join("weights.txt");
    window.type_over(Role::TextInput, NUMBERS_FIELD, &text.display().to_string());
    window.press(Key::Enter);
    let message = format!("{}: the name must end in .npz, .safetensors, .csv or .json", text.display());
    window.wait(&message, |window| window.announced(Role::Alert) == [message.clone()]);
    assert!(dialog_is_open(&window) && files_in(folder.path()).is_empty());

    let missing = folder.path().join("no such folder").join("weights.csv");
    window.type_over(Role::TextInput, NUMBERS_FIELD, &missing.display().to_string());
    window.click(Role::Button, "Save numbers");
    let path = missing.display().to_string();
    window.wait("the path", |window| window.announced(Role::Alert).iter().any(|alert| alert.contains(&path)));
    assert!(dialog_is_open(&window) && files_in(folder.path()).is_empty());

    let good = folder.path().join("weights.csv");
    window.type_over(Role::TextInput, NUMBERS_FIELD, &good.display().to_string());
    window.click(Role::Button, "Save numbers");
    window.wait("the dialog closed", |window| !dialog_is_open(window));
    assert_eq!(files_in(folder.path()), ["weights.csv"]);
}

#[test]
fn the_menu_opens_both_dialogs() {
    for (entry, field) in [("Export figure…   Ctrl+E", FIGURE_FIELD), ("Export numbers…   Ctrl+Shift+E", NUMBERS_FIELD)]
    {
        let mut window = Window::figure();
        window.menu(&["File", entry]);
        assert!(dialog_is_open(&window));
        assert!(window.harness.query_by_role_and_label(Role::TextInput, field).is_some(), "{entry}");
    }
}

fn files_in(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// 640×400 points: a screen of 1280×800 at 200 %.
#[test]
fn the_buttons_of_the_figure_dialog_are_in_sight_at_200_percent() {
    let size = vec2(640.0, 400.0);
    let mut window = Window::sized(captured_figure(), size);
    window.press_with(Modifiers::COMMAND, Key::E);
    let window_rect = Rect::from_min_size(Pos2::ZERO, size);
    for (role, name) in [(Role::Button, "Save figure"), (Role::TextInput, FIGURE_FIELD)] {
        let rect = window.harness.get_by_role_and_label(role, name).rect();
        assert!(window_rect.contains_rect(rect), "{name} at {rect}");
    }
}

#[test]
fn files_are_named_after_what_is_shown_until_somebody_names_them() {
    let mut window = Window::figure();
    window.press_with(Modifiers::COMMAND, Key::E);
    let name = |window: &Window, field: &str| {
        let path = window.value(Role::TextInput, field);
        Path::new(&path).file_name().unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(name(&window, FIGURE_FIELD), "smollm2-capture-L14H3.png");
    window.click(Role::RadioButton, "SVG");
    window.press(Key::Escape);
    window.press(Key::ArrowRight);
    window.press_with(NUMBERS_MODIFIERS, Key::E);
    let head = window.session().head();
    assert_eq!(name(&window, NUMBERS_FIELD), format!("smollm2-capture-L14H{head}.npz"));
    window.press(Key::Escape);
    window.press_with(Modifiers::COMMAND, Key::E);
    assert_eq!(name(&window, FIGURE_FIELD), format!("smollm2-capture-L14H{head}.svg"), "the ending stays");
    window.type_over(Role::TextInput, FIGURE_FIELD, "mine.pdf");
    window.press(Key::Escape);
    window.press_with(Modifiers::COMMAND, Key::E);
    assert_eq!(name(&window, FIGURE_FIELD), "mine.pdf", "what was typed stays");
}

#[test]
fn a_file_that_would_be_replaced_is_named_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figure.png");
    std::fs::write(&path, b"another figure").unwrap();
    let mut window = Window::figure();
    window.press_with(Modifiers::COMMAND, Key::E);
    window.settle();
    assert!(!window.has_text("Replaces"), "{:?}", window.texts());
    window.type_over(Role::TextInput, FIGURE_FIELD, &path.display().to_string());
    window.assert_text("Replaces figure.png");
    window.type_over(Role::TextInput, FIGURE_FIELD, &folder.path().join("other.png").display().to_string());
    assert!(!window.has_text("Replaces"));
    window.click(Role::Button, "Save figure");
    window.wait("the dialog closed", |window| !dialog_is_open(window));
    window.press_with(Modifiers::COMMAND, Key::E);
    window.settle();
    window.assert_text("Replaces other.png");
}

/// One click on *1 column* left an empty preview and a page that was 1 point too narrow.
#[test]
fn a_preset_is_drawn_and_small_text_is_told_beside_what_mends_it() {
    let mut window = Window::figure();
    window.press_with(Modifiers::COMMAND, Key::E);
    window.settle();
    window.assert_text("smallest text 5.");
    window.click(Role::Button, "Use 6 pt or more");
    window.settle();
    window.assert_text("smallest text 6.0 pt");
    assert!(!window.has(Role::Button, "Use 6 pt or more"));
    for (preset, width) in [("1 column", "85 × "), ("2 columns", "178 × ")] {
        window.click(Role::Button, preset);
        window.settle();
        window.assert_text(width);
        window.assert_text("smallest text 6.0 pt");
        assert!(!window.is_disabled(Role::Button, "Save figure"));
    }
}

#[test]
fn a_page_without_room_cannot_be_saved_and_a_larger_one_is_offered() {
    for (menu, save) in [("Export figure…", "Save figure"), ("Export animation…", "Save animation")] {
        let mut window = Window::figure();
        window.harness.get_by_label("File").click();
        window.settle();
        choose(&mut window, menu);
        window.settle();
        window.click(Role::CheckBox, "Height");
        set_page(&mut window, "20");
        window.assert_text("the page has no room");
        assert!(window.is_disabled(Role::Button, save));
        let buttons = window.harness.query_all_by_role(Role::Button);
        let repair =
            buttons.filter_map(|node| node.accesskit_node().label()).find(|label| label.starts_with("Use a page"));
        window.click(Role::Button, &repair.unwrap());
        window.settle();
        assert!(!window.has_text("the page has no room"), "{:?}", window.texts());
        assert!(!window.is_disabled(Role::Button, save));
        // What is cut is said before anything is written.
        set_page(&mut window, "80");
        window.assert_text("positions stand at the axes");
    }
}

/// Makes the page a square of so many millimetres.
fn set_page(window: &mut Window, side: &str) {
    for name in ["Width of the page", "Height of the page"] {
        // A number that is dragged is a field once it is clicked.
        window.harness.get_by_label(name).click();
        window.settle();
        window.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        window.harness.event(egui::Event::Text(side.to_owned()));
        window.press(Key::Enter);
    }
    window.settle();
}

#[test]
fn the_caption_is_what_the_command_line_prints() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::figure();
    window.press_with(Modifiers::COMMAND, Key::E);
    window.settle();
    window.harness.get_by_role_and_label(Role::Button, "Copy caption").click_accesskit();
    let mut copied = None;
    window.until("the caption", |window| {
        let commands = window.harness.output().platform_output.commands.clone();
        copied = commands.into_iter().find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text),
            _ => None,
        });
        copied.is_some()
    });
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_attenuate"));
    command.args(["export", "bundled:smollm2-capture", "--caption", "-o"]).arg(folder.path().join("f.svg"));
    let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert_eq!(copied.unwrap(), printed.trim_end());
}

#[test]
fn curves_are_looked_at_before_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("curves.pdf");
    let mut window = Window::figure();
    window.menu(&["File", "Export sweep…"]);
    let field = "CSV, JSON, PNG, SVG or PDF file";
    assert!(!window.has(Role::CheckBox, "sink mass"), "numbers have no looks");
    window.type_over(Role::TextInput, field, &path.display().to_string());
    window.settle();
    window.click(Role::CheckBox, "KL from baseline (nats)");
    window.click(Role::CheckBox, "All of it");
    window.click(Role::Button, "1 column");
    window.settle();
    window.assert_text("85 × ");
    window.assert_text("smallest text");
    window.click(Role::Button, "Save sweep");
    let saved = format!("Saved {}", path.display());
    window.wait(&saved, |window| window.announced(Role::Status).contains(&saved));
    let other = folder.path().join("cli.pdf");
    let metric = window.session().view().sweep.metric;
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_attenuate"));
    command.args(["sweep", "bundled:smollm2-capture", "--size", "85", "--range", "1e-3..=1"]);
    command.args(["--metric", &format!("{metric},kl"), "-o"]).arg(&other);
    assert!(command.status().unwrap().success());
    assert!(std::fs::read(&path).unwrap() == std::fs::read(&other).unwrap());
}

/// One rule for all dialogs: the button that does what the dialog is for ends the last line, at the right.
#[test]
fn dialogs_have_their_buttons_at_the_right() {
    let mut window = Window::figure();
    let shift = Modifiers::COMMAND | Modifiers::SHIFT;
    for (modifiers, key, dialog, button) in [
        (Modifiers::COMMAND, Key::E, "Export figure", "Save figure"),
        (shift, Key::E, "Export numbers", "Save numbers"),
        (shift, Key::S, "Save session", "Save"),
        (Modifiers::COMMAND, Key::O, "Open", "Open"),
    ] {
        window.press_with(modifiers, key);
        let around = window.harness.get_by_role_and_label(Role::Window, dialog);
        let button = around.get_by_role_and_label(Role::Button, button).rect();
        let margin = around.rect().right() - button.right();
        assert!((8.0..20.0).contains(&margin), "{dialog}: {button} in {}", around.rect());
        window.press(Key::Escape);
    }
}
