//! Captures written here, in every shape that is allowed, read through the engine and compared with attention by its
//! definition.

use std::{collections::HashMap, fs, path::Path};

use attenuate::{
    attention::{Component, LayerScope, Mask, Preset, Scope},
    engine::{Bundled, Engine, Outcome, RunSpec, SourceKind, SourceSpec},
};
use safetensors::{Dtype, serialize, tensor::TensorView};
use tempfile::TempDir;

use crate::engine::support::{NEVER, epsilon, panels, spec};
use crate::support::grids::{at, columns};

/// Three positions, two dimensions.
const T: usize = 3;
const D: usize = 2;

/// Numbers between -2 and 2 that no two places share.
fn vectors(shape: &[usize], seed: f32) -> Vec<f32> {
    (0..shape.iter().product::<usize>()).map(|i| 2.0 * ((i as f32 + seed) * 1.618).sin()).collect()
}

struct File {
    query: Vec<usize>,
    key: Vec<usize>,
    /// Last dimension of the values; `None` for a capture without them.
    value_dim: Option<usize>,
    names: [&'static str; 3],
    metadata: &'static [(&'static str, &'static str)],
}

impl File {
    fn new(query: &[usize], key: &[usize]) -> Self {
        let (query, key) = (query.to_vec(), key.to_vec());
        Self { query, key, value_dim: Some(D), names: ["q", "k", "v"], metadata: &[] }
    }

    fn value_shape(&self) -> Option<Vec<usize>> {
        let mut shape = self.key.clone();
        *shape.last_mut()? = self.value_dim?;
        Some(shape)
    }

