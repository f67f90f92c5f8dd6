//! Caches never show: after any sequence of requests the answer is, to the last bit, that of a new engine.

use std::cell::Cell;

use attenuate::{
    attention::{Component, Epsilon, HeadScope, LayerScope, PositionScope},
    engine::{Bundled, Engine, EngineError, Prompt, RunSpec, SourceSpec},
    session::Session,
};
use proptest::prelude::*;

use crate::engine::support::{NEVER, epsilon, fresh, numbers, text};
use crate::support::grids::{all_at, at};

/// What a gesture changes from one request to the next.
#[derive(Clone, Debug)]
enum Step {
    Source(Bundled),
    Prompt(usize),
    Layer(usize),
    Head(usize),
    Layers(LayerScope),
    Heads(HeadScope),
    Positions(PositionScope),
    Epsilon(Component, usize, f64),
    /// The same request, given up after so many layers.
    Cancelled(usize),
    Effect(Component, usize),
    Heads270,
}

/// More than the engine keeps.
fn prompts() -> [Prompt; 7] {
    [
        text("To be fond of dancing."),
        text("In the beginning."),
        Prompt::Text { text: "In the beginning.".into(), bos: false },
        Prompt::TokenIds(vec![0, 52, 79]),
        Prompt::TokenIds(vec![7]),
        text("She"),
        text("\n\n"),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let component = || prop::sample::select(&Component::FIGURE[..]);
    let layers = prop_oneof![
        Just(LayerScope::Shown),
        Just(LayerScope::All),
        (0_usize..6, 0_usize..6).prop_map(|(a, b)| LayerScope::Range { first: a.min(b), last: a.max(b) }),
    ];
    let heads = prop::sample::select(&[HeadScope::Shown, HeadScope::Group, HeadScope::All][..]);
    let positions = prop_oneof![
        2 => Just(PositionScope::All),
        1 => Just(PositionScope::First),
        1 => Just(PositionScope::Rest),
        1 => prop::collection::btree_set(0_usize..6, 0..3).prop_map(|set| PositionScope::Selection(set.into())),
    ];
    let value = prop::sample::select(&[1.0, 0.5, 1e-3, 1e-10, 0.0, 0.7, 3.0][..]);
    prop_oneof![
        1 => prop::sample::select(&[Bundled::Smollm2Capture, Bundled::Austen][..]).prop_map(Step::Source),
        2 => (0_usize..7).prop_map(Step::Prompt),
        3 => (0_usize..6).prop_map(Step::Layer),
        1 => (0_usize..4).prop_map(Step::Head),
        3 => layers.prop_map(Step::Layers),
        1 => heads.prop_map(Step::Heads),
        1 => positions.prop_map(Step::Positions),
        5 => (component(), 0_usize..3, value).prop_map(|(component, column, value)| Step::Epsilon(component, column, value)),
        2 => (0_usize..20).prop_map(Step::Cancelled),
        1 => (component(), 0_usize..3).prop_map(|(component, column)| Step::Effect(component, column)),
        1 => Just(Step::Heads270),
    ]
}

/// The first request: the live model on a short prompt.
fn start() -> RunSpec {
    RunSpec { prompt: prompts()[0].clone(), ..Session::example(Bundled::Austen).run_spec() }
}

fn change(spec: &mut RunSpec, step: &Step) {
    match *step {
        Step::Source(bundled) => spec.source = SourceSpec::Bundled(bundled),
        Step::Prompt(number) => spec.prompt = prompts()[number].clone(),
        Step::Layer(layer) => spec.experiment.layer = layer,
        Step::Head(head) => spec.experiment.head = head,
        Step::Layers(layers) => spec.experiment.scope.layers = layers,
        Step::Heads(heads) => spec.experiment.scope.heads = heads,
        Step::Positions(ref positions) => spec.experiment.scope.positions = positions.clone(),
        Step::Epsilon(component, column, value) => spec.experiment.epsilon[at(component, column)] = epsilon(value),
        Step::Cancelled(_) | Step::Effect(..) | Step::Heads270 => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn an_engine_answers_as_a_new_one_does(steps in prop::collection::vec(any_step(), 10..24)) {
        let mut engine = Engine::default();
        let mut spec = start();
        for step in &steps {
            change(&mut spec, step);
            if matches!(fresh(&spec), Err(EngineError::NoSuchPosition { .. })) {
                let refused = matches!(engine.run(&spec, NEVER), Err(EngineError::NoSuchPosition { .. }));
                prop_assert!(refused);
                continue;
            }
            match *step {
                Step::Cancelled(after) => {
                    let asked = Cell::new(0);
                    let cancelled = || asked.replace(asked.get() + 1) >= after;
                    match engine.run(&spec, &cancelled) {
                        Ok(outcome) => prop_assert_eq!(numbers(&outcome), numbers(&fresh(&spec).unwrap())),
                        Err(EngineError::Cancelled) => prop_assert!(asked.get() > after),
                        Err(error) => prop_assert!(false, "{error}"),
                    }
                }
                Step::Effect(component, column) => {
                    let found = engine.effect(&spec, at(component, column), NEVER).unwrap();
                    prop_assert_eq!(found, Engine::default().effect(&spec, at(component, column), NEVER).unwrap());
                }
                Step::Heads270 => {
                    let found = engine.heads(&spec.source, &spec.prompt, NEVER).unwrap();
                    prop_assert_eq!(found, Engine::default().heads(&spec.source, &spec.prompt, NEVER).unwrap());
                }
                _ => {}
            }
            let outcome = engine.run(&spec, NEVER).unwrap();
            prop_assert_eq!(&outcome.experiment, &spec.experiment);
            prop_assert!(numbers(&outcome) == numbers(&fresh(&spec).unwrap()), "{step:?} of {spec:?}");
        }
    }
}

#[test]
fn a_prompt_that_was_pushed_out_comes_back_the_same() {
    let mut engine = Engine::default();
    let all = |prompt: &Prompt| {
        let mut spec = RunSpec { prompt: prompt.clone(), ..start() };
        spec.experiment.scope.layers = LayerScope::All;
        spec
    };
    let first: Vec<_> = prompts().iter().map(|prompt| numbers(&engine.run(&all(prompt), NEVER).unwrap())).collect();
    for (prompt, first) in prompts().iter().zip(first).rev() {
        assert_eq!(numbers(&engine.run(&all(prompt), NEVER).unwrap()), first);
    }
}

/// The slider runs through more values than the engine keeps, there and back.
#[test]
fn a_long_drag_there_and_back_gives_the_same_numbers() {
    let mut engine = Engine::default();
    let mut spec = start();
    spec.experiment.scope.layers = LayerScope::All;
    let drag: Vec<Epsilon> = (0..40).map(|step| epsilon(10_f64.powf(-f64::from(step) / 4.0))).collect();
    let mut at = |value: Epsilon| {
        spec.experiment.epsilon = all_at(value);
        numbers(&engine.run(&spec, NEVER).unwrap())
    };
    let there: Vec<_> = drag.iter().map(|&value| at(value)).collect();
    for (&value, there) in drag.iter().zip(&there).rev() {
        assert_eq!(at(value), *there);
    }
    assert!(there.windows(2).all(|pair| pair[0] != pair[1]), "every ε has its own numbers");
}
