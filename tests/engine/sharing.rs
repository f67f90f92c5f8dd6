//! What a gesture leaves unchanged is not computed again: the parts of two outcomes are the same parts.

use std::sync::Arc;

use attenuate::{
    attention::{Component, Epsilon, Operation, PositionScope, Preset},
    engine::{Bundled, Engine, Outcome, RunSpec},
};

use crate::engine::support::{NEVER, bits, epsilon, grid, panels, spec};
use crate::support::grids::{all_at, at, rows};

fn run(engine: &mut Engine, spec: &RunSpec) -> Outcome {
    engine.run(spec, NEVER).unwrap()
}

/// A drag of all nine ε.
fn drag(from: &RunSpec) -> impl Iterator<Item = RunSpec> {
    let values = [0.5, 0.31, 0.02, 1e-3, 1e-10, 0.0, 1.0, 40.0];
    values.into_iter().map(|value| {
        from.clone()
            .with(|experiment| experiment.epsilon = rows([[epsilon(value); 3], [Epsilon::ONE; 3], [epsilon(value); 3]]))
    })
}

#[test]
fn a_drag_within_the_shown_layer_touches_no_matrix_product() {
    for (bundled, preset) in [
        (Bundled::Austen, Preset::ThisHead),
        (Bundled::Austen, Preset::ThisLayer),
        (Bundled::Smollm2Capture, Preset::ThisHead),
        (Bundled::Smollm2Capture, Preset::ThisLayer),
        (Bundled::Smollm2Capture, Preset::AllLayers),
    ] {
        for positions in [PositionScope::All, PositionScope::Rest] {
            let mut engine = Engine::default();
            let mut start = spec(bundled, preset);
            start.experiment.scope.positions = positions;
            let first = run(&mut engine, &start);
            let scores = first.baseline.pattern.scores();
            for spec in drag(&start) {
                let outcome = run(&mut engine, &spec);
                for panel in panels(&outcome) {
                    assert!(Arc::ptr_eq(panel.pattern.scores(), scores), "{bundled:?} {preset:?}");
                }
                assert!(Arc::ptr_eq(&outcome.facts, &first.facts) && Arc::ptr_eq(&outcome.tokens, &first.tokens));
            }
        }
    }
}

#[test]
fn lengths_of_value_vectors_are_computed_once_for_the_same_vectors() {
    let mut engine = Engine::default();
    let start = spec(Bundled::Smollm2Capture, Preset::ThisHead);
    let norms = |outcome: &Outcome, component, column| outcome.panels[at(component, column)].value_norms().unwrap();
    let first = run(&mut engine, &start);
    let unchanged = first.baseline.value_norms().unwrap();
    for (component, column) in grid() {
        let is_shared = Arc::ptr_eq(&norms(&first, component, column), &unchanged);
        assert_eq!(is_shared, component != Component::Value, "{component} {column}");
    }
    // Another ε in one panel, and what does not change is still what it was.
    let mut moved = start.clone();
    moved.experiment.epsilon[at(Component::Value, 1)] = epsilon(0.02);
    let second = run(&mut engine, &moved);
    assert!(Arc::ptr_eq(&second.baseline.value_norms().unwrap(), &unchanged));
    for (component, column) in grid() {
        let [before, after] = [&first, &second].map(|outcome| norms(outcome, component, column));
        assert_eq!(Arc::ptr_eq(&before, &after), (component, column) != (Component::Value, 1), "{component} {column}");
    }
    let scaled: Vec<f64> = unchanged.iter().map(|norm| 0.02 * norm).collect();
    let found = norms(&second, Component::Value, 1);
    assert!(found.iter().zip(&scaled).all(|(found, scaled)| (found - scaled).abs() <= 1e-12 * scaled), "{found:?}");
}

#[test]
fn what_an_operation_brings_in_is_computed_once_for_every_epsilon() {
    let mut engine = Engine::default();
    let noise = Operation::Noise { seed: 3 };
    let start = spec(Bundled::Smollm2Capture, Preset::ThisHead).with(|experiment| experiment.operation = noise);
    let first = run(&mut engine, &start);
    let last = drag(&start).map(|spec| run(&mut engine, &spec)).last().unwrap();
    let again = run(&mut engine, &start);
    let panel = at(Component::Query, 0);
    assert_ne!(last.panels[panel].pattern, first.panels[panel].pattern, "another ε");
    for (component, column) in grid() {
        // Equal only where the very same vectors come in.
        let [again, first] = [&again, &first].map(|outcome| &outcome.panels[at(component, column)]);
        assert!(again.pattern == first.pattern && again.has_same_output(first), "{component} {column}");
    }
}

