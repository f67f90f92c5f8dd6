//! Menus, opened.

use super::window;
use crate::support::captured_figure;

fn menu(name: &str, path: &[&str]) {
    window(name, &captured_figure(), |window| window.menu(path));
}

#[test]
fn file() {
    menu("menu-file", &["File"]);
}

#[test]
fn examples() {
    menu("menu-examples", &["File", "Examples"]);
}

#[test]
fn copies() {
    menu("menu-copy", &["File", "Copy"]);
}

#[test]
fn view() {
    menu("menu-view", &["View"]);
}

#[test]
fn quantities() {
    menu("menu-quantity", &["View", "Quantity"]);
}

#[test]
fn comparisons() {
    menu("menu-compare", &["View", "Compare with"]);
}

#[test]
fn colours() {
    menu("menu-colours", &["View", "Colours"]);
}

#[test]
fn colour_scales() {
    menu("menu-colour-scale", &["View", "Colour scale"]);
}

#[test]
fn limits() {
    menu("menu-limits", &["View", "Limits"]);
}

#[test]
fn rows() {
    menu("menu-rows", &["View", "Rows"]);
}

#[test]
fn edit() {
    menu("menu-edit", &["Edit"]);
}

#[test]
fn lessons() {
    menu("menu-help", &["Help", "Lessons"]);
}
