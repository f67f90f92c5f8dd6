//! Requests without an answer: what they are told, and that the next one is answered all the same.

use std::cell::Cell;

use attenuate::{
    attention::{Component, LayerScope, Preset, Scope},
    engine::{Bundled, Engine, EngineError, Prompt, RunSpec, SourceSpec},
};

use crate::engine::support::{NEVER, fresh, numbers, spec, text};
use crate::support::grids::at;

fn everywhere() -> RunSpec {
    spec(Bundled::Austen, Preset::AllLayers)
}

#[test]
fn a_cancelled_run_says_so_and_the_next_is_right() {
    let expected = numbers(&fresh(&everywhere()).unwrap());
    let mut cancelled = 0;
    for after in 0..80 {
        let mut engine = Engine::default();
        let asked = Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) == after;
        match engine.run(&everywhere(), &stop) {
            Err(EngineError::Cancelled) => cancelled += 1,
            Ok(outcome) => assert_eq!(numbers(&outcome), expected),
            Err(error) => panic!("{error}"),
        }
        assert_eq!(numbers(&engine.run(&everywhere(), NEVER).unwrap()), expected, "after {after}");
    }
    assert!(cancelled > 10, "it is asked between layers: {cancelled}");
}

#[test]
fn the_other_questions_can_be_cancelled_too() {
    let mut engine = Engine::default();
    let start = everywhere();
    let effect = engine.effect(&start, at(Component::Value, 0), &|| true);
    assert!(matches!(effect, Err(EngineError::Cancelled)), "{effect:?}");
    let heads = engine.heads(&start.source, &start.prompt, &|| true);
    assert!(matches!(heads, Err(EngineError::Cancelled)), "{heads:?}");
    assert_eq!(
        engine.effect(&start, at(Component::Value, 0), NEVER).unwrap(),
        Engine::default().effect(&start, at(Component::Value, 0), NEVER).unwrap()
    );
    assert_eq!(engine.heads(&start.source, &start.prompt, NEVER).unwrap().len(), 24);
}

#[test]
fn what_does_not_exist_is_named() {
    let mut engine = Engine::default();
    let range = |first, last| Scope { layers: LayerScope::Range { first, last }, ..Scope::default() };
    let positions = |list: &str| Scope { positions: list.parse().unwrap(), ..Scope::default() };
    let figure = spec(Bundled::Smollm2Capture, Preset::ThisHead);
    for (spec, parts) in [
        (everywhere().with(|experiment| experiment.layer = 6), &["layer 6", "0 to 5", "Austen"][..]),
        (everywhere().with(|experiment| experiment.head = 4), &["head 4", "0 to 3", "Austen"]),
        (
            figure.clone().with(|experiment| experiment.layer = usize::MAX),
            &["layer 18446744073709551615", "0 to 29", "SmolLM2"],
        ),
        (figure.clone().with(|experiment| experiment.head = 9), &["head 9", "0 to 8", "SmolLM2"]),
        (figure.clone().with(|experiment| experiment.scope = positions("0,24")), &["position 24", "24 tokens"]),
        (everywhere().with(|experiment| experiment.scope = range(3, 6)), &["3 to 6", "0 to 5", "Austen"]),
        (figure.clone().with(|experiment| experiment.scope = range(30, usize::MAX)), &["30 to", "0 to 29", "SmolLM2"]),
        (RunSpec { prompt: text(""), ..everywhere() }, &["empty"]),
        (RunSpec { prompt: Prompt::TokenIds(Vec::new()), ..everywhere() }, &["empty"]),
        (RunSpec { prompt: Prompt::TokenIds(vec![1, 2048]), ..everywhere() }, &["2048", "vocabulary"]),
        (RunSpec { prompt: Prompt::TokenIds(vec![1; 513]), ..everywhere() }, &["513", "512"]),
        (
            RunSpec { source: SourceSpec::Capture("/nowhere/x.safetensors".into()), ..figure.clone() },
            &["/nowhere/x.safetensors"],
        ),
    ] {
        let found = engine.run(&spec, NEVER).map(|_| ()).unwrap_err().to_string();
        for part in parts {
            assert!(found.contains(part), "“{part}” is missing in: {found}");
        }
        assert!(!found.contains('\n'));
        assert!(engine.effect(&spec, at(Component::Query, 0), NEVER).is_err(), "{found}");
        // And nothing of it stays behind.
        for good in [everywhere(), figure.clone()] {
            assert_eq!(numbers(&engine.run(&good, NEVER).unwrap()), numbers(&fresh(&good).unwrap()));
        }
    }
    let longest =
        RunSpec { prompt: Prompt::TokenIds(vec![1; 512]), ..everywhere() }.with(|experiment| experiment.layer = 0);
    assert_eq!(engine.run(&longest, NEVER).unwrap().n_positions(), 512, "as many as fit");
}

#[test]
fn a_file_that_appears_later_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later.safetensors");
    let spec = RunSpec { source: SourceSpec::Capture(path.clone()), ..spec(Bundled::Smollm2Capture, Preset::ThisHead) };
    let mut engine = Engine::default();
    assert!(matches!(engine.run(&spec, NEVER), Err(EngineError::Capture(_))));
    let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/captures/smollm2-135m.safetensors");
    std::fs::copy(bundled, &path).unwrap();
    assert_eq!(engine.run(&spec, NEVER).unwrap().n_positions(), 24, "failures are not kept");
}
