//! Captures of many tokens, where a pixel stands for many cells.

use std::path::{Path, PathBuf};

use attenuate::{
    attention::Component,
    engine::SourceSpec,
    figure::Window as Part,
    session::{Cell, Session},
};
use egui::vec2;
use safetensors::{Dtype, tensor::TensorView};

use super::support::{Window, shortest};

const N_POSITIONS: usize = 1000;

fn capture(folder: &Path) -> PathBuf {
    let vectors = |seed: usize| -> Vec<u8> {
        (0..N_POSITIONS * 4).flat_map(|i| (((i * seed) % 211) as f32 / 105.0 - 1.0).to_le_bytes()).collect()
    };
    let [query, key, value] = [vectors(37), vectors(101), vectors(59)];
    let view = |data| TensorView::new(Dtype::F32, vec![N_POSITIONS, 4], data).unwrap();
    let path = folder.join("long.safetensors");
    let tensors = [("q", view(&query)), ("k", view(&key)), ("v", view(&value))];
    std::fs::write(&path, safetensors::serialize(tensors, None).unwrap()).unwrap();
    path
}

fn open(folder: &Path, part: Option<Part>) -> Window {
    let source = SourceSpec::Capture(capture(folder));
    let mut session = Session { source, layer: 0, head: 0, ..Session::default() };
    session.view.window = part;
    Window::open(session)
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
    let mut window = open(folder.path(), None);
    let panel = window.panel_rect(Component::Query, 1);
    assert!(panel.width() < 300.0);
    let position = panel.min + panel.size() * vec2(0.3, 0.8);
    window.hover(position);
    let shown = cell(&window);
    assert!(shown.query.abs_diff(800) < 5 && shown.key.abs_diff(300) < 5, "{shown:?}");
    let weight = window.outcome().panel(Component::Query, 1).pattern.exact_cell(shown.query, shown.key).unwrap().weight;
    window.assert_text(&shortest(weight));
    let text = window.texts().into_iter().find(|text| text.starts_with("the pixel shows the largest of ")).unwrap();
    let counts: Vec<f32> = text.split(' ').filter_map(|word| word.parse().ok()).collect();
    let by_size = N_POSITIONS as f32 / panel.width();
    assert!(counts.len() == 2 && counts.iter().all(|count| (count - by_size).abs() < 1.0), "{text}: {by_size}");

    // Zoomed until a cell covers pixels, there is nothing to say.
    let mut window = open(folder.path(), Some(Part { x0: 290.0, x1: 330.0, y0: 780.0, y1: 820.0 }));
    let panel = window.panel_rect(Component::Query, 1);
    window.hover(panel.min + panel.size() * vec2(0.3, 0.8));
    assert_eq!(cell(&window), Cell { query: 812, key: 302 });
    assert!(!window.has_text("the pixel shows"));
}
