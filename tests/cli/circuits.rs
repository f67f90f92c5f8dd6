//! Head sets and changes in force on the command line.

use std::fs;

use serde_json::{Value, json};

use crate::cli::sandbox::Sandbox;

fn weights(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    sandbox.run(&[&["weights", "-o", "w.json", "bundled:austen"][..], arguments].concat()).assert_done();
    serde_json::from_slice(&fs::read(sandbox.path("w.json")).unwrap()).unwrap()
}

fn panels(weights: &Value) -> Vec<&Value> {
    ["baseline", "query", "key", "value"].iter().map(|name| &weights[name]).collect()
}

#[test]
fn a_set_is_written_as_it_is_given_and_names_the_heads() {
    let sandbox = Sandbox::new();
    let all = weights(&sandbox, &["--layer", "4", "--layers", "2..=3", "--heads", "all"]);
    let set = weights(&sandbox, &["--layer", "4", "--set", "2..=3:*"]);
    assert_eq!(panels(&set), panels(&all));
    let expected = json!({"layers": "shown", "heads": "shown", "set": "2..=3:*", "positions": "all"});
    assert_eq!((&set["scope"], &set["in_force"]), (&expected, &Value::Null));
    let listed = weights(&sandbox, &["--layer", "4", "--set", "3:0,2:3,2:0,3:1,2:1,2:2,3:3,3:2"]);
    assert_eq!(panels(&listed), panels(&all));
}

#[test]
fn what_is_in_force_is_written_and_read_from_a_file_too() {
    let sandbox = Sandbox::new();
    let spec = "value@0..=3:*=0.5; key@4:1@rest=mean-heads:0";
    let given = ["--layer", "4", "--head", "1", "--epsilon", "1,1e-3"];
    let of_spec = weights(&sandbox, &[&given[..], &["--in-force", spec]].concat());
    let change = json!({
        "component": "value", "heads": "0..=3:*", "positions": "all", "operation": "scale", "epsilon": 0.5,
    });
    assert_eq!((of_spec["in_force"].as_array().unwrap().len(), &of_spec["in_force"][0]), (2, &change));
    assert_ne!(of_spec["query"][0], of_spec["baseline"], "also where the panel changes nothing");
    fs::write(sandbox.path("circuit.json"), of_spec["in_force"].to_string()).unwrap();
    let of_file = weights(&sandbox, &[&given[..], &["--in-force", "circuit.json"]].concat());
    assert_eq!(of_file, of_spec);
    // As one scaled value of these heads is.
    let alone = weights(&sandbox, &["--layer", "4", "--epsilon", "1,1", "--in-force", "value@0..=3:*=0.5"]);
    let scaled = weights(&sandbox, &["--layer", "4", "--epsilon", "0.5,1", "--layers", "0..=3", "--heads", "all"]);
    assert_eq!(alone["value"][0], scaled["value"][0]);
    // And beneath the ranking of heads.
    let ranked = |arguments: &[&str]| {
        let all = [&["heads", "bundled:austen", "--ships", "--json"][..], arguments].concat();
        let ran = sandbox.run(&all);
        ran.assert_done();
        ran.stdout
    };
    assert_ne!(ranked(&["--in-force", spec]), ranked(&[]));
}

#[test]
fn blocked_edges_are_masked_in_the_heads_that_are_changed() {
    let sandbox = Sandbox::new();
    let given = ["--layer", "4", "--head", "1", "--epsilon", "1,1e-3"];
    let blocked = weights(&sandbox, &[&given[..], &["--block", "*->0"]].concat());
    assert_eq!(blocked["in_force"], json!([{"block": "*->0"}]));
    let kept = weights(&sandbox, &[&given[..], &["--in-force", "block@4:1=*->0"]].concat());
    assert_eq!(panels(&kept), panels(&blocked));
    let other = weights(&sandbox, &[&given[..], &["--in-force", "block@4:0,5:*=*->0"]].concat());
    assert_eq!(other["query"][0], other["baseline"], "another head's");
    let rows = blocked["query"][0].as_array().unwrap();
    assert!(rows.iter().all(|row| row[0] == json!(0.0)), "nobody sees the first token");
    for row in &rows[1..] {
        let sum: f64 = row.as_array().unwrap().iter().filter_map(Value::as_f64).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    }
    let run = |edges: &str| sandbox.run(&["weights", "-o", "w.json", "bundled:austen", "--block", edges]);
    run("5>0").assert_refused(2, &["--block", "5>0", "5->0"]);
    run("99->0").assert_refused(1, &["position 99"]);
}

