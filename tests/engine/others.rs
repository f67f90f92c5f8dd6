//! What other prompts bring in: whose attention it makes, that no cache changes it, and where it is refused.

use attenuate::{
    attention::{Component, Epsilon, FirstToken, Grid, InForce, Operation, OtherPrompt, Preset, PromptSet},
    engine::{Bundled, Engine, Job, Prompt, RunSpec, Under, Writing},
};

use crate::engine::support::{NEVER, bits, fresh, numbers, one_by_one, spec, text};

const PROMPT: &str = "To be fond of dancing.";
const OTHER: &str = "She was in love.";

fn ids(text: &str) -> Vec<u32> {
    let outcome = fresh(&RunSpec { prompt: Prompt::text(text), ..spec(Bundled::Austen, Preset::ThisHead) }).unwrap();
    outcome.tokens.iter().map(|token| token.id.unwrap()).collect()
}

/// On the small model; the panels' operation is `operation`.
fn with(operation: Operation) -> RunSpec {
    RunSpec { prompt: text(PROMPT), ..spec(Bundled::Austen, Preset::ThisHead) }.with(|experiment| {
        (experiment.layer, experiment.head) = (3, 1);
        experiment.operation = operation;
    })
}

fn patch(other: &str) -> Operation {
    Operation::patch(OtherPrompt::text(other))
}

fn mean() -> Operation {
    let prompts = [OTHER, "A single man.", "It is a truth."].map(OtherPrompt::text);
    Operation::mean_prompts(PromptSet { prompts: prompts.into(), first: FirstToken::LeftOut })
}

/// Every head's pattern in a layer, as bits.
fn layer(spec: &RunSpec, layer: usize) -> Vec<Vec<u64>> {
    let mut found = Vec::new();
    let mut each = |heads: Vec<attenuate::engine::HeadPattern>| {
        found.extend(heads.iter().filter(|head| head.summary.layer == layer).map(|head| bits(&head.pattern)));
    };
    Engine::default().head_patterns(spec, Under::Change(Component::Query, Epsilon::ONE), &mut each, NEVER).unwrap();
    found
}

#[test]
fn a_layer_that_is_patched_whole_attends_as_in_the_other_prompt() {
    let other: Vec<u32> = ids(PROMPT).into_iter().rev().collect();
    let from = serde_json::to_string(&other).unwrap();
    let whole = format!("query@0:*=patch/{from}:0; key@0:*=patch/{from}:0; value@0:*=patch/{from}:0");
    let in_force: InForce = whole.parse().unwrap();
    let patched = with(Operation::Scale).with(|experiment| {
        (experiment.layer, experiment.head) = (0, 2);
        experiment.in_force = in_force;
        experiment.epsilon = Grid::filled(experiment.shape(), Epsilon::ONE);
    });
    let there = RunSpec { prompt: Prompt::TokenIds(other), ..with(Operation::Scale) }.with(|experiment| {
        (experiment.layer, experiment.head) = (0, 2);
    });
    assert_eq!(layer(&patched, 0), layer(&there, 0));
    assert_ne!(layer(&patched, 1), layer(&there, 1), "the residual stream is still the prompt's");
    let (patched, there) = (fresh(&patched).unwrap(), fresh(&there).unwrap());
    for panel in patched.panels.values() {
        assert_eq!(bits(&panel.pattern), bits(&there.baseline.pattern));
        let (norm, expected) = (panel.output_norm().unwrap(), there.baseline.output_norm().unwrap());
        assert!((norm - expected).abs() < 1e-6 * expected, "the values are the other prompt's too");
    }
    assert_ne!(bits(&patched.baseline.pattern), bits(&there.baseline.pattern));
}

#[test]
fn no_cache_and_no_other_run_changes_what_is_brought_in() {
    let mut engine = Engine::default();
    let scopes = [Preset::ThisHead, Preset::ThisLayer, Preset::AllLayers];
    for operation in [patch(OTHER), patch(PROMPT), mean(), patch("To be fond of dancing was a certain step.")] {
        for scope in scopes {
            let spec = with(operation.clone()).with(|experiment| experiment.scope = scope.scope());
            let expected = numbers(&fresh(&spec).unwrap());
            assert_eq!(numbers(&engine.run(&spec, NEVER).unwrap()), expected, "{operation} {scope:?}");
            assert_eq!(numbers(&engine.run(&spec, NEVER).unwrap()), expected, "{operation} {scope:?} again");
            assert_eq!(numbers(&one_by_one().run(&spec, NEVER).unwrap()), expected, "{operation} {scope:?} alone");
        }
    }
}

