//! Captures of attention weights alone, and of fewer queries than keys.

use std::path::{Path, PathBuf};

use attenuate::{
    attention::{HeadEdit, Mask, Pattern},
    capture::Capture,
    engine::{Bundled, Engine, EngineError, Outcome, Reference, RunSpec, SourceKind, SourceSpec, Under},
    session::Session,
};

use crate::captures::files::{Packing, npy, npz, read, tuple, unicode};

fn case(ending: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/cases/patterns_only").with_extension(ending)
}

fn spec(path: &Path, layer: usize, head: usize) -> RunSpec {
    let spec = RunSpec {
        source: SourceSpec::Capture(path.to_owned()),
        ..Session::example(Bundled::Smollm2Capture).run_spec()
    };
    spec.with(|experiment| (experiment.layer, experiment.head) = (layer, head))
}

fn run(path: &Path, layer: usize, head: usize) -> Outcome {
    Engine::default().run(&spec(path, layer, head), &|| false).unwrap()
}

/// `weights` as `<f4` of `shape`.
fn array(shape: &[usize], weights: &[f32]) -> Vec<u8> {
    npy("<f4", &tuple(shape), &weights.iter().flat_map(|weight| weight.to_le_bytes()).collect::<Vec<u8>>())
}

fn message(arrays: &[(&str, Vec<u8>)]) -> String {
    read(npz(arrays, Packing::Stored)).unwrap_err()
}

fn open(arrays: &[(&str, Vec<u8>)]) -> Capture {
    read(npz(arrays, Packing::Deflated)).unwrap()
}

