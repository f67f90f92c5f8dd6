//! `attenuate weights`: what its options mean, in numbers.

use attenuate::{
    attention::{Component, Epsilon, Scope},
    engine::{Bundled, Engine, Prompt},
    model::bundled,
    numbers::exact_weights,
    session::Session,
};
use serde_json::json;

use crate::cli::{
    reference::Smollm2,
    sandbox::Sandbox,
    weights_file::{Panel, Weights, bits},
};
use crate::support::grids::{at, columns};

/// What no option changes of SmolLM2's layer 14, head 3.
fn assert_is_the_figures_view(weights: &Weights) {
    assert_eq!(weights.tokens[..3], ["<|endoftext|>", "Attention", "Ġweights"]);
    assert_eq!(weights.token_text[..3], ["<|endoftext|>", "Attention", " weights"]);
    assert_eq!(weights.token_ids.as_ref().unwrap()[..3], [0, 41319, 10379]);
    assert_eq!((weights.n_positions(), weights.layer, weights.head), (24, 14, 3));
    assert_eq!((weights.n_layers, weights.n_heads, weights.n_kv_heads), (30, 9, 3));
    assert!(weights.causal && weights.model.starts_with("SmolLM2-135M"));
    assert_eq!((weights.source.as_str(), weights.operation.as_str()), ("bundled:smollm2-capture", Some("scale")));
}

fn assert_equal(panel: &Panel, other: &Panel, what: &str) {
    assert!(bits(panel) == bits(other), "{what}");
}

#[test]
fn the_capture_is_the_figure() {
    let weights = Weights::from_both(&["bundled:smollm2-capture"]);
    assert_is_the_figures_view(&weights);
    assert_eq!(weights.epsilon, [[5e-1, 1e-3, 1e-10]; 3]);
    assert_eq!(weights.scope, json!({"layers": "shown", "heads": "shown", "positions": "all"}));
    for column in 0..3 {
        assert_equal(&weights.value[column], &weights.baseline, "value does not enter its own softmax");
        assert_equal(&weights.query[column], &weights.key[column], "(εQ)Kᵀ = Q(εK)ᵀ");
        assert!(bits(&weights.query[column]) != bits(&weights.baseline));
    }
    assert!(bits(&weights.query[0]) != bits(&weights.query[1]));
}

#[test]
fn the_same_numbers_are_the_same_bytes() {
    let sandbox = Sandbox::new();
    for name in ["a.json", "b.json", "a.safetensors", "b.safetensors"] {
        sandbox.run(&["weights", "bundled:smollm2-capture", "--output", name]).assert_done();
    }
    let read = |name: &str| std::fs::read(sandbox.path(name)).unwrap();
    assert!(read("a.json") == read("b.json"));
    assert!(read("a.safetensors") == read("b.safetensors"));
    sandbox.run(&["weights", "bundled:smollm2-capture", "-o", "C.JSON"]).assert_done();
    assert!(read("C.JSON") == read("a.json"), "an extension in capitals is the same format");
}

#[test]
fn epsilon_one_is_the_baseline_and_zero_is_uniform() {
    for source in [
        &["bundled:smollm2-capture"][..],
        &["bundled:austen"],
        &["bundled:austen", "--layers", "all", "--heads", "all"],
    ] {
        let weights = Weights::from_both(&[source, &["--epsilon", "1,0,2.5e-1"]].concat());
        assert_eq!(weights.epsilon, [[1.0, 0.0, 0.25]; 3]);
        for (name, [one, zero, quarter]) in weights.components() {
            assert_equal(one, &weights.baseline, name);
            if name != "value" {
                for (query, row) in zero.iter().enumerate() {
                    #[expect(clippy::cast_possible_truncation, reason = "the one rounding of a written weight")]
                    let uniform = (1.0 / (query + 1) as f64) as f32;
                    assert!(row.iter().flatten().all(|&weight| weight == uniform), "{source:?} {name} row {query}");
                }
                assert!(bits(quarter) != bits(one) && bits(quarter) != bits(zero));
            }
        }
    }
}

