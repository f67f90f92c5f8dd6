//! Adapters in folders of their own: the base is found, named, or asked for.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::sandbox::{Ran, Sandbox};

const IDS: &str = "0,5,17,40,99,250,5,17";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The files of a model in `folder`.
pub fn model(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for name in ["config.json", "model.safetensors"] {
        fs::copy(root().join("goldens/llama").join(name), folder.join(name)).unwrap();
    }
}

/// An adapter in `folder`, whose base has this name.
pub fn adapter(folder: &Path, base: &str) {
    fs::create_dir_all(folder).unwrap();
    let plain = root().join("parity/adapters/plain");
    fs::copy(plain.join("adapter_model.safetensors"), folder.join("adapter_model.safetensors")).unwrap();
    let mut config: serde_json::Value =
        serde_json::from_slice(&fs::read(plain.join("adapter_config.json")).unwrap()).unwrap();
    config["base_model_name_or_path"] = base.into();
    fs::write(folder.join("adapter_config.json"), config.to_string()).unwrap();
}

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
