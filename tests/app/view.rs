//! Zooming, panning, one panel alone, themes, scales and colours.

use attenuate::{
    attention::Component,
    figure::{Colormap, Window as Cells},
    session::{Cell, Command, Theme, document::SessionDocument},
};
use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, Role, TouchPhase, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::support::Window;
use crate::support::captured_figure;

fn scroll(window: &mut Window, points: f32) {
    window.harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, points),
        phase: TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    // egui spreads a scroll over several frames.
    window.harness.run_steps(60);
    window.settle();
}

/// The cells in view; all 24 where the session says so.
fn view(window: &Window) -> Cells {
    window.session().view().window.unwrap_or(Cells::whole(24))
}

/// Says which cell lies at `at`, from 0 to 1 along both sides of a panel.
fn cell_said_at(window: &mut Window, component: Component, column: usize, at: f32) -> String {
    let rect = window.panel_rect(component, column);
    let position = rect.min + rect.size() * at;
    window.hover(position);
    let said = window.spoken()[component.row()][column].clone();
    window.leave();
    said.split(':').next().unwrap().to_owned()
}

#[test]
fn scrolling_zooms_all_panels_about_the_pointer() {
    let mut window = Window::figure();
    // The middle of cell 12, 12.
    let position = window.cell_position(Component::Query, 0, Cell { query: 12, key: 12 });
    window.hover(position);
    scroll(&mut window, 200.0);
    let zoomed = view(&window);
    assert!(zoomed.x1 - zoomed.x0 < 20.0, "{zoomed:?}");
    assert!((zoomed.x1 - zoomed.x0 - (zoomed.y1 - zoomed.y0)).abs() < 1e-9, "cells stay square: {zoomed:?}");
    let under = zoomed.x0 + 12.5 / 24.0 * (zoomed.x1 - zoomed.x0);
    assert!((under - 12.5).abs() < 0.01, "what is under the pointer stays there: {zoomed:?}");
    window.leave();
    let expected = (zoomed.x0 + 0.3 * (zoomed.x1 - zoomed.x0)).floor();
    let said: Vec<_> = [(Component::Query, 0), (Component::Key, 1), (Component::Value, 2)]
        .map(|(component, column)| cell_said_at(&mut window, component, column, 0.3))
        .into();
    assert!(said[0].starts_with(&format!("{expected} “")), "{said:?} in {zoomed:?}");
    assert_eq!(said, vec![said[0].clone(); 3], "all panels show the same cells");

    window.hover(position);
    for _ in 0..20 {
        scroll(&mut window, 200.0);
    }
    assert!((view(&window).x1 - view(&window).x0 - 4.0).abs() < 1e-9, "four cells at least: {:?}", view(&window));
    for _ in 0..20 {
        scroll(&mut window, -200.0);
    }
    assert_eq!(window.session().view().window, None, "and out again to the whole matrix");
    window.leave();
    window.metrics();
}

#[test]
fn a_double_click_shows_the_whole_matrix_again() {
    let mut window = Window::figure();
    let position = window.cell_position(Component::Key, 1, Cell { query: 20, key: 4 });
    window.hover(position);
    window.harness.event(Event::Zoom(3.0));
    window.settle();
    assert!((view(&window).x1 - view(&window).x0 - 8.0).abs() < 1e-5, "{:?}", view(&window));
    window.double_click_at(position);
    assert_eq!(window.session().view().window, None);
    assert_eq!(window.session().pinned(), None, "the two clicks of it leave no pin");
}

#[test]
fn the_secondary_button_pans() {
    let mut window = Window::figure();
    let position = window.cell_position(Component::Query, 2, Cell { query: 12, key: 12 });
    window.hover(position);
    window.harness.event(Event::Zoom(2.0));
    window.settle();
    let before = view(&window);
    drag_secondary(&mut window, position, vec2(-28.0, 14.0));
    let after = view(&window);
    // Twelve cells across a panel.
    let cell = f64::from(window.panel_rect(Component::Query, 2).width()) / 12.0;
    assert!((after.x0 - before.x0 - 28.0 / cell).abs() < 0.01, "the picture follows the hand: {before:?} {after:?}");
    assert!((after.y0 - before.y0 + 14.0 / cell).abs() < 0.01, "{before:?} {after:?}");
    assert_eq!((window.session().pinned(), window.session().column().index()), (None, 0), "it is no click");
    drag_secondary(&mut window, position, vec2(60.0, -60.0));
    drag_secondary(&mut window, position, vec2(60.0, -60.0));
    drag_secondary(&mut window, position, vec2(60.0, -60.0));
    let after = view(&window);
    assert_eq!((after.x0, after.y1), (0.0, 24.0), "ends at the edges: {after:?}");
}

