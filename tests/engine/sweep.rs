//! Curves over ε, against runs at those ε.

use attenuate::{
    attention::{
        Component, Components, Epsilon, Grid, Metrics, PositionScope, Preset, Shape, js_from_baseline,
        kl_from_baseline, max_weight,
    },
    engine::{Bundled, Engine, EngineError, RunSpec, Sweep},
    session::Session,
};

use crate::support::captured_figure;
use crate::support::grids::{all_at, at};

fn never() -> bool {
    false
}

fn spec(bundled: Bundled, preset: Preset) -> RunSpec {
    Session::example(bundled).run_spec().with(|experiment| experiment.scope = preset.scope())
}

fn sweep(spec: &RunSpec, cell: Option<[usize; 2]>) -> Sweep {
    Engine::default().sweep(spec, cell, None, &mut |_| {}, &never).unwrap()
}

#[test]
fn every_point_is_what_a_run_at_its_epsilon_gives() {
    let cell = [6, 2];
    for (bundled, preset) in [(Bundled::Smollm2Capture, Preset::ThisHead), (Bundled::Austen, Preset::AllLayers)] {
        let spec = spec(bundled, preset);
        let sweep = sweep(&spec, Some(cell));
        let mut engine = Engine::default();
        for component in Component::FIGURE {
            let curve = &sweep.curves[component.row()];
            assert!(curve.len() >= Sweep::FIRST_PASS && curve.windows(2).all(|pair| pair[0].epsilon < pair[1].epsilon));
            for point in curve.iter().step_by(7) {
                let spec = spec.clone().with(|experiment| experiment.epsilon = all_at(point.epsilon));
                let outcome = engine.run(&spec, &never).unwrap();
                let (baseline, pattern) = (&outcome.baseline.pattern, &outcome.panels[at(component, 1)].pattern);
                let expected = Metrics::of(pattern);
                assert_eq!(point.metrics.sink_mass, expected.sink_mass);
                assert_eq!(point.metrics.normalized_entropy, expected.normalized_entropy);
                assert_eq!(point.metrics.max_weight, max_weight(pattern));
                assert!((point.metrics.kl - kl_from_baseline(baseline, pattern)).abs() < 1e-12);
                assert!((point.metrics.js - js_from_baseline(baseline, pattern)).abs() < 1e-12);
                let weight = pattern.exact_cell(cell[0], cell[1]).unwrap().weight;
                assert_eq!(point.metrics.weight, Some(f64::from(weight)));
            }
        }
    }
}

#[test]
fn the_ends_are_known_without_a_sweep() {
    let sweep = sweep(&spec(Bundled::Smollm2Capture, Preset::ThisHead), None);
    let [query, key, value, output] = &sweep.curves;
    assert!(output.is_empty(), "it has no row");
    assert_eq!(query, key, "scaling all of Q is scaling all of K");
    assert!(value.iter().all(|point| point.metrics == sweep.baseline), "Value does not enter its own softmax");
    let [zero, least] = [query[0], query[1]];
    assert_eq!((zero.epsilon, least.epsilon.get()), (Epsilon::ZERO, 1e-12));
    assert_eq!(zero.metrics, sweep.uniform);
    let least = least.metrics;
    assert!((least.normalized_entropy.unwrap() - 1.0).abs() < 1e-6, "uniform");
    assert!((least.js - sweep.uniform.js).abs() < 1e-6 && (least.kl - sweep.uniform.kl).abs() < 1e-6);
    // (1/4 + … + 1/24)/21 over the rows 3 to 23.
    let sink = (4..=24).map(|n| 1.0 / f64::from(n)).sum::<f64>() / 21.0;
    assert!((sweep.uniform.sink_mass.unwrap() - sink).abs() < 1e-6);
}

#[test]
fn output_is_swept_where_it_has_a_row() {
    let mut spec = spec(Bundled::Austen, Preset::AllLayers);
    spec.experiment.epsilon = Grid::filled(Shape::new(Components::ALL, 2).unwrap(), Epsilon::ONE);
    let all = sweep(&spec, None);
    let [query, _, value, output] = &all.curves;
    assert_eq!(value, output, "scaling all outputs is scaling all values");
    assert_ne!(query, output);
    assert_eq!((all.n_points(), all.components().count()), (output.len(), 4));
    spec.experiment.scope.positions = PositionScope::Rest;
    let [_, _, value, output] = sweep(&spec, None).curves;
    assert_ne!(value, output, "at some positions they differ");
}

#[test]
fn the_transition_lies_around_a_tenth_and_is_sampled_finely() {
    let sweep = sweep(&spec(Bundled::Smollm2Capture, Preset::ThisHead), None);
    let [from, to] = sweep.transition(Component::Query).unwrap();
    assert!(1e-2 < from.get() && from < to && to.get() < 1.0, "{from} to {to}");
    assert_eq!(sweep.transition(Component::Value), None);
    let inside = |range: [f64; 2]| {
        let curve = &sweep.curves[0];
        curve.iter().filter(|point| (range[0]..range[1]).contains(&point.epsilon.get())).count()
    };
    // Two decades each.
    assert!(inside([1e-2, 1.0]) > inside([1e-10, 1e-8]) + 4, "{} {}", inside([1e-2, 1.0]), inside([1e-10, 1e-8]));
}

#[test]
fn it_shows_the_shape_first_and_can_be_given_up() {
    let spec = spec(Bundled::Smollm2Capture, Preset::ThisHead);
    let mut lengths = Vec::new();
    Engine::default().sweep(&spec, None, None, &mut |sweep| lengths.push(sweep.curves[0].len()), &never).unwrap();
    assert_eq!(lengths[..7], [1, 2, 3, 4, 5, 6, 7], "six points over the whole axis come first, and 0");
    let asked = std::cell::Cell::new(0);
    let soon = || {
        asked.set(asked.get() + 1);
        asked.get() > 5
    };
    let given_up = Engine::default().sweep(&spec, None, None, &mut |_| {}, &soon);
    assert!(matches!(given_up, Err(EngineError::Cancelled)));
}

#[test]
fn ships_is_the_effect_of_each_head_alone() {
    let spec = spec(Bundled::Austen, Preset::AllLayers);
    let mut engine = Engine::default();
    for (component, epsilon) in [(Component::Query, 1e-3), (Component::Value, 0.0)] {
        let epsilon = Epsilon::new(epsilon).unwrap();
        let mut arrived = Vec::new();
        let all =
            engine.ships(&spec, component, epsilon, None, &mut |head| arrived.push(head), &never).unwrap().unwrap();
        assert_eq!(all, arrived);
        assert_eq!(all.len(), 6 * 4);
        for found in all.iter().step_by(5) {
            let (layer, head) = (found.layer, found.head);
            let alone = spec.clone().with(|experiment| {
                experiment.layer = layer;
                experiment.head = head;
                experiment.scope = Preset::ThisHead.scope();
                experiment.epsilon = all_at(epsilon);
            });
            let effect = engine.effect(&alone, at(component, 2), &never).unwrap().unwrap();
            assert!((effect.kl - found.ships).abs() < 1e-12, "layer {layer} head {head}");
        }
        assert!(all.iter().any(|head| head.ships > 1e-3), "some head matters");
    }
    let capture = captured_figure().run_spec();
    assert_eq!(engine.ships(&capture, Component::Query, Epsilon::ZERO, None, &mut |_| {}, &never).unwrap(), None);
}
