//! The program as it is started: a real window on a virtual screen, driven by pointer and keyboard.
//!
//! Where things are on screen is asked of the same window without a screen, through its accessibility tree.

#![cfg(target_os = "linux")]
mod screen;
mod soak;

use std::{
    fs::File,
    io::{BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use attenuate::{
    attention::Component,
    engine::{Engine, Outcome},
    figure::{ColorNorm, Colormap, Ground, Limits, MaskedStyle, Palette, Rgb},
    session::{Cell, Session},
    ui::{App, Setup, widgets::EpsilonSlider},
};
use egui::{Pos2, Rect, Role, pos2, vec2};
use egui_kittest::{Harness, kittest::Queryable as _};

use screen::{HEIGHT, Picture, Program, Screen, WIDTH, eventually};

use crate::support::grids::at;
use crate::support::model_inside;

/// The same window without a screen.
struct Twin(Harness<'static, App>);

impl Twin {
    fn open() -> Self {
        let harness = Harness::builder().with_size(vec2(WIDTH as f32, HEIGHT as f32)).build_eframe(|cc| {
            let setup = Setup { open: model_inside().opener(), ..Setup::default() };
            App::with(&cc.egui_ctx, Session::default(), setup).unwrap()
        });
        let mut twin = Self(harness);
        twin.settle();
        twin
    }

    fn settle(&mut self) {
        eventually("an answer", || {
            let is_still = self.0.run_ok().is_some();
            (is_still && self.0.state().is_settled() && self.0.state().outcome().is_some()).then_some(())
        });
    }

    fn rect(&self, role: Role, name: &str) -> Rect {
        self.0.get_by_role_and_label(role, name).rect()
    }

    fn panel(&self, component: Component, column: usize) -> Rect {
        self.rect(Role::Image, &format!("Modifying {component} with ε = {}", ["5e-1", "1e-3", "1e-10"][column]))
    }

    /// Where the card's texts are when the pointer is at `position`.
    fn card_at(&mut self, position: Pos2) -> Rect {
        self.0.hover_at(position);
        self.settle();
        let card = self.rect(Role::Label, "weight").union(self.rect(Role::Label, "score"));
        self.0.remove_cursor();
        self.settle();
        card
    }
}

fn panels() -> impl Iterator<Item = (Component, usize)> {
    Component::FIGURE.into_iter().flat_map(|component| (0..3).map(move |column| (component, column)))
}

fn center(panel: Rect, cell: Cell, n_positions: usize) -> Pos2 {
    let size = panel.width() / n_positions as f32;
    panel.min + vec2(cell.key as f32 + 0.5, cell.query as f32 + 0.5) * size
}

/// Whether every attended cell of a panel has the colour of its weight.
fn shows(picture: &Picture, outcome: &Outcome, component: Component, column: usize, panel: Rect) -> bool {
    let scale = ColorNorm::default().resolve(|| None::<Limits>);
    let palette = Palette::new(Colormap::default(), scale, MaskedStyle::default(), Ground::Dark);
    let n_positions = outcome.n_positions();
    let pattern = &outcome.panels[at(component, column)].pattern;
    let mut cells = (0..n_positions).flat_map(|query| (0..=query).map(move |key| Cell { query, key }));
    cells.all(|cell| {
        let weight = pattern.exact_cell(cell.query, cell.key).unwrap().weight;
        is_near(picture.colour(center(panel, cell, n_positions)), palette.color(weight))
    })
}

fn is_near(found: [u8; 3], Rgb(expected): Rgb) -> bool {
    found.into_iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= 3)
}

#[test]
#[ignore = "needs Xvfb, xdotool, xclip and ImageMagick: .ci/run runs it"]
fn the_window_from_start_to_exit() {
    let screen = Screen::start();
    let mut program = Program::start(&screen);
    let mut twin = Twin::open();
    let outcome = Engine::opening(model_inside().opener()).run(&Session::default().run_spec(), &|| false).unwrap();
    let n_positions = outcome.n_positions();

    // Nine panels, each cell in the colour of its weight: red sinks, blue elsewhere.
    screen.point_at(pos2(640.0, 4.0));
    eventually("the figure", || {
        let picture = screen.picture();
        panels().all(|(c, column)| shows(&picture, &outcome, c, column, twin.panel(c, column))).then_some(())
    });
    let start = screen.picture();
    for (component, column) in panels() {
        let [red, green, blue] =
            start.colour(center(twin.panel(component, column), Cell { query: 0, key: 0 }, n_positions));
        assert!(red > 150 && green < 80 && blue < 80, "the first token attends to itself alone: {red} {green} {blue}");
    }
    for (component, column) in [(Component::Query, 2), (Component::Value, 0)] {
        let [red, _, blue] =
            start.colour(center(twin.panel(component, column), Cell { query: 23, key: 12 }, n_positions));
        assert!(blue > 100 && red < 120, "hardly any weight: {red} {blue}");
    }

    // A card by the pointer.
    let position = center(twin.panel(Component::Key, 1), Cell { query: 5, key: 0 }, n_positions);
    let card = twin.card_at(position);
    screen.point_at(position);
    let hovered = eventually("a card", || Some(screen.picture()).filter(|now| now.changed(&start, card) > 200));
    for (component, column) in panels() {
        let panel = twin.panel(component, column);
        // Its lines run along the row's edges.
        let row = Rect::from_center_size(
            center(panel, Cell { query: 5, key: 12 }, n_positions),
            vec2(40.0, panel.height() / n_positions as f32 + 3.0),
        );
        assert!(hovered.changed(&start, row) > 20, "the crosshair is in all panels: {component} {column}");
    }

    // Dragging the slider moves the left column while the button is down, and nothing else.
    let rail = twin.rect(Role::Slider, "epsilon");
    let on_rail = |left: f32| pos2(rail.right() - left, rail.top() + EpsilonSlider::RAIL_CENTER);
    screen.point_at(on_rail(60.0));
    screen.xdotool(&["mousedown", "1"]).unwrap();
    for left in [70.0, 80.0, 90.0, 100.0, 110.0] {
        screen.point_at(on_rail(left));
    }
    eventually("a drag that shows in the left column of Query and Key alone", || {
        let picture = screen.picture();
        let moved: Vec<_> =
            panels().filter(|&(c, column)| picture.changed(&start, twin.panel(c, column)) > 100).collect();
        let still = panels().filter(|&(c, column)| picture.changed(&start, twin.panel(c, column)) == 0).count();
        (moved == [(Component::Query, 0), (Component::Key, 0)] && still == 7).then_some(())
    });
    screen.xdotool(&["mouseup", "1"]).unwrap();

    // Export by keyboard.
    let path = program.folder.path().join("from the window.png");
    screen.press("ctrl+e");
    sleep(Duration::from_millis(300));
    screen.press("ctrl+a");
    screen.xdotool(&["type", "--delay", "20", path.to_str().unwrap()]).unwrap();
    screen.press("Return");
    eventually("the exported figure", || path.is_file().then_some(()));
    assert_eq!(width_of(&path), 2102, "178 mm at 300 dpi");

    // The clipboard is the desktop's: another program gets the picture.
    screen.press("ctrl+shift+c");
    let copied = eventually("a picture on the clipboard", || {
        screen.output("xclip", &["-selection", "clipboard", "-target", "image/png", "-out"])
    });
    let copy = program.folder.path().join("copy.png");
    std::fs::write(&copy, copied).unwrap();
    assert_eq!(width_of(&copy), 2102);

    screen.press("ctrl+q");
    assert_eq!(program.end().code(), Some(0));
    assert_eq!(program.stderr(), "");
}

/// Decodes a PNG file to its last row.
fn width_of(path: &Path) -> u32 {
    let mut reader = png::Decoder::new(BufReader::new(File::open(path).unwrap())).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap().width
}

#[test]
#[ignore = "needs Xvfb, xdotool, xclip and ImageMagick: .ci/run runs it"]
fn an_idle_window_uses_no_processor() {
    let screen = Screen::start();
    let program = Program::start(&screen);
    sleep(Duration::from_secs(3));
    let before = program.ticks();
    sleep(Duration::from_secs(5));
    let used = program.ticks() - before;
    assert!(used <= 5, "{used} clock ticks in five seconds");
}

#[test]
#[ignore = "needs Xvfb, xdotool, xclip and ImageMagick: .ci/run runs it"]
fn a_lost_display_ends_the_program_and_the_view_is_kept() {
    let screen = Screen::start();
    let mut program = Program::start(&screen);
    screen.point_at(pos2(640.0, 4.0));
    sleep(Duration::from_secs(1));
    screen.press("2");
    let kept = eventually("the kept view", || {
        let texts = files_below(&program.folder.path().join("state")).into_iter().map(std::fs::read_to_string);
        texts.flatten().find(|text| text.contains("attenuate-session"))
    });
    assert!(kept.contains("\"column\": 1"), "{kept}");
    drop(screen);
    let status = program.end();
    assert_eq!(status.code(), Some(1), "{}", program.stderr());
    assert!(!program.stderr().contains("panicked"), "{}", program.stderr());
    let left = files_below(&program.folder.path().join("state"));
    assert!(left.iter().any(|path| std::fs::read_to_string(path).is_ok_and(|text| text == kept)), "{left:?}");
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
#[ignore = "needs Xvfb, xdotool, xclip and ImageMagick: .ci/run runs it"]
fn without_opengl_it_says_which_packages_bring_it() {
    let screen = Screen::without_opengl();
    let mut process = Command::new(env!("CARGO_BIN_EXE_attenuate"))
        .env("DISPLAY", &screen.display)
        // Without GLX the way to a driver is EGL.
        .env("__EGL_VENDOR_LIBRARY_DIRS", "/nonexistent")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = eventually("the end", || process.try_wait().unwrap());
    let mut said = String::new();
    process.stderr.unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("libgl1-mesa-dri") && said.contains("attenuate export"), "{said}");
}

#[test]
fn without_a_display_it_says_what_works_without_one() {
    let output = Command::new(env!("CARGO_BIN_EXE_attenuate"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("no display") && said.contains("attenuate export"), "{said}");
}
