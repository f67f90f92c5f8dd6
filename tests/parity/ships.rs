//! Ships of every head against PyTorch's (`ships/make_ships.py`).

use std::{fs, sync::Arc};

use attenuate::{
    attention::{Component, Epsilon},
    engine::{Engine, OpenSource, Prompt, RunSpec, SourceSpec},
};
use serde_json::Value;

use crate::parity::golden::{goldens_folder, load};
use crate::support::captured_figure;

/// In nats. The largest of them is 8e-3.
const TOLERANCE: f64 = 1e-5;
/// Of each value: two f32 runs of the same model differ by less than this.
const RELATIVE: f64 = 2e-3;

#[test]
fn every_heads_ships_is_pytorchs() {
    let stored = fs::read(goldens_folder().join("../parity/ships/ships.json")).unwrap();
    let stored: Value = serde_json::from_slice(&stored).unwrap();
    let golden = load(&goldens_folder().join("llama")).unwrap();
    let ids: Vec<u32> = stored["token_ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect();
    assert_eq!(ids, golden.token_ids);

    let source = SourceSpec::Folder("the golden llama".into());
    let mut engine = Engine::default();
    engine.adopt(Arc::new(OpenSource::live(&source, "llama", golden.model)));
    let spec = RunSpec { source, prompt: Prompt::TokenIds(ids), ..captured_figure().run_spec() };
    let cases = stored["cases"].as_array().unwrap();
    let mut compared = 0;
    for (component, epsilon) in [(Component::Query, 1e-3), (Component::Key, 1e-3), (Component::Value, 0.0)] {
        let name = component.name().to_lowercase();
        let expected: Vec<&Value> = cases.iter().filter(|case| case["component"] == name.as_str()).collect();
        assert!(expected.iter().all(|case| case["eps"] == epsilon));
        let found = engine
            .ships(&spec, component, Epsilon::new(epsilon).unwrap(), None, &mut |_| {}, &|| false)
            .unwrap()
            .unwrap();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.layer as u64, expected["layer"].as_u64().unwrap());
            assert_eq!(found.head as u64, expected["head"].as_u64().unwrap());
            let ships = expected["ships"].as_f64().unwrap();
            let difference = (found.ships - ships).abs();
            assert!(difference <= TOLERANCE.min(ships * RELATIVE), "{component} {found:?}: {ships}, {difference:e}");
            compared += 1;
        }
    }
    assert_eq!(compared, cases.len());
}
