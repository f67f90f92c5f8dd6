//! `attenuate continue`

use std::fs;

use serde_json::Value;

use crate::cli::sandbox::Sandbox;

const TEXTS: [&str; 5] = ["continue", "bundled:austen", "--past-eos", "-n", "8"];

fn lines(arguments: &[&str]) -> Vec<Value> {
    let sandbox = Sandbox::new();
    sandbox.write("prompts.txt", "To be fond of\n\nIn love".as_bytes());
    let ran = sandbox.run(&[&TEXTS, arguments].concat());
    ran.assert_done();
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_holds_both_texts_and_how_far_they_are_apart() {
    let all =
        ["--prompt", "To be fond of", "--component", "value", "--epsilon", "0", "--layers", "all", "--heads", "all"];
    let [line] = &lines(&all)[..] else { panic!("one line") };
    assert_eq!(line["prompt"], "To be fond of");
    for column in ["baseline", "modified"] {
        assert_eq!(line[column]["token_ids"].as_array().unwrap().len(), 8);
        assert!(!line[column]["text"].as_str().unwrap().is_empty());
        assert_eq!(line[column]["stopped"], "as-asked");
    }
    assert_ne!(line["baseline"]["token_ids"], line["modified"]["token_ids"]);
    let kl: Vec<f64> = line["kl"].as_array().unwrap().iter().map(|kl| kl.as_f64().unwrap()).collect();
    assert!(kl.len() == 8 && kl.iter().all(|&kl| kl > 0.0), "{kl:?}");
    let ids = |column: &str| line[column]["token_ids"].as_array().unwrap().clone();
    let first = ids("baseline").iter().zip(ids("modified")).position(|(a, b)| *a != b).unwrap();
    assert_eq!(line["first_difference"], first);
    assert_eq!((&line["component"], &line["operation"]), (&"value".into(), &"scale".into()));
    assert_eq!(line["scope"]["layers"], "all");
}

#[test]
fn what_changes_nothing_writes_the_same_text() {
    let [line] = &lines(&["--epsilon", "1"])[..] else { panic!("one line") };
    assert_eq!((&line["first_difference"], &line["baseline"]), (&Value::Null, &line["modified"]));
    assert!(line["kl"].as_array().unwrap().iter().all(|kl| *kl == 0.0));
}

#[test]
fn a_file_of_prompts_is_a_line_for_each() {
    let both = lines(&["--prompts", "prompts.txt"]);
    let alone = lines(&["--prompt", "In love"]);
    assert_eq!(both.len(), 2);
    assert_eq!(both[1], alone[0]);
}

#[test]
fn drawn_tokens_follow_from_the_seed_in_both_columns() {
    let drawn = |seed| lines(&["--temperature", "1", "--seed", seed, "--epsilon", "1"]);
    assert_eq!(drawn("1"), drawn("1"));
    assert_eq!(drawn("1")[0]["baseline"], drawn("1")[0]["modified"]);
    assert_ne!(drawn("1")[0]["baseline"], drawn("2")[0]["baseline"]);
}

#[test]
fn what_writes_no_text_says_why() {
    let sandbox = Sandbox::new();
    sandbox.run(&["continue", "bundled:smollm2-capture"]).assert_refused(1, &["writes no text", "capture"]);
    sandbox.run(&["continue", "bundled:austen", "-o", "x.csv"]).assert_refused(1, &["x.csv", ".jsonl"]);
    sandbox.run(&["continue", "bundled:austen", "-n", "2", "-o", "x.jsonl"]).assert_done();
    assert_eq!(fs::read_to_string(sandbox.path("x.jsonl")).unwrap().lines().count(), 1);
    sandbox.write("prompts.jsonl", b"A cat.");
    sandbox
        .run(&["continue", "bundled:austen", "--prompts", "prompts.jsonl", "-o", "prompts.jsonl"])
        .assert_refused(1, &["prompts.jsonl", "the prompts that are read"]);
}
