//! An output never replaces a file that the same command reads.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use attenuate::{
    attention::Component,
    engine::{Fingerprints, SourceSpec},
    model::bundled,
    session::{Command, document::SessionDocument},
};
use safetensors::{SafeTensors, serialize};

use crate::cli::{
    gguf_files::{convert::golden, quantize::Format},
    sandbox::Sandbox,
};
use crate::support::captured_figure;

const CAPTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/captures/smollm2-135m.safetensors");

/// All files below `folder` with their bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else if path.is_file() {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

/// `arguments` end with 1, name the output, and leave every file as it was.
#[track_caller]
fn refused(sandbox: &Sandbox, arguments: &[&str], part: &str) {
    let before = contents(&sandbox.path(""));
    let output = arguments[arguments.iter().position(|&argument| argument == "-o").unwrap() + 1];
    sandbox.run(arguments).assert_refused(1, &["this would replace", part, "choose another name", output]);
    assert!(contents(&sandbox.path("")) == before, "{arguments:?}");
}

/// A model folder in the sandbox, `model`.
fn model(sandbox: &Sandbox) {
    fs::create_dir(sandbox.path("model")).unwrap();
    for (name, bytes) in [
        ("model/config.json", bundled::CONFIG),
        ("model/model.safetensors", bundled::WEIGHTS),
        ("model/tokenizer.json", bundled::TOKENIZER),
    ] {
        sandbox.write(name, bytes);
    }
}

#[test]
fn a_capture_is_not_replaced_by_its_numbers() {
    let sandbox = Sandbox::new();
    let capture = fs::read(CAPTURE).unwrap();
    sandbox.write("c.safetensors", &capture);
    fs::create_dir(sandbox.path("sub")).unwrap();
    let absolute = sandbox.path("c.safetensors");
    for output in ["c.safetensors", "./sub/../c.safetensors", absolute.to_str().unwrap()] {
        refused(&sandbox, &["weights", "c.safetensors", "-o", output], "a file of the source");
        refused(&sandbox, &["weights", "sub/../c.safetensors", "-o", output], "a file of the source");
    }
    sandbox.run(&["weights", "c.safetensors", "-o", "new.safetensors"]).assert_done();
    sandbox.run(&["weights", "c.safetensors", "-o", "new.safetensors"]).assert_done();
    assert!(fs::read(sandbox.path("c.safetensors")).unwrap() == capture);
}

#[test]
fn a_list_of_changes_in_force_is_not_replaced() {
    let sandbox = Sandbox::new();
    let list = br#"[{"component": "key", "heads": "1:*", "epsilon": 0.5}]"#;
    sandbox.write("list.json", list);
    for command in ["weights", "sweep", "heads"] {
        let mut arguments = vec![command, "bundled:austen", "--in-force", "list.json", "-o", "./list.json"];
        arguments.extend((command == "heads").then_some("--ships"));
        refused(&sandbox, &arguments, "the changes in force that are read");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("list.json", sandbox.path("link.png")).unwrap();
        for command in ["export", "animate"] {
            let arguments = [command, "bundled:austen", "--in-force", "list.json", "-o", "link.png"];
            refused(&sandbox, &arguments, "the changes in force that are read");
        }
        // To open a pipe is to wait for someone who writes.
        let pipe = sandbox.path("pipe.json");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let run = sandbox.run(&["weights", "bundled:austen", "--in-force", "pipe.json", "-o", "w.csv"]);
        run.assert_refused(1, &["pipe.json: not a regular file"]);
    }
}

