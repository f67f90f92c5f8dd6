//! Models that other programs keep on this disk: listed, and opened by the names that they have there.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{
    cli::sandbox::{Ran, Sandbox},
    gguf::tokenizers::austen,
    support::adapters::{adapter, model},
};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The program, with all caches in the sandbox.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let mut command: Command = Sandbox::program(&sandbox.path("."), arguments);
    for variable in ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "XDG_CACHE_HOME"] {
        command.env_remove(variable);
    }
    for (variable, place) in
        [("HF_HOME", "hf"), ("OLLAMA_MODELS", "ollama"), ("LLAMA_CACHE", "llama"), ("HOME", "home")]
    {
        command.env(variable, sandbox.path(place));
    }
    let Output { status, stdout, stderr } = command.output().unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
    Ran { code: status.code(), stdout, stderr }
}

fn write(sandbox: &Sandbox, name: &str, bytes: &[u8]) {
    let path = sandbox.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// One model in each cache, and in Hugging Face's what does not open besides.
fn caches() -> Sandbox {
    let sandbox = Sandbox::new();
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/model");
    let hub = "hf/hub/models--me--austen";
    write(&sandbox, &format!("{hub}/refs/main"), COMMIT.as_bytes());
    for name in ["config.json", "model.safetensors", "tokenizer.json"] {
        let bytes = fs::read(assets.join(name)).unwrap();
        write(&sandbox, &format!("{hub}/snapshots/{COMMIT}/{name}"), &bytes);
    }
    write(&sandbox, "hf/hub/models--me--half/refs/main", COMMIT.as_bytes());
    write(&sandbox, "hf/hub/models--me--half/blobs/00.incomplete", &[0; 1500]);
    write(&sandbox, "hf/hub/models--me--gone/refs/main", COMMIT.as_bytes());
    let state = format!("hf/hub/models--me--state/snapshots/{COMMIT}");
    write(&sandbox, &format!("{state}/config.json"), br#"{"model_type": "mamba"}"#);
    let file = austen().bytes();
    write(&sandbox, &format!("ollama/blobs/sha256-{DIGEST}"), &file);
    let layer =
        format!(r#"{{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:{DIGEST}", "size": 9}}"#);
    let manifest = format!(r#"{{"schemaVersion": 2, "layers": [{layer}]}}"#);
    write(&sandbox, "ollama/manifests/registry.ollama.ai/library/austen/1b", manifest.as_bytes());
    write(&sandbox, "llama/me_austen_m.gguf", &file);
    write(&sandbox, "home/.lmstudio/models/me/austen/m.gguf", &file);
    sandbox
}

#[test]
fn models_are_listed_with_what_opens_them() {
    let sandbox = caches();
    let ran = run(&sandbox, &["models"]);
    ran.assert_done();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["source", "size", "family", "opens"]);
    assert_eq!(lines.len(), 1 + 7, "{}", ran.stdout);
    let ran = run(&sandbox, &["models", "--json"]);
    ran.assert_done();
    let listed: Value = serde_json::from_str(&ran.stdout).unwrap();
    let of = |source: &str| {
        let models = listed["models"].as_array().unwrap().iter();
        let mut found = models.filter(|model| model["source"].as_str().is_some_and(|found| found.ends_with(source)));
        let found = found.next().unwrap_or_else(|| panic!("{source}: {}", ran.stdout));
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        (text("state"), text("family"), text("why"))
    };
    let opens = || ("opens".to_owned(), "llama".to_owned(), String::new());
    for source in ["hf:me/austen", "ollama:austen:1b", "me_austen_m.gguf", "me/austen/m.gguf"] {
        assert_eq!(of(source), opens(), "{source}");
    }
    let (state, family, why) = of("hf:me/state");
    assert_eq!((&*state, &*family), ("refused", "mamba"));
    assert!(why.contains("no attention pattern"), "{why}");
    assert_eq!(of("hf:me/half").0, "unfinished");
    assert_eq!(of("hf:me/gone").0, "missing");
    assert!(listed["searched"].as_array().unwrap().iter().any(|folder| folder["why_not"].is_null()));
}

/// By the name that it calls it, in the cache alone, and in the version that it names.
#[test]
fn an_adapter_is_listed_and_opened_over_its_base_where_that_is_there_too() {
    let sandbox = Sandbox::new();
    let snapshot = |name: &str, commit: &str| sandbox.path(&format!("hf/hub/models--me--{name}/snapshots/{commit}"));
    model(&snapshot("base", COMMIT));
    model(&sandbox.path("elsewhere"));
    write(&sandbox, "hf/hub/models--me--half/refs/main", COMMIT.as_bytes());
    write(&sandbox, "hf/hub/models--me--half/blobs/00.incomplete", &[0; 1500]);
    write(&sandbox, &format!("hf/hub/models--me--state/snapshots/{COMMIT}/config.json"), br#"{"model_type": "mamba"}"#);
    let elsewhere = sandbox.path("elsewhere").display().to_string();
    let over = [
        ("mine", "me/base"),
        ("lost", "me/nobody"),
        ("local", &*elsewhere),
        ("early", "me/half"),
        ("odd", "me/state"),
        ("unnamed", ""),
        ("second", "me/mine"),
        ("dated", "me/base"),
    ];
    for (name, base) in over {
        adapter(&snapshot(name, COMMIT), base);
    }
    let dated = snapshot("dated", COMMIT).join("adapter_config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&dated).unwrap()).unwrap();
    config["revision"] = "v2".into();
    fs::write(&dated, config.to_string()).unwrap();

    let ran = run(&sandbox, &["models", "--json"]);
    ran.assert_done();
    let listed: Value = serde_json::from_str(&ran.stdout).unwrap();
    let of = |name: &str| {
        let mut models = listed["models"].as_array().unwrap().iter();
        let found = models.find(|model| model["source"].as_str() == Some(&format!("hf:me/{name}")));
        found.unwrap_or_else(|| panic!("{name}: {}", ran.stdout)).clone()
    };
    let mine = of("mine");
    let size = fs::metadata(snapshot("mine", COMMIT).join("adapter_model.safetensors")).unwrap().len();
    assert_eq!(
        (&mine["state"], &mine["over"], &mine["family"]),
        (&"opens".into(), &"hf:me/base".into(), &"llama".into())
    );
    assert_eq!((&mine["bytes"], &of("base")["over"]), (&size.into(), &Value::Null));
    for (name, state, part) in [
        ("lost", "missing", "an adapter of “me/nobody”, which is not in Hugging Face's cache"),
        ("local", "missing", "which is not in Hugging Face's cache: --base names it"),
        ("early", "unfinished", "an adapter of “me/half”: a download was not finished"),
        ("odd", "refused", "over hf:me/state: model_type mamba is not supported"),
        ("unnamed", "refused", "an adapter of a model that it does not name"),
        ("second", "refused", "over hf:me/mine: not a model folder but an adapter of “me/base”"),
        ("dated", "refused", "an adapter of “me/base”: hf:me/base@v2: expected one of hf:me/base"),
    ] {
        let found = of(name);
        assert_eq!(found["state"], state, "{found}");
        assert!(found["why"].as_str().unwrap().contains(part) && found["over"].is_null(), "{found}");
    }
    let table = run(&sandbox, &["models"]).stdout;
    assert!(table.contains("yes, an adapter over hf:me/base"), "{table}");

    let baseline = |arguments: &[&str]| {
        let ran = run(&sandbox, &[&["weights", "-o", "-.json", "--token-ids", "0,5,17,40"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        serde_json::from_str::<Value>(&ran.stdout).unwrap()["baseline"].clone()
    };
    let folder = snapshot("mine", COMMIT).display().to_string();
    assert_eq!(baseline(&["hf:me/mine"]), baseline(&[&folder, "--base", "elsewhere"]));
    assert_eq!(baseline(&["hf:me/mine", "--without-adapter"]), baseline(&["hf:me/base"]));
    assert_ne!(baseline(&["hf:me/mine"]), baseline(&["hf:me/base"]));
    run(&sandbox, &["weights", "hf:me/lost", "-o", "w.json", "--token-ids", "1,2"])
        .assert_refused(1, &["an adapter of “me/nobody”"]);
}

#[test]
fn nothing_on_the_disk_is_no_failure() {
    let ran = run(&Sandbox::new(), &["models"]);
    ran.assert_done();
    assert!(ran.stdout.starts_with("No models of other programs were found. Looked in:\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("hf/hub (Hugging Face)"), "{}", ran.stdout);
}

/// The numbers are those of the same files by their paths; sessions and figures have the name.
#[test]
fn a_name_is_a_source_and_stays_one() {
    let sandbox = caches();
    let weights = |source: &str| {
        run(&sandbox, &["weights", source, "-o", "w.json", "--prompt", "in love"]).assert_done();
        let mut written: Value = serde_json::from_slice(&fs::read(sandbox.path("w.json")).unwrap()).unwrap();
        let source = written.as_object_mut().unwrap().remove("source").unwrap();
        (source.as_str().unwrap().to_owned(), written)
    };
    let folder = format!("hf/hub/models--me--austen/snapshots/{COMMIT}");
    for (name, path) in [("hf:me/austen", &*folder), ("ollama:austen:1b", "llama/me_austen_m.gguf")] {
        let ((source, mut by_name), (_, mut by_path)) = (weights(name), weights(path));
        assert_eq!(source, name);
        for written in [&mut by_name, &mut by_path] {
            written.as_object_mut().unwrap().remove("model");
        }
        assert!(by_name == by_path, "{name}");
    }
    run(&sandbox, &["export", "hf:me/austen", "-o", "f.svg", "--prompt", "in love", "--labels", "none"]).assert_done();
    let figure = fs::read_to_string(sandbox.path("f.svg")).unwrap();
    assert!(figure.contains("hf:me/austen") && !figure.contains(COMMIT), "the name, not the path");
    run(&sandbox, &["export", "f.svg", "-o", "again.svg", "--labels", "none"]).assert_done();
    let weights = format!("{folder}/model.safetensors");
    let over = run(&sandbox, &["weights", "hf:me/austen", "-o", &weights, "--prompt", "in love"]);
    over.assert_refused(1, &["would replace a file of the source"]);
    write(&sandbox, &format!("{folder}/tokenizer.json"), b"{}");
    run(&sandbox, &["export", "f.svg", "-o", "x.svg"]).assert_refused(1, &["not the same", "hf:me/austen"]);
    fs::remove_dir_all(sandbox.path("hf")).unwrap();
    run(&sandbox, &["export", "f.svg", "-o", "x.svg"]).assert_refused(1, &["source is not at hf:me/austen"]);
}

#[test]
fn a_name_that_leads_nowhere_is_one_sentence() {
    let sandbox = caches();
    for (name, code, parts) in [
        ("hf:me/nobody", 1, &["hf:me/nobody is not on this disk", "nothing is fetched", "attenuate models"][..]),
        ("hf:me/half", 1, &["hf:me/half: a download was not finished (1.50 kB of a file)"]),
        ("hf:me/gone", 1, &["hf:me/gone: refs/main names 0123456789"]),
        ("hf:me/state", 1, &["model_type mamba is not supported"]),
        ("hf:me/austen@v2", 1, &["expected one of hf:me/austen"]),
        ("ollama:austen", 1, &["ollama:austen is not on this disk, looked in "]),
        ("hf:../../etc", 2, &["“hf:../../etc” is no name of a model"]),
        ("ollama:../x", 2, &["expected hf:OWNER/NAME[@REVISION][:FILE] or ollama:NAME[:TAG]"]),
    ] {
        run(&sandbox, &["weights", name, "-o", "w.json", "--token-ids", "1,2"]).assert_refused(code, parts);
    }
}
