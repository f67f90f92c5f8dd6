//! `attenuate heads --writes`, and `sweep --target`.

use std::fs;

use attenuate::{
    attention::{Component, Epsilon},
    engine::{Bundled, Engine, PartKind, Target, TargetChange, Under, Writes},
    session::Session,
};
use serde_json::Value;

use crate::cli::sandbox::Sandbox;

fn json(arguments: &[&str]) -> Vec<Value> {
    let ran = Sandbox::new().run(&[&["heads", "bundled:austen", "--json"], arguments].concat());
    ran.assert_done();
    serde_json::from_str(&ran.stdout).unwrap()
}

fn place(row: &Value) -> (usize, usize) {
    let number = |key: &str| usize::try_from(row[key].as_u64().unwrap()).unwrap();
    (number("layer"), number("head"))
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("{key} in {row}"))
}

fn writes(target: &str, position: Option<usize>) -> Writes {
    let (spec, target) = (Session::example(Bundled::Austen).run_spec(), target.parse::<Target>().unwrap());
    Engine::default().writes(&spec, Under::Baseline, &target, position, &|| false).unwrap()
}

/// Of every head, as *Ships* turns it down.
fn changes(target: &str) -> Vec<TargetChange> {
    let (spec, target) = (Session::example(Bundled::Austen).run_spec(), target.parse::<Target>().unwrap());
    let zero = Epsilon::ZERO;
    let all = Engine::default().ships(&spec, Component::Value, zero, Some(&target), &mut |_| {}, &|| false);
    all.unwrap().unwrap().into_iter().map(|head| head.target.unwrap()).collect()
}

#[test]
fn every_row_is_what_the_engine_finds_and_all_parts_sum_to_the_logit() {
    for (arguments, target, position) in
        [(&["--writes", " love"][..], " love", None), (&["--writes", " love,12", "--at", "4"], " love,12", Some(4))]
    {
        let (rows, expected) = (json(arguments), writes(target, position));
        assert_eq!(rows.len(), 24);
        let has_rival = expected.rival.is_some();
        for row in &rows {
            let (layer, head) = place(row);
            let of_head = expected.head(layer, head).unwrap();
            assert_eq!(number(row, "writes"), of_head.to_target);
            assert_eq!(row["writes_over_rival"].as_f64(), of_head.over_rival);
            assert_eq!(row["target"], " love");
            assert_eq!(row["position"].as_u64().unwrap(), position.unwrap_or(19) as u64);
            for key in ["promoted", "suppressed"] {
                let logits: Vec<f64> =
                    row[key].as_array().unwrap().iter().map(|token| number(token, "logits")).collect();
                assert_eq!(logits.len(), 5);
                let sign = if key == "promoted" { 1.0 } else { -1.0 };
                assert!(logits.windows(2).all(|pair| sign * pair[0] >= sign * pair[1]), "{logits:?}");
            }
        }
        for (suffix, is_there) in [("", true), ("_over_rival", has_rival)] {
            let key = |name: &str| format!("{name}{suffix}");
            if !is_there {
                assert!(rows.iter().all(|row| row.get(key("logit")).is_none()));
                continue;
            }
            let first = &rows[0];
            let heads: f64 = rows.iter().map(|row| number(row, &key("writes"))).sum();
            let others: f64 =
                ["embeddings", "feed_forwards", "biases"].iter().map(|name| number(first, &key(name))).sum();
            let logit = number(first, &key("logit"));
            assert!((heads + others - logit).abs() < 1e-9, "{heads} + {others}: {logit}");
        }
        let by = if has_rival { "writes_over_rival" } else { "writes" };
        assert!(rows.windows(2).all(|pair| number(&pair[0], by) >= number(&pair[1], by)), "sorted by {by}");
    }
    let expected = writes(" love", None);
    let kinds: f64 = PartKind::ALL.into_iter().map(|kind| expected.to_target(kind)).sum();
    assert!((kinds - expected.logit()).abs() < 1e-9);
}

#[test]
fn heads_are_ranked_by_the_targets_chances() {
    let ships = ["--ships", "--component", "value", "--epsilon", "0", "--writes", " love,12"];
    let expected = changes(" love,12");
    for (sort, key) in [("target-change", "target_change"), ("rival-change", "rival_change")] {
        let rows = json(&[&ships[..], &["--sort", sort]].concat());
        assert!(rows.windows(2).all(|pair| number(&pair[0], key) <= number(&pair[1], key)), "the most lowered first");
        assert!(number(&rows[0], key) < 0.0);
        for row in &rows {
            let (layer, head) = place(row);
            let change = expected[layer * 4 + head];
            assert_eq!(number(row, "target_change"), change.log_probability);
            assert_eq!(row["rival_change"].as_f64(), change.over_rival);
        }
    }
}

