//! Head sets, and changes in force beneath the panels', against the model run under the whole list.

use std::sync::Arc;

use attenuate::{
    attention::{
        Change, Component, Edit, Heads, InForce, Intervention, LayerAttention, LayerQkv, Operation, PositionScope,
        Preset, Scope,
    },
    engine::{Bundled, Engine, EngineError, Reference, RunSpec},
    model::{bundled, run},
};

use crate::engine::support::{NEVER, bits, epsilon, fresh, grid, numbers, one_by_one, spec, text};
use crate::support::grids::{all_at, at};

const PROMPT: &str = "To be fond of dancing.";
const LAYER: usize = 3;
const HEAD: usize = 1;

/// Two layers before the shown one, changes of the shown head, and one behind it.
const CIRCUIT: &str = "key@1:*=0.5; value@0..=2:2@rest=mean-heads:0; query@3:1@rest=mean-positions:0.25; \
                       output@3:0,3:1=mean-heads:0.5; output@4:*=0";

fn circuit() -> InForce {
    CIRCUIT.parse().unwrap()
}

fn on_head(in_force: InForce) -> RunSpec {
    RunSpec { prompt: text(PROMPT), ..spec(Bundled::Austen, Preset::ThisHead) }.with(|experiment| {
        (experiment.layer, experiment.head) = (LAYER, HEAD);
        experiment.in_force = in_force;
    })
}

/// The shown layer of a run of the model under `intervention`.
fn layer_under(intervention: &Intervention) -> LayerAttention {
    let model = bundled::load().unwrap();
    let ids: Vec<u32> = model.tokenize(PROMPT, true).unwrap().iter().map(|token| token.id).collect();
    let start = model.transformer().embed(&ids).unwrap();
    let mut found = None;
    let mut observe = |layer: usize, _: &_, qkv: &Arc<LayerQkv>| {
        if layer == LAYER {
            found = Some(LayerAttention::Vectors(qkv.clone()));
        }
    };
    run::advance(model.transformer(), 0..6, start, Some(intervention), NEVER, &mut observe).unwrap();
    found.unwrap()
}

#[test]
fn panels_are_those_of_the_whole_list_of_changes() {
    let spec = on_head(circuit());
    let outcome = fresh(&spec).unwrap();
    for (component, column) in grid() {
        let of_panel = Change {
            edit: Edit {
                component,
                operation: Operation::Scale,
                epsilon: outcome.experiment.epsilon[at(component, column)],
                positions: PositionScope::All,
            },
            heads: Heads::block(LAYER..LAYER + 1, HEAD..HEAD + 1),
        };
        let whole = Intervention::of(circuit().changes(6, 4).chain([of_panel]));
        let attention = layer_under(&whole);
        let pattern = attention.pattern(LAYER, HEAD, &whole);
        let panel = &outcome.panels[at(component, column)];
        assert_eq!(bits(&panel.pattern), bits(&pattern), "{component} {column}");
        let output = attention.vectors().unwrap().output_under(LAYER, HEAD, &whole).unwrap();
        let norm = output.rows().into_iter().map(|row| row.mapv(f64::from).powi(2).sum().sqrt()).sum::<f64>();
        let norm = norm / outcome.n_positions() as f64;
        assert!((panel.output_norm().unwrap() - norm).abs() < 1e-6 * norm.max(1.0), "{component} {column}");
    }
    assert_eq!(bits(&outcome.baseline.pattern), bits(&fresh(&on_head(InForce::default())).unwrap().baseline.pattern));
    assert_eq!(numbers(&outcome), numbers(&one_by_one().run(&spec, NEVER).unwrap()), "whatever is stacked with it");
    let mut engine = Engine::default();
    for other in [on_head(InForce::default()), on_head(circuit().without(0)), on_head(circuit())] {
        assert_eq!(numbers(&engine.run(&other, NEVER).unwrap()), numbers(&fresh(&other).unwrap()), "whatever is kept");
    }
}