fn drag_secondary(window: &mut Window, from: Pos2, by: egui::Vec2) {
    window.hover(from);
    window.button(from, PointerButton::Secondary, true);
    window.hover(from + by / 2.0);
    window.hover(from + by);
    window.button(from + by, PointerButton::Secondary, false);
    window.settle();
}

#[test]
fn one_panel_alone_and_back() {
    let mut window = Window::figure();
    let small = window.panel_rect(Component::Value, 1);
    window.press(Key::V);
    window.press(Key::Num2);
    window.press(Key::S);
    assert_eq!(window.panel_names(), ["Modifying Value with ε = 1e-3"]);
    assert!(window.panels()[0].rect().width() > 2.0 * small.width());
    window.press(Key::S);
    assert_eq!(window.panel_names().len(), 9);

    let title = |rect: egui::Rect| rect.center_top() - vec2(0.0, 12.0);
    let position = title(window.panel_rect(Component::Key, 2));
    window.double_click_at(position);
    assert_eq!(window.panel_names(), ["Modifying Key with ε = 1e-10"]);
    let position = title(window.panels()[0].rect());
    window.harness.run_steps(50);
    window.double_click_at(position);
    assert_eq!(window.panel_names().len(), 9);
    window.leave();
    window.metrics();
}

#[test]
fn the_panel_alone_on_screen_follows_the_selection() {
    let mut window = Window::figure();
    for key in [Key::Q, Key::Num1, Key::S, Key::I] {
        window.press(key);
    }
    for (key, name, number) in [
        (Key::Num2, "Modifying Query with ε = 1e-3", "1e-3"),
        (Key::V, "Modifying Value with ε = 1e-3", "1e-3"),
        (Key::Num3, "Modifying Value with ε = 1e-10", "1e-10"),
    ] {
        window.press(key);
        assert_eq!(window.panel_names(), [name], "one panel, and the one that was chosen");
        assert_eq!(window.value(Role::Slider, "epsilon"), number, "the slider is the panel's");
        let selected = window.session().selected();
        assert_eq!(window.session().view().solo, Some(selected));
    }
    window.press(Key::S);
    assert_eq!(window.panel_names().len(), 9);
}

#[test]
fn columns_are_added_and_removed() {
    let mut window = Window::figure();
    window.click(Role::Button, "Add a column");
    assert_eq!(window.panel_names().len(), 12);
    assert_eq!(window.session().column().index(), 3, "the new one is chosen");
    window.enter_epsilon("0.25");
    window.press(Key::Tab);
    assert_eq!(window.panel_names()[3], "Modifying Query with ε = 2.5e-1");
    window.press(Key::Num2);
    assert_eq!(window.value(Role::Slider, "epsilon"), "1e-3");
    window.click(Role::Button, "Remove the column");
    assert_eq!(
        window.panel_names()[..3].join(", "),
        ["Modifying Query with ε = 5e-1", "Modifying Query with ε = 1e-10", "Modifying Query with ε = 2.5e-1",]
            .join(", ")
    );
    for _ in 0..3 {
        window.click(Role::Button, "Add a column");
    }
    assert!(window.is_disabled(Role::Button, "Add a column"));
    assert_eq!(window.panels().len(), 18);
    for _ in 0..4 {
        window.click(Role::Button, "Remove the column");
    }
    assert!(window.is_disabled(Role::Button, "Remove the column"));
    assert_eq!(window.panels().len(), 6);
    window.click(Role::Button, "Reset to figure");
    assert_eq!(window.panel_names().len(), 9);
}

