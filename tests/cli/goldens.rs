//! The numbers that `attenuate weights` writes against PyTorch's.

use std::{
    fs,
    path::{Path, PathBuf},
};

use safetensors::{SafeTensors, tensor::TensorView};
use serde_json::Value;

use crate::cli::weights_file::{Panel, Weights};

pub const TOLERANCE: f64 = 1e-5;

const EVERYWHERE: [&str; 5] = ["bundled:austen", "--layers", "all", "--heads", "all"];

/// One folder of goldens.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(name)
}

fn read(name: &str) -> Vec<u8> {
    fs::read(folder("bundled").join(name)).unwrap()
}

/// Largest difference from `golden [layers, heads, T, T]` at one layer and head.
pub fn difference(panel: &Panel, golden: &TensorView<'_>, layer: usize, head: usize) -> f64 {
    let &[_, n_heads, n, _] = golden.shape() else { panic!("{:?}", golden.shape()) };
    assert_eq!(panel.len(), n);
    let expected = golden.data()[(layer * n_heads + head) * n * n * 4..].chunks_exact(4);
    let expected = expected.map(|bytes| f64::from(f32::from_le_bytes(bytes.try_into().unwrap())));
    // PyTorch writes masked cells as 0.
    let cells = panel.iter().flatten().map(|weight| weight.map_or(0.0, f64::from));
    cells.zip(expected).map(|(ours, golden)| (ours - golden).abs()).fold(0.0, f64::max)
}

/// The columns of one component that `{component}.all.{ε}.attn` is for.
pub fn columns<'a>(weights: &'a Weights, name: &str) -> Vec<&'a Panel> {
    let (component, epsilon) = name.split_once(".all.").unwrap();
    let epsilon: f64 = epsilon.strip_suffix(".attn").unwrap().parse().unwrap();
    let (row, panels) = match component {
        "q" => (0, &weights.query),
        "k" => (1, &weights.key),
        "v" => (2, &weights.value),
        other => panic!("{other}"),
    };
    weights.epsilon[row].iter().zip(panels).filter(|(found, _)| **found == epsilon).map(|(_, panel)| panel).collect()
}

#[test]
fn every_layer_and_head_is_pytorchs_in_every_component_and_column() {
    let file = read("golden.safetensors");
    let goldens = SafeTensors::deserialize(&file).unwrap();
    let shape = goldens.tensor("base.attn").unwrap().shape().to_vec();
    let mut compared = 0;
    for layer in 0..shape[0] {
        for head in 0..shape[1] {
            let (layer_text, head_text) = (layer.to_string(), head.to_string());
            let place = ["--layer", layer_text.as_str(), "--head", head_text.as_str()];
            let weights = Weights::from_json(&[&EVERYWHERE[..], &place].concat());
            assert_eq!((weights.layer, weights.head), (layer, head));
            for (name, golden) in goldens.iter().filter(|(name, _)| name.ends_with(".attn")) {
                let panels = if name == "base.attn" { vec![&weights.baseline] } else { columns(&weights, name) };
                assert_eq!(panels.len(), 1, "{name} is one of the figure's columns");
                for panel in panels {
                    let difference = difference(panel, &golden, layer, head);
                    assert!(difference <= TOLERANCE, "{name} layer {layer} head {head}: {difference:e}");
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 6 * 4 * (1 + 9));
}

#[test]
fn the_default_view_names_the_tokens_that_pytorch_read() {
    let meta: Value = serde_json::from_slice(&read("meta.json")).unwrap();
    let weights = Weights::from_both(&EVERYWHERE);
    assert_eq!(serde_json::json!(weights.tokens), meta["tokens"]);
    assert_eq!(serde_json::json!(weights.token_ids), meta["token_ids"]);
    assert_eq!((weights.layer, weights.head), (5, 1));
    assert_eq!((weights.n_layers, weights.n_heads, weights.n_kv_heads), (6, 4, 2));
    assert_eq!(weights.scope["layers"], "all");
    let file = read("golden.safetensors");
    let goldens = SafeTensors::deserialize(&file).unwrap();
    for (name, golden) in goldens.iter().filter(|(name, _)| name.contains(".all.")) {
        assert!(difference(columns(&weights, name)[0], &golden, 5, 1) <= TOLERANCE, "{name}");
    }
}