#[test]
fn a_set_is_the_heads_that_it_names() {
    let with_set = |set: &str| {
        let set = Some(set.parse().unwrap());
        on_head(InForce::default()).with(|experiment| experiment.scope = Scope { set, ..Scope::default() })
    };
    let preset = |preset: Preset| on_head(InForce::default()).with(|experiment| experiment.scope = preset.scope());
    for (set, same) in [("3:1", Preset::ThisHead), ("3:*", Preset::ThisLayer), ("0..=5:*", Preset::AllLayers)] {
        assert_eq!(numbers(&fresh(&with_set(set)).unwrap()), numbers(&fresh(&preset(same)).unwrap()), "{set}");
    }
    // Of a set one change alone acts on the shown head; those of other layers reach it through the stream.
    let panel = at(Component::Value, 0);
    let pattern = |spec: &RunSpec| bits(&fresh(spec).unwrap().panels[panel].pattern);
    let unmodified = bits(&fresh(&with_set("3:1")).unwrap().baseline.pattern);
    assert_eq!(pattern(&with_set("3:1,3:2,5:*")), unmodified);
    assert_ne!(pattern(&with_set("1:0,3:2")), unmodified);
    // A set in force is the same as one that is changed.
    let in_force = on_head("value@1:0,2:3=5e-1".parse().unwrap()).with(|experiment| {
        experiment.epsilon = all_at(epsilon(1.0));
    });
    assert_eq!(pattern(&in_force), pattern(&with_set("1:0,2:3")));
}

#[test]
fn sweep_ships_and_divergences_honour_what_is_in_force() {
    let spec = on_head(circuit());
    let mut engine = Engine::default();
    let sweep = engine.sweep(&spec, None, None, &mut |_| {}, NEVER).unwrap();
    let point = sweep.nearest(Component::Query, epsilon(0.1)).unwrap();
    let outcome = fresh(&spec.clone().with(|experiment| experiment.epsilon = all_at(point.epsilon))).unwrap();
    let pattern = &outcome.panels[at(Component::Query, 0)].pattern;
    let expected = attenuate::attention::kl_from_baseline(&outcome.baseline.pattern, pattern);
    assert!((point.metrics.kl - expected).abs() < 1e-12 && expected > 0.0, "{} for {expected}", point.metrics.kl);

    let half = epsilon(0.5);
    let ships = engine.ships(&spec, Component::Query, half, None, &mut |_| {}, NEVER).unwrap().unwrap();
    let of_head = ships.iter().find(|head| (head.layer, head.head) == (LAYER, HEAD)).unwrap();
    let alone = spec.clone().with(|experiment| experiment.epsilon = all_at(half));
    let effect = engine.effect(&alone, at(Component::Query, 0), NEVER).unwrap().unwrap();
    assert!((of_head.ships - effect.kl).abs() < 1e-9, "{} for {}", of_head.ships, effect.kl);
    let without =
        engine.ships(&on_head(InForce::default()), Component::Query, half, None, &mut |_| {}, NEVER).unwrap().unwrap();
    assert!(without.iter().zip(&ships).all(|(without, with)| without.ships != with.ships));
}

#[test]
fn what_is_in_force_can_be_compared_with() {
    let spec = RunSpec { reference: Reference::InForce, ..on_head(circuit()) };
    let outcome = fresh(&spec).unwrap();
    let alone = fresh(&on_head(circuit()).with(|experiment| experiment.epsilon = all_at(epsilon(1.0)))).unwrap();
    for (component, column) in grid() {
        let panel = at(component, column);
        let expected = bits(&alone.panels[at(component, 0)].pattern);
        assert_eq!(bits(&outcome.compared_with(panel).pattern), expected, "{component} {column}");
    }
    assert_ne!(bits(&outcome.baseline.pattern), bits(&alone.panels[at(Component::Query, 0)].pattern));
}

#[test]
fn what_does_not_exist_is_refused_by_name() {
    let with_set = |set: &str| {
        let set = Some(set.parse().unwrap());
        on_head(InForce::default()).with(|experiment| experiment.scope = Scope { set, ..Scope::default() })
    };
    for (spec, named) in [
        (with_set("3:1,6:0"), "head 6:0"),
        (with_set("0..=6:*"), "head 0..=6:*"),
        (with_set("2:4"), "head 2:4"),
        (on_head("key@1:*=0.5; value@2:1,9:*=0".parse().unwrap()), "head 9:*"),
    ] {
        let error = fresh(&spec).unwrap_err();
        assert!(matches!(error, EngineError::NoSuchHeads { .. }));
        let message = error.to_string();
        assert!(message.contains(named) && message.contains("0 to 5") && message.contains("0 to 3"), "{message}");
        assert!(Engine::default().ships(&spec, Component::Query, epsilon(0.0), None, &mut |_| {}, NEVER).is_err());
    }
    let late = on_head("key@1:*@0,99=0.5".parse().unwrap());
    assert!(fresh(&late).unwrap_err().to_string().contains("position 99"));
}