#[test]
fn patterns_alone_open_and_are_shown_as_they_are() {
    let [safetensors, npz] = ["safetensors", "npz"].map(|ending| run(&case(ending), 2, 1));
    let file = std::fs::read(case("safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&file).unwrap();
    let tensor = file.tensor("attention").unwrap();
    assert_eq!(tensor.shape(), [3, 2, 6, 6]);
    let cells: Vec<f32> = tensor.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    for outcome in [safetensors, npz] {
        assert_eq!((outcome.facts.kind, outcome.facts.n_layers, outcome.facts.n_heads), (SourceKind::Patterns, 3, 2));
        assert_eq!((outcome.shape().n_panels(), outcome.mask()), (1, &Mask::CAUSAL), "one panel, of the baseline");
        assert!(outcome.panels.values().all(|panel| panel.pattern == outcome.baseline.pattern));
        let pattern = &outcome.baseline.pattern;
        let mut row = [0.0; 6];
        for query in 0..6 {
            let expected = &cells[(5 * 6 + query) * 6..][..=query];
            assert_eq!(pattern.row_into(query, &mut row), expected, "to the bit");
            let exact: Vec<f64> = expected.iter().map(|&weight| weight.into()).collect();
            assert_eq!(pattern.exact_row(query), exact);
            assert_eq!(pattern.exact_cell(query, 0).unwrap().score, None);
        }
        let sentences: Vec<&str> = outcome.facts.notices.iter().map(|notice| notice.sentence.as_str()).collect();
        assert_eq!(
            sentences,
            [
                "this file holds patterns only, no query, key or value; its mask was inferred: causal, as every cell above \
              the diagonal is 0"
            ]
        );
    }
}

#[test]
fn patterns_alone_have_heads_and_are_compared() {
    let path = case("npz");
    let mut engine = Engine::default();
    let spec = spec(&path, 0, 0);
    let heads = engine.heads(&spec.source, &spec.prompt, &|| false).unwrap();
    assert_eq!(heads.len(), 6);
    let mean = |weight: &dyn Fn(usize) -> f32, rows: std::ops::Range<usize>| -> f64 {
        let n = rows.len() as f64;
        rows.map(|query| f64::from(weight(query))).sum::<f64>() / n
    };
    for head in heads {
        let pattern = run(&path, head.layer, head.head).baseline.pattern;
        let cell = |query: usize, key: usize| pattern.exact_cell(query, key).unwrap().weight;
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        close(head.metrics.sink_mass.unwrap(), mean(&|query| cell(query, 0), 3..6));
        close(head.metrics.diagonal, mean(&|query| cell(query, query), 0..6));
        let entropy = (1..6).map(|query| {
            let row = pattern.exact_row(query);
            row.iter().filter(|&&weight| weight > 0.0).map(|weight| -weight * weight.ln()).sum::<f64>()
                / (row.len() as f64).ln()
        });
        close(head.metrics.normalized_entropy.unwrap(), entropy.sum::<f64>() / 5.0);
    }
    let reference = Reference::Head { layer: 1, head: 1 };
    let compared = engine.run(&RunSpec { reference, ..spec.clone() }, &|| false).unwrap();
    let other = run(&path, 1, 1).baseline.pattern;
    let panel = compared.shape().panels().next().unwrap();
    assert_eq!(compared.compared_with(panel).pattern.exact_row(4), other.exact_row(4));
    let refused = [
        engine.sweep(&spec, None, None, &mut |_| {}, &|| false).err(),
        engine
            .head_patterns(
                &spec,
                Under::Change(panel.component, spec.experiment.epsilon.as_slice()[0]),
                &mut |_| {},
                &|| false,
            )
            .err(),
    ];
    for error in refused {
        assert!(matches!(error, Some(EngineError::PatternsOnly { .. })), "{error:?}");
    }
}

#[test]
fn the_mask_is_what_the_file_says_or_the_weights_show() {
    let triangle = array(&[1, 2, 2], &[1.0, 0.0, 0.25, 0.75]);
    let square = array(&[2, 2], &[0.5, 0.5, 0.25, 0.75]);
    let mask = |capture: &Capture| capture.rule(0).unwrap().mask.clone();
    assert_eq!(mask(&open(&[("attentions", triangle.clone())])), Mask::CAUSAL);
    assert_eq!(mask(&open(&[("attention", square.clone())])), Mask::BIDIRECTIONAL);
    let said = open(&[("attention", triangle), ("causal", npy("|b1", "()", &[0]))]);
    assert_eq!((mask(&said), said.has_inferred_mask()), (Mask::BIDIRECTIONAL, false));
    let pattern = Pattern::new(said.layer(0).unwrap().head_scores(0).into(), &HeadEdit::NOTHING);
    assert_eq!(pattern.exact_row(0), [1.0, 0.0], "a weight of 0 is no masked cell");
    let text = message(&[("attention", square), ("causal", npy("|b1", "()", &[1]))]);
    assert_eq!(text, "attention: expected 0 where it is masked, found 0.5 at layer 0, head 0, query 0, key 1: FILE");
}

#[test]
fn a_batch_of_one_may_stand_in_front_or_behind_the_layers() {
    let cells = [1.0, 0.0, 0.25, 0.75, 1.0, 0.0, 0.5, 0.5];
    for (shape, layers, heads) in
        [(&[1, 2, 2, 2][..], 1, 2), (&[2, 1, 2, 2], 2, 1), (&[1, 2, 1, 2, 2], 2, 1), (&[2, 1, 1, 2, 2], 2, 1)]
    {
        let capture = open(&[("attention", array(shape, &cells))]);
        assert_eq!((capture.n_layers(), capture.n_heads(), capture.n_positions()), (layers, heads, 2), "{shape:?}");
    }
    assert!(message(&[("attention", array(&[2, 2, 1, 2, 1], &cells))]).contains("a batch of one prompt"));
    assert!(message(&[("attention", array(&[8], &cells))]).starts_with("tensor attention: expected [heads, T, T]"));
}

#[test]
fn what_is_no_weight_is_refused_with_its_place() {
    for (row, expected) in [
        ([0.25, 0.25], "rows that sum to 1 within 0.01, found 0.5 at layer 0, head 1, query 1: FILE"),
        ([0.0, 0.0], "rows that sum to 1 within 0.01, found 0 at layer 0, head 1, query 1: FILE"),
        ([-0.5, 1.5], "a number of at least 0, found -0.5 at layer 0, head 1, query 1, key 0: FILE"),
        ([f32::NAN, 1.0], "a number of at least 0, found NaN at layer 0, head 1, query 1, key 0: FILE"),
        ([1.0, f32::INFINITY], "rows that sum to 1 within 0.01, found inf at layer 0, head 1, query 1: FILE"),
    ] {
        let cells = [&[1.0, 0.0, 0.5, 0.5, 1.0, 0.0][..], &row].concat();
        assert_eq!(message(&[("attention", array(&[2, 2, 2], &cells))]), format!("attention: expected {expected}"));
    }
    // As bfloat16 rounds them.
    open(&[("attention", array(&[2, 2], &[1.0, 0.0, 0.332, 0.664]))]);
}

#[test]
fn fewer_queries_than_keys_are_the_last_ones() {
    let cells = [0.25, 0.75, 0.0, 0.5, 0.25, 0.25];
    let tokens = ("tokens", unicode(&["a", "b", "c"]));
    let weights = ("attention", array(&[1, 2, 3], &cells));
    let capture = open(&[weights.clone(), tokens.clone(), ("query_tokens", unicode(&["b", "c"]))]);
    assert_eq!((capture.n_queries(), capture.n_positions()), (2, 3));
    let pattern = Pattern::new(capture.layer(0).unwrap().head_scores(0).into(), &HeadEdit::NOTHING);
    let rows = [0, 1, 2].map(|query| pattern.exact_row(query));
    assert_eq!(rows, [vec![], vec![0.25, 0.75], vec![0.5, 0.25, 0.25]]);
    assert_eq!(capture.rule(0).unwrap().mask.reason(0, 0).unwrap(), "the source has no query of this position");
    let named = open(&[weights.clone(), ("query_tokens", unicode(&["b", "c"]))]);
    assert_eq!(named.tokens().unwrap(), ["0", "b", "c"]);
    let text = message(&[weights.clone(), tokens, ("query_tokens", unicode(&["a", "c"]))]);
    assert!(
        text.starts_with("metadata query_tokens: expected a JSON list of strings, the last of the tokens"),
        "{text}"
    );
    let text = message(&[weights, ("causal", npy("|b1", "()", &[0]))]);
    assert_eq!(
        text,
        "expected as many queries as keys, or fewer where attention is causal, as in a step with a cache; found 2 queries \
         over 3 keys, not causal: cross-attention is not shown: FILE"
    );
}

/// The last two queries of a prompt of five give the last two rows of the whole prompt.
#[test]
fn a_step_with_a_cache_has_the_rows_of_the_whole_prompt() {
    let numbers =
        |seed: usize, n: usize| -> Vec<f32> { (0..n).map(|i| ((i * seed) % 13) as f32 / 5.0 - 1.0).collect() };
    let (query, key) = (numbers(7, 20), numbers(5, 20));
    let whole = open(&[("q", array(&[5, 4], &query)), ("k", array(&[5, 4], &key))]);
    let step = open(&[("q", array(&[2, 4], &query[12..])), ("k", array(&[5, 4], &key))]);
    let [whole, step] =
        [whole, step].map(|capture| Pattern::new(capture.layer(0).unwrap().head_scores(0).into(), &HeadEdit::NOTHING));
    for query in 0..5 {
        let expected = if query < 3 { Vec::new() } else { whole.exact_row(query) };
        assert_eq!(step.exact_row(query), expected);
    }
}