    fn write(&self, folder: &Path) -> SourceSpec {
        let shapes = [Some(self.query.clone()), Some(self.key.clone()), self.value_shape()];
        let seeds = [0.5, 100.25, 1000.75];
        let tensors: Vec<(&str, Vec<usize>, Vec<u8>)> = self
            .names
            .into_iter()
            .zip(shapes)
            .zip(seeds)
            .filter_map(|((name, shape), seed)| {
                let shape = shape?;
                let bytes = vectors(&shape, seed).into_iter().flat_map(f32::to_le_bytes).collect();
                Some((name, shape, bytes))
            })
            .collect();
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| (*name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
        let metadata: HashMap<String, String> =
            self.metadata.iter().map(|&(key, text)| (key.to_owned(), text.to_owned())).collect();
        let path = folder.join("capture.safetensors");
        fs::write(&path, serialize(views, Some(metadata)).unwrap()).unwrap();
        SourceSpec::Capture(path)
    }
}

/// Row `query` of softmax(ε · scale · q·k) at a layer and head, and the head's output there.
fn reference(file: &File, [layer, head, query]: [usize; 3], factor: f64, mask: Mask) -> (Vec<f64>, Vec<f64>) {
    let heads = |shape: &[usize]| if shape.len() == 2 { 1 } else { shape[shape.len() - 3] };
    let (n_heads, n_kv_heads) = (heads(&file.query), heads(&file.key));
    let kv_head = head / (n_heads / n_kv_heads);
    let at = |values: &[f32], n_heads: usize, head: usize, position: usize, d: usize| -> Vec<f64> {
        let start = ((layer * n_heads + head) * T + position) * d;
        values[start..start + d].iter().copied().map(f64::from).collect()
    };
    let [q, k] = [(&file.query, 0.5), (&file.key, 100.25)].map(|(shape, seed)| vectors(shape, seed));
    let q = at(&q, n_heads, head, query, D);
    let n_keys = if mask == Mask::CAUSAL { query + 1 } else { T };
    let exps: Vec<f64> = (0..n_keys)
        .map(|key| {
            let dot: f64 = q.iter().zip(at(&k, n_kv_heads, kv_head, key, D)).map(|(q, k)| q * k).sum();
            (factor * dot).exp()
        })
        .collect();
    let sum: f64 = exps.iter().sum();
    let weights: Vec<f64> = exps.into_iter().map(|exp| exp / sum).collect();
    let Some(shape) = file.value_shape() else { return (weights, Vec::new()) };
    let (values, d) = (vectors(&shape, 1000.75), shape[shape.len() - 1]);
    let mut output = vec![0.0; d];
    for (key, weight) in weights.iter().enumerate() {
        for (out, v) in output.iter_mut().zip(at(&values, n_kv_heads, kv_head, key, d)) {
            *out += weight * v;
        }
    }
    (weights, output)
}

fn request(source: SourceSpec, layer: usize, head: usize) -> RunSpec {
    let values = [epsilon(0.5), epsilon(3.0), epsilon(0.0)];
    RunSpec { source, ..spec(Bundled::Smollm2Capture, Preset::ThisHead) }.with(|experiment| {
        experiment.layer = layer;
        experiment.head = head;
        experiment.epsilon = columns(&values);
    })
}

fn assert_is_the_definition(file: &File, outcome: &Outcome, scale: f64, mask: Mask) {
    for (component, column, factor) in [
        (None, 0, 1.0),
        (Some(Component::Query), 0, 0.5),
        (Some(Component::Key), 1, 3.0),
        (Some(Component::Query), 2, 0.0),
    ] {
        let panel = component.map_or(&outcome.baseline, |component| &outcome.panels[at(component, column)]);
        let mut norm = 0.0;
        for query in 0..T {
            let (weights, output) = reference(
                file,
                [outcome.experiment.layer, outcome.experiment.head, query],
                factor * scale,
                mask.clone(),
            );
            let found = panel.pattern.exact_row(query);
            assert_eq!(found.len(), weights.len());
            for (found, expected) in found.iter().zip(&weights) {
                assert!((found - expected).abs() <= 1e-12, "{component:?} row {query}: {found}, not {expected}");
            }
            norm += output.iter().map(|x| x * x).sum::<f64>().sqrt() / T as f64;
        }
        match panel.output_norm() {
            Some(found) => assert!((found - norm).abs() <= 1e-6 * norm, "{found}, not {norm}"),
            None => assert!(file.value_dim.is_none()),
        }
    }
    for column in 0..3 {
        assert_eq!(outcome.panels[at(Component::Value, column)].pattern, outcome.baseline.pattern);
    }
}

#[test]
fn every_allowed_shape_is_attention_by_its_definition() {
    for (query, key, [n_layers, n_heads, n_kv_heads]) in [
        (&[T, D][..], &[T, D][..], [1, 1, 1]),
        (&[4, T, D], &[2, T, D], [1, 4, 2]),
        (&[4, T, D], &[4, T, D], [1, 4, 4]),
        (&[2, 4, T, D], &[2, 1, T, D], [2, 4, 1]),
        (&[1, 4, T, D], &[1, 2, T, D], [1, 4, 2]),
    ] {
        let folder = TempDir::new().unwrap();
        let file = File::new(query, key);
        let source = file.write(folder.path());
        let mut engine = Engine::default();
        let facts = engine.facts(&source).unwrap();
        assert_eq!((facts.n_layers, facts.n_heads, facts.n_kv_heads), (n_layers, n_heads, n_kv_heads));
        assert_eq!(
            (facts.kind, facts.head_dim, facts.max_positions, facts.has_bos),
            (SourceKind::Capture, D, T, false)
        );
        assert_eq!(facts.title, source.to_string(), "without a model's name, the file's");
        for layer in 0..n_layers {
            for head in 0..n_heads {
                let outcome = engine.run(&request(source.clone(), layer, head), NEVER).unwrap();
                assert_is_the_definition(&file, &outcome, 1.0 / (D as f64).sqrt(), Mask::CAUSAL);
                let positions: Vec<_> = outcome.tokens.iter().map(|token| (token.id, token.text.as_str())).collect();
                assert_eq!(positions, [(None, "0"), (None, "1"), (None, "2")]);
            }
        }
        assert!(engine.run(&request(source.clone(), n_layers, 0), NEVER).is_err());
        assert!(engine.run(&request(source, 0, n_heads), NEVER).is_err());
    }
}

#[test]
fn what_is_written_beside_the_tensors_counts() {
    let folder = TempDir::new().unwrap();
    let file = File {
        names: ["query", "key", "value"],
        value_dim: Some(5),
        metadata: &[
            ("tokens", r#"["<s>", "\u0120a", "\u010a"]"#),
            ("token_ids", "[1, 64, 198]"),
            ("scale", "0.25"),
            ("causal", "false"),
            ("model", "A model"),
        ],
        ..File::new(&[2, T, D], &[1, T, D])
    };
    let mut engine = Engine::default();
    let outcome = engine.run(&request(file.write(folder.path()), 0, 1), NEVER).unwrap();
    assert_eq!(*outcome.mask(), Mask::BIDIRECTIONAL);
    assert_is_the_definition(&file, &outcome, 0.25, Mask::BIDIRECTIONAL);
    assert_eq!(outcome.facts.title, "A model");
    let tokens: Vec<_> = outcome.tokens.iter().map(|t| (t.id, t.piece.as_str(), t.text.as_str())).collect();
    assert_eq!(tokens, [(Some(1), "<s>", "<s>"), (Some(64), "Ġa", " a"), (Some(198), "Ċ", "\\n")]);
}

#[test]
fn without_values_there_is_no_output() {
    let folder = TempDir::new().unwrap();
    let file = File { value_dim: None, ..File::new(&[2, T, D], &[1, T, D]) };
    let mut engine = Engine::default();
    let outcome = engine.run(&request(file.write(folder.path()), 0, 0), NEVER).unwrap();
    assert!(panels(&outcome).all(|panel| panel.output_norm().is_none()));
    assert_is_the_definition(&file, &outcome, 1.0 / (D as f64).sqrt(), Mask::CAUSAL);
}

#[test]
fn a_capture_knows_only_the_shown_layer() {
    let folder = TempDir::new().unwrap();
    let file = File::new(&[2, 4, T, D], &[2, 2, T, D]);
    let source = file.write(folder.path());
    let mut engine = Engine::default();
    let mut at = |layers: LayerScope| {
        let scope = Scope { layers, ..Scope::default() };
        engine.run(&request(source.clone(), 1, 2).with(|experiment| experiment.scope = scope), NEVER).unwrap()
    };
    let [shown, all, before] =
        [LayerScope::Shown, LayerScope::All, LayerScope::Range { first: 0, last: 0 }].map(&mut at);
    assert!(panels(&shown).zip(panels(&all)).all(|(shown, all)| shown.pattern == all.pattern));
    assert!(panels(&before).all(|panel| panel.pattern == shown.baseline.pattern));
}

#[test]
fn padding_between_tokens_is_a_hole_in_every_row() {
    let folder = TempDir::new().unwrap();
    let mut file = File::new(&[T, D], &[T, D]);
    file.metadata = &[("attention_mask", "[1, 0, 1]")];
    let spec = spec(Bundled::Smollm2, Preset::ThisHead).with(|experiment| (experiment.layer, experiment.head) = (0, 0));
    let spec = RunSpec { source: file.write(folder.path()), ..spec };
    let outcome = Engine::default().run(&spec, NEVER).unwrap();
    assert!(outcome.facts.notices.iter().any(|notice| notice.sentence.contains("1 of 3 positions are padding")));
    assert_eq!(outcome.mask().reason(2, 1).unwrap(), "this key is padding");
    assert_eq!(outcome.mask().reason(1, 0).unwrap(), "this query is padding");

    // The definition: of the last row the first and the last score are left.
    let (query, key) = (vectors(&[T, D], 0.5), vectors(&[T, D], 100.25));
    let score = |key_at: usize| {
        let dot = |d: usize| f64::from(query[2 * D + d]) * f64::from(key[key_at * D + d]);
        (dot(0) + dot(1)) / 2.0_f64.sqrt()
    };
    for (pattern, factor) in [
        (&outcome.baseline.pattern, 1.0),
        (&outcome.panels[at(Component::Query, 0)].pattern, 0.5),
        (&outcome.panels[at(Component::Key, 0)].pattern, 0.5),
    ] {
        let weight = 1.0 / (1.0 + (factor * (score(2) - score(0))).exp());
        let row = pattern.exact_row(2);
        assert!((row[0] - weight).abs() <= 1e-12 && (row[2] - (1.0 - weight)).abs() <= 1e-12, "{row:?}");
        assert_eq!((row[1], pattern.exact_cell(2, 1), pattern.exact_cell(1, 0)), (0.0, None, None));
        assert_eq!(pattern.dense().row(1).sum(), 0.0, "padding has no row");
    }
    let mut json = Vec::new();
    outcome.numbers(&spec).write_json(&mut json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let null = serde_json::Value::Null;
    assert_eq!((&json["baseline"][2][1], &json["baseline"][1][0], &json["baseline"][1][1]), (&null, &null, &null));
    assert!(json["query"][2][2][0].is_f64());
    let mut csv = Vec::new();
    outcome.numbers(&spec).write_csv(&mut csv).unwrap();
    // A head line, and of nine panels the three cells that are not masked.
    assert_eq!(String::from_utf8(csv).unwrap().lines().count(), 1 + 9 * 3);
}
