//! What leaves the window besides the plain figure and its numbers: figures of chosen looks that carry their session,
//! animations, curves, the clipboard.

use std::path::{Path, PathBuf};

use attenuate::{
    attention::Component,
    figure::{AxisLabels, FigureStyle, FileFormat, Ground, PageSize, PanelMetric, TextMode, Unit, draw},
    session::document::read,
};
use egui::{Key, Modifiers, OutputCommand, Role};
use egui_kittest::kittest::Queryable as _;

use super::{files::drop_file, support::Window};
use crate::support::captured_figure;
use crate::support::grids::at;

const FIELD: &str = "Figure file";

fn saved(window: &mut Window, path: &Path) {
    let text = format!("Saved {}", path.display());
    window.wait(&text, |window| window.announced(Role::Status).contains(&text));
}

/// A click on what the dialog may have to be scrolled to.
fn click_within(window: &mut Window, role: Role, name: &str) {
    window.harness.get_by_role_and_label(role, name).scroll_to_me();
    window.settle();
    window.click(role, name);
}

fn choose(window: &mut Window, menu: &str, choice: &str) {
    click_within(window, Role::ComboBox, menu);
    window.click(Role::Button, choice);
}

#[test]
fn every_look_of_the_dialog_reaches_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figure.svg");
    let mut window = Window::figure();
    window.press_with(Modifiers::COMMAND, Key::E);
    window.type_over(Role::TextInput, FIELD, &folder.path().join("figure.png").display().to_string());
    window.click(Role::RadioButton, "SVG");
    assert_eq!(window.value(Role::TextInput, FIELD), path.display().to_string(), "the name follows the format");
    for unwanted in ["Value", "Middle", "In the file"] {
        click_within(&mut window, Role::CheckBox, unwanted);
    }
    click_within(&mut window, Role::CheckBox, "entropy");
    window.click(Role::Button, "1 column");
    window.type_over(Role::TextInput, "Title of the figure", "Undifferentiated");
    choose(&mut window, "Labels of the axes", "Positions");
    choose(&mut window, "Ground of the figure", "Dark");
    choose(&mut window, "Text of the file", "Outlines");
    window.click(Role::Button, "Save figure");
    saved(&mut window, &path);

    let style = FigureStyle {
        title: Some("Undifferentiated".to_owned()),
        page: PageSize::in_unit(85.0, None, Unit::Millimetres).unwrap(),
        rows: "query,key".parse().ok(),
        columns: "0,2".parse().unwrap(),
        axis_labels: AxisLabels::Positions,
        ground: Ground::Dark,
        metrics: [PanelMetric::Entropy].into(),
        text: TextMode::Paths,
        ..FigureStyle::default()
    };
    let expected = draw(&window.expected(), &style, FileFormat::Svg, None).unwrap();
    assert!(std::fs::read(&path).unwrap() == expected);
    assert!(read(&path).is_err(), "without its session");
}

#[test]
fn colours_and_quantity_of_the_dialog_are_the_views() {
    let mut window = Window::figure();
    window.press_with(Modifiers::COMMAND, Key::E);
    choose(&mut window, "Quantity of the figure", "Ratio to uniform");
    choose(&mut window, "Colours of the figure", "puor");
    let view = window.session().view();
    assert_eq!(
        (view.look.quantity.to_string().as_str(), view.look.colormap.to_string().as_str()),
        ("uniform-ratio", "puor")
    );
}

#[test]
fn a_page_without_room_says_so_in_the_place_of_the_preview() {
    let mut window = Window::figure();
    window.press_with(Modifiers::COMMAND, Key::E);
    window.settle();
    assert!(window.has_text("2102 × 2018 pixels, 178 × 171 mm at 300 dpi"));
    choose(&mut window, "Unit of the page", "px");
    window.settle();
    assert!(window.has_text("2102 × 2018 pixels"), "the same page in pixels: {:?}", window.texts());
    window.click(Role::CheckBox, "Height");
    window.settle();
    assert!(window.has_text("2102 × 2102 pixels"), "{:?}", window.texts());
}

#[test]
fn a_dropped_figure_opens_the_view_that_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["png", "svg", "pdf"] {
        let path = folder.path().join(format!("figure.{ending}"));
        let mut window = Window::somewhere();
        let session = window.session().clone();
        window.press_with(Modifiers::COMMAND, Key::E);
        window.type_over(Role::TextInput, FIELD, &path.display().to_string());
        window.press(Key::Enter);
        saved(&mut window, &path);
        let mut other = Window::figure();
        assert_ne!(*other.session(), session);
        drop_file(&mut other, &path);
        other.wait(ending, |window| *window.session() == session);
        other.metrics();
    }
}

fn animation_to(window: &mut Window, path: &Path) {
    window.menu(&["File", "Export animation…"]);
    window.type_over(Role::TextInput, "Animation file", &path.display().to_string());
}

