//! What cannot be done: one line that says why, the exit status, and nothing left behind.

use std::{collections::HashMap, fs, path::Path, process::Command};

use attenuate::model::bundled;
use safetensors::{Dtype, serialize, tensor::TensorView};
use tempfile::TempDir;

use crate::cli::sandbox::{Sandbox, names};

/// With and without a file in its place, `arguments` fail like this and leave the folder as it was.
fn refused(sandbox: &Sandbox, code: i32, output: &str, arguments: &[&str], parts: &[&str]) {
    let command = if output.ends_with(".png") { "export" } else { "weights" };
    let arguments = [&[command, "-o", output], arguments].concat();
    let before = sandbox.names();
    sandbox.run(&arguments).assert_refused(code, parts);
    assert_eq!(sandbox.names(), before, "{arguments:?}");

    fs::write(sandbox.path(output), "keep me").unwrap();
    let before = sandbox.names();
    sandbox.run(&arguments).assert_refused(code, parts);
    assert_eq!(sandbox.names(), before, "{arguments:?}");
    assert_eq!(fs::read(sandbox.path(output)).unwrap(), b"keep me", "{arguments:?}");
    fs::remove_file(sandbox.path(output)).unwrap();
}

#[test]
fn arguments_that_cannot_be_understood_exit_with_2() {
    let sandbox = Sandbox::new();
    for (arguments, parts) in [
        (&["--epsilon", "-1,0.5,0.1"][..], &["--epsilon", "“-1”", "0 or more"][..]),
        (&["--epsilon=-1,0.5,0.1"], &["--epsilon", "“-1”", "0 or more"]),
        (&["--epsilon", "nan,1,1"], &["--epsilon", "“nan”", "number"]),
        (&["--epsilon", "1,inf,1"], &["--epsilon", "“inf”", "finite"]),
        (&["--epsilon", "1"], &["--epsilon", "two to six values", "found 1"]),
        (&["--epsilon", "1,2,3,4,5,6,7"], &["--epsilon", "two to six values", "found 7"]),
        (&["--epsilon", ""], &["--epsilon"]),
        (&["--epsilon"], &["--epsilon"]),
        (&["--sparkle"], &["--sparkle"]),
        (&["bundled:nobody"], &["bundled:nobody", "bundled:smollm2", "bundled:austen"]),
        (&["bundled:austen", "bundled:austen"], &["bundled:austen"]),
        (&["--layers", "5..=2"], &["--layers", "5..=2", "A..=B"]),
        (&["--layers", "1..3"], &["--layers", "1..3", "A..=B"]),
        (&["--heads", "some"], &["--heads", "some", "group"]),
        (&["--positions", "1,x"], &["--positions", "1,x", "rest"]),
        (&["--operation", "double"], &["--operation", "double", "scale"]),
        (&["--layer", "-1"], &["-1"]),
        (&["--layer", "two"], &["--layer", "two"]),
        (&["--prompt", "a", "--token-ids", "1"], &["--prompt", "--token-ids"]),
        (&["--token-ids", ""], &["--token-ids"]),
        (&["--token-ids", "1,2.5"], &["--token-ids", "2.5"]),
        (&["--token-ids", "4294967296"], &["--token-ids", "4294967296"]),
    ] {
        refused(&sandbox, 2, "out.json", arguments, parts);
        refused(&sandbox, 2, "out.png", arguments, parts);
    }
    for (arguments, parts) in [
        (&["--dpi", "10"][..], &["--dpi", "36 to 2400", "10"][..]),
        (&["--dpi", "many"], &["--dpi", "many"]),
        (&["--norm", "cubic"], &["--norm", "cubic"]),
        (&["--norm", "1:0"], &["--norm"]),
        (&["--colormap", "jet"], &["--colormap", "jet", "viridis"]),
        (&["--size", "10"], &["--size", "20 to 2000"]),
        (&["--size", "A4"], &["--size", "A4"]),
    ] {
        refused(&sandbox, 2, "out.png", arguments, parts);
    }
    for (arguments, parts) in [
        (&["export"][..], &["--output"][..]),
        (&["weights"], &["--output"]),
        (&["heads", "bundled:smollm2-capture", "--layer", "3"], &["--layer"]),
        (&["--epsilon", "1"], &["--epsilon"]),
    ] {
        sandbox.run(arguments).assert_refused(2, parts);
    }
    // A word alone is a SOURCE.
    sandbox.run(&["sing"]).assert_refused(1, &["no such file or folder", "sing"]);
    assert!(sandbox.names().is_empty());
}

