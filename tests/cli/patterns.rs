//! Files of attention weights alone on the command line: what needs nothing else works, the rest is refused by name.

use std::{fs, path::Path};

use crate::{
    captures::files::{Packing, npy, npz, tuple},
    cli::sandbox::Sandbox,
};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/cases/patterns_only.npz");
    fs::copy(case, sandbox.path("p.npz")).unwrap();
    sandbox
}

fn read(sandbox: &Sandbox, name: &str) -> String {
    fs::read_to_string(sandbox.path(name)).unwrap()
}

#[test]
fn what_needs_weights_alone_is_written() {
    let sandbox = sandbox();
    let head = ["--layer", "1", "--head", "1"];
    for arguments in [
        &["weights", "p.npz", "-o", "w.json"][..],
        &["weights", "p.npz", "-o", "w.npz"],
        &["weights", "p.npz", "-o", "w.safetensors"],
        &["weights", "p.npz", "-o", "w.csv"],
        &["export", "p.npz", "-o", "f.svg", "--size", "100"],
        &["export", "p.npz", "-o", "d.svg", "--size", "100", "--compare-head", "0:0"],
    ] {
        let ran = sandbox.run(&[arguments, &head].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.contains("holds patterns only") && ran.stderr.contains("its mask was inferred: causal"));
    }
    sandbox.run(&["heads", "p.npz", "-o", "h.json"]);
    assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&read(&sandbox, "h.json")).unwrap().len(), 6);
    let json: serde_json::Value = serde_json::from_str(&read(&sandbox, "w.json")).unwrap();
    for absent in ["epsilon", "operation", "scope", "query", "key", "value"] {
        assert!(json.get(absent).is_none(), "{absent}");
    }
    assert_eq!(json["baseline"].as_array().unwrap().len(), 6);
    let csv = read(&sandbox, "w.csv");
    assert_eq!(csv.lines().count(), 1 + 21);
    assert!(csv.lines().nth(1).unwrap().starts_with("baseline,,0,<s>,0,<s>,1.0,1.0,"), "{csv}");
    let figure = read(&sandbox, "f.svg");
    assert!(figure.contains("The Attention Weight") && figure.contains("Baseline") && !figure.contains("Modifying"));
    assert!(read(&sandbox, "d.svg").contains("Difference from Layer 0 Head 0"));
    let values =
        safetensors::SafeTensors::deserialize(&fs::read(sandbox.path("w.safetensors")).unwrap()).unwrap().names().len();
    assert_eq!(values, 1, "the baseline alone");
}

#[test]
fn what_needs_vectors_is_refused_by_name() {
    let sandbox = sandbox();
    let reason = "this file holds patterns only, no query, key or value";
    for (arguments, expected) in [
        (&["weights", "p.npz", "-o", "w.json", "--epsilon", "0.5,0.1"][..], "--epsilon has nothing to act on"),
        (&["weights", "p.npz", "-o", "w.json", "--operation", "mean-heads"], "--operation has nothing to act on"),
        (&["weights", "p.npz", "-o", "w.json", "--layers", "all"], "--layers has nothing to act on"),
        (&["weights", "p.npz", "-o", "w.json", "--heads", "all"], "--heads has nothing to act on"),
        (&["weights", "p.npz", "-o", "w.json", "--positions", "first"], "--positions has nothing to act on"),
        (&["weights", "p.npz", "-o", "w.json", "--rows", "query"], "--rows has nothing to act on"),
        (&["export", "p.npz", "-o", "f.png", "--rows", "key"], "--rows has nothing to act on"),
        (&["export", "p.npz", "-o", "f.png", "--columns", "0"], "--columns has nothing to act on"),
        (&["export", "p.npz", "-o", "f.png", "--quantity", "score"], "--quantity score has nothing to act on"),
        (&["export", "p.npz", "-o", "f.png", "--quantity", "value-norm"], "--quantity value-norm has nothing"),
        (&["export", "p.npz", "-o", "f.png", "--compare-epsilon", "1,1,1"], "--compare-epsilon has nothing"),
        (&["sweep", "p.npz", "-o", "s.csv"], reason),
        (&["animate", "p.npz", "-o", "a.png"], reason),
        (&["heads", "p.npz", "--ships"], "--ships needs a model"),
    ] {
        let ran = sandbox.run(arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn layers_are_called_by_the_models_numbers() {
    let sandbox = Sandbox::new();
    let numbers: Vec<u8> = (0..24).flat_map(|i| ((i % 5) as f32 / 4.0).to_le_bytes()).collect();
    let vectors = npy("<f4", &tuple(&[2, 1, 3, 4]), &numbers);
    let layers = npy("<i8", &tuple(&[2]), &[5_i64, 9].map(i64::to_le_bytes).concat());
    fs::write(
        sandbox.path("c.npz"),
        npz(&[("q", vectors.clone()), ("k", vectors), ("layers", layers)], Packing::Stored),
    )
    .unwrap();
    let ran = sandbox.run(&["weights", "c.npz", "-o", "{layer}.json", "--layer", "all"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("layers are called by their numbers in the model: 5, 9"), "{ran:?}");
    for layer in [5, 9] {
        let json: serde_json::Value = serde_json::from_str(&read(&sandbox, &format!("{layer}.json"))).unwrap();
        assert_eq!(json["layer"], layer);
    }
    sandbox.run(&["heads", "c.npz", "-o", "h.csv"]);
    let heads = read(&sandbox, "h.csv");
    let first: Vec<&str> = heads.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(first, ["layer", "5", "9"]);
    sandbox.run(&["export", "c.npz", "-o", "f.svg", "--size", "100", "--layer", "9", "--compare-head", "5:0"]);
    assert!(read(&sandbox, "f.svg").contains("Difference from Layer 5 Head 0"));
    sandbox.run(&["sweep", "c.npz", "-o", "s.json", "--layer", "9"]);
    let sweep: serde_json::Value = serde_json::from_str(&read(&sandbox, "s.json")).unwrap();
    assert_eq!(sweep["layer"], 9);
    for arguments in [
        &["weights", "c.npz", "-o", "w.json", "--layer", "0"][..],
        &["sweep", "c.npz", "-o", "s.csv", "--layer", "0"],
        &["export", "c.npz", "-o", "f.svg", "--compare-head", "0:0"],
    ] {
        let ran = sandbox.run(arguments);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.stderr.contains("there is no layer 0") && ran.stderr.contains("has layers 5, 9"), "{ran:?}");
    }
}

#[test]
fn what_goes_to_a_sink_logit_has_lines_of_its_own() {
    let sandbox = Sandbox::new();
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/cases/gpt_oss_sinks.safetensors");
    fs::copy(case, sandbox.path("c.safetensors")).unwrap();
    sandbox.run(&["weights", "c.safetensors", "-o", "w.csv", "--epsilon", "0.5,0"]).assert_done();
    let csv = read(&sandbox, "w.csv");
    let mut rows = std::collections::BTreeMap::<String, f64>::new();
    let mut n_rests = 0;
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [component, epsilon, query, _, key, token, weight, ..] = cells[..] else { panic!("{line}") };
        n_rests += usize::from(key.is_empty() && token == "rest");
        *rows.entry(format!("{component} {epsilon} {query}")).or_default() += weight.parse::<f64>().unwrap();
    }
    assert_eq!(n_rests, rows.len(), "one for each row");
    assert!(rows.values().all(|sum| (sum - 1.0).abs() < 1e-5), "{rows:?}");
}
