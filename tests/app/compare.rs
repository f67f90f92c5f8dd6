//! Differences from another head, or from a view that was kept.

use attenuate::{
    attention::Component,
    engine::{Adapter, Prompt, Reference, SourceSpec},
    figure::{Measure, Quantity},
    session::{Cell, Command, Session, document::SessionDocument},
};
use egui::{Key, Role};

use super::support::Window;
use crate::support::{adapters, captured_figure, grids::at};

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

#[test]
fn what_an_adapter_changed_is_shown_and_the_adapter_is_taken_out_and_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let [mine, base] = ["mine", "base"].map(|name| folder.path().join(name));
    adapters::model(&base);
    adapters::adapter(&mine, "org/base");
    let source = SourceSpec::Folder(mine);
    let read = Command::Read(Prompt::TokenIds(adapters::IDS.to_vec()));
    let start =
        Session::default().with([Command::Open(source.clone()), read, Command::SetLayer(1), Command::SetHead(2)]);
    let mut window = Window::open(start);
    window.enter_epsilon("1");
    window.press(Key::Tab);
    window.menu(&["View", "Compare with", "The base model"]);
    window.close_menus();
    window.assert_text("Differences are from the base model.");
    let cell = Cell { query: 6, key: 1 };
    let shown = difference(&window, cell);
    assert_ne!(shown, 0.0);
    window.click_at(window.cell_position(Component::Query, 0, cell));
    let document = SessionDocument::of_unread(window.session(), None).to_json().unwrap();
    assert_eq!(SessionDocument::from_json(document.as_bytes()).unwrap().session, *window.session());

    let weight = |window: &Window| {
        let cell = window.outcome().panels[at(Component::Query, 0)].pattern.exact_cell(cell.query, cell.key);
        f64::from(cell.unwrap().weight)
    };
    let adapted = weight(&window);
    window.menu(&["View", "Adapter"]);
    window.wait("the base", |window| window.outcome().facts.adapter == Adapter::None);
    let session = window.session();
    assert_eq!((session.layer(), session.head(), session.pinned()), (1, 2, Some(cell)));
    assert_eq!(*session.reference(), Reference::Baseline, "the base has no base");
    assert!((adapted - weight(&window) - shown).abs() < 1e-6);
    window.assert_text("mine without its adapter");
    window.menu(&["View", "Adapter"]);
    window.wait("the adapter", |window| window.outcome().facts.adapter == Adapter::Merged);
    assert_eq!((window.session().source(), weight(&window)), (&source, adapted));
}

#[test]
fn without_an_adapter_there_is_no_base_to_compare_with() {
    let mut window = Window::figure();
    window.menu(&["View", "Compare with"]);
    assert!(window.is_disabled(Role::RadioButton, "The base model"));
}
