//! Everything can be reached without a pointer, and everything that can be reached has a name.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::support::Window;

/// Role and name of what has the focus.
fn focused(window: &Window) -> Option<(Role, String)> {
    let node = window.harness.query_by(|node| node.is_focused() && node.role() != Role::Window)?;
    let node = node.accesskit_node();
    Some((node.role(), node.label().or_else(|| node.value()).unwrap_or_default()))
}

/// What Tab comes to, until it comes to the first again.
fn tour(window: &mut Window, modifiers: Modifiers) -> Vec<(Role, String)> {
    let mut found: Vec<(Role, String)> = Vec::new();
    for _ in 0..400 {
        window.press_with(modifiers, Key::Tab);
        match focused(window) {
            Some(at) if found.first() == Some(&at) => return found,
            Some(at) => found.push(at),
            None => {}
        }
    }
    panic!("no end of {found:#?}");
}

#[test]
fn tab_reaches_every_control_by_its_name_and_comes_round() {
    let mut window = Window::figure();
    window.press(Key::I);
    let forth = tour(&mut window, Modifiers::NONE);
    assert!(forth.iter().all(|(_, name)| !name.trim().is_empty()), "something has no name: {forth:#?}");
    for name in [
        "File",
        "View",
        "Help",
        "Sweep",
        "Heads",
        "Inspector",
        "Export figure…",
        "All",
        "Left column",
        "epsilon",
        "Reset to figure",
        "This head",
        "Layer up",
        "Head up",
        "Prompt",
    ] {
        assert!(forth.iter().any(|(_, found)| found == name), "no {name} among {forth:#?}");
    }
    let panels = window.panel_names();
    assert!(panels.iter().all(|panel| forth.iter().any(|(_, found)| found == panel)), "{forth:#?}");
    let mut back = tour(&mut window, Modifiers::SHIFT);
    assert_eq!(back.len(), forth.len());
    back.reverse();
    let start = back.iter().position(|at| *at == forth[0]).unwrap();
    back.rotate_left(start);
    assert_eq!(back, forth, "the same way back");
}
