//! What a source is, is seen in the file; and what is uncertain about it is said on standard error.

use std::{fs, path::Path};

use crate::{cli::sandbox::Sandbox, gguf::tokenizers::austen};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// As people have them: upper-case endings, and blobs of caches without one.
#[test]
fn a_source_is_known_by_its_first_bytes() {
    let sandbox = Sandbox::new();
    let root = Path::new(ROOT);
    fs::create_dir(sandbox.path("blobs")).unwrap();
    for (file, name) in [
        ("tests/gguf/cases/gguf_split/whole.gguf", "MODEL.GGUF"),
        ("tests/gguf/cases/gguf_split/whole.gguf", "blobs/sha256-e3b0c44298fc"),
        ("tests/gguf/cases/gguf_split/whole.gguf", "model.safetensors"),
    ] {
        fs::copy(root.join(file), sandbox.path(name)).unwrap();
        sandbox.run(&["weights", name, "-o", "w.json", "--token-ids", "1,2"]).assert_done();
    }
    let capture = root.join("assets/captures/smollm2-135m.safetensors");
    for name in ["C.SafeTensors", "capture"] {
        fs::copy(&capture, sandbox.path(name)).unwrap();
        sandbox.run(&["weights", name, "-o", "w.json"]).assert_done();
    }
    let npz = fs::read_dir(root.join("tests/captures/numpy")).unwrap().map(|entry| entry.unwrap().path());
    let npz = npz.filter(|path| path.extension().is_some_and(|ending| ending == "npz")).min().unwrap();
    let of = |name: &str| {
        sandbox.run(&["weights", name, "-o", "w.json"]).assert_done();
        fs::read_to_string(sandbox.path("w.json")).unwrap()
    };
    for name in ["C.NPZ", "c"] {
        fs::copy(&npz, sandbox.path(name)).unwrap();
        assert!(of(name).contains("query"), "{name}");
    }
}

#[test]
fn what_is_uncertain_is_a_line_on_standard_error() {
    let sandbox = Sandbox::new();
    sandbox.write("old.gguf", &austen().without("tokenizer.ggml.pre").bytes());
    let words = ["--prompt", "in love"];
    for arguments in [
        &["weights", "old.gguf", "-o", "w.json"][..],
        &["export", "old.gguf", "-o", "f.png", "--size", "100", "--labels", "none"],
        &["heads", "old.gguf", "-o", "h.json"],
        &["sweep", "old.gguf", "-o", "s.json"],
    ] {
        let ran = sandbox.run(&[arguments, &words].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let line = ran.stderr.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        let expected = "attenuate: note: the file does not tell how words are cut, as it has no tokenizer.ggml.pre";
        assert!(line.starts_with(expected) && line.ends_with(": old.gguf"), "{line}");
    }
}
