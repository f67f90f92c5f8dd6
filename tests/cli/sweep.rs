//! `attenuate sweep`: the files read back, against the engine's own sweep.

use std::fs;

use attenuate::{
    attention::{Component, Epsilon, Preset},
    engine::{Bundled, Engine, Sweep, SweepMetrics, SweepPoint},
    session::Session,
};
use serde_json::{Value, json};

use crate::cli::sandbox::Sandbox;

const COLUMNS: [&str; 9] =
    ["component", "epsilon", "sink_mass", "normalized_entropy", "kl", "js", "max_weight", "weight", "sink_queries"];
const N_NUMBERS: usize = 7;

fn expected(bundled: Bundled, preset: Preset, cell: Option<[usize; 2]>) -> Sweep {
    let spec = Session::example(bundled).run_spec().with(|experiment| experiment.scope = preset.scope());
    Engine::default().sweep(&spec, cell, None, &mut |_| {}, &|| false).unwrap()
}

fn written(name: &str, arguments: &[&str]) -> String {
    let sandbox = Sandbox::new();
    sandbox.run(&[&["sweep", "-o", name], arguments].concat()).assert_done();
    assert_eq!(sandbox.names(), [name]);
    fs::read_to_string(sandbox.path(name)).unwrap()
}

fn numbers(point: &SweepPoint) -> [Option<f64>; 7] {
    let SweepMetrics { sink_mass, normalized_entropy, kl, js, max_weight, weight, .. } = point.metrics;
    [Some(point.epsilon.get()), sink_mass, normalized_entropy, Some(kl), Some(js), max_weight, weight]
}

#[test]
fn the_table_has_a_line_for_each_point() {
    for (arguments, bundled, preset, cell) in [
        (&["bundled:smollm2-capture"][..], Bundled::Smollm2Capture, Preset::ThisHead, None),
        (
            &["bundled:austen", "--layers", "all", "--heads", "all", "--cell", "6,2"],
            Bundled::Austen,
            Preset::AllLayers,
            Some([6, 2]),
        ),
    ] {
        let text = written("sweep.csv", arguments);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), COLUMNS.as_slice());
        let lines: Vec<(String, [Option<f64>; 7])> = reader
            .records()
            .map(|line| {
                let line = line.unwrap();
                let number = |at: usize| (!line[at].is_empty()).then(|| line[at].parse().unwrap());
                (line[0].to_owned(), std::array::from_fn(|at| number(at + 1)))
            })
            .collect();
        let sweep = expected(bundled, preset, cell);
        let points = Component::FIGURE.into_iter().zip(&sweep.curves).flat_map(|(component, curve)| {
            curve.iter().map(move |point| (component.name().to_lowercase(), numbers(point)))
        });
        assert!(lines == points.collect::<Vec<_>>(), "{arguments:?}");
        assert_eq!(lines[0].1[0], Some(0.0), "ε = 0 is the first of a curve");
        assert_eq!(lines[0].1[6].is_some(), cell.is_some());
    }
}

#[test]
fn json_says_what_was_swept() {
    let file: Value =
        serde_json::from_str(&written("sweep.json", &["bundled:smollm2-capture", "--cell", "6,2"])).unwrap();
    let sweep = expected(Bundled::Smollm2Capture, Preset::ThisHead, Some([6, 2]));
    for (name, value) in [
        ("source", json!("bundled:smollm2-capture")),
        ("layer", json!(14)),
        ("head", json!(3)),
        ("n_layers", json!(30)),
        ("operation", json!("scale")),
        ("scope", json!({"layers": "shown", "heads": "shown", "positions": "all"})),
        ("cell", json!([6, 2])),
        ("sink_queries", json!(21)),
    ] {
        assert_eq!(file[name], value, "{name}");
    }
    for (name, metrics) in [("baseline", sweep.baseline), ("uniform", sweep.uniform)] {
        let expected = numbers(&SweepPoint { epsilon: Epsilon::ONE, metrics });
        for (column, number) in COLUMNS[2..=N_NUMBERS].iter().zip(&expected[1..]) {
            assert_eq!(file[name][column].as_f64(), *number, "{name} {column}");
        }
    }
    assert_eq!(file["tokens"].as_array().unwrap().len(), 24);
    assert_eq!(file["token_ids"][1], json!(41319));
    assert_eq!(file["transition"]["value"], Value::Null);
    assert_eq!(file["transition"]["query"], json!(sweep.transition(Component::Query).unwrap().map(Epsilon::get)));
    for (component, curve) in Component::FIGURE.into_iter().zip(&sweep.curves) {
        let rows = file[component.name().to_lowercase()].as_array().unwrap();
        assert_eq!(rows.len(), curve.len());
        for (row, point) in rows.iter().zip(curve) {
            for (name, number) in COLUMNS[1..=N_NUMBERS].iter().zip(numbers(point)) {
                assert_eq!(row[name].as_f64(), number, "{component} {name} at {}", point.epsilon);
            }
        }
    }
}