/// Every weight within `1e-6` of softmax(factor · q·k / √d).
fn assert_is(panel: &Panel, reference: &Smollm2, [layer, head]: [usize; 2], factor: impl Fn(usize, usize) -> f64) {
    for (query, row) in panel.iter().enumerate() {
        let expected = reference.row([layer, head, query], &factor);
        for (found, expected) in row.iter().flatten().zip(expected) {
            assert!((f64::from(*found) - expected).abs() <= 1e-6, "{layer} {head} {query}: {found}, not {expected}");
        }
    }
}

#[test]
fn layers_and_heads_of_the_capture_are_the_softmax_of_their_vectors() {
    let reference = Smollm2::read();
    for place in [[14, 3], [0, 0], [29, 8], [7, 2]] {
        let [layer, head] = place.map(|number| number.to_string());
        let weights = Weights::from_both(&[
            "bundled:smollm2-capture",
            "--layer",
            &layer,
            "--head",
            &head,
            "--epsilon",
            "0.3,2,1e-5",
        ]);
        assert_eq!([weights.layer, weights.head], place);
        assert_is(&weights.baseline, &reference, place, |_, _| 1.0);
        for (column, epsilon) in [0.3, 2.0, 1e-5].into_iter().enumerate() {
            assert_is(&weights.query[column], &reference, place, |_, _| epsilon);
            assert_is(&weights.key[column], &reference, place, |_, _| epsilon);
        }
    }
}

#[test]
fn positions_are_those_whose_vectors_are_scaled() {
    let reference = Smollm2::read();
    let chosen = |positions: &str, position: usize| match positions {
        "first" => position == 0,
        "rest" => position != 0,
        _ => [0, 3, 7].contains(&position),
    };
    for (positions, written) in
        [("first", json!("first")), ("rest", json!("rest")), ("7,0,3", json!({"selection": [0, 3, 7]}))]
    {
        let weights = Weights::from_both(&["bundled:smollm2-capture", "--positions", positions]);
        assert_is_the_figures_view(&weights);
        assert_eq!(weights.scope["positions"], written);
        for (column, epsilon) in weights.epsilon[0].into_iter().enumerate() {
            let factor = |position| if chosen(positions, position) { epsilon } else { 1.0 };
            assert_is(&weights.query[column], &reference, [14, 3], |query, _| factor(query));
            assert_is(&weights.key[column], &reference, [14, 3], |_, key| factor(key));
            assert_equal(&weights.value[column], &weights.baseline, "value");
        }
        assert!(bits(&weights.query[1]) != bits(&weights.key[1]), "narrower than all positions they differ");
    }
    let first = Weights::from_json(&["bundled:smollm2-capture", "--positions", "first"]);
    assert_equal(&first.query[2], &first.baseline, "the first query sees only itself");
}

#[test]
fn a_capture_knows_only_the_shown_layer() {
    let shown = Weights::from_json(&["bundled:smollm2-capture"]);
    for scope in [&["--layers", "all", "--heads", "all"][..], &["--layers", "3..=20"], &["--heads", "group"]] {
        let weights = Weights::from_both(&[&["bundled:smollm2-capture"], scope].concat());
        for ((name, panels), (_, expected)) in weights.components().into_iter().zip(shown.components()) {
            for (panel, expected) in panels.iter().zip(expected) {
                assert_equal(panel, expected, name);
            }
        }
    }
    // Where the range leaves the shown layer out, nothing is changed.
    let elsewhere = Weights::from_both(&["bundled:smollm2-capture", "--layers", "3..=13"]);
    for (name, panels) in elsewhere.components() {
        for panel in panels {
            assert_equal(panel, &elsewhere.baseline, name);
        }
    }
}

