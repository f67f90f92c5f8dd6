//! Opening, computing, failing, and what is said of it.

use std::path::PathBuf;

use attenuate::{
    attention::Preset,
    engine::{Bundled, SourceSpec},
    session::{Command, Session},
};
use egui::Role;
use egui_kittest::kittest::Queryable as _;

use super::{in_both_themes, picture, themed};
use crate::app::{slow::slow, support::Window};
use crate::support::captured_figure;

fn slow_model() -> Session {
    Session::example(Bundled::Austen).with([Command::Locate(slow()), Command::SetScope(Preset::AllLayers.scope())])
}

#[test]
fn a_start_that_takes_its_time() {
    in_both_themes("opening", |theme| {
        let mut window = Window::gated(themed(&slow_model(), theme));
        window.gates.tensors.allow(4);
        window.until("four tensors", |window| window.has_text("Opening slow: 4 of 10 tensors"));
        picture(&mut window)
    });
}

#[test]
fn a_source_that_does_not_open() {
    in_both_themes("not-opened", |theme| {
        let missing = SourceSpec::Folder(PathBuf::from("/nowhere/model"));
        let session = Session::example(Bundled::Austen).with([Command::Locate(missing)]);
        let mut window = Window::gated(themed(&session, theme));
        // A message is measured before it is seen.
        window.wait_anyhow("the reason", |window| window.has_text("/nowhere/model"));
        picture(&mut window)
    });
}

#[test]
fn what_was_cancelled() {
    in_both_themes("cancelled", |theme| {
        let mut window = Window::gated(themed(&slow_model(), theme));
        window.gates.tensors.open();
        window.gates.layers.open();
        window.settle();
        window.metrics();
        window.gates.layers.close();
        window.harness.get_by_role_and_label(Role::Slider, "epsilon").set_value_accesskit(0.1);
        window.harness.step();
        window.until("how far it is", |window| window.has_text("/10 layers"));
        window.click_now(Role::Button, "Cancel computing");
        window.until("the word", |window| window.has_text("cancelled"));
        window.settle();
        picture(&mut window)
    });
}

/// Six tokens of four dimensions, one number of which is none.
#[test]
fn cells_that_are_no_numbers() {
    in_both_themes("not-a-number", |theme| {
        let capture = SourceSpec::Capture(PathBuf::from("tests/snapshots/not-a-number.safetensors"));
        let at_first = [Command::Locate(capture), Command::SetLayer(0), Command::SetHead(0)];
        picture(&mut Window::open(themed(&captured_figure().with(at_first), theme)))
    });
}
