//! How the window looks, from one start to the next.

use std::time::Duration;

use attenuate::{
    figure::Colormap,
    session::{Command, HeadsPlace, Theme, document::SessionDocument},
};
use egui::{Key, Role};

use super::support::Window;
use crate::support::captured_figure;

fn start(file: &std::path::Path) -> Window {
    let mut window = Window::with(captured_figure(), |setup| setup.preferences = Some(file.to_owned()));
    window.settle();
    window
}

#[test]
fn theme_colours_and_open_panels_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("attenuate").join("preferences.json");
    let mut window = start(&file);
    window.menu(&["View", "Theme", "Dark"]);
    window.close_menus();
    window.menu(&["View", "Colours", "viridis"]);
    window.close_menus();
    window.press(Key::W);
    window.press(Key::I);
    window.enter_epsilon("0.1");
    window.press(Key::Tab);
    window.advance(Duration::from_millis(700));
    window.until("the file", |_| file.is_file());
    drop(window);

    let again = start(&file);
    let view = again.session().view();
    assert_eq!((view.user.theme, view.look.colormap), (Theme::Dark, Colormap::Viridis));
    assert!(view.sweep.open && view.inspector);
    assert_eq!(
        *again.session().epsilon(),
        *captured_figure().epsilon(),
        "what is shown is a session, not a preference"
    );
}

/// Which panel is at the side, where the heads are, and how they are listed.
#[test]
fn the_side_panel_comes_back_as_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("preferences.json");
    let leave = |mut window: Window| {
        window.advance(Duration::from_millis(700));
        window.settle();
        window.until("the file", |_| file.is_file());
    };
    let mut window = start(&file);
    window.press(Key::I);
    window.press(Key::H);
    window.click(Role::RadioButton, "Table");
    window.click(Role::Button, "Sort by diagonal");
    leave(window);

    let mut again = start(&file);
    let view = again.session().view();
    assert!(view.has_heads_beside() && !view.inspector);
    assert!(again.is_chosen("Table"), "{:?}", again.texts());
    assert!(again.is_chosen("Highest"), "{:?}", again.texts());
    assert_eq!(again.value(Role::ComboBox, "Metric"), "Diagonal");
    again.click(Role::Button, "Fill");
    leave(again);

    let mut third = start(&file);
    assert_eq!((third.session().view().heads, third.session().view().heads_place), (true, HeadsPlace::Centre));
    third.press(Key::Escape);
    third.press(Key::I);
    leave(third);
    let fourth = start(&file);
    let view = fourth.session().view();
    assert!(view.inspector && !view.heads);
}

#[test]
fn where_nothing_can_be_written_one_line_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("a file");
    std::fs::write(&blocked, "in the way").unwrap();
    let mut window = start(&blocked.join("preferences.json"));
    window.press(Key::W);
    window.advance(Duration::from_millis(700));
    window.until("one line", |window| !window.announced(Role::Status).is_empty());
    let said = window.announced(Role::Status);
    assert!(said.len() == 1 && said[0].starts_with("How the window looks is not remembered: "), "{said:?}");
    window.press(Key::I);
    window.advance(Duration::from_millis(1500));
    assert_eq!(window.announced(Role::Status).len(), 1, "once, whatever is not kept");
}

/// A colleague's session brings its view; theme and scale stay those of the person before the screen.
#[test]
fn a_saved_session_opens_in_the_persons_theme() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("preferences.json");
    std::fs::write(&file, r#"{"theme": "dark", "ui_scale": 1.25, "colormap": "viridis"}"#).unwrap();
    let session = captured_figure().with([Command::SetLayer(3), Command::SetColormap(Colormap::Magma)]);
    let path = folder.path().join("session.json");
    let document = SessionDocument::of_unread(&session, None);
    let from = Some((path, document.source.clone()));
    let window = Window::with(session, |setup| (setup.preferences, setup.from) = (Some(file.clone()), from));
    let view = window.session().view();
    assert_eq!((view.user.theme, view.user.ui_scale, view.look.colormap), (Theme::Dark, 1.25, Colormap::Magma));
}