#[test]
fn a_session_keeps_both() {
    let sandbox = Sandbox::new();
    let arguments = ["bundled:austen", "--set", "1:0,2:3", "--in-force", "key@0:*=0.5", "--size", "120", "--dpi", "36"];
    sandbox.run(&[&["export", "-o", "figure.png"][..], &arguments].concat()).assert_done();
    sandbox.run(&["weights", "figure.png", "-o", "from.json"]).assert_done();
    let from: Value = serde_json::from_slice(&fs::read(sandbox.path("from.json")).unwrap()).unwrap();
    assert_eq!((&from["scope"]["set"], &from["in_force"][0]["heads"]), (&json!("1:0,2:3"), &json!("0:*")));
    sandbox.run(&["weights", "figure.png", "-o", "from.json", "--heads", "all"]).assert_done();
    let from: Value = serde_json::from_slice(&fs::read(sandbox.path("from.json")).unwrap()).unwrap();
    assert_eq!(from["scope"]["set"], Value::Null, "what is given takes the place of what the session says");
}

#[test]
fn what_cannot_be_meant_is_refused_by_its_name() {
    let sandbox = Sandbox::new();
    let run =
        |arguments: &[&str]| sandbox.run(&[&["weights", "-o", "w.json", "bundled:austen"][..], arguments].concat());
    for (arguments, parts) in [
        (&["--set", "1:2", "--heads", "all"][..], &["--set", "--heads"][..]),
        (&["--set", "1:2", "--layers", "all"], &["--set", "--layers"]),
        (&["--set", "1-2"], &["--set", "1-2", "14:3"]),
        (&["--set", "4..=2:0"], &["--set", "4..=2:0"]),
        (&["--in-force", "key@1:2"], &["--in-force", "COMPONENT@HEADS"]),
        (&["--in-force", "keys@1:2=0.5"], &["--in-force", "keys@1:2=0.5"]),
        (&["--in-force", "key@1=0.5"], &["--in-force", "14:3"]),
    ] {
        run(arguments).assert_refused(2, parts);
    }
    fs::write(sandbox.path("wrong.json"), r#"[{"component": "key"}]"#).unwrap();
    for (arguments, parts) in [
        (&["--set", "1:2,6:0"][..], &["head 6:0", "layers 0 to 5", "heads 0 to 3"][..]),
        (&["--set", "2:4"], &["head 2:4"]),
        (&["--in-force", "key@0..=6:*=0.5"], &["head 0..=6:*"]),
        (&["--in-force", "missing.json"], &["missing.json"]),
        (&["--in-force", "wrong.json"], &["wrong.json", "heads"]),
    ] {
        run(arguments).assert_refused(1, parts);
    }
    sandbox.run(&["heads", "bundled:austen", "--in-force", "key@0:*=0.5"]).assert_refused(2, &["--ships"]);
}

/// The small model's tokens of a prompt, and as many others.
const HERE: &str = "0,12,7,30,41";
const THERE: &str = "0,55,23,9,61";

#[test]
fn what_is_patched_in_force_is_the_other_prompts() {
    let sandbox = Sandbox::new();
    let shown = ["--layer", "0", "--head", "2", "--epsilon", "1,1"];
    let from = format!("patch/[{THERE}]:0");
    let whole = format!("query@0:*={from}; key@0:*={from}");
    let patched = weights(&sandbox, &[&shown[..], &["--token-ids", HERE, "--in-force", &whole]].concat());
    let there = weights(&sandbox, &[&shown[..], &["--token-ids", THERE]].concat());
    assert_eq!(patched["query"][0], there["baseline"]);
    let change = json!({
        "component": "query", "heads": "0:*", "positions": "all", "epsilon": 0.0,
        "operation": {"patch": {"from": [0, 55, 23, 9, 61]}},
    });
    assert_eq!(patched["in_force"][0], change, "a file of numbers says what was brought in");
    // The panels' own operation, written beside the numbers, in a session and in a figure.
    let own = ["--operation", "patch", "--from-token-ids", THERE, "--layers", "all", "--heads", "all"];
    let given = [&shown[..4], &["--token-ids", HERE, "--epsilon", "0,1"], &own].concat();
    let own = weights(&sandbox, &given);
    assert_eq!(own["operation"], change["operation"]);
    assert_eq!(own["query"][1], own["baseline"], "ε = 1 changes nothing");
    sandbox.run(&[&["export", "bundled:austen", "-o", "f.png"][..], &given].concat()).assert_done();
    sandbox.run(&["weights", "f.png", "-o", "again.json"]).assert_done();
    let again: Value = serde_json::from_slice(&fs::read(sandbox.path("again.json")).unwrap()).unwrap();
    assert_eq!(panels(&again), panels(&own));
}

#[test]
fn a_mean_is_over_the_lines_of_a_file_that_is_never_written_over() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("prompts.txt"), "She was in love.\n\nA single man.\n").unwrap();
    let given = ["--operation", "mean-prompts", "--from-prompts", "prompts.txt", "--epsilon", "0,1"];
    let mean = weights(&sandbox, &given);
    assert_eq!(mean["operation"]["mean-prompts"]["over"]["prompts"], json!(["She was in love.", "A single man."]));
    assert_ne!(mean["query"][0], mean["baseline"]);
    let with_first = weights(&sandbox, &[&given[..], &["--with-first"]].concat());
    assert_ne!(with_first["query"][0], mean["query"][0]);
    for command in
        [&["weights", "bundled:austen", "-o", "over.json"][..], &["sweep", "bundled:austen", "-o", "over.csv"]]
    {
        let output = command[3];
        fs::hard_link(sandbox.path("prompts.txt"), sandbox.path(output)).unwrap();
        let ran = sandbox.run(&[command, &given[..4]].concat());
        ran.assert_refused(1, &["this would replace the prompts that are read", output]);
    }
    let ran = sandbox.run(&[
        "heads",
        "bundled:austen",
        "--ships",
        "--operation",
        "mean-prompts",
        "--from-prompts",
        "prompts.txt",
        "--json",
    ]);
    ran.assert_done();
    let written = sandbox.run(&[
        "continue",
        "bundled:austen",
        "-n",
        "4",
        "--operation",
        "patch",
        "--from-prompt",
        "She was in love.",
        "--epsilon",
        "0",
    ]);
    written.assert_done();
    let line: Value = serde_json::from_str(&written.stdout).unwrap();
    assert_eq!(line["operation"], json!({"patch": {"from": "She was in love."}}));
}