/// A capture's vectors are of one prompt; reading on as if nothing had been said would give another prompt's numbers.
#[test]
fn a_prompt_for_a_capture_is_refused() {
    let sandbox = Sandbox::new();
    for prompt in [&["--prompt", "Hello."][..], &["--token-ids", "1,2"], &["--no-bos"]] {
        let parts = [prompt[0], "bundled:smollm2-capture is a capture", "bundled:smollm2 reads any"];
        refused(&sandbox, 2, "out.json", &[&["bundled:smollm2-capture"], prompt].concat(), &parts);
        sandbox.run(&[&["heads", "bundled:smollm2-capture"], prompt].concat()).assert_refused(2, &parts);
        sandbox.run(&[&["bundled:smollm2-capture"], prompt].concat()).assert_refused(2, &parts);
    }
}

#[test]
fn what_the_source_does_not_have_exits_with_1() {
    let sandbox = Sandbox::new();
    let long = "word ".repeat(600);
    for (arguments, parts) in [
        (&["--layer", "99"][..], &["layer 99", "0 to 29", "SmolLM2"][..]),
        (&["--head", "99"], &["head 99", "0 to 8", "SmolLM2"]),
        (&["bundled:austen", "--layer", "6"], &["layer 6", "0 to 5", "Austen"]),
        (&["bundled:austen", "--head", "4"], &["head 4", "0 to 3", "Austen"]),
        (&["bundled:austen", "--layers", "2..=6"], &["2 to 6", "0 to 5", "Austen"]),
        (&["--layers", "30..=31"], &["30 to 31", "0 to 29", "SmolLM2"]),
        (&["bundled:austen", "--prompt", &long], &["512", "tokens"]),
        (&["bundled:austen", "--prompt", ""], &["empty"]),
        (&["bundled:austen", "--prompt", "", "--no-bos"], &["empty"]),
        (&["bundled:austen", "--token-ids", "2048"], &["2048", "vocabulary"]),
        (&["bundled:austen", "--token-ids", "0,4294967295"], &["4294967295", "2048 tokens"]),
    ] {
        refused(&sandbox, 1, "out.json", arguments, parts);
        refused(&sandbox, 1, "out.safetensors", arguments, parts);
        refused(&sandbox, 1, "out.png", arguments, parts);
    }
    sandbox.run(&["heads", "bundled:austen", "--prompt", &long]).assert_refused(1, &["512"]);
    sandbox.run(&["heads", "bundled:austen", "--prompt", ""]).assert_refused(1, &["empty"]);
}

/// `[2, 3]` queries and keys.
fn capture(metadata: &[(&str, &str)]) -> Vec<u8> {
    let data: Vec<u8> = [0.0_f32, 0.5, 1.0, -1.0, 2.0, 0.25].iter().flat_map(|x| x.to_le_bytes()).collect();
    let tensor = || TensorView::new(Dtype::F32, vec![2, 3], &data).unwrap();
    let metadata: HashMap<String, String> = metadata.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    serialize([("q", tensor()), ("k", tensor())], Some(metadata)).unwrap()
}

#[test]
fn captures_that_cannot_be_read_exit_with_1() {
    let sandbox = Sandbox::new();
    let whole = capture(&[]);
    sandbox.write("whole.safetensors", &whole);
    sandbox.run(&["heads", "whole.safetensors"]).assert_done();
    fs::create_dir(sandbox.path("folder.safetensors")).unwrap();
    sandbox.write("garbage.safetensors", b"\xff\x00 This is no capture.\n\n\x1b[31m");
    sandbox.write("text.safetensors", &[b'a'; 4096]);
    sandbox.write("empty.safetensors", b"");
    sandbox.write("text.npz", &[b'a'; 4096]);
    sandbox.write("cut.npz", b"PK\x03\x04\x14\0\0\0");
    sandbox.write("tokens.safetensors", &capture(&[("tokens", "\n\n[\"a\"")]));
    for (name, part) in [
        ("missing.safetensors", "No such file"),
        ("folder.safetensors", "folder"),
        ("garbage.safetensors", "safetensors"),
        ("text.safetensors", "safetensors"),
        ("empty.safetensors", "safetensors"),
        ("text.npz", "expected an NPZ file"),
        ("cut.npz", "expected an NPZ file"),
        ("tokens.safetensors", "tokens"),
    ] {
        refused(&sandbox, 1, "out.json", &[name], &[name, part]);
        refused(&sandbox, 1, "out.png", &[name], &[name, part]);
        sandbox.run(&["heads", name]).assert_refused(1, &[name, part]);
    }
    for length in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        let name = sandbox.write("cut.safetensors", &whole[..length]);
        sandbox.run(&["weights", "-o", "out.json", name]).assert_refused(1, &[name]);
        assert!(!sandbox.path("out.json").exists());
    }
}

#[test]
fn a_name_with_a_line_break_stays_on_one_line() {
    let sandbox = Sandbox::new();
    sandbox.run(&["heads", "two\nlines\u{1b}[31m.safetensors"]).assert_refused(1, &["two", "lines", "No such file"]);
    sandbox.run(&["heads", "two\nlines\u{1b}[31m.txt"]).assert_refused(1, &["two", "lines", "no such file"]);
    fs::write(sandbox.path("two\nlines\u{1b}[31m.txt"), "").unwrap();
    sandbox.run(&["heads", "two\nlines\u{1b}[31m.txt"]).assert_refused(2, &["two", "lines", ".gguf"]);
}