#[test]
fn prompts_and_token_ids_are_read_by_the_live_model() {
    let prompt = Weights::from_both(&["bundled:austen", "--prompt", "She loved music.\n"]);
    assert_eq!(prompt.source, "bundled:austen");
    assert_eq!((prompt.layer, prompt.head), (bundled::DEFAULT_LAYER, bundled::DEFAULT_HEAD));
    assert_eq!(prompt.tokens[0], "<s>");
    let text = prompt.tokens[1..].concat().replace('Ġ', " ").replace('Ċ', "\n");
    assert_eq!(text, "She loved music.\n");

    let without = Weights::from_both(&["bundled:austen", "--prompt", "She loved music.\n", "--no-bos"]);
    assert_eq!(without.tokens, prompt.tokens[1..]);
    assert_eq!(without.token_ids.as_ref().unwrap()[..], prompt.token_ids.as_ref().unwrap()[1..]);

    let ids: Vec<String> = prompt.token_ids.as_ref().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        Weights::from_both(&["bundled:austen", "--token-ids", &ids.join(",")]),
        prompt,
        "the same tokens, the same numbers"
    );
    let exact = Weights::from_both(&["bundled:austen", "--token-ids", "0,12,7"]);
    assert_eq!(exact.token_ids, Some(vec![0, 12, 7]), "no BOS is added");
    for as_written_elsewhere in ["0, 12, 7", "[0, 12, 7]"] {
        assert_eq!(Weights::from_both(&["bundled:austen", "--token-ids", as_written_elsewhere]), exact);
    }
    let single = Weights::from_both(&["bundled:austen", "--token-ids", "2047"]);
    assert_eq!(single.baseline, [[Some(1.0)]]);
}

