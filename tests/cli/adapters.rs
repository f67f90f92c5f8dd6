//! Adapters in folders of their own: the base is found, named, or asked for.

use std::fs;

use super::sandbox::{Ran, Sandbox};
use crate::support::adapters::{adapter, model};

const IDS: &str = "0,5,17,40,99,250,5,17";

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let all = [&["weights", "-o", "-.json", "--token-ids", IDS], arguments].concat();
    let mut command = Sandbox::program(&sandbox.path(""), &all);
    let output = command.env("HF_HUB_CACHE", sandbox.path("cache")).output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    Ran { code: output.status.code(), stdout, stderr }
}

fn baseline(sandbox: &Sandbox, arguments: &[&str]) -> serde_json::Value {
    let ran = run(sandbox, arguments);
    assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
    serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap()["baseline"].clone()
}

#[test]
fn the_base_is_found_beside_the_adapter_in_the_cache_or_named() {
    let sandbox = Sandbox::new();
    // In one folder, which is compared with peft in `parity::adapters`.
    model(&sandbox.path("whole"));
    adapter(&sandbox.path("whole"), "");
    let expected = baseline(&sandbox, &["whole"]);
    model(&sandbox.path("base"));
    assert_ne!(baseline(&sandbox, &["base"]), expected, "the adapter changes something");

    adapter(&sandbox.path("by-path"), sandbox.path("base").to_str().unwrap());
    adapter(&sandbox.path("beside"), "somewhere/else/base");
    adapter(&sandbox.path("cached"), "org/tiny");
    let snapshot = sandbox.path("cache/models--org--tiny/snapshots/abc");
    model(&snapshot);
    fs::create_dir_all(sandbox.path("cache/models--org--tiny/refs")).unwrap();
    fs::write(sandbox.path("cache/models--org--tiny/refs/main"), "abc").unwrap();
    for name in ["by-path", "beside", "cached"] {
        assert_eq!(baseline(&sandbox, &[name]), expected, "{name}");
    }
    adapter(&sandbox.path("lost"), "gone/away");
    assert_eq!(baseline(&sandbox, &["lost", "--base", "base"]), expected);
    assert_eq!(baseline(&sandbox, &["lost", "--base", "hf:org/tiny"]), expected);
}

#[test]
fn a_session_remembers_the_base() {
    let sandbox = Sandbox::new();
    model(&sandbox.path("base"));
    adapter(&sandbox.path("lost"), "gone/away");
    let ran = sandbox.run(&["export", "lost", "--base", "base", "--token-ids", IDS, "-o", "figure.svg"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let again = sandbox.run(&["weights", "figure.svg", "-o", "again.json"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    // Another base is another model.
    fs::write(sandbox.path("base/config.json"), fs::read_to_string(sandbox.path("base/config.json")).unwrap() + " ")
        .unwrap();
    let changed = sandbox.run(&["weights", "figure.svg", "-o", "changed.json"]);
    assert_eq!(changed.code, Some(1));
    assert!(changed.stderr.contains("its content is not what it was"), "{}", changed.stderr);
}

#[test]
fn what_is_no_adapter_or_no_base_is_refused() {
    let sandbox = Sandbox::new();
    model(&sandbox.path("base"));
    model(&sandbox.path("whole"));
    adapter(&sandbox.path("whole"), "");
    adapter(&sandbox.path("lost"), "gone/away");
    for (arguments, code, part) in [
        (&["lost"][..], 1, "an adapter of “gone/away”: expected that model beside it"),
        (&["lost", "--base", "gone"], 1, "there is no such file or folder: gone"),
        (&["lost", "--base", "bundled:austen"], 2, "--base is a model folder or hf:OWNER/NAME"),
        (&["bundled:austen", "--base", "base"], 2, "--base is for an adapter"),
        (&["base", "--base", "base"], 1, "not an adapter, it has no adapter_config.json"),
        (&["lost", "--base", "whole"], 1, "the base of an adapter has an adapter itself"),
        (&["lost", "--base", "hf:org/none"], 1, "org/none"),
    ] {
        let ran = run(&sandbox, arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn the_base_is_shown_and_compared_with() {
    let sandbox = Sandbox::new();
    model(&sandbox.path("base"));
    model(&sandbox.path("whole"));
    adapter(&sandbox.path("whole"), "");
    adapter(&sandbox.path("mine"), "base");
    let alone = baseline(&sandbox, &["base"]);
    for named in [&["whole"][..], &["mine"], &["mine", "--base", "base"]] {
        assert_ne!(baseline(&sandbox, named), alone);
        assert_eq!(baseline(&sandbox, &[named, &["--without-adapter"]].concat()), alone, "{named:?}");
    }
    let figure = |source: &str, output: &str, options: &[&str]| {
        sandbox.run(&[&["export", source, "--token-ids", IDS, "-o", output], options].concat())
    };
    let assert_drawn = |ran: Ran| assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_drawn(figure("mine", "difference.svg", &["--compare-base"]));
    let drawn = fs::read_to_string(sandbox.path("difference.svg")).unwrap();
    assert!(drawn.contains("The Difference from the Base Model after Modifying Query, Key and Value"));
    // It is in the session that the figure carries.
    assert_drawn(figure("mine", "same.svg", &["--compare-base", "--no-session"]));
    assert_drawn(sandbox.run(&["export", "difference.svg", "--no-session", "-o", "again.svg"]));
    let [same, again] = ["same.svg", "again.svg"].map(|name| fs::read(sandbox.path(name)).unwrap());
    assert!(same == again);
    figure("mine", "base.svg", &["--without-adapter"]).assert_done();
    sandbox.run(&["weights", "base.svg", "-o", "base.json"]).assert_done();
    let written: serde_json::Value = serde_json::from_slice(&fs::read(sandbox.path("base.json")).unwrap()).unwrap();
    assert_eq!(written["baseline"], alone);

    let no_adapter = "base has no adapter, so that there is no base beneath it";
    for (source, options, code, part) in [
        ("base", &["--compare-base"][..], 1, no_adapter),
        ("base", &["--without-adapter"], 1, no_adapter),
        ("mine", &["--without-adapter", "--compare-base"], 1, "mine without its adapter has no adapter"),
        ("bundled:austen", &["--compare-base"], 1, "--compare-base is for a model with an adapter"),
        ("bundled:austen", &["--without-adapter"], 2, "--without-adapter is for a model with an adapter"),
        ("mine", &["--compare-base", "--compare-head", "0:0"], 2, "cannot be used with"),
        ("mine", &["--compare-base", "--quantity", "weight"], 2, "--compare-base shows differences"),
    ] {
        figure(source, "refused.svg", options).assert_refused(code, &[part]);
    }
}
