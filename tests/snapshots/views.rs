//! The window with each of its panels.

use attenuate::{
    attention::Component,
    session::{Cell, Session},
};
use egui::{Key, Role};

use super::window;
use crate::app::support::Window;

/// From “ strongly” to “<|endoftext|>”.
const SINK: Cell = Cell { query: 5, key: 0 };

fn figure() -> Session {
    Session::default()
}

fn pin(window: &mut Window, cell: Cell) {
    let position = window.cell_position(Component::Query, 0, cell);
    window.click_at(position);
    window.leave();
}

#[test]
fn as_it_opens() {
    window("figure", &figure(), |_| {});
}

#[test]
fn the_hover_card_and_the_crosshair() {
    window("hover-card", &figure(), |window| {
        let position = window.cell_position(Component::Query, 1, Cell { query: 10, key: 3 });
        window.hover(position);
    });
}

#[test]
fn the_inspector_of_a_pinned_cell() {
    window("inspector", &figure(), |window| {
        pin(window, SINK);
        window.press(Key::I);
    });
}

#[test]
fn all_heads_as_thumbnails() {
    window("heads", &figure(), |window| window.press(Key::H));
}

#[test]
fn one_panel_alone() {
    window("solo", &figure(), |window| {
        window.press(Key::K);
        window.press(Key::S);
    });
}

#[test]
fn compared_with_another_head() {
    window("compare", &figure(), |window| {
        window.menu(&["View", "Compare with", "Another head: layer"]);
        window.close_menus();
        window.click(Role::Button, "Head up");
        window.leave();
    });
}

#[test]
fn scores() {
    window("score", &figure(), |window| {
        window.menu(&["View", "Quantity", "Score"]);
        window.close_menus();
    });
}
