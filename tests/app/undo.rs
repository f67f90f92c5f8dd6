//! Undo and redo by keys and menu, over everything that changes the view.

use std::{collections::HashMap, fs, path::Path};

use attenuate::{
    attention::Component,
    engine::{Bundled, SourceSpec},
    session::{Cell, Session},
};
use egui::{Event, Key, Modifiers, PointerButton, Role, vec2};
use egui_kittest::kittest::Queryable as _;
use safetensors::{Dtype, tensor::TensorView};

use super::{files::drop_file, support::Window};

const COMMAND_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

fn undo(window: &mut Window) {
    window.press_with(Modifiers::COMMAND, Key::Z);
}

fn redo(window: &mut Window) {
    window.press_with(COMMAND_SHIFT, Key::Z);
}

fn is_possible(window: &mut Window, entry: &str) -> bool {
    window.harness.get_by_label("Edit").click();
    window.settle();
    let is_possible = !window.is_disabled(Role::Button, entry);
    // Once more would unpin a cell.
    window.press(Key::Escape);
    is_possible
}

/// What a user does.
type Gesture<'a> = &'a dyn Fn(&mut Window);

#[test]
fn every_kind_of_gesture_is_undone_and_done_again() {
    let mut window = Window::figure();
    assert!(!is_possible(&mut window, "Undo   Ctrl+Z") && !is_possible(&mut window, "Redo   Ctrl+Shift+Z"));
    let mut seen = vec![window.session().clone()];
    let cell = window.cell_position(Component::Key, 1, Cell { query: 9, key: 1 });
    let gestures: [(&str, Gesture); 9] = [
        ("a key", &|window| window.press(Key::CloseBracket)),
        ("a button", &|window| window.click(Role::Button, "Head up")),
        ("a menu", &|window| {
            window.menu(&["View", "Quantity", "Score"]);
            window.close_menus();
        }),
        ("a click on a cell", &|window| {
            window.click_at(cell);
            window.leave();
        }),
        ("an arrow", &|window| window.press(Key::ArrowUp)),
        ("scrolling", &|window| {
            window.hover(cell);
            window.harness.event(Event::Zoom(1.5));
            window.settle();
            window.leave();
        }),
        ("a panel", &|window| window.press(Key::I)),
        ("a scope", &|window| window.click(Role::RadioButton, "This layer")),
        ("an operation", &|window| window.press(Key::P)),
    ];
    for (name, gesture) in gestures {
        let before = window.session().clone();
        gesture(&mut window);
        assert_ne!(*window.session(), before, "{name}");
        seen.push(window.session().clone());
    }
    let end = window.session().clone();
    let mut undone = vec![end.clone()];
    while undone.len() <= seen.len() && is_possible(&mut window, "Undo   Ctrl+Z") {
        undo(&mut window);
        undone.push(window.session().clone());
    }
    undone.reverse();
    assert_eq!(undone, seen);
    window.metrics();
    assert!(!is_possible(&mut window, "Undo   Ctrl+Z"));
    for session in &seen[1..] {
        redo(&mut window);
        assert_eq!(window.session(), session);
    }
    assert_eq!(*window.session(), end);
    assert!(!is_possible(&mut window, "Redo   Ctrl+Shift+Z"));

    // By the menu, and another way from there.
    window.menu(&["Edit", "Undo   Ctrl+Z"]);
    assert_eq!(*window.session(), seen[seen.len() - 2]);
    window.press(Key::OpenBracket);
    assert!(!is_possible(&mut window, "Redo   Ctrl+Shift+Z"));
}

#[test]
fn a_drag_of_the_slider_is_one_step() {
    let mut window = Window::figure();
    let before = window.session().clone();
    let slider = window.harness.get_by_role_and_label(Role::Slider, "epsilon").rect();
    let mut position = slider.left_center() + vec2(slider.width() * 0.9, 0.0);
    window.harness.hover_at(position);
    window.button(position, PointerButton::Primary, true);
    window.harness.step();
    let mut passed = Vec::new();
    for _ in 0..12 {
        position.x -= slider.width() * 0.03;
        window.harness.hover_at(position);
        window.harness.step();
        passed.push(window.session().selected_epsilon());
    }
    window.button(position, PointerButton::Primary, false);
    window.settle();
    passed.dedup();
    assert!(passed.len() > 5, "{passed:?}");
    window.leave();
    let after = window.session().clone();
    undo(&mut window);
    assert_eq!(*window.session(), before);
    window.metrics();
    assert!(!is_possible(&mut window, "Undo   Ctrl+Z"));
    redo(&mut window);
    assert_eq!(*window.session(), after);
    window.metrics();
}

