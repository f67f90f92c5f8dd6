//! The sheet of keys.

use attenuate::session::Session;
use egui::Event;

use super::window;

#[test]
fn the_sheet_of_keys() {
    window("shortcuts", &Session::default(), |window| {
        window.harness.event(Event::Text("?".to_owned()));
        window.settle();
    });
}
