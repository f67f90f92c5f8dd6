//! Pictures of panels, dialogs, menus and widgets, light and dark, compared with references.
//!
//! `ATTENUATE_BLESS=1 cargo test --release snapshots::` writes the references anew: look at each that changed before it
//! is committed. They are drawn on the processor, so that they are the same everywhere. `walk` draws the documentation's
//! pictures in the same way, which nothing compares.

mod dialogs;
mod help;
mod menus;
mod reference;
mod states;
mod views;
mod walk;
mod widgets;

use attenuate::session::{Command, OnScreen, Session, Theme};
use egui::{Rect, Role};
use egui_kittest::kittest::Queryable as _;

use crate::support::captured_figure;
use crate::{app::support::Window, support::raster::Picture};

/// The whole window after `act`, in both themes.
fn window(name: &str, session: &Session, act: impl Fn(&mut Window)) {
    in_both_themes(name, |theme| {
        let mut window = Window::open(themed(session, theme));
        act(&mut window);
        picture(&mut window)
    });
}

/// The dialog of that title alone, which `act` has opened over the figure.
fn dialog(name: &str, title: &str, act: impl Fn(&mut Window)) {
    in_both_themes(name, |theme| {
        let mut window = Window::open(themed(&captured_figure(), theme));
        act(&mut window);
        let rect = window.harness.get_by_role_and_label(Role::Window, title).rect();
        picture(&mut window).part(rect.expand(8.0))
    });
}

#[track_caller]
fn in_both_themes(name: &str, draw: impl Fn(Theme) -> Picture) {
    let themes = [(Theme::Light, "light"), (Theme::Dark, "dark")];
    let differences: Vec<String> = themes
        .into_iter()
        .filter_map(|(theme, folder)| reference::compare(&format!("{folder}/{name}"), &draw(theme)).err())
        .collect();
    assert!(
        differences.is_empty(),
        "{}\nIf this is as it should be: ATTENUATE_BLESS=1 cargo test --release snapshots::",
        differences.join("\n")
    );
}

fn themed(session: &Session, theme: Theme) -> Session {
    let mut session = session.clone();
    session.apply(Command::SetTheme(theme), OnScreen::default());
    session
}

/// What is on screen in the session's theme, with all numbers, but for the time that the last run took.
fn picture(window: &mut Window) -> Picture {
    if window.harness.state().outcome().is_some() {
        window.wait_anyhow("the numbers beside the picture", |window| window.harness.state().is_complete());
    }
    let mut picture = window.picture();
    let is_time = |node: &egui_kittest::Node<'_>| node.value().is_some_and(|text| text.starts_with("recomputed in "));
    let times: Vec<Rect> =
        window.harness.query_all_by_role(Role::Label).filter(is_time).map(|node| node.rect()).collect();
    for time in times {
        picture.cover(time.expand(1.0));
    }
    picture
}

/// Each reference belongs to a test, whose source has its name.
#[test]
fn no_reference_is_left_over() {
    let sources: String = ["dialogs", "help", "menus", "states", "views", "widgets"]
        .map(|module| {
            std::fs::read_to_string(format!("{}/tests/snapshots/{module}.rs", env!("CARGO_MANIFEST_DIR"))).unwrap()
        })
        .concat();
    for theme in ["light", "dark"] {
        for entry in std::fs::read_dir(reference::folder().join(theme)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(sources.contains(&format!("\"{name}\"")), "no test draws {}", path.display());
        }
    }
}