#[cfg(unix)]
#[test]
fn links_to_what_is_read_are_not_replaced_either() {
    use std::os::unix::fs::symlink;

    let sandbox = Sandbox::new();
    sandbox.write("c.safetensors", &fs::read(CAPTURE).unwrap());
    for name in ["soft.safetensors", "soft.json", "soft.csv", "soft.png", "soft.svg", "soft.gif", "soft.npz"] {
        symlink("c.safetensors", sandbox.path(name)).unwrap();
        let hard = name.replace("soft", "hard");
        fs::hard_link(sandbox.path("c.safetensors"), sandbox.path(&hard)).unwrap();
    }
    symlink(".", sandbox.path("here")).unwrap();
    symlink("soft.png", sandbox.path("twice.png")).unwrap();
    for (command, output) in [
        ("weights", "soft.safetensors"),
        ("weights", "hard.safetensors"),
        ("weights", "here/c.safetensors"),
        ("weights", "soft.npz"),
        ("weights", "hard.csv"),
        ("weights", "soft.json"),
        ("heads", "soft.json"),
        ("heads", "hard.csv"),
        ("sweep", "soft.csv"),
        ("sweep", "hard.json"),
        ("sweep", "soft.png"),
        ("sweep", "here/hard.svg"),
        ("export", "soft.png"),
        ("export", "twice.png"),
        ("export", "hard.svg"),
        ("animate", "soft.gif"),
        ("animate", "hard.png"),
    ] {
        for source in ["c.safetensors", "soft.safetensors", "hard.safetensors"] {
            refused(&sandbox, &[command, source, "-o", output], "a file of the source");
        }
    }
}

#[test]
fn no_part_of_a_model_is_replaced() {
    let sandbox = Sandbox::new();
    model(&sandbox);
    for (command, output) in [
        ("weights", "model/model.safetensors"),
        ("weights", "model/config.json"),
        ("heads", "model/tokenizer.json"),
        ("sweep", "model/../model/config.json"),
        // None of these is there, but each would be read the next time.
        ("weights", "model/model.safetensors.index.json"),
        ("heads", "model/tokenizer_config.json"),
        ("weights", "model/adapter_model.safetensors"),
    ] {
        refused(&sandbox, &[command, "model", "-o", output], "a file of the source");
    }
    // By a relative path from within the folder.
    let ran = Sandbox::run_in(&sandbox.path("model"), &["weights", ".", "-o", "model.safetensors"]);
    ran.assert_refused(1, &["a file of the source", "model.safetensors"]);
    // A new name is free, and so is what was written there.
    for _ in 0..2 {
        sandbox.run(&["weights", "model", "-o", "model/weights.json"]).assert_done();
        sandbox.run(&["export", "model", "-o", "model/figure.png", "--size", "100", "--labels", "none"]).assert_done();
    }
    assert!(fs::read(sandbox.path("model/model.safetensors")).unwrap() == bundled::WEIGHTS);
}

#[test]
fn shards_and_single_files_by_other_names_are_parts_too() {
    let sandbox = Sandbox::new();
    model(&sandbox);
    fs::rename(sandbox.path("model/model.safetensors"), sandbox.path("model/other.safetensors")).unwrap();
    refused(&sandbox, &["weights", "model", "-o", "model/other.safetensors"], "a file of the source");

    let tensors = SafeTensors::deserialize(bundled::WEIGHTS).unwrap();
    let (first, second): (Vec<_>, Vec<_>) = tensors.iter().partition(|(name, _)| name.contains("mlp"));
    let map: BTreeMap<&str, &str> = (first.iter().map(|(name, _)| (*name, "a.safetensors")))
        .chain(second.iter().map(|(name, _)| (*name, "b.safetensors")))
        .collect();
    let index = serde_json::to_vec(&serde_json::json!({ "weight_map": map })).unwrap();
    sandbox.write("model/a.safetensors", &serialize(first, None).unwrap());
    sandbox.write("model/b.safetensors", &serialize(second, None).unwrap());
    sandbox.write("model/model.safetensors.index.json", &index);
    for output in ["model/a.safetensors", "model/b.safetensors", "model/model.safetensors.index.json"] {
        refused(&sandbox, &["weights", "model", "-o", output], "a file of the source");
    }
    sandbox.run(&["weights", "model", "-o", "model/other.safetensors"]).assert_done();
}

#[cfg(unix)]
#[test]
fn a_gguf_file_is_not_replaced() {
    let sandbox = Sandbox::new();
    sandbox.write("m.gguf", &golden("llama", Format::F32).bytes());
    std::os::unix::fs::symlink("m.gguf", sandbox.path("m.npz")).unwrap();
    refused(&sandbox, &["weights", "m.gguf", "--token-ids", "1,2,3", "-o", "m.npz"], "a file of the source");
}

