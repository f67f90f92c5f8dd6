//! Every layer and head of the bundled model against PyTorch, in odd orders on one engine.

use std::{fs, path::Path};

use attenuate::{
    attention::{Component, Epsilon, Pattern, Preset},
    engine::{Bundled, Engine, Outcome, RunSpec},
};
use ndarray::{Array4, s};
use safetensors::SafeTensors;

use crate::engine::support::{NEVER, epsilon, spec, text};
use crate::support::grids::{all_at, at, columns, rows};

const TOLERANCE: f64 = 1e-5;

struct Golden {
    /// `None` for the baseline.
    changed: Option<(Component, Epsilon)>,
    name: String,
    /// `[layers, heads, T, T]`
    patterns: Array4<f32>,
}

/// Discovered by name: `base.attn`, `{q|k|v}.all.{ε}.attn`.
fn read() -> Vec<Golden> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/bundled/golden.safetensors");
    let file = fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let mut goldens = Vec::new();
    for (name, tensor) in tensors.iter() {
        let Some(case) = name.strip_suffix(".attn") else { continue };
        let changed = case.split_once(".all.").map(|(component, epsilon)| {
            let component = Component::FIGURE.into_iter().find(|c| c.name().to_lowercase().starts_with(component));
            (component.unwrap(), epsilon.parse().unwrap())
        });
        assert_eq!(changed.is_none(), case == "base", "{name}");
        let values = tensor.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
        let shape: [usize; 4] = tensor.shape().try_into().unwrap();
        goldens.push(Golden {
            changed,
            name: name.to_owned(),
            patterns: Array4::from_shape_vec(shape, values).unwrap(),
        });
    }
    assert_eq!(goldens.len(), 10, "baseline, three components, three ε");
    goldens
}

fn assert_agrees(pattern: &Pattern, golden: &Golden, layer: usize, head: usize) {
    let golden_pattern = golden.patterns.slice(s![layer, head, .., ..]);
    let pictured = pattern.dense();
    for (query, expected) in golden_pattern.outer_iter().enumerate() {
        let mut exact = pattern.exact_row(query);
        exact.resize(expected.len(), 0.0);
        for (key, &expected) in expected.iter().enumerate() {
            for ours in [f64::from(pictured[[query, key]]), exact[key]] {
                let difference = (ours - f64::from(expected)).abs();
                // Written so that NaN fails.
                let agrees = difference <= TOLERANCE;
                assert!(agrees, "{} layer {layer} head {head} [{query}, {key}]: {ours}, not {expected}", golden.name);
            }
        }
    }
}

/// Compares all panels that have a golden; says how many.
fn check(outcome: &Outcome, goldens: &[Golden]) -> usize {
    let mut compared = 0;
    for golden in goldens {
        let panels: Vec<_> = match golden.changed {
            None => vec![&outcome.baseline],
            Some((component, epsilon)) => (0..3)
                .filter(|&column| outcome.experiment.epsilon[at(component, column)] == epsilon)
                .map(|column| &outcome.panels[at(component, column)])
                .collect(),
        };
        for panel in panels {
            assert_agrees(&panel.pattern, golden, outcome.experiment.layer, outcome.experiment.head);
            compared += 1;
        }
    }
    compared
}

fn everywhere() -> RunSpec {
    spec(Bundled::Austen, Preset::AllLayers)
}

#[test]
fn every_layer_and_head_is_pytorchs() {
    let goldens = read();
    let mut engine = Engine::default();
    for layer in 0..6 {
        for head in 0..4 {
            let outcome = engine
                .run(
                    &everywhere().with(|experiment| {
                        experiment.layer = layer;
                        experiment.head = head;
                    }),
                    NEVER,
                )
                .unwrap();
            assert_eq!(check(&outcome, &goldens), 10);
        }
    }
}

/// Between two views that have goldens, the engine is led elsewhere: another ε, scope, prompt or source.
#[test]
fn in_whatever_order_it_is_asked() {
    let goldens = read();
    let mut engine = Engine::default();
    let [half, small, tiny] = Epsilon::FIGURE;
    let astray = [
        everywhere().with(|experiment| experiment.epsilon = columns(&[epsilon(0.9), epsilon(0.3), Epsilon::ZERO])),
        spec(Bundled::Austen, Preset::ThisHead),
        RunSpec { prompt: text("Another prompt."), ..everywhere() },
        spec(Bundled::Smollm2Capture, Preset::AllLayers),
        everywhere().with(|experiment| {
            experiment.epsilon = all_at(Epsilon::ONE);
            experiment.layer = 0;
        }),
        spec(Bundled::Austen, Preset::ThisLayer),
    ];
    let orders = [[half, small, tiny], [tiny, half, small], [small, small, half]];
    for (step, layer) in [5, 0, 3, 2, 4, 1, 5, 5, 2, 0].into_iter().enumerate() {
        let lost = astray[step % astray.len()].clone().with(|experiment| experiment.layer = (layer + step) % 6);
        if lost.source == everywhere().source {
            engine.run(&lost, NEVER).unwrap();
        } else {
            engine
                .run(
                    &lost.with(|experiment| {
                        experiment.layer = 29;
                        experiment.head = 8;
                    }),
                    NEVER,
                )
                .unwrap();
        }
        for head in [3, 0, 1, 2] {
            let grid = [orders[step % 3], orders[(step + 1) % 3], orders[(step + 2) % 3]];
            let outcome = engine
                .run(
                    &everywhere().with(|experiment| {
                        experiment.layer = layer;
                        experiment.head = head;
                        experiment.epsilon = rows(grid);
                    }),
                    NEVER,
                )
                .unwrap();
            assert_eq!(check(&outcome, &goldens), 10);
        }
    }
}

#[test]
fn the_narrow_scopes_leave_the_layers_before_them_alone() {
    let goldens = read();
    let baseline = goldens.iter().find(|golden| golden.changed.is_none()).unwrap();
    let mut engine = Engine::default();
    for preset in [Preset::ThisHead, Preset::ThisLayer] {
        for layer in (0..6).rev() {
            let outcome =
                engine.run(&spec(Bundled::Austen, preset).with(|experiment| experiment.layer = layer), NEVER).unwrap();
            for column in 0..3 {
                let value = &outcome.panels[at(Component::Value, column)].pattern;
                assert_agrees(value, baseline, layer, outcome.experiment.head);
                assert_eq!(*value, outcome.baseline.pattern);
            }
        }
    }
}
