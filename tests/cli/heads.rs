//! `attenuate heads`

use std::fs;

use attenuate::{
    attention::{Component, Epsilon},
    engine::{Bundled, Engine, Prompt, RunSpec},
    model::bundled,
    session::Session,
};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::{
    sandbox::Sandbox,
    weights_file::{Panel, Weights},
};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    layer: usize,
    head: usize,
    sink_mass: Option<f64>,
    entropy: Option<f64>,
    diagonal: f64,
    previous_token: Option<f64>,
    induction: Option<f64>,
    sink_queries: usize,
}

fn json(arguments: &[&str]) -> Vec<Row> {
    let ran = Sandbox::new().run(&[&["heads", "--json"], arguments].concat());
    ran.assert_done();
    serde_json::from_str(&ran.stdout).unwrap()
}

/// The lines of the table without its heading, in words.
fn table(arguments: &[&str]) -> Vec<Vec<String>> {
    let ran = Sandbox::new().run(&[&["heads"], arguments].concat());
    ran.assert_done();
    let mut lines = ran.stdout.lines();
    assert_eq!(lines.next(), Some("layer  head  sink mass   entropy  diagonal  previous token  induction"));
    lines.map(|line| line.split_whitespace().map(ToOwned::to_owned).collect()).collect()
}

/// Sink mass, normalized entropy, weight on the diagonal and on the previous token by their definitions.
fn metrics(panel: &Panel) -> [f64; 4] {
    let rows: Vec<Vec<f64>> = panel.iter().map(|row| row.iter().flatten().copied().map(f64::from).collect()).collect();
    let n = rows.len() as f64;
    let sink = rows[3..].iter().map(|row| row[0]).sum::<f64>() / (n - 3.0);
    let entropy = |row: &Vec<f64>| {
        let terms = row.iter().filter(|&&weight| weight > 0.0).map(|weight| -weight * weight.ln());
        terms.sum::<f64>() / (row.len() as f64).ln()
    };
    let entropy = rows[1..].iter().map(entropy).sum::<f64>() / (n - 1.0);
    let diagonal = rows.iter().enumerate().map(|(i, row)| row[i]).sum::<f64>() / n;
    let previous = rows.iter().enumerate().skip(1).map(|(i, row)| row[i - 1]).sum::<f64>() / (n - 1.0);
    [sink, entropy, diagonal, previous]
}

#[test]
fn the_table_has_every_head_of_smollm2_and_says_what_json_says() {
    let rows = json(&["bundled:smollm2-capture"]);
    let places: Vec<_> = rows.iter().map(|row| (row.layer, row.head)).collect();
    let expected: Vec<_> = (0..30).flat_map(|layer| (0..9).map(move |head| (layer, head))).collect();
    assert_eq!(places, expected);
    assert_eq!(rows.len(), 270);

    let rounded = |value: f64| format!("{value:.4}");
    let written: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let numbers = [row.sink_mass.unwrap(), row.entropy.unwrap(), row.diagonal, row.previous_token.unwrap()];
            let induction = row.induction.map_or("–".to_owned(), rounded);
            let numbers = numbers.map(rounded).into_iter().chain([induction]);
            [row.layer.to_string(), row.head.to_string()].into_iter().chain(numbers).collect()
        })
        .collect();
    assert_eq!(table(&["bundled:smollm2-capture"]), written);
}

#[test]
fn the_numbers_are_those_of_the_written_weights() {
    for (source, heads) in [
        (&["bundled:smollm2-capture"][..], &[[14, 3], [0, 0], [29, 8], [7, 5]][..]),
        (&["bundled:austen"], &[[5, 1], [0, 0], [3, 2]]),
        (&["bundled:austen", "--prompt", "It was the best of times."], &[[5, 1], [2, 3]]),
    ] {
        let rows = json(source);
        for &[layer, head] in heads {
            let row = rows.iter().find(|row| (row.layer, row.head) == (layer, head)).unwrap();
            let (layer, head) = (layer.to_string(), head.to_string());
            let weights = Weights::from_json(&[source, &["--layer", &layer, "--head", &head]].concat());
            let found = [row.sink_mass.unwrap(), row.entropy.unwrap(), row.diagonal, row.previous_token.unwrap()];
            for (found, expected) in found.into_iter().zip(metrics(&weights.baseline)) {
                assert!((found - expected).abs() <= 1e-6, "{source:?} {row:?}: {expected}");
            }
        }
    }
}

