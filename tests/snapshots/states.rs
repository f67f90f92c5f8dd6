//! Opening, computing, failing, and what is said of it.

use std::path::{Path, PathBuf};

use attenuate::{
    attention::Preset,
    engine::{Bundled, SourceSpec},
    session::{Command, Session, Theme},
};
use egui::Role;
use egui_kittest::kittest::Queryable as _;
use safetensors::{Dtype, tensor::TensorView};

use super::{in_both_themes, picture, themed};
use crate::app::{slow::slow, support::Window};

fn slow_model() -> Session {
    Session::example(Bundled::Austen).with([Command::Locate(slow()), Command::SetScope(Preset::AllLayers.scope())])
}

#[test]
fn a_start_that_takes_its_time() {
    in_both_themes("opening", |theme| {
        let mut window = Window::gated(themed(&slow_model(), theme));
        window.gates.tensors.allow(4);
        window.until("four tensors", |window| window.has_text("Opening slow: 4 of 10 tensors"));
        picture(&window)
    });
}

#[test]
fn a_source_that_does_not_open() {
    in_both_themes("not-opened", |theme| {
        let missing = SourceSpec::Folder(PathBuf::from("/nowhere/model"));
        let session = Session::example(Bundled::Austen).with([Command::Locate(missing)]);
        let mut window = Window::gated(themed(&session, theme));
        window.until("the reason", |window| window.has_text("/nowhere/model"));
        picture(&window)
    });
}

/// The panels are older than the slider.
fn computing(theme: Theme) -> Window {
    let mut window = Window::gated(themed(&slow_model(), theme));
    window.gates.tensors.open();
    window.gates.layers.open();
    window.settle();
    window.metrics();
    window.gates.layers.close();
    window.harness.get_by_role_and_label(Role::Slider, "epsilon").set_value_accesskit(0.1);
    window.harness.step();
    window.until("how far it is", |window| window.has_text("/10 layers"));
    window
}

#[test]
fn panels_that_are_computed_slowly() {
    in_both_themes("computing", |theme| picture(&computing(theme)));
}

#[test]
fn what_was_cancelled() {
    in_both_themes("cancelled", |theme| {
        let mut window = computing(theme);
        window.click_now(Role::Button, "Cancel computing");
        window.until("the word", |window| window.has_text("cancelled"));
        picture(&window)
    });
}

#[test]
fn cells_that_are_no_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let capture = with_nan(folder.path());
    in_both_themes("not-a-number", |theme| {
        let source = SourceSpec::Capture(capture.clone());
        let at_first = [Command::Locate(source), Command::SetLayer(0), Command::SetHead(0)];
        let session = Session::default().with(at_first);
        picture(&Window::open(themed(&session, theme)))
    });
}

/// Six tokens of four dimensions, one number of which is none.
fn with_nan(folder: &Path) -> PathBuf {
    let mut key: Vec<f32> = (0..24).map(|i| i as f32 / 8.0).collect();
    key[4 * 3 + 1] = f32::NAN;
    let path = folder.join("capture.safetensors");
    let ones = [1.0_f32; 24];
    let bytes = [&ones[..], &key, &ones].map(|values| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
    let view = |data| TensorView::new(Dtype::F32, vec![6, 4], data).unwrap();
    let tensors = ["q", "k", "v"].into_iter().zip(&bytes).map(|(name, data)| (name, view(data)));
    std::fs::write(&path, safetensors::serialize(tensors, None).unwrap()).unwrap();
    path
}
