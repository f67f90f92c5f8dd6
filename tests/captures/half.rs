//! Vectors in half precision: ε far below what f16 can hold turns them down all the same.

use attenuate::{
    attention::{Component, Preset},
    engine::{Engine, RunSpec, SourceSpec},
    figure::{Measure, Quantity},
};
use half::f16;
use safetensors::{Dtype, tensor::TensorView};

use crate::support::captured_figure;
use crate::support::grids::at;

const N_POSITIONS: usize = 9;
const HEAD_DIM: usize = 4;
/// The default grid's: 5e-1, 1e-3, 1e-10. The least number above 0 of an f16 is 6e-8.
const TINY: usize = 2;

#[test]
fn no_product_with_a_tiny_epsilon_is_rounded_to_zero() {
    let vectors = |seed: f32| -> Vec<f16> {
        (0..N_POSITIONS * HEAD_DIM).map(|i| f16::from_f32(((i as f32 + 1.0) * seed).sin() * 3.0)).collect()
    };
    let named = [("q", vectors(1.3)), ("k", vectors(0.7)), ("v", vectors(2.1))];
    let bytes = |values: &[f16]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let data = named.each_ref().map(|(name, values)| (*name, bytes(values)));
    let view = |data| TensorView::new(Dtype::F16, vec![N_POSITIONS, HEAD_DIM], data).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.safetensors");
    let tensors = data.iter().map(|(name, data)| (*name, view(data)));
    std::fs::write(&path, safetensors::serialize(tensors, None).unwrap()).unwrap();

    let source = SourceSpec::Capture(path);
    let spec = RunSpec { source, ..captured_figure().run_spec() }.with(|experiment| {
        experiment.layer = 0;
        experiment.head = 0;
        experiment.scope = Preset::ThisHead.scope();
    });
    let outcome = Engine::default().run(&spec, &|| false).unwrap();
    assert_eq!(outcome.experiment.epsilon[at(Component::Query, TINY)].get(), 1e-10);

    // Query and Key: uniform, and not quite: the score 1e-10·s is still there.
    let row = |values: &[f16], position: usize| -> Vec<f64> {
        values[position * HEAD_DIM..][..HEAD_DIM].iter().map(|value| value.to_f64()).collect()
    };
    let [(_, query), (_, key), (_, value)] = &named;
    let dot = |a: Vec<f64>, b: Vec<f64>| a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>();
    for component in [Component::Query, Component::Key] {
        let pattern = &outcome.panels[at(component, TINY)].pattern;
        for i in 0..N_POSITIONS {
            let scores: Vec<f64> = (0..=i).map(|j| 1e-10 * dot(row(query, i), row(key, j)) / 2.0).collect();
            let sum: f64 = scores.iter().map(|score| score.exp()).sum();
            for (j, weight) in pattern.exact_row(i).into_iter().enumerate() {
                assert!((weight - scores[j].exp() / sum).abs() < 1e-15, "{component} {i} {j}: {weight}");
                let score = pattern.exact_cell(i, j).unwrap().score.unwrap();
                assert!((score - scores[j]).abs() <= 1e-6 * scores[j].abs(), "{score} is not {}", scores[j]);
                assert!(score != 0.0 || scores[j] == 0.0);
            }
        }
    }

    // Value: the pattern stays, what it passes on is 1e-10 times as long.
    let measures = Measure::of_panels(Quantity::WeightedValue, &outcome);
    let length = |values: &[f16], j| dot(row(values, j), row(values, j)).sqrt();
    let last = N_POSITIONS - 1;
    let weights = outcome.baseline.pattern.exact_row(last);
    for (j, shown) in measures[at(Component::Value, TINY)].exact_row(last).into_iter().enumerate() {
        let expected = weights[j] * length(value, j) * 1e-10;
        assert!((shown - expected).abs() <= 1e-6 * expected, "{j}: {shown} is not {expected}");
    }
}
