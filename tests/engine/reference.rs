//! What differences are taken from.

use attenuate::{
    attention::{Component, Epsilon, PanelId},
    engine::{Adapter, Bundled, Engine, EngineError, Prompt, Reference, RunSpec, SourceSpec},
    figure::{FigureStyle, Measure, Quantity, figure},
    session::Session,
};

use crate::support::{
    adapters,
    grids::{all_at, at},
};

const NEVER: &dyn Fn() -> bool = &|| false;

fn spec(bundled: Bundled) -> RunSpec {
    Session::example(bundled).run_spec()
}

#[test]
fn another_heads_panels_are_those_of_a_run_of_its_own() {
    for (bundled, layer, head) in [(Bundled::Smollm2Capture, 3, 1), (Bundled::Austen, 1, 2)] {
        let ours = spec(bundled);
        let theirs = ours.clone().with(|experiment| {
            experiment.layer = layer;
            experiment.head = head;
        });
        let reference = Reference::Head { layer, head };
        let outcome = Engine::default().run(&RunSpec { reference, ..ours.clone() }, NEVER).unwrap();
        let alone = Engine::default().run(&ours, NEVER).unwrap();
        let other = Engine::default().run(&theirs, NEVER).unwrap();
        let differences = Measure::of_panels(Quantity::Difference, &outcome);
        for (panel, difference) in differences.iter() {
            let [this, that] = [&alone, &other].map(|outcome| &outcome.panels[panel].pattern);
            for query in 0..outcome.n_positions() {
                let expected: Vec<f64> =
                    this.exact_row(query).iter().zip(that.exact_row(query)).map(|(a, b)| a - b).collect();
                assert_eq!(difference.exact_row(query), expected);
            }
        }
    }
}

#[test]
fn a_view_less_itself_is_zero_and_less_another_epsilon_is_not() {
    let now = spec(Bundled::Smollm2Capture);
    let kept = Reference::kept(&now.experiment);
    let same = Engine::default().run(&RunSpec { reference: kept.clone(), ..now.clone() }, NEVER).unwrap();
    let later = RunSpec { reference: kept, ..now }.with(|experiment| experiment.epsilon = all_at(Epsilon::ONE));
    let moved = Engine::default().run(&later, NEVER).unwrap();
    let largest = |outcome: &_, panel: PanelId| {
        let measure = &Measure::of_panels(Quantity::Difference, outcome)[panel];
        (0..24).flat_map(|query| measure.exact_row(query)).fold(0.0, |most: f64, value| most.max(value.abs()))
    };
    for panel in same.shape().panels() {
        assert_eq!(largest(&same, panel), 0.0);
        let is_moved = largest(&moved, panel) > 0.1;
        assert_eq!(is_moved, panel.component != Component::Value, "{panel:?}");
    }
}

#[test]
fn the_figure_says_what_it_is_a_difference_from() {
    let reference = Reference::Head { layer: 3, head: 1 };
    let outcome = Engine::default().run(&RunSpec { reference, ..spec(Bundled::Smollm2Capture) }, NEVER).unwrap();
    let figure = figure(&outcome, &FigureStyle::of(Quantity::Difference)).unwrap();
    let words: Vec<&str> = figure.items.iter().filter_map(|item| item.text()).map(|text| text.text.as_str()).collect();
    assert!(words.contains(&"Difference from Layer 3 Head 1"), "{words:?}");
    assert!(words.contains(&"The Difference from Layer 3 Head 1 after Modifying Query, Key and Value"), "{words:?}");
}

#[test]
fn a_head_that_is_not_there_is_refused() {
    for reference in [Reference::Head { layer: 30, head: 0 }, Reference::Head { layer: 0, head: 9 }] {
        assert!(Engine::default().run(&RunSpec { reference, ..spec(Bundled::Smollm2Capture) }, NEVER).is_err());
    }
}

