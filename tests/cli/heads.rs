//! `attenuate heads`

use attenuate::model::bundled;
use serde::Deserialize;

use crate::{
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
    assert_eq!(lines.next(), Some("layer  head  sink mass   entropy  diagonal"));
    lines.map(|line| line.split_whitespace().map(ToOwned::to_owned).collect()).collect()
}

/// Sink mass, normalized entropy and weight on the diagonal by their definitions.
fn metrics(panel: &Panel) -> [f64; 3] {
    let rows: Vec<Vec<f64>> = panel.iter().map(|row| row.iter().flatten().copied().map(f64::from).collect()).collect();
    let n = rows.len() as f64;
    let sink = rows[3..].iter().map(|row| row[0]).sum::<f64>() / (n - 3.0);
    let entropy = |row: &Vec<f64>| {
        let terms = row.iter().filter(|&&weight| weight > 0.0).map(|weight| -weight * weight.ln());
        terms.sum::<f64>() / (row.len() as f64).ln()
    };
    let entropy = rows[1..].iter().map(entropy).sum::<f64>() / (n - 1.0);
    let diagonal = rows.iter().enumerate().map(|(i, row)| row[i]).sum::<f64>() / n;
    [sink, entropy, diagonal]
}

#[test]
fn the_table_has_every_head_of_smollm2_and_says_what_json_says() {
    let rows = json(&[]);
    let places: Vec<_> = rows.iter().map(|row| (row.layer, row.head)).collect();
    let expected: Vec<_> = (0..30).flat_map(|layer| (0..9).map(move |head| (layer, head))).collect();
    assert_eq!(places, expected);
    assert_eq!(rows.len(), 270);

    let rounded = |value: f64| format!("{value:.4}");
    let written: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let numbers = [row.sink_mass.unwrap(), row.entropy.unwrap(), row.diagonal].map(rounded);
            [row.layer.to_string(), row.head.to_string()].into_iter().chain(numbers).collect()
        })
        .collect();
    assert_eq!(table(&[]), written);
}

#[test]
fn the_numbers_are_those_of_the_written_weights() {
    for (source, heads) in [
        (&["bundled:smollm2"][..], &[[14, 3], [0, 0], [29, 8], [7, 5]][..]),
        (&["bundled:austen"], &[[5, 1], [0, 0], [3, 2]]),
        (&["--prompt", "It was the best of times."], &[[5, 1], [2, 3]]),
    ] {
        let rows = json(source);
        for &[layer, head] in heads {
            let row = rows.iter().find(|row| (row.layer, row.head) == (layer, head)).unwrap();
            let (layer, head) = (layer.to_string(), head.to_string());
            let weights = Weights::from_json(&[source, &["--layer", &layer, "--head", &head]].concat());
            let found = [row.sink_mass.unwrap(), row.entropy.unwrap(), row.diagonal];
            for (found, expected) in found.into_iter().zip(metrics(&weights.baseline)) {
                assert!((found - expected).abs() <= 1e-6, "{source:?} {row:?}: {expected}");
            }
        }
    }
}

#[test]
fn too_few_tokens_have_no_sink_and_one_token_no_entropy() {
    let rows = json(&["--token-ids", "0,12,7"]);
    assert_eq!(rows.len(), 6 * 4);
    assert!(rows.iter().all(|row| row.sink_mass.is_none() && row.entropy.is_some()));
    for row in json(&["--token-ids", "12"]) {
        assert_eq!((row.sink_mass, row.entropy, row.diagonal), (None, None, 1.0));
    }
    assert_eq!(table(&["--token-ids", "12"])[0], ["0", "0", "–", "–", "1.0000"]);
}

#[test]
fn the_default_prompt_and_the_bos_can_be_left_out() {
    let whole = json(&["bundled:austen"]);
    assert_eq!(json(&["--prompt", bundled::DEFAULT_PROMPT]), whole);
    assert_ne!(json(&["bundled:austen", "--no-bos"]), whole);
}