#[test]
fn too_few_tokens_have_no_sink_and_one_token_no_entropy() {
    let rows = json(&["bundled:austen", "--token-ids", "0,12,7"]);
    assert_eq!(rows.len(), 6 * 4);
    assert!(rows.iter().all(|row| row.sink_mass.is_none() && row.entropy.is_some()));
    for row in json(&["bundled:austen", "--token-ids", "12"]) {
        assert_eq!((row.sink_mass, row.entropy, row.diagonal), (None, None, 1.0));
    }
    assert_eq!(table(&["bundled:austen", "--token-ids", "12"])[0], ["0", "0", "–", "–", "1.0000", "–", "–"]);
}

#[test]
fn the_default_prompt_and_the_bos_can_be_left_out() {
    let whole = json(&["bundled:austen"]);
    assert_eq!(json(&["bundled:austen", "--prompt", bundled::DEFAULT_PROMPT]), whole);
    assert_ne!(json(&["bundled:austen", "--no-bos"]), whole);
}

/// `[layer, head, value of the column]` of a JSON table.
fn column(stdout: &str, key: &str) -> Vec<(u64, u64, f64)> {
    let rows: Vec<Value> = serde_json::from_str(stdout).unwrap();
    let number = |row: &Value| row[key].as_f64().unwrap();
    rows.iter().map(|row| (row["layer"].as_u64().unwrap(), row["head"].as_u64().unwrap(), number(row))).collect()
}

#[test]
fn ships_ranks_by_what_the_engine_finds() {
    for (arguments, component, epsilon) in [
        (&[][..], Component::Query, 0.0),
        (&["--component", "value", "--epsilon", "0"], Component::Value, 0.0),
        (&["--component", "key", "--epsilon-ships", "1e-3"], Component::Key, 1e-3),
    ] {
        let ran = Sandbox::new().run(&[&["heads", "bundled:austen", "--ships", "--json"], arguments].concat());
        ran.assert_done();
        let found = column(&ran.stdout, "ships");
        let spec = Session::example(Bundled::Austen).run_spec();
        let epsilon = Epsilon::new(epsilon).unwrap();
        let ships = Engine::default().ships(&spec, component, epsilon, None, &mut |_| {}, &|| false).unwrap().unwrap();
        let mut expected: Vec<_> = ships.iter().map(|it| (it.layer as u64, it.head as u64, it.ships)).collect();
        expected.sort_by(|a, b| b.2.total_cmp(&a.2));
        assert_eq!(found, expected);
        assert!(found[0].2 > 0.0);
        let first: Value = serde_json::from_str::<Vec<Value>>(&ran.stdout).unwrap().swap_remove(0);
        assert_eq!(first["component"], component.name().to_lowercase());
        assert_eq!(first["epsilon"], epsilon.get());
    }
}

#[test]
fn a_preset_ranks_as_the_paper_does() {
    let preset = ["heads", "bundled:austen", "--ships", "--preset", "safety-heads", "--json"];
    let ran = Sandbox::new().run(&[&preset[..], &["--prompt", "She was in love"]].concat());
    ran.assert_done();
    let in_template = Prompt::text("## Query:She was in love \n## Answer:");
    let spec = RunSpec { prompt: in_template, ..Session::example(Bundled::Austen).run_spec() };
    let epsilon = Epsilon::new(1e-4).unwrap();
    let ships =
        Engine::default().ships(&spec, Component::Query, epsilon, None, &mut |_| {}, &|| false).unwrap().unwrap();
    let mut expected: Vec<_> = ships.iter().map(|it| (it.layer as u64, it.head as u64, it.ships)).collect();
    expected.sort_by(|a, b| b.2.total_cmp(&a.2));
    assert_eq!(column(&ran.stdout, "ships"), expected);
    let first: Value = serde_json::from_str::<Vec<Value>>(&ran.stdout).unwrap().swap_remove(0);
    assert_eq!(
        (&first["component"], &first["epsilon"], &first["operation"]),
        (&"query".into(), &1e-4.into(), &"scale".into())
    );
}

