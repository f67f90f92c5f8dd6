//! Everything can be reached without a pointer, and everything that can be reached has a name.

use attenuate::{
    engine::Bundled,
    figure::Window as Cells,
    session::{Command, Session},
};
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

/// The keyboard goes as one reads: from left to right and from top to bottom, the status line last.
#[test]
fn tab_goes_in_the_order_in_which_one_reads() {
    const BARS: [&str; 13] = [
        "File",
        "Edit",
        "View",
        "Help",
        "Text",
        "Sweep",
        "Heads",
        "Inspector",
        "Export figure…",
        "Prompt",
        "Start with BOS",
        "Next token: ",
        "Continue…",
    ];
    const BELOW: [&str; 3] = ["All", "Modifying Query with ε = 5e-1", "×"];
    let view = Some(Cells { x0: 0.0, y0: 6.0, x1: 6.0, y1: 12.0 });
    let mut window = Window::open(Session::example(Bundled::Austen).with([Command::SetWindow(view)]));
    let found = tour(&mut window, Modifiers::NONE);
    let at = |name: &str| {
        let place = found.iter().position(|(_, found)| found.starts_with(name));
        place.unwrap_or_else(|| panic!("no {name} among {found:#?}"))
    };
    let first = at(BARS[0]);
    let steps = |name: &str| (at(name) + found.len() - first) % found.len();
    let order: Vec<usize> = BARS.iter().chain(&BELOW).map(|name| steps(name)).collect();
    assert!(order.is_sorted(), "{order:?} of {found:#?}");
    assert_eq!(order[..BARS.len()], (0..BARS.len()).collect::<Vec<_>>(), "nothing between them: {found:#?}");
    assert_eq!(order.last(), Some(&(found.len() - 1)), "{found:#?}");
    // And so they stand.
    let rect = |name: &str| {
        let all = window.harness.query_all_by(|node| {
            let said = node.label().or_else(|| node.value());
            said.is_some_and(|said| said.starts_with(name))
        });
        all.map(|node| node.rect()).next().unwrap()
    };
    let rects = BARS.map(rect);
    let reads_before = |a: &egui::Rect, b: &egui::Rect| a.bottom() <= b.top() || a.left() < b.left();
    assert!(rects.windows(2).all(|pair| reads_before(&pair[0], &pair[1])), "{rects:?}");
}
