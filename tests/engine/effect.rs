//! The effect on the next token, and the table of heads, against what the model says by itself.

use std::cell::{Cell, RefCell};

use attenuate::{
    attention::{Component, Epsilon, Intervention, Metrics, Operation, Preset, Shown},
    engine::{Bundled, Divergences, Engine, EngineError, Job, Progress, Prompt, RunSpec},
    model::{bundled, run},
};

use crate::engine::support::{NEVER, epsilon, grid, one_by_one, spec};
use crate::support::grids::{all_at, at};

const SHOWN: Shown =
    Shown { layer: bundled::DEFAULT_LAYER, head: bundled::DEFAULT_HEAD, n_layers: 6, n_heads: 4, n_kv_heads: 2 };

/// Next-token probabilities after the default prompt, straight from the model.
fn probabilities(intervention: Option<&Intervention>) -> Vec<f64> {
    let model = bundled::load().unwrap();
    let tokens = model.tokenize(bundled::DEFAULT_PROMPT, true).unwrap();
    let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
    let transformer = model.transformer();
    let start = transformer.embed(&ids).unwrap();
    let n_layers = model.shape().n_layers;
    let last = run::advance(transformer, 0..n_layers, start, intervention, NEVER, &mut |_, _, _| {}).unwrap();
    let logits = transformer.logits(&last).unwrap();
    let exps: Vec<f64> = logits.row(ids.len() - 1).iter().map(|&logit| f64::from(logit).exp()).collect();
    let sum: f64 = exps.iter().sum();
    exps.into_iter().map(|exp| exp / sum).collect()
}

#[test]
fn the_divergence_is_that_of_the_models_own_distributions() {
    let baseline = probabilities(None);
    let mut engine = Engine::default();
    for preset in Preset::ALL {
        let spec = spec(Bundled::Austen, preset);
        for (component, column) in grid() {
            let reach = preset.scope().resolve(SHOWN);
            let modified =
                probabilities(Some(&Intervention::new(component, Operation::Scale, Epsilon::FIGURE[column], reach)));
            let expected: f64 = baseline.iter().zip(&modified).map(|(p, q)| p * (p / q).ln()).sum();
            let effect = engine.effect(&spec, at(component, column), NEVER).unwrap().unwrap();
            let what = format!("{preset:?} {component} {column}: {} and {expected}", effect.kl);
            assert!((effect.kl - expected).abs() <= 1e-6 * expected.max(1.0), "{what}");
            assert!(effect.kl > 0.0, "{what}");

            assert!((10..=20).contains(&effect.top.len()));
            assert!(effect.top.windows(2).all(|pair| pair[0].baseline >= pair[1].baseline));
            for token in &effect.top {
                let id = usize::try_from(token.id).unwrap();
                assert!((token.baseline - baseline[id]).abs() <= 1e-6, "{what}");
                assert!((token.modified - modified[id]).abs() <= 1e-6, "{what}");
            }
            for distribution in [&baseline, &modified] {
                let likeliest = (0..distribution.len()).max_by(|&a, &b| distribution[a].total_cmp(&distribution[b]));
                assert!(effect.top.iter().any(|token| usize::try_from(token.id).ok() == likeliest), "{what}");
            }
        }
    }
}

/// Counts the layers that begin, and gives up before one of them.
struct Counter {
    layers: Cell<usize>,
    expected: Cell<usize>,
    gives_up_at: usize,
    partial: RefCell<Vec<Divergences>>,
}

impl Counter {
    fn new(gives_up_at: usize) -> Self {
        Self { layers: Cell::new(0), expected: Cell::new(0), gives_up_at, partial: RefCell::default() }
    }

    fn ask(&self, engine: &mut Engine, spec: &RunSpec) -> Result<Option<Divergences>, EngineError> {
        let is_cancelled = || self.layers.get() >= self.gives_up_at;
        let hear = |progress: Progress| {
            self.layers.set(self.layers.get() + 1);
            self.expected.set(progress.of);
        };
        let so_far = &mut |so_far: &Divergences| self.partial.borrow_mut().push(so_far.clone());
        engine.divergences_for(&Job::alone(&is_cancelled, &hear), spec, at(Component::Value, 1), so_far)
    }
}

#[test]
fn the_nine_divergences_are_those_of_the_models_own_distributions() {
    let baseline = probabilities(None);
    let mut engine = Engine::default();
    for (operation, preset) in [
        (Operation::Scale, Preset::ThisHead),
        (Operation::Scale, Preset::AllLayers),
        (Operation::MeanHeads, Preset::ThisLayer),
        (Operation::MeanPositions, Preset::ThisHead),
        (Operation::Noise { seed: 5 }, Preset::AllLayers),
    ] {
        let spec = spec(Bundled::Austen, preset).with(|experiment| experiment.operation = operation.clone());
        let all = Counter::new(usize::MAX).ask(&mut engine, &spec).unwrap().unwrap();
        for (component, column) in grid() {
            let reach = preset.scope().resolve(SHOWN);
            let intervention = Intervention::new(component, operation.clone(), Epsilon::FIGURE[column], reach);
            let modified = probabilities(Some(&intervention));
            let expected: f64 = baseline.iter().zip(&modified).map(|(p, q)| p * (p / q).ln()).sum();
            let found = all[at(component, column)].unwrap();
            let what = format!("{operation} {preset:?} {component} {column}: {found} and {expected}");
            assert!((found - expected).abs() <= 1e-6 * expected.max(1.0), "{what}");
            let alone = engine.effect(&spec, at(component, column), NEVER).unwrap().unwrap();
            assert_eq!(alone.kl, found, "{what}");
        }
    }
}

