//! The palette: every command by its name, with its key.

use attenuate::figure::Quantity;
use egui::{Event, Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::support::Window;

const FIELD: &str = "Search commands";

fn open(window: &mut Window) {
    window.press_with(Modifiers::COMMAND, Key::K);
    assert!(window.harness.get_by_role_and_label(Role::TextInput, FIELD).is_focused());
}

fn is_open(window: &Window) -> bool {
    window.harness.query_by_role_and_label(Role::Window, "Command palette").is_some()
}

fn type_text(window: &mut Window, text: &str) {
    window.harness.event(Event::Text(text.to_owned()));
    window.settle();
}

/// The lines of the list, as a screen reader names them.
fn lines(window: &Window) -> Vec<String> {
    let names = window.harness.get_all_by_role(Role::Button).filter_map(|node| node.accesskit_node().label());
    names.filter(|name| name.contains(" ▸ ")).collect()
}

#[test]
fn a_command_is_found_by_its_words_and_carried_out() {
    let mut window = Window::figure();
    open(&mut window);
    let all = lines(&window);
    assert!(all.len() > 80, "{}", all.len());
    type_text(&mut window, "quant sco");
    let found = lines(&window);
    assert!(found.len() == 1 && found[0].starts_with("View ▸ Quantity ▸ Score"), "{found:?}");
    window.press(Key::Enter);
    assert!(!is_open(&window));
    assert_eq!(window.session().view().look.quantity, Quantity::Score);
    window.metrics();
    // As any other command it can be undone.
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.session().view().look.quantity, Quantity::Weight);

    // It opens empty again; arrows choose.
    open(&mut window);
    assert_eq!(lines(&window), all);
    type_text(&mut window, "layer");
    let found = lines(&window);
    let at = found.iter().position(|name| name.contains("Shown ▸ Layer up")).unwrap();
    for _ in 0..at {
        window.press(Key::ArrowDown);
    }
    window.press(Key::Enter);
    assert_eq!(window.session().layer(), 15);

    open(&mut window);
    type_text(&mut window, "inspector");
    let name = lines(&window).remove(0);
    window.click(Role::Button, &name);
    assert!(window.session().view().inspector && !is_open(&window));
}

#[test]
fn keys_are_named_and_what_cannot_be_done_is_not_done() {
    let mut window = Window::figure();
    open(&mut window);
    type_text(&mut window, "undo");
    let name = lines(&window).remove(0);
    assert!(name.starts_with("Edit ▸ Undo") && name.contains("Ctrl+Z"), "{name}");
    assert!(window.is_disabled(Role::Button, &name));
    let before = window.session().clone();
    window.press(Key::Enter);
    assert!(is_open(&window));
    window.press(Key::Escape);
    assert!(!is_open(&window));
    assert_eq!(*window.session(), before);

    open(&mut window);
    type_text(&mut window, "no such command");
    assert!(lines(&window).is_empty());
    window.assert_text("No command has these words.");
    window.press_with(Modifiers::COMMAND, Key::K);
    assert!(!is_open(&window), "the same keys close it");
}

/// While it is open, letters are what is typed.
#[test]
fn plain_keys_are_text_in_the_palette() {
    let mut window = Window::figure();
    window.menu(&["Edit", "Command palette…   Ctrl+K"]);
    assert!(is_open(&window));
    let before = window.session().clone();
    for key in [Key::I, Key::W, Key::H, Key::CloseBracket, Key::Num2] {
        window.press(key);
    }
    assert_eq!(*window.session(), before);
}

#[test]
fn the_sheet_lists_every_command_that_has_a_key() {
    let mut window = Window::figure();
    open(&mut window);
    let named: Vec<String> = lines(&window);
    window.press(Key::Escape);
    window.harness.event(Event::Text("?".to_owned()));
    window.settle();
    for (keys, name) in [
        ("Ctrl+Z", "Edit ▸ Undo"),
        ("Ctrl+Shift+Z", "Edit ▸ Redo"),
        ("Ctrl+K", "Edit ▸ Command palette…"),
        ("Ctrl+E", "File ▸ Export figure…"),
        ("S", "View ▸ One panel alone"),
        ("[", "Shown ▸ Layer down"),
        ("?", "Help ▸ Keyboard and mouse"),
    ] {
        assert!(window.texts().iter().any(|text| text == keys), "{keys}");
        assert!(window.texts().iter().any(|text| text == name), "{name}");
        assert!(named.iter().any(|line| line.contains(name)), "{name}: {named:?}");
    }
    window.press(Key::Escape);
    assert!(window.harness.query_by_role_and_label(Role::Window, "Keyboard and mouse").is_none());
}
