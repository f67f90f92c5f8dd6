//! The pictures of the documentation, drawn as a user comes by: first start, tour, drag, hover, pin, heads, sweep, export, any
//! size, any script. `.ci/pictures` runs this, and nothing else does.

use std::path::Path;

use attenuate::{
    attention::Component,
    engine::{Clock, Prompt},
    figure::Fonts,
    session::{Cell, Command, RowChoice, Session, Theme},
    ui::{TourStart, widgets::EpsilonSlider},
};
use egui::{Key, Modifiers, Role, Vec2, pos2, vec2};
use egui_kittest::kittest::Queryable as _;

use super::reference;
use crate::app::support::Window;

const WINDOW: Vec2 = vec2(1280.0, 800.0);
/// From “ tokens” to “ token”.
const CELL: Cell = Cell { query: 15, key: 7 };

/// The model inside, as the program opens, in the dark.
fn figure() -> Session {
    Session::default().with([Command::SetTheme(Theme::Dark)])
}

fn draw(name: &str, window: &mut Window) {
    window.wait_anyhow("all numbers", |window| {
        window.harness.state().is_settled() && window.harness.state().is_complete()
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screenshots").join(name).with_extension("png");
    reference::write(&path, &window.picture());
}

fn hover(window: &mut Window, component: Component, column: usize) {
    let position = window.cell_position(component, column, CELL);
    window.hover(position);
}

fn pin(window: &mut Window) {
    let position = window.cell_position(Component::Query, 0, CELL);
    window.click_at(position);
    window.leave();
}

#[test]
#[ignore = "draws pictures of the documentation anew"]
fn the_tour_of_a_first_start() {
    let mut window = Window::with(figure(), |setup| (setup.tour, setup.clock) = (TourStart::Offer, Clock::default()));
    window.settle();
    draw("tour", &mut window);
}

#[test]
#[ignore = "draws pictures of the documentation anew"]
fn the_figure_under_the_pointer() {
    let mut window = Window::sized(figure(), WINDOW);
    draw("window", &mut window);
    hover(&mut window, Component::Query, 1);
    draw("hover", &mut window);
    drag(&mut window);
    draw("drag", &mut window);
}

#[test]
#[ignore = "draws pictures of the documentation anew"]
fn a_pinned_cell_and_the_sweep() {
    let mut window = Window::sized(figure(), WINDOW);
    pin(&mut window);
    window.press(Key::I);
    draw("pin", &mut window);
    window.press(Key::W);
    draw("sweep", &mut window);
}

#[test]
#[ignore = "draws pictures of the documentation anew"]
fn heads_and_dialogs() {
    let mut window = Window::sized(figure(), WINDOW);
    window.press(Key::H);
    draw("heads", &mut window);
    window.press(Key::H);
    window.press_with(Modifiers::COMMAND, Key::E);
    window.type_over(Role::TextInput, "Figure file", "/figures/smollm2-L14H3.png");
    window.leave();
    draw("export", &mut window);
    window.press(Key::Escape);
    window.press_with(Modifiers::COMMAND, Key::O);
    window.type_over(Role::TextInput, "File, model folder or name", "/captures/mine.safetensors");
    draw("open", &mut window);
}

#[test]
#[ignore = "draws pictures of the documentation anew"]
fn any_size() {
    let mut large = Window::sized(figure(), WINDOW);
    large.menu(&["View", "Size", "200 %"]);
    large.close_menus();
    hover(&mut large, Component::Key, 1);
    draw("twice", &mut large);
    let mut small = Window::sized(figure().with([Command::ToggleInspector]), vec2(900.0, 600.0));
    pin(&mut small);
    draw("small", &mut small);
}

#[test]
#[ignore = "draws pictures of the documentation anew"]
fn a_chinese_prompt() {
    let prompt = Prompt::Text {
        text: "法国的首都是巴黎。德国的首都是柏林。意大利的首都是".into(), bos: false
    };
    let session = figure().with([Command::Read(prompt)]);
    let fonts = Fonts::of_machine();
    assert!(fonts.font('国').is_some(), "this machine has no font for Chinese (on Debian: fonts-droid-fallback)");
    let mut window = Window::with(session, |setup| (setup.fonts, setup.clock) = (fonts, Clock::default()));
    window.settle();
    draw("chinese", &mut window);
}

#[test]
#[ignore = "draws pictures of the documentation anew"]
fn in_the_light() {
    draw("light", &mut Window::sized(figure().with([Command::SetTheme(Theme::Light)]), WINDOW));
}

#[test]
#[ignore = "draws pictures of the documentation anew"]
fn all_panels_in_a_large_window() {
    let pinned = [Command::Pin(CELL), Command::ToggleInspector, Command::ToggleSweep];
    let rows = Command::ChooseRows(RowChoice::Only(Component::Query));
    draw("analysis", &mut Window::sized(figure().with(pinned).with([rows]), vec2(1600.0, 1000.0)));
}

/// The left column's ε is on its way down, under the pointer.
fn drag(window: &mut Window) {
    let rail = window.harness.get_by_role_and_label(Role::Slider, "epsilon").rect();
    let from_right = |points: f32| pos2(rail.right() - points, rail.top() + EpsilonSlider::RAIL_CENTER);
    window.hover(from_right(60.0));
    window.harness.drag_at(from_right(60.0));
    window.hover(from_right(66.0));
    window.hover(from_right(72.0));
}
