use std::sync::Arc;

use ::safetensors::{Dtype, SafeTensors};
use ndarray::{Array2, Array3, arr2, s};
use serde_json::Value;

use super::*;
use crate::attention::{
    Component, Components, Edit, Epsilon, Experiment, Grid, HeadEdit, InForce, LayerQkv, Mask, Operation, Pattern,
    PositionScope, Scope,
};

/// Two tokens; scores of row 1 are 0 and ln 3, so that its weights are 1/4 and 3/4.
pub(super) fn pattern(epsilon: f64) -> Pattern {
    let query = Array3::ones((1, 2, 1));
    let key = Array3::from_shape_vec((1, 2, 1), vec![0.0, 3.0_f32.ln()]).unwrap();
    let scores = LayerQkv::new(query, key, None, 1.0, Mask::CAUSAL).unwrap().head_scores(0);
    let (component, operation, positions) = (Component::Query, Operation::Scale, PositionScope::All);
    let edit = Edit { component, operation, epsilon: Epsilon::new(epsilon).unwrap(), positions };
    Arc::new(scores).pattern(&HeadEdit::new(Some(&edit), None))
}

pub(super) fn file() -> WeightsFile {
    let baseline = pattern(1.0);
    let scaled = [pattern(0.5), pattern(1e-3), pattern(0.0)];
    let panels = WeightsFile::panels_of(&scaled);
    WeightsFile {
        tokens: vec!["<s>".to_owned(), "Ġ\"quoted\"\n".to_owned()],
        token_texts: vec!["<s>".to_owned(), " \"quoted\"\n".to_owned()],
        token_ids: Some(vec![0, 7]),
        experiment: Experiment {
            layer: 14,
            head: 3,
            operation: Operation::Scale,
            scope: Scope::default(),
            in_force: InForce::default(),
            epsilon: Grid::repeated(Components::FIGURE, &[0.5, 1e-3, 0.0].map(|e| Epsilon::new(e).unwrap())).unwrap(),
        },
        n_layers: 30,
        n_heads: 9,
        n_kv_heads: 3,
        mask: Mask::CAUSAL,
        source: "bundled:smollm2".to_owned(),
        model: "SmolLM2".to_owned(),
        baseline: exact_weights(&baseline),
        panels: vec![panels.clone(), panels, WeightsFile::panels_of(&[(); 3].map(|()| baseline.clone()))],
        rest: None,
        patterns: Grid::from_rows([
            (Component::Query, scaled.to_vec()),
            (Component::Key, scaled.to_vec()),
            (Component::Value, vec![baseline; 3]),
        ])
        .unwrap(),
    }
}

