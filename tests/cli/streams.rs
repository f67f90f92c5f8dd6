//! Standard input and output in the place of files.

use std::{
    io::Write as _,
    process::{Output, Stdio},
};

use super::sandbox::Sandbox;

/// Runs the program with `input` on its standard input, which is a pipe, as its output is.
fn piped(arguments: &[&str], input: &str) -> Output {
    let sandbox = Sandbox::new();
    let mut command = Sandbox::program(&sandbox.path(""), arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that does not read closes its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(sandbox.names().is_empty(), "{arguments:?} leaves no file");
    output
}

fn printed(arguments: &[&str], input: &str) -> Vec<u8> {
    let output = piped(arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn refused(arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let output = piped(arguments, input);
    assert!(output.stdout.is_empty(), "{arguments:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

const AUSTEN: &str = "bundled:austen";

#[test]
fn every_file_can_go_to_standard_output() {
    for (arguments, start) in [
        (&["weights", AUSTEN, "-o", "-.json"][..], &b"{"[..]),
        (&["weights", AUSTEN, "--output=-.npz"], b"PK"),
        (&["weights", AUSTEN, "-o-.csv"], b""),
        (&["export", AUSTEN, "-o", "-.svg"], b"<svg"),
        (&["export", AUSTEN, "-o", "-.png", "--dpi", "72"], b"\x89PNG"),
        (&["sweep", AUSTEN, "-o", "-.csv"], b""),
        (&["heads", AUSTEN, "-o", "-.json"], b""),
        (&["animate", AUSTEN, "-o", "-.gif", "--frames", "2", "--dpi", "40"], b"GIF"),
        (&["continue", AUSTEN, "-n", "2", "-o", "-"], b"{"),
    ] {
        let bytes = printed(arguments, "");
        assert!(bytes.starts_with(start) && bytes.len() > 100, "{arguments:?}: {} bytes", bytes.len());
    }
}

#[test]
fn what_is_printed_is_what_a_file_holds() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("heads.csv");
    let path = path.to_str().unwrap();
    printed(&["heads", AUSTEN, "-o", path], "");
    assert_eq!(printed(&["heads", AUSTEN, "-o", "-.csv"], ""), std::fs::read(path).unwrap());
}

#[test]
fn a_prompt_comes_from_standard_input() {
    let tokens = |arguments: &[&str], input: &str| {
        let all = [&["weights", AUSTEN, "-o", "-.json"], arguments].concat();
        json(&printed(&all, input))["token_ids"].clone()
    };
    let given = tokens(&["--prompt", "in love\nagain"], "");
    for input in ["in love\nagain", "in love\nagain\n", "in love\nagain\r\n"] {
        assert_eq!(tokens(&["--prompt", "-"], input), given, "{input:?}");
    }
    let ids = serde_json::json!([0, 12, 7]);
    for input in ["0,12,7", "[0, 12, 7]\n", "0\n12\n7\n"] {
        assert_eq!(tokens(&["--token-ids", "-"], input), ids, "{input:?}");
    }
    assert_eq!(tokens(&["--token-ids", "0,12,7"], ""), ids);
    // A text that begins with it is a text.
    assert_ne!(tokens(&["--prompt", "- in love"], "x"), tokens(&["--prompt", "-"], "x"));
}

#[test]
fn prompts_come_from_standard_input() {
    let lines = printed(&["continue", AUSTEN, "-n", "1", "--prompts", "-"], "in love\n\nto be fond\n");
    assert_eq!(String::from_utf8(lines).unwrap().lines().count(), 2);
    let mean = &["weights", AUSTEN, "-o", "-.json", "--operation", "mean-prompts", "--from-prompts", "-"];
    printed(mean, "in love\nto be fond\n");
    let patch = &["weights", AUSTEN, "-o", "-.json", "--operation", "patch", "--from-prompt", "-"];
    printed(patch, "To be fond of dancing was an uncertain step\n");
}

#[test]
fn what_is_not_plain_is_refused() {
    let (code, line) = refused(&["weights", AUSTEN, "-o", "-"], "");
    assert_eq!(code, Some(2));
    assert!(line.contains("- does not tell the format: with an ending, as in -.json"), "{line}");
    let (code, line) = refused(&["weights", AUSTEN, "-o", "--no-bos"], "");
    assert_eq!(code, Some(2));
    assert!(line.contains("expected a file, found --no-bos"), "{line}");
    let (code, line) = refused(&["export", AUSTEN, "-o", "-.png", "--caption"], "");
    assert_eq!(code, Some(2));
    assert!(line.contains("--caption is printed to standard output"), "{line}");
    let (code, line) = refused(&["weights", "-", "-o", "-.json"], "");
    assert_eq!(code, Some(1));
    assert!(line.contains("which standard input (-) has not: name a file"), "{line}");
    let twice = &["continue", AUSTEN, "--prompts", "-", "--operation", "mean-prompts", "--from-prompts", "-"];
    let (code, line) = refused(twice, "in love\n");
    assert_eq!(code, Some(1));
    assert!(line.contains("standard input is read for --from-prompts: --prompts - needs a file"), "{line}");
    let (_, line) = refused(&["weights", AUSTEN, "-o", "-.json", "--token-ids", "-"], "1 x 2");
    assert!(line.contains("--token-ids -: expected numbers from 0"), "{line}");
    let (_, line) = refused(&["continue", AUSTEN, "--prompts", "-"], "\n");
    assert!(line.contains("expected a prompt on each line"), "{line}");
}