#[test]
fn stepping_back_finds_the_scores_again() {
    let mut engine = Engine::default();
    let start = spec(Bundled::Austen, Preset::ThisHead);
    let first = run(&mut engine, &start);
    run(
        &mut engine,
        &start.clone().with(|experiment| {
            experiment.layer = 1;
            experiment.head = 3;
        }),
    );
    run(&mut engine, &spec(Bundled::Smollm2Capture, Preset::ThisHead));
    run(&mut engine, &RunSpec { prompt: crate::engine::support::text("Another."), ..start.clone() });
    let again = run(&mut engine, &start);
    assert!(Arc::ptr_eq(again.baseline.pattern.scores(), first.baseline.pattern.scores()));
    assert!(Arc::ptr_eq(&again.facts, &first.facts));
}

#[test]
fn scaling_all_queries_and_all_keys_upstream_is_computed_once() {
    let mut engine = Engine::default();
    let start = spec(Bundled::Austen, Preset::AllLayers);
    let first = run(&mut engine, &start);
    for column in 0..3 {
        let [query, key, value] = Component::FIGURE.map(|component| &first.panels[at(component, column)].pattern);
        assert_eq!(query, key, "the same scores under the same factors");
        assert_ne!(value, query);
        assert_ne!(bits(value), bits(query));
        for pattern in [query, value] {
            assert!(!Arc::ptr_eq(pattern.scores(), first.baseline.pattern.scores()), "what enters the layer changed");
        }
    }
    // Another ε in one panel leaves the other eight what they were.
    let mut moved = start.clone();
    moved.experiment.epsilon[at(Component::Value, 1)] = epsilon(0.02);
    let second = run(&mut engine, &moved);
    for (component, column) in grid() {
        let [before, after] = [&first, &second].map(|outcome| &outcome.panels[at(component, column)].pattern);
        assert_eq!(before == after, (component, column) != (Component::Value, 1), "{component} {column}");
    }
    // And the other way round: moving ε back finds the run again.
    assert_eq!(
        run(&mut engine, &start).panels[at(Component::Value, 1)].pattern,
        first.panels[at(Component::Value, 1)].pattern
    );
}

#[test]
fn narrower_than_all_positions_queries_and_keys_differ() {
    let mut start = spec(Bundled::Austen, Preset::AllLayers);
    start.experiment.scope.positions = PositionScope::Rest;
    let outcome = run(&mut Engine::default(), &start);
    for column in 0..3 {
        let [query, key, _] = Component::FIGURE.map(|component| &outcome.panels[at(component, column)].pattern);
        assert_ne!(query, key);
        assert_ne!(bits(query), bits(key));
    }
}

#[test]
fn epsilon_one_is_the_baseline_itself() {
    for preset in Preset::ALL {
        let unchanged = spec(Bundled::Austen, preset).with(|experiment| experiment.epsilon = all_at(Epsilon::ONE));
        let outcome = run(&mut Engine::default(), &unchanged);
        assert!(panels(&outcome).all(|panel| panel.pattern == outcome.baseline.pattern), "{preset:?}");
    }
}

#[test]
fn the_head_output_follows_value_where_its_pattern_does_not() {
    let outcome = run(&mut Engine::default(), &spec(Bundled::Smollm2Capture, Preset::ThisHead));
    let baseline = outcome.baseline.output_norm().unwrap();
    assert!(baseline > 0.0);
    for (column, epsilon) in Epsilon::FIGURE.into_iter().enumerate() {
        let value = &outcome.panels[at(Component::Value, column)];
        assert_eq!(value.pattern, outcome.baseline.pattern);
        let norm = value.output_norm().unwrap();
        assert!((norm - epsilon.get() * baseline).abs() <= 1e-6 * epsilon.get() * baseline, "{epsilon}: {norm}");
    }
}