#[test]
fn a_text_field_undoes_its_own_text() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    let before = window.session().clone();
    window.press(Key::CloseBracket);
    window.type_over(Role::MultilineTextInput, "Prompt", "Hello.");
    let typed = window.session().clone();
    assert_ne!(typed.prompt(), before.prompt());
    // While it has the focus the keys are the field's: the layer stays.
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.session().layer(), typed.layer());
    window.type_over(Role::MultilineTextInput, "Prompt", "Hello again.");
    window.press(Key::Tab);
    // Outside, all that was typed is one step.
    undo(&mut window);
    assert_eq!((window.session().prompt(), window.session().layer()), (before.prompt(), typed.layer()));
    window.metrics();
    undo(&mut window);
    assert_eq!(*window.session(), before);
}

/// A capture of 5 tokens.
fn capture(folder: &Path, name: &str) -> SourceSpec {
    let path = folder.join(name);
    let values = |rate: f32| -> Vec<u8> { (0..5 * 4).flat_map(|i| (i as f32 * rate).sin().to_le_bytes()).collect() };
    let data: HashMap<&str, Vec<u8>> = [("q", values(0.7)), ("k", values(1.1)), ("v", values(1.9))].into();
    let views = data.iter().map(|(name, bytes)| (*name, TensorView::new(Dtype::F32, vec![5, 4], bytes).unwrap()));
    fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    SourceSpec::Capture(path)
}

/// More than stay open.
#[test]
fn a_source_that_has_to_be_opened_again_is_a_step_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let sources = ["a", "b", "c", "d", "e"].map(|name| capture(folder.path(), &format!("{name}.safetensors")));
    let mut window = Window::figure();
    window.press(Key::CloseBracket);
    let mut seen = vec![window.session().clone()];
    for source in &sources {
        drop_file(&mut window, source.path().unwrap());
        window.wait("the source", |window| window.session().source() == source);
        seen.push(window.session().clone());
        window.press(Key::Q);
        window.press(Key::Num3);
        seen.push(window.session().clone());
    }
    for session in seen.iter().rev().skip(1) {
        // The row, and then the column.
        while window.session() != session {
            undo(&mut window);
        }
        window.metrics();
    }
    while *window.session() != seen[seen.len() - 1] {
        redo(&mut window);
    }
    window.metrics();

    // One that is gone: the view stays, and says why.
    fs::remove_file(sources[0].path().unwrap()).unwrap();
    let mut alerts = 0;
    for _ in 0..20 {
        undo(&mut window);
        alerts = window.announced(Role::Alert).len();
        if alerts > 0 {
            break;
        }
    }
    assert_eq!(alerts, 1);
    assert_eq!(*window.session().source(), sources[1]);
    window.metrics();
}

#[test]
fn back_is_undo_to_before_the_last_source() {
    let mut window = Window::figure();
    window.press(Key::CloseBracket);
    let figure = window.session().clone();
    window.menu(&["File", "Examples", "Small model: Austen, reads any prompt"]);
    window.close_menus();
    window.press(Key::Num2);
    window.press(Key::CloseBracket);
    let live = window.session().clone();
    window.press_with(Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(*window.session(), figure);
    // Once more than there is: nothing happens then.
    for _ in 0..3 {
        redo(&mut window);
    }
    assert_eq!(*window.session(), live);
    window.menu(&["Edit", "Back to the figure   Alt+←"]);
    assert_eq!(*window.session(), figure);
    window.metrics();
}

/// How the window looks to this user is no part of the view.
#[test]
fn the_theme_stays() {
    let mut window = Window::figure();
    window.press(Key::CloseBracket);
    window.menu(&["View", "Theme", "Dark"]);
    window.close_menus();
    undo(&mut window);
    assert_eq!(window.session().layer(), 14);
    assert_eq!(window.session().view().user.theme, attenuate::session::Theme::Dark);
}