#[test]
fn the_table_says_what_the_parts_sum_to_and_a_file_has_all_columns() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["heads", "bundled:austen", "--writes", " love"]);
    ran.assert_done();
    assert!(ran.stdout.starts_with("layer  head  "), "{}", ran.stdout);
    assert!(ran.stdout.contains("logit of “ love” behind position 19"), "{}", ran.stdout);
    let sum = format!("{:>20}  {:>10.4}", "sum", writes(" love", None).logit());
    assert!(ran.stdout.contains(&sum), "{}", ran.stdout);
    sandbox.run(&["heads", "bundled:austen", "--writes", " love", "-o", "heads.csv"]).assert_done();
    let text = fs::read_to_string(sandbox.path("heads.csv")).unwrap();
    let heading = "layer,head,sink_mass,entropy,diagonal,previous_token,induction,writes,position,target,target_id,\
                   embeddings,feed_forwards,biases,logit,promoted,promoted_ids,promoted_logits,suppressed,\
                   suppressed_ids,suppressed_logits,sink_queries";
    assert_eq!(text.lines().next(), Some(heading));
    let rows = json(&["--writes", " love"]);
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let names = table.headers().unwrap().clone();
    for (line, row) in table.records().map(Result::unwrap).zip(&rows) {
        let cell = |name: &str| line[names.iter().position(|other| other == name).unwrap()].to_owned();
        assert_eq!([cell("layer"), cell("head")], [&row["layer"], &row["head"]].map(Value::to_string));
        for key in ["promoted", "suppressed"] {
            for (suffix, of_token) in [("", "text"), ("_ids", "id"), ("_logits", "logits")] {
                let expected: Value =
                    row[key].as_array().unwrap().iter().map(|token| token[of_token].clone()).collect();
                let found: Value = serde_json::from_str(&cell(&format!("{key}{suffix}"))).unwrap();
                assert_eq!(found, expected, "{key}{suffix}");
            }
        }
    }
    assert_eq!(text.lines().count(), rows.len() + 1);
}

#[test]
fn a_sweep_follows_the_targets_chances() {
    let sandbox = Sandbox::new();
    let arguments = ["sweep", "bundled:austen", "--rows", "value", "--target", " love,12"];
    sandbox.run(&[&arguments[..], &["-o", "sweep.json"]].concat()).assert_done();
    let file: Value = serde_json::from_slice(&fs::read(sandbox.path("sweep.json")).unwrap()).unwrap();
    let points = file["value"].as_array().unwrap();
    let at_zero = points.iter().find(|point| point["epsilon"] == 0.0).unwrap();
    // The shown head, as Ships turns it down.
    let expected = changes(" love,12")[5 * 4 + 1];
    assert!((number(at_zero, "target_change") - expected.log_probability).abs() < 1e-12);
    assert!((number(at_zero, "rival_change") - expected.over_rival.unwrap()).abs() < 1e-12);
    assert_eq!(file["rival_id"], 12);
    assert_eq!(number(&file["baseline"], "target_change"), 0.0);
    sandbox.run(&[&arguments[..], &["-o", "sweep.csv"]].concat()).assert_done();
    let text = fs::read_to_string(sandbox.path("sweep.csv")).unwrap();
    assert!(text.lines().next().unwrap().ends_with("weight,target_change,rival_change,sink_queries"), "{text}");
    sandbox.run(&[&arguments[..], &["-o", "sweep.svg", "--metric", "target-change"]].concat()).assert_done();
    let drawn = fs::read_to_string(sandbox.path("sweep.svg")).unwrap();
    assert!(drawn.contains("change of the target’s log-probability"), "{drawn}");
}

#[test]
fn what_is_no_token_or_no_part_of_a_logit_is_refused() {
    let sandbox = Sandbox::new();
    let bert = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/goldens/families/roberta");
    for (code, arguments, parts) in [
        (1, &["bundled:austen", "--writes", "in love"][..], &["“in love” must be one token: it is ", "“ love” ("][..]),
        (1, &["bundled:austen", "--writes", "999999"], &["there is no token 999999"]),
        (1, &["bundled:smollm2-capture", "--writes", "7"], &["is a capture", "open a model"]),
        (1, &[bert, "--token-ids", "0,5,2", "--writes", "7"], &["no part of a logit", "post-norm"]),
        (2, &["bundled:austen", "--writes", ""], &["--writes", "expected a token"]),
        (2, &["bundled:austen", "--writes", "a,b,c"], &["--writes", "expected a token"]),
        (2, &["bundled:austen", "--sort", "writes"], &["--sort writes needs --writes TOKEN"]),
        (2, &["bundled:austen", "--writes", "7", "--sort", "writes-over-rival"], &["--writes TOKEN,RIVAL"]),
        (2, &["bundled:austen", "--ships", "--sort", "target-change"], &["--ships and --writes TOKEN"]),
        (2, &["bundled:austen", "--at", "3"], &["--writes"]),
        (1, &["bundled:austen", "--writes", "7", "--at", "999"], &["no position 999"]),
    ] {
        sandbox.run(&[&["heads"], arguments].concat()).assert_refused(code, parts);
    }
    sandbox
        .run(&["sweep", "bundled:austen", "-o", "a.png", "--target", "7"])
        .assert_refused(2, &["--target is drawn by --metric target-change"]);
    sandbox
        .run(&["sweep", "bundled:austen", "-o", "a.png", "--target", "7", "--metric", "rival-change"])
        .assert_refused(2, &["--target TOKEN,RIVAL"]);
    sandbox
        .run(&["sweep", "bundled:smollm2-capture", "-o", "a.csv", "--target", "7"])
        .assert_refused(1, &["no output"]);
    assert!(sandbox.names().is_empty());
}