fn json(file: &WeightsFile) -> (String, Value) {
    let mut text = Vec::new();
    file.write_json(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let value = serde_json::from_str(&text).unwrap();
    (text, value)
}

#[test]
fn exact_weights_are_the_softmax_rounded_once() {
    let weights = exact_weights(&pattern(1.0));
    // ln 3 as f32 is not quite ln 3: a quarter and three quarters to within its rounding.
    assert_eq!(weights[[0, 0]], 1.0);
    assert_eq!(weights[[0, 1]], 0.0, "masked");
    assert!((weights[[1, 0]] - 0.25).abs() < 1e-7 && (weights[[1, 1]] - 0.75).abs() < 1e-7, "{weights}");
    assert_eq!(exact_weights(&pattern(0.0)), arr2(&[[1.0, 0.0], [0.5, 0.5]]));
}

#[test]
fn equal_columns_are_equal_and_others_are_not() {
    let [first, second] = [pattern(0.5), pattern(0.25)];
    let panels = WeightsFile::panels_of(&[first.clone(), second.clone(), first.clone()]);
    assert_eq!(panels.slice(s![0, .., ..]), exact_weights(&first));
    assert_eq!(panels.slice(s![1, .., ..]), exact_weights(&second));
    assert_eq!(panels.slice(s![2, .., ..]), exact_weights(&first));
}

#[test]
fn json_says_what_the_numbers_are_of() {
    let (text, value) = json(&file());
    assert!(
        text.starts_with(
            r#"{"tokens":["<s>","Ġ\"quoted\"\n"],"token_text":["<s>"," \"quoted\"\n"],"token_ids":[0,7],"#
        ),
        "{text}"
    );
    assert_eq!([&value["layer"], &value["head"]], [14, 3]);
    assert_eq!(value["n_layers"], 30);
    assert_eq!(value["n_heads"], 9);
    assert_eq!(value["n_kv_heads"], 3);
    assert_eq!(value["causal"], true);
    assert_eq!(value["source"], "bundled:smollm2");
    assert_eq!(value["model"], "SmolLM2");
    assert_eq!(value["operation"], "scale");
    assert_eq!(value["scope"]["heads"], "shown");
    assert_eq!(value["epsilon"], serde_json::json!([[0.5, 0.001, 0.0], [0.5, 0.001, 0.0], [0.5, 0.001, 0.0]]));
    assert_eq!(value["baseline"][0], serde_json::json!([1.0, null]), "a masked cell is null");
    let without_ids = WeightsFile { token_ids: None, ..file() };
    assert_eq!(json(&without_ids).1["token_ids"], Value::Null);
}

#[test]
fn json_reads_back_to_the_same_bits() {
    let file = file();
    let (_, value) = json(&file);
    for (name, panels) in file.named_panels() {
        let read: Vec<Vec<Vec<Option<f32>>>> = serde_json::from_value(value[name].clone()).unwrap();
        assert_eq!(read.len(), 3);
        for ((column, query, key), &weight) in panels.indexed_iter() {
            let expected = (key <= query).then_some(weight.to_bits());
            assert_eq!(read[column][query][key].map(f32::to_bits), expected, "{name} {column} {query} {key}");
        }
    }
}

#[test]
fn json_writes_every_f32_so_that_it_reads_back() {
    let mut state = 1_u32;
    let weights = Array2::from_shape_fn((64, 64), |_| {
        // All bit patterns are possible: subnormal, huge and tiny numbers, infinities and NaN.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from_bits(state)
    });
    let mut odd = WeightsFile { mask: Mask::BIDIRECTIONAL, baseline: weights.clone(), ..file() };
    odd.baseline[[0, 0]] = f32::NAN;
    odd.baseline[[0, 1]] = f32::INFINITY;
    odd.baseline[[0, 2]] = f32::NEG_INFINITY;
    odd.baseline[[0, 3]] = f32::MIN_POSITIVE / 2.0;
    let (_, value) = json(&odd);
    assert_eq!(value["causal"], false);
    assert_eq!(value["baseline"][0][0], "NaN");
    assert_eq!(value["baseline"][0][1], "Infinity");
    assert_eq!(value["baseline"][0][2], "-Infinity");
    for ((query, key), &weight) in odd.baseline.indexed_iter().filter(|(_, weight)| weight.is_finite()) {
        let read: f32 = serde_json::from_value(value["baseline"][query][key].clone()).unwrap();
        assert_eq!(read.to_bits(), weight.to_bits(), "{weight:e}");
    }
}

#[test]
fn safetensors_read_back_to_the_same_bits() {
    let file = file();
    let mut bytes = Vec::new();
    file.write_safetensors(&mut bytes).unwrap();
    let read = SafeTensors::deserialize(&bytes).unwrap();

    let epsilon = read.tensor("epsilon").unwrap();
    assert_eq!((epsilon.dtype(), epsilon.shape()), (Dtype::F64, &[3, 3][..]));
    assert_eq!(epsilon.data(), file.epsilon().concat().iter().flat_map(|e| e.to_le_bytes()).collect::<Vec<_>>());

    let same = |name: &str, shape: &[usize], weights: Vec<f32>| {
        let tensor = read.tensor(name).unwrap();
        assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::F32, shape), "{name}");
        assert_eq!(tensor.data(), weights.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<_>>(), "{name}");
    };
    same("baseline", &[2, 2], file.baseline.iter().copied().collect());
    for (name, panels) in file.named_panels() {
        same(name, &[3, 2, 2], panels.iter().copied().collect());
    }
    assert_eq!(read.len(), 5);

    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().clone().unwrap();
    assert_eq!(serde_json::from_str::<Vec<String>>(&metadata["tokens"]).unwrap(), file.tokens);
    assert_eq!(metadata["token_ids"], "[0,7]");
    assert_eq!((metadata["layer"].as_str(), metadata["head"].as_str()), ("14", "3"));
    assert_eq!(metadata["source"], "bundled:smollm2");
    assert_eq!(metadata["scope"], r#"{"heads":"shown","layers":"shown","positions":"all"}"#);

    let mut again = Vec::new();
    file.write_safetensors(&mut again).unwrap();
    assert_eq!(bytes, again, "the same numbers make the same file");
}

/// Accepts so many bytes more and then has no space left.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_reported_as_such() {
    let kind = |result: std::io::Result<()>| result.map_err(|error| error.kind());
    for space in [0, 100, 300] {
        assert_eq!(kind(file().write_json(&mut Full(space))), Err(std::io::ErrorKind::StorageFull));
        assert_eq!(kind(file().write_safetensors(&mut Full(space))), Err(std::io::ErrorKind::StorageFull));
        assert_eq!(kind(file().write_npz(&mut Full(space))), Err(std::io::ErrorKind::StorageFull));
        assert_eq!(kind(file().write_csv(&mut Full(space))), Err(std::io::ErrorKind::StorageFull));
    }
}
