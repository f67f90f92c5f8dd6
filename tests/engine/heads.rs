//! Every head at once, against runs that show one head each.

use std::{cell::Cell, collections::BTreeSet};

use attenuate::{
    attention::{Component, HeadScope, LayerScope, Metrics, Operation, Preset, Scope, previous_token},
    engine::{Bundled, Engine, EngineError, HeadPattern, Prompt, RunSpec, SourceSpec, Under},
};

use crate::engine::support::{NEVER, bits, epsilon, spec};
use crate::support::grids::{all_at, at};

fn all(spec: &RunSpec, under: Under) -> Vec<HeadPattern> {
    let mut found = Vec::new();
    Engine::default().head_patterns(spec, under, &mut |heads| found.extend(heads), NEVER).unwrap();
    found
}

/// Each head's pattern is the one that a run shows for it.
#[track_caller]
fn assert_all_as_shown(spec: &RunSpec, under: Under) {
    let mut engine = Engine::default();
    let facts = engine.facts(&spec.source).unwrap();
    let found = all(spec, under);
    let places: BTreeSet<_> = found.iter().map(|head| (head.summary.layer, head.summary.head)).collect();
    assert_eq!((found.len(), places.len()), (facts.n_layers * facts.n_heads, facts.n_layers * facts.n_heads));
    for HeadPattern { summary, pattern } in found.iter().step_by(if facts.n_layers > 10 { 17 } else { 1 }) {
        let mut shown = spec.clone().with(|experiment| {
            experiment.layer = summary.layer;
            experiment.head = summary.head;
        });
        let expected = match under {
            Under::Baseline => engine.run(&shown, NEVER).unwrap().baseline.pattern,
            Under::Change(component, epsilon) => {
                shown.experiment.epsilon = all_at(epsilon);
                engine.run(&shown, NEVER).unwrap().panels[at(component, 0)].pattern.clone()
            }
        };
        assert!(bits(pattern) == bits(&expected), "{under:?} {} {summary:?}", spec.experiment.scope);
        assert_eq!(summary.metrics, Metrics::of(&expected));
        assert_eq!(summary.previous_token, previous_token(&expected));
    }
}

#[test]
fn baselines_are_those_of_single_runs() {
    for bundled in [Bundled::Smollm2Capture, Bundled::Austen] {
        assert_all_as_shown(&spec(bundled, Preset::AllLayers), Under::Baseline);
    }
}

#[test]
fn what_is_in_force_lies_beneath_each_heads_own() {
    for (set, preset) in [(None, Preset::ThisHead), (None, Preset::ThisLayer), (Some("1:2,3:*"), Preset::ThisHead)] {
        let spec = spec(Bundled::Austen, preset).with(|experiment| {
            experiment.scope.set = set.map(|set| set.parse().unwrap());
            experiment.in_force = "value@0:*=0.5; key@2:1,2:2=mean-heads:0".parse().unwrap();
        });
        assert_all_as_shown(&spec, Under::Change(Component::Key, epsilon(0.5)));
        assert_all_as_shown(&spec, Under::Baseline);
    }
}

#[test]
fn interventions_are_each_heads_own_in_every_scope() {
    let half = epsilon(0.5);
    for preset in Preset::ALL {
        assert_all_as_shown(&spec(Bundled::Smollm2Capture, preset), Under::Change(Component::Query, half));
        for component in [Component::Query, Component::Value] {
            assert_all_as_shown(&spec(Bundled::Austen, preset), Under::Change(component, half));
        }
    }
    let range = LayerScope::Range { first: 2, last: 3 };
    for (layers, heads) in [
        (range, HeadScope::Shown),
        (range, HeadScope::Group),
        (LayerScope::All, HeadScope::Shown),
        (LayerScope::Range { first: 5, last: 5 }, HeadScope::All),
    ] {
        let scope = Scope { layers, heads, ..Scope::default() };
        let spec = spec(Bundled::Austen, Preset::ThisHead).with(|experiment| {
            experiment.scope = scope;
            experiment.operation = Operation::MeanPositions;
        });
        assert_all_as_shown(&spec, Under::Change(Component::Key, half));
    }
}

#[test]
fn they_come_a_layer_at_a_time_and_can_be_given_up() {
    for under in [Under::Baseline, Under::Change(Component::Value, epsilon(0.5))] {
        for preset in [Preset::ThisHead, Preset::AllLayers] {
            let spec = spec(Bundled::Austen, preset);
            let mut layers = Vec::new();
            let mut each = |heads: Vec<HeadPattern>| layers.push(heads.iter().map(|head| head.summary.layer).min());
            Engine::default().head_patterns(&spec, under, &mut each, NEVER).unwrap();
            assert_eq!(layers, (0..6).map(Some).collect::<Vec<_>>());

            let seen = Cell::new(0);
            let enough = || seen.get() >= 8;
            let given_up =
                Engine::default().head_patterns(&spec, under, &mut |heads| seen.set(seen.get() + heads.len()), &enough);
            assert!(matches!(given_up, Err(EngineError::Cancelled)));
            assert!(seen.get() <= 12, "{} of 24", seen.get());
        }
    }
}

#[test]
fn what_does_not_exist_is_refused() {
    let mut spec = spec(Bundled::Austen, Preset::ThisHead);
    let change = Under::Change(Component::Query, epsilon(0.5));
    spec.experiment.scope.layers = LayerScope::Range { first: 2, last: 6 };
    let refused = |spec: &RunSpec| Engine::default().head_patterns(spec, change, &mut |_| {}, NEVER);
    assert!(matches!(refused(&spec), Err(EngineError::NoSuchRange { last: 6, .. })));
    spec.experiment.scope = Scope { positions: "0,999".parse().unwrap(), ..Scope::default() };
    assert!(matches!(refused(&spec), Err(EngineError::NoSuchPosition { position: 999, .. })));
}

fn induction(ids: &[u32]) -> Vec<Option<f64>> {
    let (source, prompt) = (SourceSpec::Bundled(Bundled::Austen), Prompt::TokenIds(ids.to_vec()));
    let heads = Engine::default().heads(&source, &prompt, NEVER).unwrap();
    heads.iter().map(|head| head.induction).collect()
}

/// Tokens 0 7 8 9 7 8: position 4 repeats 1 and looks for 2, position 5 repeats 2 and looks for 3. Token 0 is the
/// beginning of the sequence.
#[test]
fn induction_is_the_weight_on_what_followed_last_time() {
    let ids = [0, 7, 8, 9, 7, 8];
    let spec = RunSpec { prompt: Prompt::TokenIds(ids.to_vec()), ..spec(Bundled::Austen, Preset::ThisHead) };
    for HeadPattern { summary, pattern } in all(&spec, Under::Baseline) {
        let expected = f64::midpoint(pattern.exact_row(4)[2], pattern.exact_row(5)[3]);
        assert!((summary.induction.unwrap() - expected).abs() < 1e-6, "{summary:?}");
    }
    assert!(induction(&[0, 7, 8, 9]).iter().all(Option::is_none), "nothing repeats");
    assert!(induction(&[0, 7, 0, 9]).iter().all(Option::is_none), "the beginning does not count");
    assert!(induction(&[7, 8, 7]).iter().all(Option::is_some));
}