/// Scopes of the live model against the engine, which is held to PyTorch elsewhere.
#[test]
fn scopes_reach_the_engine() {
    for (arguments, layer, scope) in [
        (&["--layers", "1..=3", "--heads", "group", "--head", "2"][..], 4, ("1..=3", "group", "all")),
        (&["--layers", "all", "--heads", "shown", "--head", "2", "--positions", "rest"], 5, ("all", "shown", "rest")),
        (&["--layers", "2..=2", "--heads", "all", "--head", "2", "--positions", "1,4"], 3, ("2..=2", "all", "1,4")),
    ] {
        let shown = layer.to_string();
        let weights = Weights::from_both(&[&["bundled:austen", "--layer", &shown][..], arguments].concat());
        let scope = Scope {
            layers: scope.0.parse().unwrap(),
            heads: scope.1.parse().unwrap(),
            set: None,
            positions: scope.2.parse().unwrap(),
        };
        assert_eq!(weights.scope, json!(scope));
        let spec = Session::example(Bundled::Austen).run_spec().with(|experiment| {
            experiment.layer = layer;
            experiment.head = 2;
            experiment.scope = scope;
        });
        assert_eq!(spec.prompt, Prompt::Text { text: bundled::DEFAULT_PROMPT.into(), bos: true });
        assert_eq!(spec.experiment.epsilon, columns(&Epsilon::FIGURE));
        let outcome = Engine::default().run(&spec, &|| false).unwrap();
        for (component, (name, panels)) in Component::FIGURE.into_iter().zip(weights.components()) {
            for (column, panel) in panels.iter().enumerate() {
                let expected = exact_weights(&outcome.panels[at(component, column)].pattern);
                let found: Vec<f32> = panel.iter().flatten().map(|weight| weight.unwrap_or(0.0)).collect();
                assert!(found == expected.into_raw_vec_and_offset().0, "{name} {column}");
                assert!(bits(panel) != bits(&weights.baseline), "{arguments:?} {name} {column}: it acts");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_source_and_an_output_need_not_be_utf8() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let sandbox = Sandbox::new();
    let weights = |source: &OsStr, output: &OsStr| {
        let mut command = Sandbox::program(&sandbox.path(""), &["weights", "--layer", "0", "--head", "0"]);
        let ran = command.arg(source).arg("-o").arg(output).output().unwrap();
        assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
        std::fs::read(sandbox.path("").join(output)).unwrap()
    };
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/captures/smollm2-135m.safetensors");
    let name = OsStr::from_bytes(b"caf\xe9.safetensors");
    std::fs::copy(capture, sandbox.path("").join(name)).unwrap();
    let found = weights(name, OsStr::from_bytes(b"\xe9.csv"));
    assert_eq!(found, weights(OsStr::new(capture), OsStr::new("w.csv")));
}

#[cfg(unix)]
#[test]
fn several_heads_never_share_a_file_whose_name_is_not_utf8() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("").join(OsStr::from_bytes(b"\xe9"))).unwrap();
    let run = |output: &[u8]| {
        let arguments = ["weights", "bundled:austen", "--layer", "0", "--head", "0,1", "-o"];
        Sandbox::program(&sandbox.path(""), &arguments).arg(OsStr::from_bytes(output)).output().unwrap()
    };
    assert!(run(b"\xe9/{head}.csv").status.success());
    for name in [&b"\xe9/0.csv"[..], b"\xe9/1.csv"] {
        assert!(sandbox.path("").join(OsStr::from_bytes(name)).is_file());
    }
    let refused = run(b"\xe9{head}.csv");
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
}

#[test]
fn columns_and_rows_are_as_many_as_are_asked_for() {
    let sandbox = Sandbox::new();
    let read = |arguments: &[&str]| -> serde_json::Value {
        sandbox.run(&[&["weights", "bundled:smollm2-capture", "-o", "w.json"], arguments].concat()).assert_done();
        serde_json::from_slice(&std::fs::read(sandbox.path("w.json")).unwrap()).unwrap()
    };
    let four = read(&["--epsilon", "5e-1,1e-3,1e-10,0"]);
    let figure = read(&[]);
    assert_eq!(four["epsilon"], json!(vec![[0.5, 1e-3, 1e-10, 0.0]; 3]));
    for name in ["query", "key", "value"] {
        assert_eq!(four[name].as_array().unwrap()[..3], figure[name].as_array().unwrap()[..], "{name}");
    }
    let rows = read(&["--epsilon", "0.5,0.1", "--rows", "value,query"]);
    assert_eq!(rows["epsilon"], json!([[0.5, 0.1], [0.5, 0.1]]));
    assert!(rows.get("key").is_none() && rows["query"].as_array().unwrap().len() == 2);
    for (epsilon, part) in [("1", "two to six"), ("1,1,1,1,1,1,1", "found 7")] {
        let ran = sandbox.run(&["weights", "bundled:smollm2-capture", "-o", "w.json", "--epsilon", epsilon]);
        assert!(ran.code == Some(2) && ran.stderr.contains(part), "{}", ran.stderr);
    }
    let ran = sandbox.run(&[
        "export",
        "bundled:smollm2-capture",
        "-o",
        "f.svg",
        "--epsilon",
        "0.5,0.1",
        "--compare-epsilon",
        "1,1,1",
    ]);
    assert!(ran.code == Some(1) && ran.stderr.contains("expected 2 values"), "{}", ran.stderr);
    sandbox
        .run(&[
            "export",
            "bundled:smollm2-capture",
            "-o",
            "f.svg",
            "--epsilon",
            "0.5,0.1,0.01,0,1,2",
            "--quantity",
            "difference",
        ])
        .assert_done();
    let cells_of_panels = std::fs::read_to_string(sandbox.path("f.svg")).unwrap().matches("<g transform=").count();
    assert_eq!(cells_of_panels, 18);
    sandbox
        .run(&[
            "animate",
            "bundled:smollm2-capture",
            "-o",
            "a.png",
            "--epsilon",
            "1,0.1,0.5,0",
            "--moving",
            "3",
            "--frames",
            "2",
        ])
        .assert_done();
    let ran = sandbox.run(&["animate", "bundled:smollm2-capture", "-o", "a.png", "--moving", "3", "--frames", "2"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("columns 0 to 2"), "{}", ran.stderr);
}
