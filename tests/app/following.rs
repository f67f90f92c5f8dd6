//! A source that changes on the disk: offered anew by a line, or taken at once.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use attenuate::{
    engine::SourceSpec,
    session::{Cell, Command, Session, document::Follow},
};
use egui::Role;
use safetensors::{Dtype, tensor::TensorView};

use super::support::Window;
use crate::support::captured_figure;

const CHANGED: &str = "mine.safetensors has changed on the disk.";
/// Longer than the files must be left alone, and than from one look to the next.
const LONG: Duration = Duration::from_secs(1);

/// One head of `n` tokens.
fn capture(n: usize, rate: f32) -> Vec<u8> {
    let values = |rate: f32| -> Vec<u8> { (0..n * 4).flat_map(|i| (i as f32 * rate).sin().to_le_bytes()).collect() };
    let data: HashMap<&str, Vec<u8>> =
        [("q", values(rate)), ("k", values(rate + 0.4)), ("v", values(rate + 0.8))].into();
    let views = data.iter().map(|(name, bytes)| (*name, TensorView::new(Dtype::F32, vec![n, 4], bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

/// In the place of the file, as programs write that take care.
fn replace(path: &Path, bytes: &[u8]) {
    let temporary = path.with_extension("new");
    fs::write(&temporary, bytes).unwrap();
    fs::rename(temporary, path).unwrap();
}

fn on(path: &Path) -> Session {
    captured_figure().with([
        Command::Open(SourceSpec::Capture(path.to_owned())),
        Command::SetLayer(0),
        Command::SetHead(0),
    ])
}

/// A window on a capture of eight tokens, with a cell pinned.
fn window(folder: &Path, follow: Follow) -> (Window, PathBuf) {
    let path = folder.join("mine.safetensors");
    fs::write(&path, capture(8, 0.7)).unwrap();
    let session = on(&path).with([Command::Pin(Cell { query: 5, key: 2 })]);
    let mut window = Window::with(session, |setup| setup.follow = follow);
    window.settle();
    says_weights(&mut window);
    (window, path)
}

/// The panels say the weights of the file as it is now.
fn says_weights(window: &mut Window) {
    window.open_anew();
    window.says_pinned_weights();
}

/// The line has come, or what is told on it.
fn says(window: &mut Window, text: &str) {
    window.until(text, |window| window.texts().iter().any(|found| found.contains(text)));
}

fn is_silent(window: &mut Window) {
    window.advance(LONG);
    window.settle();
    assert!(!window.texts().iter().any(|text| text.contains("has changed")), "{:?}", window.texts());
}

#[test]
fn a_changed_file_is_offered_and_what_is_shown_stays_until_it_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, path) = window(folder.path(), Follow::Offer);
    is_silent(&mut window);
    let shown = window.spoken();
    replace(&path, &capture(8, 1.3));
    says(&mut window, CHANGED);
    assert_eq!(window.spoken(), shown, "until it is taken");
    window.click(Role::Button, "Dismiss");
    is_silent(&mut window);

    replace(&path, &capture(8, 1.7));
    says(&mut window, CHANGED);
    let before = window.session().clone();
    window.click(Role::Button, "Open anew");
    window.settle();
    assert_ne!(window.spoken(), shown);
    says_weights(&mut window);
    assert_eq!(*window.session(), before, "pinned cell, ε and view stay");
    is_silent(&mut window);
}

#[test]
fn a_file_that_is_followed_is_taken_at_once_with_what_fits() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, path) = window(folder.path(), Follow::AtOnce);
    window.enter_epsilon("0.02");
    let before = window.session().clone();
    for rate in [1.3, 1.7] {
        let shown = window.spoken();
        replace(&path, &capture(8, rate));
        window.until("the new file", |window| window.spoken() != shown);
        window.settle();
        says_weights(&mut window);
        assert_eq!(*window.session(), before);
    }
    // The pinned cell is not among four tokens; ε is.
    replace(&path, &capture(4, 0.3));
    window.until("four tokens", |window| window.outcome().n_positions() == 4);
    window.settle();
    assert_eq!(window.session().pinned(), None);
    assert_eq!(window.session().epsilon(), before.epsilon());
    window.open_anew();
    window.metrics();
    is_silent(&mut window);
}

#[test]
fn a_file_that_is_half_written_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, path) = window(folder.path(), Follow::AtOnce);
    let shown = window.spoken();
    let whole = capture(8, 1.3);
    // Written in place, with a pause in the middle.
    let other = folder.path().join("other");
    fs::write(&other, &whole[..whole.len() / 2]).unwrap();
    fs::rename(&other, &path).unwrap();
    says(&mut window, "does not open as it is");
    assert_eq!(window.spoken(), shown);
    assert!(window.announced(Role::Alert).is_empty(), "no alarm: it is being written");

    fs::write(&path, &whole).unwrap();
    window.until("the whole file", |window| window.spoken() != shown);
    window.settle();
    says_weights(&mut window);
    is_silent(&mut window);

    // Gone and there again.
    let shown = window.spoken();
    fs::remove_file(&path).unwrap();
    is_silent(&mut window);
    fs::write(&path, capture(8, 1.7)).unwrap();
    window.until("the file again", |window| window.spoken() != shown);
    says_weights(&mut window);
}

#[test]
fn following_is_a_switch_of_the_view() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, path) = window(folder.path(), Follow::Offer);
    let shown = window.spoken();
    replace(&path, &capture(8, 1.3));
    says(&mut window, CHANGED);
    window.click(Role::Button, "Follow the file");
    window.until("the new file", |window| window.spoken() != shown);
    window.settle();
    let shown = window.spoken();
    replace(&path, &capture(8, 1.7));
    window.until("the next one", |window| window.spoken() != shown);
    window.settle();
    window.menu(&["View", "Follow the file"]);
    window.close_menus();
    let shown = window.spoken();
    replace(&path, &capture(8, 0.2));
    says(&mut window, CHANGED);
    assert_eq!(window.spoken(), shown);

    // What is bundled does not change.
    let mut window = Window::figure();
    window.menu(&["View"]);
    assert!(window.is_disabled(Role::CheckBox, "Follow the file"));
}