#[test]
fn scopes_operations_and_prompts_are_those_of_weights() {
    let arguments = [
        "bundled:austen",
        "--prompt",
        "She loved music.",
        "--layer",
        "2",
        "--operation",
        "mean-heads",
        "--positions",
        "rest",
    ];
    let file: Value = serde_json::from_str(&written("sweep.json", &arguments)).unwrap();
    assert_eq!((&file["source"], &file["layer"]), (&json!("bundled:austen"), &json!(2)));
    assert_eq!((&file["operation"], &file["scope"]["positions"]), (&json!("mean-heads"), &json!("rest")));
    let last = file["query"].as_array().unwrap().iter().min_by_key(|row| {
        let epsilon = row["epsilon"].as_f64().unwrap();
        ((epsilon - 1.0).abs() * 1e6) as u64
    });
    assert!(last.unwrap()["js"].as_f64().unwrap() < 1e-3, "near ε = 1 the mean over heads changes little");
    let single: Value = serde_json::from_str(&written("one.json", &["bundled:austen", "--token-ids", "2047"])).unwrap();
    assert_eq!(single["query"][0]["normalized_entropy"], Value::Null, "one token has no entropy");
    assert_eq!(single["query"][0]["kl"], json!(0.0));
}

#[test]
fn pictures_are_drawn() {
    for metric in ["sink-mass", "normalized-entropy", "kl", "js", "max-weight"] {
        let svg = written("sweep.svg", &["bundled:smollm2-capture", "--metric", metric]);
        assert!(svg.starts_with("<svg") && svg.contains(">baseline<") && svg.contains(">1e-12<"), "{metric}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{metric}");
        assert!(svg.matches("<line").count() > 300, "{metric}: dashes and parts of lines");
    }
    assert!(
        written("sweep.svg", &["bundled:smollm2-capture", "--metric", "weight", "--cell", "6,2"])
            .contains("weight of the cell")
    );
    let sandbox = Sandbox::new();
    sandbox.run(&["sweep", "bundled:smollm2-capture", "-o", "sweep.PNG", "--dpi", "72"]).assert_done();
    let png = fs::read(sandbox.path("sweep.PNG")).unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    // 178 mm.
    assert_eq!(reader.info().width, 505);
    sandbox.run(&["sweep", "bundled:smollm2-capture", "-o", "sweep.pdf", "--metric", "kl"]).assert_done();
    let pdf = fs::read(sandbox.path("sweep.pdf")).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.contains("/MediaBox[0 0 504.5") && text.contains("/Alt"), "178 mm");
}

#[test]
fn a_picture_has_the_metrics_the_range_and_the_page_that_are_asked_for() {
    let arguments = [
        "bundled:smollm2-capture",
        "--metric",
        "sink-mass,kl,sink-mass",
        "--range",
        "1e-2..=1e1",
        "--size",
        "85x80",
        "--font",
        "serif",
        "--ground",
        "dark",
        "--rows",
        "query,value",
    ];
    let svg = written("sweep.svg", &arguments);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let texts: Vec<&str> =
        document.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text()).collect();
    for text in ["sink mass", "KL (nats)", "1e-2", "1e0", "Query", "Value"] {
        assert_eq!(texts.iter().filter(|&&found| found == text).count(), 1, "{text}: {texts:?}");
    }
    for text in ["1e-3", "1e2", "Key"] {
        assert!(!texts.contains(&text), "{text}: {texts:?}");
    }
    let root = document.root_element();
    let side = |name: &str| root.attribute(name).unwrap().strip_suffix("pt").unwrap().parse::<f64>().unwrap();
    assert!((side("width") - 85.0 / 25.4 * 72.0).abs() < 0.01 && (side("height") - 80.0 / 25.4 * 72.0).abs() < 0.01);
    assert!(svg.contains("Times"), "what other programs have in the place of its face");
}

/// The name of the default source was cut by the page.
#[test]
fn a_title_is_whole_on_every_page() {
    for size in ["178", "85"] {
        let svg = written("sweep.svg", &["bundled:smollm2-capture", "--size", size]);
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<&str> =
            document.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text()).collect();
        assert!(texts.join(" ").contains("layer 14, head 3: normalized entropy over ε"), "{texts:?}");
    }
}

#[test]
fn what_cannot_be_swept_is_refused() {
    let sandbox = Sandbox::new();
    for (arguments, code, parts) in [
        (&["-o", "sweep.npz"][..], 1, &["sweep.npz", ".csv", ".json", ".svg", ".pdf"][..]),
        (&["-o", "sweep"], 1, &[".csv"]),
        (&["bundled:smollm2-capture", "-o", "a.csv", "--cell", "24,0"], 1, &["--cell", "24", "24 tokens"]),
        (&["bundled:smollm2-capture", "-o", "a.csv", "--cell", "2,6"], 1, &["--cell 2,6", "masked"]),
        (&["-o", "a.csv", "--cell", "6"], 2, &["--cell", "QUERY,KEY"]),
        (&["-o", "a.svg", "--metric", "weight"], 2, &["--metric weight", "--cell"]),
        (&["-o", "a.svg", "--metric", "beauty"], 2, &["--metric", "beauty", "sink-mass"]),
        (&["bundled:austen", "-o", "a.svg", "--token-ids", "2047"], 1, &["normalized entropy", "1 token"]),
        (&["bundled:smollm2-capture", "-o", "a.csv", "--layer", "30"], 1, &["layer 30", "0 to 29"]),
        (&[], 2, &["--output"]),
    ] {
        sandbox.run(&[&["sweep"], arguments].concat()).assert_refused(code, parts);
        assert!(sandbox.names().is_empty(), "{arguments:?}");
    }
}
