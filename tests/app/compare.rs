//! Differences from another head, or from a view that was kept.

use attenuate::{
    attention::Component,
    engine::Reference,
    figure::{Measure, Quantity},
    session::{Cell, document::SessionDocument},
};
use egui::{Key, Role};

use super::support::Window;
use crate::support::captured_figure;
use crate::support::grids::at;

fn difference(window: &Window, cell: Cell) -> f64 {
    Measure::of_panels(Quantity::Difference, window.outcome())[at(Component::Query, 0)]
        .exact(cell.query, cell.key)
        .unwrap()
}

#[test]
fn a_kept_view_stays_while_epsilon_moves_on() {
    let cell = Cell { query: 9, key: 0 };
    let mut window = Window::figure();
    let then = window.outcome().panels[at(Component::Query, 0)].pattern.exact_cell(9, 0).unwrap();
    window.press(Key::P);
    assert_eq!(window.session().view().look.quantity, Quantity::Difference);
    assert_eq!(difference(&window, cell), 0.0);
    window.assert_text("Differences are from the kept view.");
    window.enter_epsilon("1");
    window.press(Key::Tab);
    let now = window.outcome().panels[at(Component::Query, 0)].pattern.exact_cell(9, 0).unwrap();
    assert!(now.weight > then.weight);
    let expected = f64::from(now.weight) - f64::from(then.weight);
    assert!((difference(&window, cell) - expected).abs() < 1e-6);
    window.hover(window.cell_position(Component::Query, 0, cell));
    window.assert_text("the kept view");

    window.click(Role::Link, "Stop comparing");
    assert_eq!(*window.session().reference(), Reference::Baseline);
    assert_eq!(difference(&window, cell), 0.0, "ε = 1 is the baseline");
    assert!(!window.has_text("Differences are from"));
}

#[test]
fn another_head_is_chosen_in_the_menu_and_saved_with_the_session() {
    let mut window = Window::figure();
    window.menu(&["View", "Compare with", "Another head: layer"]);
    assert_eq!(*window.session().reference(), Reference::Head { layer: 14, head: 3 });
    assert_eq!(difference(&window, Cell { query: 9, key: 0 }), 0.0, "the head less itself");
    window.close_menus();
    window.click(Role::Button, "Head up");
    window.assert_text("Differences are from layer 14, head 3.");
    assert_ne!(difference(&window, Cell { query: 9, key: 0 }), 0.0);
    let document = SessionDocument::of_unread(window.session(), None).to_json().unwrap();
    assert_eq!(SessionDocument::from_json(document.as_bytes()).unwrap().session, *window.session());
    // Another source has other heads.
    window.menu(&["File", "Examples", "Small model: Austen, reads any prompt"]);
    assert_eq!(*window.session().reference(), *captured_figure().reference());
}