#[test]
fn the_prompt_itself_brings_in_what_is_there() {
    let outcome = fresh(&with(patch(PROMPT))).unwrap();
    assert_eq!(outcome.patched_from.as_deref(), Some(&*outcome.tokens));
    for (id, panel) in outcome.panels.iter() {
        let worst = panel
            .pattern
            .dense()
            .iter()
            .zip(&outcome.baseline.pattern.dense())
            .fold(0.0_f32, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(worst < 1e-6, "{id:?}: {worst:e}");
    }
}

#[test]
fn positions_without_a_counterpart_stay() {
    let spec =
        with(patch("in love")).with(|experiment| experiment.epsilon = Grid::filled(experiment.shape(), Epsilon::ZERO));
    let outcome = fresh(&spec).unwrap();
    let (here, there) = (outcome.n_positions(), outcome.patched_from.as_ref().unwrap().len());
    assert!(there < here);
    let of = |component: Component| &outcome.panels.iter().find(|(id, _)| id.component == component).unwrap().1.pattern;
    for query in 0..here {
        let is_same = of(Component::Query).exact_row(query) == outcome.baseline.pattern.exact_row(query);
        // The only key of the first position has all the weight whatever the query.
        assert_eq!(is_same, query < here - there, "query {query}");
    }
}

#[test]
fn everything_that_is_asked_of_a_change_is_answered() {
    for operation in [patch(OTHER), mean()] {
        let spec = with(operation).with(|experiment| experiment.scope = Preset::AllLayers.scope());
        let mut engine = Engine::default();
        let panel = spec.experiment.shape().panels().next().unwrap();
        let effect = engine.effect(&spec, panel, NEVER).unwrap().unwrap();
        assert!(effect.kl > 0.0);
        let kls = engine.divergences_for(&Job::until(NEVER), &spec, panel, &mut |_| {}).unwrap().unwrap();
        assert_eq!(kls[panel], Some(effect.kl));
        let sweep = engine.sweep(&spec, None, None, &mut |_| {}, NEVER).unwrap();
        assert!(
            sweep.curves[0].iter().any(|point| point.metrics.kl > 0.0)
                && sweep.curves[0].iter().all(|point| point.metrics.kl.is_finite())
        );
        let ships = engine.ships(&spec, Component::Value, Epsilon::ZERO, None, &mut |_| {}, NEVER).unwrap().unwrap();
        assert!(ships.iter().all(|head| head.ships.is_finite() && head.ships >= 0.0));
        let change = (Component::Value, Epsilon::ZERO);
        let written = engine.continuation(&Job::until(NEVER), &spec, change, &Writing::greedy(6), &mut |_| {}).unwrap();
        assert!(written.kl[0] > 0.0 && written.kl.iter().all(|kl| kl.is_finite()));
    }
}

#[test]
fn the_mean_is_that_of_every_token_but_the_first() {
    // A set of one prompt, of which two tokens count, is that prompt's mean; and one prompt twice is that prompt once.
    let over = |prompts: &[&str], first| {
        let prompts = prompts.iter().copied().map(OtherPrompt::text).collect();
        numbers(&fresh(&with(Operation::mean_prompts(PromptSet { prompts, first }))).unwrap())
    };
    let once = over(&[OTHER], FirstToken::LeftOut);
    assert_eq!(over(&[OTHER, OTHER], FirstToken::LeftOut), once);
    assert_ne!(over(&[OTHER], FirstToken::Counted), once);
    assert_ne!(over(&[OTHER, PROMPT], FirstToken::LeftOut), once);
}

#[test]
fn what_cannot_be_brought_in_is_refused_by_name() {
    let on_capture = |operation| {
        let spec = spec(Bundled::Smollm2Capture, Preset::ThisHead).with(|experiment| experiment.operation = operation);
        fresh(&spec).err().unwrap().to_string()
    };
    assert!(on_capture(patch(OTHER)).starts_with("patch takes what the model makes of other prompts: "));
    assert!(on_capture(mean()).starts_with("mean-prompts takes what the model makes of other prompts: "));
    let long = "love ".repeat(3000);
    for (operation, message) in [
        (patch(""), "vectors cannot be taken from “”: "),
        (patch(&long), "vectors cannot be taken from “love love"),
        (
            Operation::mean_prompts(PromptSet {
                prompts: [OtherPrompt::text(OTHER), OtherPrompt::TokenIds([u32::MAX].into())].into(),
                first: FirstToken::LeftOut,
            }),
            "vectors cannot be taken from prompt 2, 1 token ids: ",
        ),
        (
            Operation::mean_prompts(PromptSet {
                prompts: [OtherPrompt::TokenIds([5].into())].into(),
                first: FirstToken::LeftOut,
            }),
            "there is nothing to take the mean of: ",
        ),
    ] {
        let error = fresh(&with(operation)).err().unwrap().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}
