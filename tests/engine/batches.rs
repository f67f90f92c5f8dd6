//! Runs that go through the layers together have the bits that they have by themselves.

use attenuate::{
    attention::{
        Component, Epsilon, HeadScope, Heads, Intervention, LayerScope, Metrics, Operation, PositionScope, Preset,
        Reach, Scope, max_weight,
    },
    engine::{Bundled, Engine, HeadShips, RunSpec},
    model::{bundled, run},
};

use crate::engine::support::{NEVER, bits, epsilon, fresh, grid, numbers, one_by_one, spec, text};
use crate::support::grids::{all_at, at};

/// Under scopes that begin in different layers, of prompts whose rows fill no tile of a product evenly.
fn specs() -> impl Iterator<Item = RunSpec> {
    let scopes = [
        Preset::AllLayers.scope(),
        Scope {
            layers: LayerScope::Range { first: 2, last: 4 },
            heads: HeadScope::Shown,
            set: None,
            positions: PositionScope::Rest,
        },
    ];
    let operations = [Operation::Scale, Operation::MeanHeads, Operation::Noise { seed: 3 }];
    let prompts = ["To be fond of dancing.", "She", "In the beginning was the word, and so on."];
    scopes.into_iter().zip(operations).flat_map(move |(scope, operation)| {
        prompts.map(|prompt| RunSpec { prompt: text(prompt), ..spec(Bundled::Austen, Preset::AllLayers) }).map(|spec| {
            spec.with(|experiment| {
                experiment.layer = 5;
                experiment.scope = scope.clone();
                experiment.operation = operation.clone();
            })
        })
    })
}

#[test]
fn a_panel_alone_in_the_grid_and_from_the_cache_has_the_same_bits() {
    for spec in specs().step_by(2) {
        let mut engine = Engine::default();
        let grid_at_once = engine.run(&spec, NEVER).unwrap();
        assert_eq!(numbers(&one_by_one().run(&spec, NEVER).unwrap()), numbers(&grid_at_once), "each by itself");
        assert_eq!(numbers(&engine.run(&spec, NEVER).unwrap()), numbers(&grid_at_once), "from the cache");
        for (component, column) in grid() {
            let panel = at(component, column);
            // Nothing is done in the other panels, so that this one is a batch by itself.
            let alone = spec.clone().with(|experiment| {
                let epsilon = experiment.epsilon[panel];
                experiment.epsilon = all_at(experiment.operation.neutral());
                experiment.epsilon[panel] = epsilon;
            });
            let found = &fresh(&alone).unwrap().panels[panel].pattern;
            assert_eq!(bits(found), bits(&grid_at_once.panels[panel].pattern), "{component} {column} of {spec:?}");
        }
    }
}

#[test]
fn a_sweep_meets_the_panels_to_the_last_bit() {
    for spec in specs().skip(1).step_by(3) {
        let sweep = Engine::default().sweep(&spec, None, None, &mut |_| {}, NEVER).unwrap();
        let by_itself = one_by_one().sweep(&spec, None, None, &mut |_| {}, NEVER).unwrap();
        assert_eq!(sweep, by_itself, "however many run together");
        for component in Component::ALL {
            for point in sweep.curves[component.row()].iter().step_by(31) {
                let at_point = spec.clone().with(|experiment| experiment.epsilon = all_at(point.epsilon));
                let outcome = fresh(&at_point).unwrap();
                let pattern = &outcome.panels[at(component, 1)].pattern;
                let (metrics, expected) = (point.metrics, Metrics::of(pattern));
                assert_eq!(
                    (metrics.sink_mass, metrics.normalized_entropy, metrics.max_weight),
                    (expected.sink_mass, expected.normalized_entropy, max_weight(pattern)),
                    "{component} {}",
                    point.epsilon
                );
            }
        }
    }
}

#[test]
fn ships_are_the_same_however_many_heads_run_together() {
    let spec = RunSpec { prompt: text("To be fond of dancing."), ..spec(Bundled::Austen, Preset::ThisHead) };
    for (operation, component) in [(Operation::Scale, Component::Value), (Operation::MeanPositions, Component::Query)] {
        let spec = spec.clone().with(|experiment| experiment.operation = operation.clone());
        let ships = |engine: &mut Engine, component, epsilon: Epsilon| -> Vec<HeadShips> {
            engine.ships(&spec, component, epsilon, None, &mut |_| {}, NEVER).unwrap().unwrap()
        };
        let together = ships(&mut Engine::default(), component, epsilon(1e-3));
        assert_eq!(together.len(), 24);
        assert_eq!(together, ships(&mut one_by_one(), component, epsilon(1e-3)), "{operation} {component}");
    }
}

/// Behind the last layer nothing but the last position is computed; it is what a whole run ends with.
#[test]
fn ships_are_those_of_whole_runs() {
    let spec = RunSpec { prompt: text("To be fond of dancing."), ..spec(Bundled::Austen, Preset::ThisHead) };
    let model = bundled::load().unwrap();
    let tokens = model.tokenize("To be fond of dancing.", true).unwrap();
    let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
    let distribution = |intervention: Option<&Intervention>| -> Vec<f64> {
        let start = model.transformer().embed(&ids).unwrap();
        let last = run::advance(model.transformer(), 0..6, start, intervention, NEVER, &mut |_, _, _| {}).unwrap();
        let logits = model.next_token_logits(&last).unwrap();
        let exps: Vec<f64> = logits.iter().map(|&logit| f64::from(logit).exp()).collect();
        let sum: f64 = exps.iter().sum();
        exps.into_iter().map(|exp| exp / sum).collect()
    };
    let (component, scale) = (Component::Query, epsilon(1e-3));
    let baseline = distribution(None);
    let found = Engine::default().ships(&spec, component, scale, None, &mut |_| {}, NEVER).unwrap().unwrap();
    let mut largest: f64 = 0.0;
    for HeadShips { layer, head, ships, .. } in found {
        let reach = Reach { heads: Heads::block(layer..layer + 1, head..head + 1), positions: PositionScope::All };
        let modified = distribution(Some(&Intervention::new(component, Operation::Scale, scale, reach)));
        let expected: f64 = baseline.iter().zip(&modified).map(|(p, q)| p * (p / q).ln()).sum();
        largest = largest.max((ships - expected).abs() / expected);
    }
    println!("largest relative difference {largest:e}");
    assert!(largest < 1e-6, "{largest:e}");
}