#[test]
fn equal_interventions_are_run_once_and_what_is_known_comes_first() {
    let mut engine = one_by_one();
    let spec = spec(Bundled::Austen, Preset::AllLayers);
    engine.effect(&spec, at(Component::Value, 1), NEVER).unwrap();
    let counter = Counter::new(usize::MAX);
    let all = counter.ask(&mut engine, &spec).unwrap().unwrap();
    // Six distinct, of which one is known; six layers each. The baseline is there.
    assert_eq!((counter.layers.get(), counter.expected.get()), (30, 30));
    let partial = counter.partial.borrow().clone();
    assert_eq!(partial.len(), 5);
    let there = |divergences: &Divergences| divergences.values().flatten().count();
    assert_eq!(partial.iter().map(there).collect::<Vec<_>>(), [1, 3, 5, 6, 8]);
    assert!(partial[0][at(Component::Value, 1)].is_some());

    // Quick ones come together, and are the same.
    let together = Counter::new(usize::MAX);
    assert_eq!(together.ask(&mut Engine::default(), &spec).unwrap(), Some(all.clone()));
    assert_eq!(together.partial.borrow().iter().map(there).collect::<Vec<_>>(), [0]);

    let again = Counter::new(usize::MAX);
    assert_eq!(again.ask(&mut engine, &spec).unwrap(), Some(all));
    assert_eq!((again.layers.get(), again.partial.borrow().len()), (0, 0));
}

#[test]
fn divergences_are_given_up_before_the_next_layer() {
    let spec = spec(Bundled::Austen, Preset::AllLayers);
    for gives_up_at in [1, 9, 20] {
        let counter = Counter::new(gives_up_at);
        let answer = counter.ask(&mut Engine::default(), &spec);
        assert!(matches!(answer, Err(EngineError::Cancelled)), "{answer:?}");
        assert_eq!(counter.layers.get(), gives_up_at);
    }
}

#[test]
fn epsilon_one_has_no_effect() {
    let mut engine = Engine::default();
    for preset in Preset::ALL {
        let spec = spec(Bundled::Austen, preset).with(|experiment| experiment.epsilon = all_at(Epsilon::ONE));
        for (component, column) in grid() {
            let effect = engine.effect(&spec, at(component, column), NEVER).unwrap().unwrap();
            assert_eq!(effect.kl, 0.0);
            assert!(effect.top.iter().all(|token| token.baseline == token.modified));
        }
    }
}

/// The effect reaches over the layers behind the shown one, not only up to it.
#[test]
fn the_shown_layer_does_not_limit_the_effect() {
    let mut engine = Engine::default();
    let all = |layer| {
        spec(Bundled::Austen, Preset::AllLayers).with(|experiment| {
            experiment.layer = layer;
            experiment.epsilon = all_at(epsilon(0.1));
        })
    };
    let at_first = engine.effect(&all(0), at(Component::Value, 0), NEVER).unwrap();
    engine.run(&all(3), NEVER).unwrap();
    assert_eq!(engine.effect(&all(5), at(Component::Value, 0), NEVER).unwrap(), at_first);
}

#[test]
fn a_capture_has_no_next_token() {
    let mut engine = Engine::default();
    for (component, column) in grid() {
        let spec = spec(Bundled::Smollm2Capture, Preset::ThisHead);
        assert_eq!(engine.effect(&spec, at(component, column), NEVER).unwrap(), None);
    }
    let spec = spec(Bundled::Smollm2Capture, Preset::ThisHead);
    assert_eq!(Counter::new(usize::MAX).ask(&mut engine, &spec).unwrap(), None);
}

#[test]
fn heads_are_the_baselines_of_every_view() {
    for (bundled, n_layers, n_heads) in [(Bundled::Austen, 6, 4), (Bundled::Smollm2Capture, 30, 9)] {
        let mut engine = Engine::default();
        let start = spec(bundled, Preset::ThisHead);
        let heads = engine.heads(&start.source, &start.prompt, NEVER).unwrap();
        assert_eq!(heads.len(), n_layers * n_heads);
        for (index, summary) in heads.iter().enumerate() {
            assert_eq!((summary.layer, summary.head), (index / n_heads, index % n_heads));
            let view = start.clone().with(|experiment| {
                experiment.layer = summary.layer;
                experiment.head = summary.head;
            });
            assert_eq!(summary.metrics, Metrics::of(&engine.run(&view, NEVER).unwrap().baseline.pattern));
        }
    }
    let single =
        Engine::default().heads(&spec(Bundled::Austen, Preset::ThisHead).source, &Prompt::TokenIds(vec![3]), NEVER);
    let expected = Metrics { sink_mass: None, normalized_entropy: None, diagonal: 1.0, rest: None };
    assert!(single.unwrap().iter().all(|summary| summary.metrics == expected));
}
