//! A factor on all values that the norm behind the attention undoes, column by column.

use std::{fs, path::PathBuf, sync::Arc};

use attenuate::{
    attention::{Component, Operation, PanelId, PositionScope, Preset, Scope},
    engine::{Bundled, Engine, Job, Prompt, RunSpec, SourceSpec},
    model::{folder, run},
};
use ndarray::{Array2, ArrayView2};
use safetensors::SafeTensors;

use crate::engine::support::{NEVER, epsilon, spec};
use crate::support::grids::at;

const IDS: [u32; 8] = [0, 5, 17, 40, 60, 9, 5, 17];
const LAYER: usize = 1;

fn golden(family: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/families").join(family)
}

/// The layer on screen with all of its heads changed, by these ε in the columns.
fn layer_spec(family: &str, columns: [f64; 3]) -> RunSpec {
    let mut spec = spec(Bundled::Austen, Preset::ThisLayer).with(|experiment| {
        (experiment.layer, experiment.head) = (LAYER, 0);
        for (column, value) in columns.into_iter().enumerate() {
            for component in [Component::Query, Component::Key, Component::Value] {
                experiment.epsilon[at(component, column)] = epsilon(value);
            }
        }
    });
    (spec.source, spec.prompt) = (SourceSpec::Folder(golden(family)), Prompt::TokenIds(IDS.to_vec()));
    spec
}

fn kept(spec: &RunSpec, panel: PanelId) -> Option<f64> {
    Engine::default().kept_by_norm(&Job::unwatched(), spec, panel).unwrap()
}

/// Mean squares of what the output projection makes of the unmodified heads, in f64.
fn mean_squares(family: &str) -> Vec<f64> {
    let model = folder::open(&golden(family), &|_| std::ops::ControlFlow::Continue(())).unwrap();
    let transformer = model.transformer();
    let start = transformer.embed(&IDS).unwrap();
    let residual = run::advance(transformer, 0..LAYER, start, None, NEVER, &mut |_, _, _| {}).unwrap();
    let qkv = Arc::new(transformer.qkv(LAYER, &residual).unwrap());
    let heads = run::attend(&qkv, LAYER, None).unwrap().mapv(f64::from);
    let bytes = fs::read(golden(family).join("model.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let weight = tensors.tensor(&format!("model.layers.{LAYER}.self_attn.o_proj.weight")).unwrap();
    let numbers: Vec<f64> =
        weight.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()).into()).collect();
    let weight = ArrayView2::from_shape((weight.shape()[0], weight.shape()[1]), &numbers).unwrap();
    let written: Array2<f64> = heads.dot(&weight.t());
    written.outer_iter().map(|row| row.mapv(|x| x * x).mean().unwrap()).collect()
}

fn eps(family: &str) -> f64 {
    let config: serde_json::Value =
        serde_json::from_slice(&fs::read(golden(family).join("config.json")).unwrap()).unwrap();
    f64::from(config["rms_norm_eps"].as_f64().unwrap() as f32)
}

/// How far the next layer's weights move from the baseline's.
fn next_layer_moves(spec: &RunSpec, column: usize) -> f64 {
    let spec = spec.clone().with(|experiment| {
        let layers = attenuate::attention::LayerScope::Range { first: LAYER, last: LAYER };
        experiment.scope = Scope { layers, ..experiment.scope.clone() };
        experiment.layer = LAYER + 1;
    });
    let outcome = Engine::default().run(&spec, NEVER).unwrap();
    let moved = &outcome.panels[at(Component::Value, column)].pattern.dense() - &outcome.baseline.pattern.dense();
    moved.iter().fold(0.0, |most, &d| f64::from(d.abs()).max(most))
}

#[test]
fn what_is_kept_follows_from_eps_and_the_mean_square_of_what_enters() {
    const COLUMNS: [f64; 3] = [0.5, 1e-3, 1e-10];
    for family in ["gemma2", "gemma3", "olmo2", "olmo3", "glm4", "exaone4"] {
        let (squares, eps, spec) = (mean_squares(family), eps(family), layer_spec(family, COLUMNS));
        let mut moves = Vec::new();
        for (column, factor) in COLUMNS.into_iter().enumerate() {
            // A row x over √(m + eps), and ε·x over √(ε²·m + eps).
            let expected = squares.iter().map(|m| factor * ((m + eps) / (factor.powi(2) * m + eps)).sqrt());
            let expected = expected.fold(f64::INFINITY, f64::min);
            let found = kept(&spec, at(Component::Value, column)).unwrap();
            println!("{family} ε = {factor:e}: {found} is kept");
            assert!((found - expected).abs() <= 1e-5 * expected, "{family} {factor:e}: {found} and {expected}");
            moves.push(next_layer_moves(&spec, column));
        }
        // What is undone does not reach the next layer, and what is not does.
        let undone = kept(&spec, at(Component::Value, 0)).unwrap();
        assert!(undone < 1.0 && moves[0] <= 10.0 * (1.0 - undone) + 1e-6, "{family}: {undone}, {moves:?}");
        assert!(moves[2] > moves[0], "{family}: {moves:?}");
        assert_eq!(kept(&layer_spec(family, [0.0; 3]), at(Component::Value, 0)), Some(0.0), "at 0 it is gone");
    }
}

#[test]
fn nothing_is_said_of_other_changes_and_models() {
    let spec = layer_spec("olmo2", [0.5; 3]);
    let value = at(Component::Value, 0);
    assert!(kept(&spec, value).is_some());
    for component in [Component::Query, Component::Key] {
        assert_eq!(kept(&spec, at(component, 0)), None);
    }
    let changed = |scope: Scope| kept(&spec.clone().with(|experiment| experiment.scope = scope.clone()), value);
    assert_eq!(changed(Preset::ThisHead.scope()), None, "one head of many is not undone");
    assert_eq!(changed(Scope { positions: PositionScope::First, ..Preset::ThisLayer.scope() }), None);
    assert!(changed(Preset::AllLayers.scope()).is_some());
    assert_eq!(kept(&spec.clone().with(|experiment| experiment.operation = Operation::MeanHeads), value), None);
    assert_eq!(kept(&layer_spec("olmo2", [1.0; 3]), value), None, "nothing is done");
    assert_eq!(kept(&layer_spec("mistral_window", [0.5; 3]), value), None, "no such norm");
    assert_eq!(kept(&self::spec(Bundled::Smollm2Capture, Preset::ThisLayer), value), None, "a capture");
}