#[test]
fn outputs_that_cannot_be_written_exit_with_1() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("folder.png")).unwrap();
    fs::create_dir(sandbox.path("folder.json")).unwrap();
    sandbox.write("file", b"keep me");
    for (command, output, part) in [
        ("export", "missing/figure.png", "folder does not exist"),
        ("weights", "missing/weights.json", "folder does not exist"),
        ("weights", "file/weights.json", "folder does not exist"),
        ("export", "folder.png", "found a folder"),
        ("weights", "folder.json", "found a folder"),
        ("weights", "weights", ".npz, .safetensors, .csv or .json"),
        ("weights", "weights.txt", ".npz, .safetensors, .csv or .json"),
        ("weights", "weights.npy", ".npz, .safetensors, .csv or .json"),
        ("weights", "missing/weights.csv", "folder does not exist"),
    ] {
        sandbox.run(&[command, "-o", output]).assert_refused(1, &[output, part]);
    }
    assert_eq!(sandbox.names(), ["file", "folder.json", "folder.png"]);
    assert_eq!(fs::read(sandbox.path("file")).unwrap(), b"keep me");
    for folder in ["folder.json", "folder.png"] {
        assert!(names(&sandbox.path(folder)).is_empty());
    }
}

/// A file system of 16 KiB; unmounted when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16k", "tmpfs"]).arg(folder.path());
        mount.output().is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

#[test]
fn a_full_disk_keeps_the_old_file() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("SKIPPED: a_full_disk_keeps_the_old_file needs the right to mount a tmpfs");
        return;
    };
    for (command, output) in [
        ("weights", "out.json"),
        ("weights", "out.safetensors"),
        ("weights", "out.npz"),
        ("weights", "out.csv"),
        ("export", "out.png"),
        ("export", "out.svg"),
        ("export", "out.pdf"),
        ("animate", "out.png"),
        ("animate", "out.gif"),
        ("sweep", "out.csv"),
        ("sweep", "out.png"),
    ] {
        let arguments = [command, "-o", output];
        Sandbox::run_in(disk.path(), &arguments).assert_refused(1, &["no space left", output]);
        assert!(names(disk.path()).is_empty(), "{output}");
        fs::write(disk.path().join(output), "keep me").unwrap();
        Sandbox::run_in(disk.path(), &arguments).assert_refused(1, &["no space left", output]);
        assert_eq!(names(disk.path()), [output]);
        assert_eq!(fs::read(disk.path().join(output)).unwrap(), b"keep me");
        fs::remove_file(disk.path().join(output)).unwrap();
    }
    let ran =
        Sandbox::program(disk.path(), &["heads"]).stdout(fs::File::create("/dev/full").unwrap()).output().unwrap();
    assert_eq!(ran.status.code(), Some(1), "standard output that is full is a failure too");
    assert_eq!(String::from_utf8(ran.stderr).unwrap().lines().count(), 1);
}

/// Killed at any moment, the program leaves the old file or the new one, never a part of one.
#[cfg(unix)]
#[test]
fn a_killed_export_leaves_a_whole_file() {
    let sandbox = Sandbox::new();
    let arguments = ["export", "bundled:smollm2-capture", "-o", "out.png", "--size", "6000x6000px"];
    sandbox.run(&arguments).assert_done();
    let new = fs::read(sandbox.path("out.png")).unwrap();
    let mut killed = 0;
    for milliseconds in [1, 5, 10, 20, 30, 40, 60, 80, 100, 130] {
        fs::write(sandbox.path("out.png"), "keep me").unwrap();
        let mut child = Sandbox::program(&sandbox.path(""), &arguments).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        let left = fs::read(sandbox.path("out.png")).unwrap();
        assert!(left == b"keep me" || left == new, "after {milliseconds} ms: {} bytes", left.len());
    }
    assert!(killed > 0, "at the first moment nothing can be done yet");
}

#[test]
fn a_panic_in_the_parser_of_a_damaged_tokenizer_is_one_line() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("model");
    fs::create_dir(&folder).unwrap();
    // A template with a token that it does not define: the parser takes it and stops at the first text.
    let mut tokenizer: serde_json::Value = serde_json::from_slice(bundled::TOKENIZER).unwrap();
    let single =
        serde_json::json!([{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]);
    tokenizer["post_processor"] =
        serde_json::json!({"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": {}});
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    fs::write(folder.join("config.json"), bundled::CONFIG).unwrap();
    fs::write(folder.join("model.safetensors"), bundled::WEIGHTS).unwrap();
    refused(&sandbox, 1, "w.json", &["model", "--prompt", "in love"], &["the tokenizer: "]);
}