/// Before the first of several files is written.
#[test]
fn a_template_that_meets_the_source_writes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("14-2.safetensors", &fs::read(CAPTURE).unwrap());
    let all = ["14-2.safetensors", "--head", "0..=3", "--layer", "14", "-o", "{layer}-{head}.safetensors"];
    let before = contents(&sandbox.path(""));
    let ran = sandbox.run(&[&["weights"], &all[..]].concat());
    ran.assert_refused(1, &["a file of the source", "14-2.safetensors"]);
    assert!(contents(&sandbox.path("")) == before);
}

#[test]
fn numbers_do_not_replace_the_session_that_they_are_of() {
    let sandbox = Sandbox::new();
    let session = captured_figure().with([Command::SetHead(2)]);
    SessionDocument::of(&session, None, &Fingerprints::default()).save(&sandbox.path("s.json")).unwrap();
    for figure in ["f.png", "f.svg"] {
        sandbox.run(&["export", "bundled:smollm2-capture", "-o", figure]).assert_done();
    }
    for arguments in [
        &["weights", "s.json", "-o", "s.json"][..],
        &["heads", "s.json", "-o", "s.json"],
        &["sweep", "s.json", "-o", "./s.json"],
        &["sweep", "f.png", "-o", "f.png"],
        &["sweep", "f.svg", "-o", "f.svg"],
        // The figure would lose it.
        &["export", "f.png", "-o", "f.png", "--no-session"],
        &["animate", "f.png", "-o", "f.png", "--no-session"],
    ] {
        refused(&sandbox, arguments, "the session that was read");
    }
}

/// It is still a session afterwards.
#[test]
fn a_figure_may_replace_the_file_that_it_was_read_from() {
    let sandbox = Sandbox::new();
    for figure in ["f.png", "f.svg", "f.pdf"] {
        sandbox.run(&["export", "bundled:smollm2-capture", "-o", figure, "--head", "2"]).assert_done();
        let first = fs::read(sandbox.path(figure)).unwrap();
        sandbox.run(&["export", figure, "-o", figure, "--epsilon", "1,0.5,0"]).assert_done();
        assert!(fs::read(sandbox.path(figure)).unwrap() != first);
        let document = attenuate::session::document::read(&sandbox.path(figure)).unwrap();
        assert_eq!((document.session.head(), document.session.epsilon().row(Component::Query)[2].get()), (2, 0.0));
    }
}

/// Its ending would no longer say what is in it.
#[cfg(unix)]
#[test]
fn a_figure_does_not_replace_a_session_in_another_format() {
    let sandbox = Sandbox::new();
    sandbox.run(&["export", "bundled:smollm2-capture", "-o", "f.png"]).assert_done();
    std::os::unix::fs::symlink("f.png", sandbox.path("f.svg")).unwrap();
    refused(&sandbox, &["export", "f.png", "-o", "f.svg"], "the session that was read");
}

#[test]
fn a_session_is_not_saved_over_its_model() {
    let sandbox = Sandbox::new();
    model(&sandbox);
    let model = Command::Locate(SourceSpec::Folder(sandbox.path("model")));
    let session = captured_figure().with([model, Command::SetLayer(0), Command::SetHead(0)]);
    let document = SessionDocument::of(&session, None, &Fingerprints::default());
    let error = document.clone().save(&sandbox.path("model/config.json")).unwrap_err().to_string();
    assert!(error.contains("a file of the source"), "{error}");
    assert!(fs::read(sandbox.path("model/config.json")).unwrap() == bundled::CONFIG);
    document.save(&sandbox.path("model/session.json")).unwrap();
    // The source of a session is protected as any other.
    refused(&sandbox, &["weights", "model/session.json", "-o", "model/model.safetensors"], "a file of the source");
}

/// The case of a model in two files: both are read, whichever is named.
#[cfg(unix)]
#[test]
fn no_part_of_a_split_file_is_replaced() {
    let sandbox = Sandbox::new();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gguf/cases/gguf_split");
    let parts = ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"];
    for (part, link) in parts.into_iter().zip(["first.json", "second.json"]) {
        fs::copy(cases.join(part), sandbox.path(part)).unwrap();
        std::os::unix::fs::symlink(part, sandbox.path(link)).unwrap();
    }
    for source in parts {
        for output in ["first.json", "second.json"] {
            refused(&sandbox, &["weights", source, "-o", output, "--token-ids", "1,2"], "a file of the source");
        }
        sandbox.run(&["weights", source, "-o", "new.json", "--token-ids", "1,2"]).assert_done();
    }
}