/// What is kept of a reference never outlives what it answers.
#[test]
fn a_kept_reference_is_the_one_that_was_asked_for() {
    let now = spec(Bundled::Austen).with(|experiment| experiment.scope = attenuate::attention::Scope::default());
    let mut engine = Engine::default();
    for (layer, head, epsilon) in [(1, 2, 0.5), (1, 2, 0.1), (4, 0, 0.1), (1, 2, 0.5)] {
        let epsilon = all_at(Epsilon::new(epsilon).unwrap());
        let asked = RunSpec { reference: Reference::Head { layer, head }, ..now.clone() }
            .with(|experiment| experiment.epsilon = epsilon);
        let ours = engine.run(&asked, NEVER).unwrap();
        let fresh = Engine::default().run(&asked, NEVER).unwrap();
        let [ours, fresh] = [ours, fresh].map(|o| o.compared_with(at(Component::Query, 1)).pattern.exact_row(9));
        assert_eq!(ours, fresh);
    }
}

/// In one folder, beside its base, and over one that is named; a folder of the base alone is what must be found.
#[test]
fn the_base_models_panels_are_those_of_its_folder_opened_alone() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, base, mine, lost] = ["whole", "base", "mine", "lost"].map(|name| folder.path().join(name));
    adapters::model(&whole);
    adapters::adapter(&whole, "");
    adapters::model(&base);
    adapters::adapter(&mine, "org/base");
    adapters::adapter(&lost, "gone/away");
    let base = SourceSpec::Folder(base);
    let over = SourceSpec::Folder(lost).over(&base).unwrap();
    let prompt = Prompt::TokenIds(adapters::IDS.to_vec());
    let spec = |source: &SourceSpec, layer: usize| {
        let spec = RunSpec { source: source.clone(), prompt: prompt.clone(), ..spec(Bundled::Austen) };
        spec.with(|experiment| {
            (experiment.layer, experiment.head) = (layer, 1);
            experiment.epsilon[at(Component::Value, 2)] = Epsilon::ONE;
        })
    };
    for (source, layer) in [(&SourceSpec::Folder(whole), 1), (&SourceSpec::Folder(mine), 1), (&over, 0)] {
        let mut engine = Engine::default();
        let outcome = engine.run(&RunSpec { reference: Reference::Base, ..spec(source, layer) }, NEVER).unwrap();
        let adapted = Engine::default().run(&spec(source, layer), NEVER).unwrap();
        let alone = Engine::default().run(&spec(&base, layer), NEVER).unwrap();
        let unadapted = source.with_adapter_switched().unwrap();
        let switched = engine.run(&spec(&unadapted, layer), NEVER).unwrap();
        assert_eq!(outcome.facts.adapter, Adapter::Merged);
        assert_eq!([switched.facts.adapter, alone.facts.adapter], [Adapter::None; 2]);
        assert_eq!(unadapted.with_adapter_switched().as_ref(), Some(source));
        let differences = Measure::of_panels(Quantity::Difference, &outcome);
        let mut largest: f64 = 0.0;
        for (panel, difference) in differences.iter() {
            let [with, without, switched] = [&adapted, &alone, &switched].map(|outcome| &outcome.panels[panel].pattern);
            for query in 0..outcome.n_positions() {
                let base = without.exact_row(query);
                let expected: Vec<f64> = with.exact_row(query).iter().zip(&base).map(|(a, b)| a - b).collect();
                assert_eq!(difference.exact_row(query), expected);
                assert_eq!(switched.exact_row(query), base);
                largest = expected.iter().fold(largest, |most, value| most.max(value.abs()));
            }
        }
        assert!(largest > 0.01, "{source}: {largest}");
    }
    for source in [&base, &over.with_adapter_switched().unwrap(), &SourceSpec::Bundled(Bundled::Austen)] {
        let refused = Engine::default().run(&RunSpec { reference: Reference::Base, ..spec(source, 0) }, NEVER);
        assert!(matches!(&refused, Err(EngineError::NoAdapter { .. })), "{refused:?}");
    }
}