fn toggle_row(window: &mut Window, name: &str) {
    window.menu(&["View", "Rows"]);
    window.harness.get_by_role_and_label(Role::CheckBox, name).click();
    window.settle();
    window.close_menus();
}

#[test]
fn columns_and_rows_are_undone_and_saved_with_the_session() {
    let mut window = Window::figure();
    let figure = window.session().clone();
    window.click(Role::Button, "Add a column");
    window.click(Role::Button, "Add a column");
    toggle_row(&mut window, "Key");
    let changed = window.session().clone();
    assert_eq!((window.panels().len(), changed.shape().n_columns(), changed.shape().rows().count()), (10, 5, 2));
    let json = SessionDocument::of_unread(&changed, Some(window.outcome())).to_json().unwrap();
    let read = SessionDocument::from_json(json.as_bytes()).unwrap().session;
    assert_eq!(read, changed);
    assert_eq!(Window::open(read).panel_names(), window.panel_names());
    for _ in 0..3 {
        window.press_with(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!((window.panels().len(), window.session()), (9, &figure));
    for _ in 0..3 {
        window.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    }
    assert_eq!((window.panels().len(), window.session()), (10, &changed));
}

#[test]
fn rows_are_chosen_by_menu() {
    let mut window = Window::figure();
    toggle_row(&mut window, "Key");
    assert_eq!(window.panel_names().len(), 6);
    assert!(window.panel_names()[3].starts_with("Modifying Value"));
    assert!(window.has(Role::RadioButton, "Query") && !window.has(Role::RadioButton, "Key"));
    window.press(Key::K);
    assert_eq!(window.session().selected().component, Component::Query, "there is no row to choose");
    toggle_row(&mut window, "Query");
    window.menu(&["View", "Rows"]);
    assert!(window.is_disabled(Role::CheckBox, "Value"), "the last row stays");
    window.close_menus();
    assert_eq!(window.panel_names().len(), 3);
    window.click(Role::Button, "Reset to figure");
    assert_eq!(window.panel_names().len(), 9);
}

#[test]
fn themes_are_chosen_by_menu() {
    let mut window = Window::figure();
    for (name, theme, dark) in
        [("Light", Theme::Light, false), ("Dark", Theme::Dark, true), ("Light", Theme::Light, false)]
    {
        window.menu(&["View", "Theme", name]);
        window.close_menus();
        assert_eq!(window.session().view().user.theme, theme);
        assert_eq!(window.harness.ctx.global_style().visuals.dark_mode, dark, "{name}");
        window.metrics();
    }
}

#[test]
fn the_whole_window_scales_by_menu() {
    let mut window = Window::figure();
    for (name, scale) in [("200 %", 2.0), ("75 %", 0.75), ("100 %   Ctrl+0", 1.0)] {
        window.menu(&["View", "Size", name]);
        window.close_menus();
        assert_eq!((window.session().view().user.ui_scale, window.harness.ctx.zoom_factor()), (scale, scale));
        assert_eq!(window.panels().len(), 9);
    }
    window.metrics();
}

#[test]
fn motion_is_reduced_by_menu() {
    let mut window = Window::figure();
    let moves = |window: &Window| {
        let style = window.harness.ctx.global_style();
        [style.animation_time > 0.0, style.scroll_animation.duration.max > 0.0]
    };
    // Without a screen nothing moves by itself until it is asked for.
    for reduced in [true, false, true] {
        window.menu(&["View", "Reduced motion"]);
        window.close_menus();
        assert_eq!((window.session().view().user.reduced_motion, moves(&window)), (reduced, [!reduced; 2]));
    }
}

#[test]
fn colours_and_scales_are_chosen_by_menu() {
    let mut window = Window::figure();
    for colormap in Colormap::ALL {
        window.menu(&["View", "Colours", &colormap.to_string()]);
        window.close_menus();
        assert_eq!(window.session().view().look.colormap, colormap);
    }
    window.menu(&["View", "Colour scale", "Logarithmic, 1e-4 to 1"]);
    window.close_menus();
    assert_eq!(window.value(Role::Image, "Attention Weight"), "1e-4 to 1");
    window.menu(&["View", "Masked cells", "As weight 0"]);
    window.close_menus();
    window.metrics();
}

#[test]
fn the_inspector_multiplies_out_and_the_sheet_lists_the_keys() {
    let mut window = Window::figure();
    window.press(Key::I);
    window.assert_text("Click a cell to keep its numbers here.");
    let position = window.cell_position(Component::Query, 0, Cell { query: 5, key: 0 });
    window.click_at(position);
    window.leave();
    window.assert_text("5 “·strongly” → 0 “<|endoftext|>”");
    let baseline = window.expected().baseline.pattern.exact_cell(5, 0).unwrap().weight;
    window.assert_text(&format!("baseline {}", super::support::shortest(baseline)));
    window.press(Key::I);
    assert!(!window.has_text("Pinned cell"));
    window.harness.event(Event::Text("?".to_owned()));
    window.settle();
    let sheet = window.harness.get_by_role_and_label(Role::Window, "Keyboard and mouse");
    assert!(sheet.accesskit_node().label().is_some());
    window.assert_text("View ▸ One panel alone");
    window.assert_text("on a title, one panel alone, and back");
}

#[test]
fn a_part_in_view_is_said_and_left() {
    let mut window =
        Window::open(captured_figure().with([Command::SetWindow(Some(Cells { x0: 0.0, y0: 6.0, x1: 6.0, y1: 12.0 }))]));
    window.click(Role::Button, "×4.0 · show all");
    assert_eq!(window.session().view().window, None);
    assert!(!window.has(Role::Button, "×4.0 · show all"));
}

#[test]
fn copying_without_a_pinned_cell_says_what_to_do() {
    let mut window = Window::figure();
    window.harness.event(Event::Copy);
    window.settle();
    let said = window.announced(Role::Status);
    assert!(said.iter().any(|text| text.starts_with("No cell is pinned: click one")), "{said:?}");
}

/// In the menu and in the figure's form, beside each name its own colours.
#[test]
fn every_colormap_is_drawn_where_it_is_chosen() {
    let mut window = Window::figure();
    window.menu(&["View", "Colours"]);
    assert_swatches(&window, Role::RadioButton);
    window.close_menus();
    window.press_with(Modifiers::COMMAND, Key::E);
    window.click(Role::ComboBox, "Colours of the figure");
    window.leave();
    assert_swatches(&window, Role::Button);
}

/// Both ends and the middle of each map are within its line.
#[track_caller]
fn assert_swatches(window: &Window, role: Role) {
    let picture = window.picture();
    for colormap in Colormap::ALL {
        let line = picture.part(window.harness.get_by_role_and_label(role, colormap.name()).rect());
        for step in [0, 128, 255] {
            let color = colormap.table().colors[step].0;
            let is_near = |pixel: &[u8; 3]| pixel.iter().zip(color).all(|(found, wanted)| found.abs_diff(wanted) <= 6);
            assert!(line.pixels.iter().any(is_near), "{colormap}: {color:?} at {step}");
        }
    }
}

/// A pale middle would say something at 1e-2, where there is nothing.
#[test]
fn a_logarithmic_scale_has_sequential_colours_and_a_linear_one_the_figures() {
    let mut window = Window::figure();
    let colormap = |window: &Window| window.session().view().look.colormap;
    window.menu(&["View", "Colour scale", "Logarithmic, 1e-4 to 1"]);
    assert_eq!(colormap(&window), Colormap::Viridis);
    window.close_menus();
    window.menu(&["View", "Colour scale", "Linear, 0 to 1"]);
    assert_eq!(colormap(&window), Colormap::BlueRed);
    window.close_menus();
    window.menu(&["View", "Colours", "puor"]);
    window.close_menus();
    window.menu(&["View", "Colour scale", "Logarithmic, 1e-4 to 1"]);
    window.close_menus();
    window.menu(&["View", "Colours", "puor"]);
    window.close_menus();
    window.menu(&["View", "Colour scale", "Linear, 0 to 1"]);
    assert_eq!(colormap(&window), Colormap::PuOr);
}