#[test]
fn an_animation_is_written_with_as_many_frames_as_were_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.png");
    let mut window = Window::figure();
    let session = window.session().clone();
    animation_to(&mut window, &path);
    window.type_over(Role::TextInput, "last epsilon", "0.1");
    window.press(Key::Tab);
    choose(&mut window, "How it plays", "Once");
    for unwanted in ["Key", "Value", "Middle", "Right"] {
        window.click(Role::CheckBox, unwanted);
    }
    window.click(Role::Button, "Save animation");
    saved(&mut window, &path);
    let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
    let reader = png::Decoder::new(file).read_info().unwrap();
    let control = reader.info().animation_control.unwrap();
    assert_eq!((control.num_frames, control.num_plays), (48, 1));
    assert_eq!(read(&path).unwrap().session, session);
}

#[test]
fn an_animation_can_be_cancelled_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::figure();
    animation_to(&mut window, &folder.path().join("film.gif"));
    window.click_now(Role::Button, "Save animation");
    window.until("its progress", |window| window.has(Role::Button, "Cancel animation"));
    window.click_now(Role::Button, "Cancel animation");
    let message = "The animation was cancelled; no file was written.";
    window.until(message, |window| window.announced(Role::Alert) == [message]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(window.has(Role::Button, "Save animation"), "the dialog stays");
}

#[test]
fn a_range_without_a_logarithm_is_refused() {
    let mut window = Window::figure();
    window.menu(&["File", "Export animation…"]);
    window.type_over(Role::TextInput, "last epsilon", "0");
    window.press(Key::Tab);
    assert!(window.is_disabled(Role::Button, "Save animation"));
}

#[test]
fn the_sweep_is_what_the_command_line_writes() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::figure();
    window.menu(&["File", "Export sweep…"]);
    assert!(window.session().view().sweep.open, "curves are computed while their panel is open");
    window.settle();
    for ending in ["csv", "json", "svg", "pdf"] {
        let path = folder.path().join(format!("sweep.{ending}"));
        if !window.has(Role::Button, "Save sweep") {
            window.menu(&["File", "Export sweep…"]);
        }
        window.type_over(Role::TextInput, "CSV, JSON, PNG, SVG or PDF file", &path.display().to_string());
        window.click(Role::Button, "Save sweep");
        saved(&mut window, &path);
        let metric = window.session().view().sweep.metric;
        let other = folder.path().join(format!("cli.{ending}"));
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_attenuate"));
        command.args(["sweep", "bundled:smollm2-capture", "-o"]).arg(&other);
        if ["svg", "pdf"].contains(&ending) {
            command.args(["--metric", &metric.to_string()]);
        }
        assert!(command.status().unwrap().success());
        assert!(std::fs::read(&path).unwrap() == std::fs::read(&other).unwrap(), "{ending}");
    }
}

fn clipboard(window: &Window) -> Vec<OutputCommand> {
    window.harness.output().platform_output.commands.clone()
}

/// Clicks and steps until something was copied.
fn copied(window: &mut Window, entry: &str) -> OutputCommand {
    window.menu(&["File", "Copy"]);
    window.harness.get_by_role_and_label(Role::Button, entry).click_accesskit();
    let mut found = None;
    window.until(entry, |window| {
        found = clipboard(window).into_iter().find(|c| !matches!(c, OutputCommand::OpenUrl(_)));
        found.is_some()
    });
    found.unwrap()
}

#[test]
fn pictures_and_numbers_go_onto_the_clipboard() {
    let mut window = Window::figure();
    let OutputCommand::CopyImage(figure) = copied(&mut window, "Figure as a picture   Ctrl+Shift+C") else {
        panic!("no picture")
    };
    assert_eq!(figure.size, [2102, 2018]);
    let OutputCommand::CopyImage(panel) = copied(&mut window, "Selected panel as a picture") else {
        panic!("no picture")
    };
    assert_eq!(panel.size[0], 2102);

    let OutputCommand::CopyText(weights) = copied(&mut window, "Selected panel’s weights") else { panic!("no text") };
    let lines: Vec<Vec<&str>> = weights.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!((lines.len(), lines[0].len()), (25, 25));
    let pattern = &window.outcome().panels[at(Component::Query, 0)].pattern;
    for (query, line) in lines[1..].iter().enumerate() {
        for (key, text) in line[1..].iter().enumerate() {
            match pattern.exact_cell(query, key) {
                Some(exact) => assert_eq!(text.parse(), Ok(exact.weight)),
                None => assert!(text.is_empty()),
            }
        }
    }

    let OutputCommand::CopyText(all) = copied(&mut window, "Weights of all panels") else { panic!("no text") };
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines[0].split('\t').count(), 9);
    assert_eq!(lines.len(), 1 + 9 * 24 * 25 / 2);
}

#[test]
fn sessions_are_not_needed_to_be_named() {
    // A figure's own file is not overwritten by Ctrl+S: it has no session file yet.
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("figure.png");
    let mut window = Window::open(captured_figure());
    window.press_with(Modifiers::COMMAND, Key::E);
    window.type_over(Role::TextInput, FIELD, &path.display().to_string());
    window.press(Key::Enter);
    saved(&mut window, &path);
    let before = std::fs::read(&path).unwrap();
    let mut other = Window::figure();
    drop_file(&mut other, &path);
    other.settle();
    other.press_with(Modifiers::COMMAND, Key::S);
    assert!(other.harness.query_by_role_and_label(Role::TextInput, "Session file").is_some());
    assert!(std::fs::read(&path).unwrap() == before);
}