#[test]
fn another_prompt_that_nothing_is_taken_from_is_refused_and_so_is_none() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("none.txt"), "\n\n").unwrap();
    for (options, part) in [
        (&["--operation", "patch"][..], "--operation patch needs --from-prompt TEXT"),
        (&["--operation", "mean-prompts"], "--operation mean-prompts needs --from-prompts FILE"),
        (&["--from-prompt", "A cat"], "--from-prompt is for --operation patch, found scale"),
        (&["--operation", "noise", "--from-token-ids", "1"], "--from-token-ids is for --operation patch, found noise"),
        (&["--operation", "patch", "--from-prompts", "none.txt"], "--from-prompts is for --operation mean-prompts"),
        (&["--operation", "patch", "--from-prompt", "A cat", "--with-first"], "--with-first"),
        (&["--operation", "patch", "--from-prompt", "A", "--from-token-ids", "1"], "--from-token-ids"),
        (&["--in-force", "key@0:0=patch:0"], "patch/\"A cat\":0"),
    ] {
        sandbox.run(&[&["weights", "bundled:austen", "-o", "w.json"][..], options].concat()).assert_refused(2, &[part]);
    }
    for (options, part) in [
        (&["bundled:austen", "--operation", "mean-prompts", "--from-prompts", "none.txt"][..], "a prompt on each line"),
        (&["bundled:austen", "--operation", "mean-prompts", "--from-prompts", "absent.txt"], "absent.txt"),
        (&["bundled:austen", "--operation", "patch", "--from-prompt", ""], "vectors cannot be taken from “”"),
        (&["bundled:smollm2-capture", "--operation", "patch", "--from-prompt", "A cat"], "a capture of one"),
    ] {
        sandbox.run(&[&["weights", "-o", "w.json"][..], options].concat()).assert_refused(1, &[part]);
    }
    let alone = ["heads", "bundled:austen", "--from-prompt", "A cat"];
    sandbox.run(&alone).assert_refused(2, &["--from-prompt needs --ships"]);
}