#[test]
fn the_table_says_what_ships_are_of() {
    let said = |arguments: &[&str]| {
        let ran = Sandbox::new().run(&[&["heads", "bundled:austen", "--ships"], arguments].concat());
        ran.assert_done();
        ran.stdout.lines().last().unwrap().to_owned()
    };
    assert_eq!(said(&[]), "Ships: Query, ε = 0, in each head alone");
    let noise = said(&["--component", "value", "--operation", "noise", "--epsilon", "0.1"]);
    assert_eq!(noise, "Ships: Value, ε = 1e-1, noise (seed 0), in each head alone");
}

#[test]
fn a_metric_sorts_and_ships_can_stay_in_order() {
    let places = |stdout: &str| column(stdout, "diagonal").iter().map(|row| (row.0, row.1)).collect::<Vec<_>>();
    let ran = Sandbox::new().run(&["heads", "bundled:smollm2-capture", "--json", "--sort", "sink"]);
    ran.assert_done();
    let sinks: Vec<f64> = column(&ran.stdout, "sink_mass").iter().map(|row| row.2).collect();
    assert_eq!(sinks.len(), 270);
    assert!(sinks.windows(2).all(|pair| pair[0] >= pair[1]));
    let ran = Sandbox::new().run(&["heads", "bundled:austen", "--json", "--ships", "--sort", "layer"]);
    ran.assert_done();
    assert!(places(&ran.stdout).is_sorted());
}

#[test]
fn the_table_goes_into_a_file() {
    let sandbox = Sandbox::new();
    for (name, start) in [
        ("heads.csv", "layer,head,sink_mass,entropy,diagonal,previous_token,induction,sink_queries\n0,0,"),
        ("heads.JSON", "[\n  {\n"),
    ] {
        let ran = sandbox.run(&["heads", "bundled:smollm2-capture", "-o", name]);
        ran.assert_done();
        assert_eq!(ran.stdout, "");
        let written = fs::read_to_string(sandbox.path(name)).unwrap();
        assert!(written.starts_with(start), "{written}");
    }
    assert_eq!(fs::read_to_string(sandbox.path("heads.csv")).unwrap().lines().count(), 271);
    let json: Vec<Row> = serde_json::from_slice(&fs::read(sandbox.path("heads.JSON")).unwrap()).unwrap();
    assert_eq!(json, self::json(&["bundled:smollm2-capture"]));
}

#[test]
fn what_cannot_be_ranked_or_written_is_refused() {
    let sandbox = Sandbox::new();
    for (code, arguments, parts) in [
        (1, &["bundled:smollm2-capture", "--ships"][..], &["--ships", "bundled:smollm2-capture"][..]),
        (1, &["-o", "heads.txt"], &["heads.txt", ".csv", ".json"]),
        (2, &["--sort", "size"], &["--sort", "size", "induction"]),
        (2, &["--sort", "ships"], &["--sort ships", "--ships"]),
        (2, &["--component", "value"], &["--ships"]),
        (2, &["--ships", "--component", "outputs"], &["--component", "outputs"]),
        (2, &["--ships", "--epsilon", "-1"], &["--epsilon", "0 or more"]),
        (2, &["--preset", "safety-heads"], &["--ships"]),
        (2, &["--ships", "--preset", "heads"], &["--preset", "safety-heads"]),
        (2, &["--ships", "--preset", "safety-heads", "--component", "key"], &["--preset", "--component"]),
        (2, &["--ships", "--preset", "safety-heads", "--chat"], &["--preset", "--chat"]),
        (
            1,
            &["bundled:smollm2-capture", "--ships", "--preset", "safety-heads"],
            &["--ships", "bundled:smollm2-capture"],
        ),
        (2, &["--json", "-o", "heads.csv"], &["--json", "--output"]),
    ] {
        sandbox.run(&[&["heads"], arguments].concat()).assert_refused(code, parts);
    }
    assert!(sandbox.names().is_empty());
}
