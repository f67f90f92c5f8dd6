//! Every number recomputed from the digits above it, as with a pocket calculator.

use super::*;
use crate::{
    attention::Operation,
    attention::{PositionScope, Preset, Scope, panel},
    engine::{Bundled, Engine},
    session::{Session, repeated},
};

/// A number and the worth of one in its last digit.
fn read(text: &str) -> (f64, f64) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let places = mantissa.split_once('.').map_or(0, |(_, behind)| behind.len());
    let exponent: i32 = exponent.parse().unwrap();
    (text.parse().unwrap(), 10.0_f64.powi(exponent - i32::try_from(places).unwrap()))
}

struct Shown<'a>(&'a [Step]);

impl Shown<'_> {
    fn text(&self, wanted: &str) -> Option<&str> {
        self.0.iter().find_map(|step| match step {
            Step::Number { name, number, .. } if name.starts_with(wanted) => Some(number.as_str()),
            _ => None,
        })
    }

    fn get(&self, wanted: &str) -> f64 {
        read(self.text(wanted).unwrap_or_else(|| panic!("no {wanted}: {:#?}", self.0))).0
    }

    /// The score itself, not the score of something.
    fn score(&self) -> &str {
        self.0
            .iter()
            .find_map(|step| match step {
                Step::Number { name, number, .. } if name == "score" => Some(number.as_str()),
                _ => None,
            })
            .unwrap()
    }
}

#[track_caller]
fn follows(text: &str, recomputed: f64, what: &str) {
    let (shown, unit) = read(text);
    // A number with few digits is exact: it must not be an excuse. One with very many is as exact as f64 can be.
    let unit = unit.min(1e-6).max(shown.abs() * 4.0 * f64::EPSILON);
    // A weight too small for f64's full precision has fewer digits.
    let unit = unit.max(f64::MIN_POSITIVE);
    assert!((shown - recomputed).abs() <= 2.0 * unit, "{what}: {text} is shown, {recomputed:.12e} follows");
}

fn check(why: &Why, component: Component, what: &str) {
    let steps = steps(why, component, Unchanged::Layer);
    let shown = Shown(&steps);
    let what = format!("{what}\n{}\n", table(&steps));
    let unmodified = shown.get("q·k") * shown.get("scale");
    match why.change {
        None => follows(shown.score(), unmodified, &what),
        Some(change) => {
            let before = shown.text("score before ε").unwrap();
            follows(before, unmodified, &what);
            let (before, epsilon) = (read(before).0, shown.get("ε"));
            let score = match change.operation {
                OperationKind::Scale => epsilon * before,
                OperationKind::MeanHeads | OperationKind::MeanPositions | OperationKind::MeanPrompts => {
                    let mean = shown.get("score of the mean");
                    mean + epsilon * (before - mean)
                }
                OperationKind::Patch => {
                    let patch = shown.get("score of the patch");
                    patch + epsilon * (before - patch)
                }
                OperationKind::Noise => before + epsilon * shown.get("score of the noise"),
            };
            follows(shown.score(), score, &what);
        }
    }
    follows(shown.text("exp").unwrap(), (read(shown.score()).0 - shown.get("row max")).exp(), &what);
    follows(shown.text("weight").unwrap(), shown.get("exp") / shown.get("row sum"), &what);
    let weight = shown.get("weight");
    assert!((weight - why.weight).abs() <= 1e-6 * why.weight, "{what}");
}

#[test]
fn every_number_follows_from_the_digits_above_it() {
    let mut engine = Engine::default();
    let scopes = [
        Preset::ThisHead.scope(),
        Preset::AllLayers.scope(),
        Scope { positions: PositionScope::Rest, ..Scope::default() },
    ];
    let mut checked = 0;
    for bundled in [Bundled::Smollm2Capture, Bundled::Austen] {
        for operation in Operation::OF_THE_PROMPT {
            for scope in &scopes {
                for epsilon in [[0.0, 1e-10, 1e-3], [0.5, 1.0, 3.7], [99.0, 1e4, 1e10]] {
                    let spec = Session::example(bundled).run_spec().with(|experiment| {
                        (experiment.operation, experiment.scope) = (operation.clone(), scope.clone());
                        experiment.epsilon = repeated(&epsilon.map(|epsilon| Epsilon::new(epsilon).unwrap()));
                    });
                    let outcome = engine.run(&spec, &|| false).unwrap();
                    for (id, panel) in outcome.panels.iter() {
                        for (query, key) in [(0, 0), (1, 0), (5, 0), (5, 5), (10, 3), (12, 11)] {
                            let why = Why::of(&panel.pattern, query, key).unwrap();
                            let what = format!("{bundled:?} {operation} {scope} {id:?} {query} {key}");
                            check(&why, id.component, &what);
                            checked += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(checked, 2 * 4 * 3 * 3 * 9 * 6);
}

#[test]
fn what_is_done_is_named() {
    let mut engine = Engine::default();
    for (operation, component, expected) in [
        (Operation::Scale, Component::Query, ("ε × score before ε", "(ε·q)·k")),
        (Operation::Scale, Component::Key, ("ε × score before ε", "q·(ε·k)")),
        (Operation::MeanHeads, Component::Key, ("mean + ε × (before ε − mean)", "the mean over heads")),
        (Operation::MeanPositions, Component::Query, ("mean + ε × (before ε − mean)", "the mean over positions")),
        (Operation::Noise { seed: 3 }, Component::Query, ("before ε + ε × noise", "the noise is added to the query")),
    ] {
        let spec = Session::example(Bundled::Smollm2Capture)
            .run_spec()
            .with(|experiment| experiment.operation = operation.clone());
        let outcome = engine.run(&spec, &|| false).unwrap();
        let why = Why::of(&outcome.panels[panel(component, 0)].pattern, 7, 2).unwrap();
        let steps = steps(&why, component, Unchanged::Layer);
        let (formula, hint) = steps
            .iter()
            .find_map(|step| match step {
                Step::Number { name, formula, hint, .. } if name == "score" => Some((*formula, hint.as_str())),
                _ => None,
            })
            .unwrap();
        assert_eq!(formula, expected.0);
        assert!(hint.contains(expected.1), "{hint}");
        let brings_in = |what: &str| Shown(&steps).text(&format!("score of the {what}")).is_some();
        assert_eq!(brings_in("noise"), matches!(operation, Operation::Noise { .. }));
        assert_eq!(brings_in("mean"), matches!(operation, Operation::MeanHeads | Operation::MeanPositions));
    }
}

#[test]
fn what_is_not_done_is_said() {
    let spec = Session::example(Bundled::Smollm2Capture).run_spec();
    let outcome = Engine::default().run(&spec, &|| false).unwrap();
    let why = Why::of(&outcome.panels[panel(Component::Value, 0)].pattern, 7, 2).unwrap();
    for (unchanged, remark) in [
        (Unchanged::NotInScores, "Value does not enter the pattern."),
        (Unchanged::Neutral(Epsilon::ONE), "ε = 1e0 changes nothing."),
        (Unchanged::Layer, "ε: this layer is not in scope, unchanged."),
        (Unchanged::Position, "ε: this value’s position is not in scope, unchanged."),
    ] {
        let steps = steps(&why, Component::Value, unchanged);
        assert!(steps.contains(&Step::Remark(remark.to_owned())), "{steps:?}");
        assert!(table(&steps).lines().any(|line| line == remark));
    }
}
