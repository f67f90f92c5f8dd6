//! Menus, opened.

use attenuate::session::Session;

use super::window;

fn menu(name: &str, path: &[&str]) {
    window(name, &Session::default(), |window| window.menu(path));
}

#[test]
fn file() {
    menu("menu-file", &["File"]);
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
fn limits() {
    menu("menu-limits", &["View", "Limits"]);
}
