//! Captures as the window shows them: of many tokens, where a pixel stands for many cells, and with what is no number.

use std::path::{Path, PathBuf};

use attenuate::{
    attention::Component,
    engine::SourceSpec,
    figure::Window as Part,
    session::{Cell, Command},
};
use egui::{Key, Role, vec2};
use egui_kittest::kittest::NodeT as _;
use safetensors::{Dtype, tensor::TensorView};

use super::support::{Window, shortest};
use crate::support::captured_figure;
use crate::support::grids::at;

const N_POSITIONS: usize = 1000;

fn capture(folder: &Path) -> PathBuf {
    let vectors = |seed: usize| -> Vec<u8> {
        (0..N_POSITIONS * 4).flat_map(|i| (((i * seed) % 211) as f32 / 105.0 - 1.0).to_le_bytes()).collect()
    };
    write(folder, N_POSITIONS, &[vectors(37), vectors(101), vectors(59)])
}

/// Vectors of four dimensions.
fn write(folder: &Path, n_positions: usize, [query, key, value]: &[Vec<u8>; 3]) -> PathBuf {
    let view = |data| TensorView::new(Dtype::F32, vec![n_positions, 4], data).unwrap();
    let path = folder.join("capture.safetensors");
    let tensors = [("q", view(query)), ("k", view(key)), ("v", view(value))];
    std::fs::write(&path, safetensors::serialize(tensors, None).unwrap()).unwrap();
    path
}

fn open(path: &Path, part: Option<Part>) -> Window {
    let source = SourceSpec::Capture(path.to_owned());
    let place = [Command::Locate(source), Command::SetLayer(0), Command::SetHead(0), Command::SetWindow(part)];
    Window::open(captured_figure().with(place))
}

/// The cell that the card names.
fn cell(window: &Window) -> Cell {
    let text = window.texts().into_iter().find(|text| text.starts_with("query ")).expect("a card");
    let numbers: Vec<usize> = text.split(['“', '”', ' ', '→']).filter_map(|word| word.parse().ok()).collect();
    let [query, _, key, _] = numbers[..] else { panic!("{text}") };
    Cell { query, key }
}

#[test]
fn the_card_has_the_exact_cell_and_says_how_many_the_pixel_covers() {
    let folder = tempfile::tempdir().unwrap();
    let path = capture(folder.path());
    let mut window = open(&path, None);
    let panel = window.panel_rect(Component::Query, 1);
    assert!(panel.width() < 300.0);
    let position = panel.min + panel.size() * vec2(0.3, 0.8);
    window.hover(position);
    let shown = cell(&window);
    assert!(shown.query.abs_diff(800) < 5 && shown.key.abs_diff(300) < 5, "{shown:?}");
    let weight =
        window.outcome().panels[at(Component::Query, 1)].pattern.exact_cell(shown.query, shown.key).unwrap().weight;
    window.assert_text(&shortest(weight));
    let text = window.texts().into_iter().find(|text| text.starts_with("the pixel shows the largest of ")).unwrap();
    let counts: Vec<f32> = text.split(' ').filter_map(|word| word.parse().ok()).collect();
    let by_size = N_POSITIONS as f32 / panel.width();
    assert!(counts.len() == 2 && counts.iter().all(|count| (count - by_size).abs() < 1.0), "{text}: {by_size}");

    // Zoomed until a cell covers pixels, there is nothing to say.
    let mut window = open(&path, Some(Part { x0: 290.0, x1: 330.0, y0: 780.0, y1: 820.0 }));
    let panel = window.panel_rect(Component::Query, 1);
    // The middle of a cell, of 40 in view.
    window.hover(panel.min + panel.size() * vec2(12.5 / 40.0, 32.5 / 40.0));
    assert_eq!(cell(&window), Cell { query: 812, key: 302 });
    assert!(!window.has_text("the pixel shows"));
}

#[test]
fn what_is_no_number_is_counted_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut key: Vec<f32> = (0..24).map(|i| i as f32 / 8.0).collect();
    key[4 * 3 + 1] = f32::NAN;
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let ones = bytes(&[1.0; 24]);
    let mut window = open(&write(folder.path(), 6, &[ones.clone(), bytes(&key), ones]), None);
    // Key 3 is in the rows of queries 3, 4 and 5, and whatever is divided by their sums is NaN: 4 + 5 + 6 cells.
    for (component, column) in [(Component::Query, 0), (Component::Key, 1), (Component::Value, 2)] {
        let pattern = &window.outcome().panels[at(component, column)].pattern;
        let n_bad = (0..6).flat_map(|query| pattern.exact_row(query)).filter(|weight| weight.is_nan()).count();
        assert_eq!(n_bad, 15, "{component} {column}");
    }
    window.assert_text("135 cells are NaN");
    assert!(!window.has_text("NaN %"), "a share of nothing is not said: {:?}", window.texts());
    let position = window.cell_position(Component::Query, 0, Cell { query: 4, key: 0 });
    window.hover(position);
    assert!(window.texts().iter().any(|text| text.starts_with("NaN")), "{:?}", window.texts());
}

#[test]
fn of_patterns_alone_the_baseline_is_shown_and_epsilon_is_greyed_with_the_reason() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/cases/patterns_only.npz");
    let mut window = open(&path, None);
    assert_eq!(window.outcome().shape().n_panels(), 1);
    window.assert_text("ε has nothing to act on: this file holds patterns only, no query, key or value.");
    window.assert_text("patterns only");
    for name in ["Reset to figure", "Add a column"] {
        assert!(window.is_disabled(Role::Button, name), "{name}");
    }
    assert!(!window.is_disabled(Role::Button, "Layer up"));
    let [panel] = &window.panels()[..] else { panic!("one panel") };
    assert_eq!(panel.accesskit_node().label().unwrap(), "Baseline");
    let rect = panel.rect();
    window.hover(rect.min + rect.size() * vec2(1.5 / 6.0, 4.5 / 6.0));
    window.assert_text("query 4 “d” → key 1 “a”");
    assert!(!window.has_text("score"), "{:?}", window.texts());
    window.click_at(rect.min + rect.size() * vec2(1.5 / 6.0, 4.5 / 6.0));
    window.press(Key::I);
    window.assert_text("4 “d” → 1 “a”");
    assert!(!window.has_text("1e0"), "the baseline has no ε: {:?}", window.texts());
    window.click(Role::Button, "Layer up");
    assert_eq!(window.outcome().experiment.layer, 1);
}
