//! Captures of models with a rule of their own, each cell beside the weight that the model itself has there
//! (transformers in eager mode, f64): `cases/NAME.expected.safetensors`, made by the scripts beside them. The captures
//! were made by what is the Python module now.

use std::path::{Path, PathBuf};

use attenuate::{
    attention::{HeadEdit, Pattern},
    capture::Capture,
    engine::{Bundled, Engine, RunSpec, SourceSpec},
    session::Session,
};
use safetensors::SafeTensors;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/cases").join(format!("{name}.safetensors"))
}

/// The largest difference of a layer's weights from the expected ones, over rows from `first_row` on.
fn difference(capture: &Capture, name: &str, layer: usize, first_row: usize) -> f64 {
    let bytes = std::fs::read(case(&format!("{name}.expected"))).unwrap();
    let expected = SafeTensors::deserialize(&bytes).unwrap();
    let expected = expected.tensor(&format!("l{layer}")).unwrap();
    let (n_heads, n) = (expected.shape()[0], expected.shape()[1]);
    assert_eq!((n_heads, n), (capture.n_heads(), capture.n_positions()));
    let cells: Vec<f64> = expected.data().as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect();

    let qkv = capture.layer(layer).unwrap();
    let mut largest: f64 = 0.0;
    for head in 0..n_heads {
        let pattern = Pattern::new(qkv.head_scores(head).into(), &HeadEdit::NOTHING);
        for query in first_row..n {
            for key in 0..n {
                let weight = pattern.exact_cell(query, key).map_or(0.0, |cell| cell.weight_f64);
                largest = largest.max((weight - cells[(head * n + query) * n + key]).abs());
            }
        }
    }
    largest
}

#[test]
fn every_weight_of_a_captured_model_is_its_own() {
    for name in ["gpt2_scale_by_layer", "mistral_window", "gpt_oss_sinks", "bert"] {
        let capture = Capture::open(&case(name)).unwrap();
        for layer in 0..capture.n_layers() {
            let off = difference(&capture, name, layer, 0);
            assert!(off < 1e-6, "{name}, layer {layer}: {off:e}");
        }
    }
}

#[test]
fn padding_has_no_row_and_is_no_key() {
    let capture = Capture::open(&case("padding_left")).unwrap();
    let off = difference(&capture, "padding_left", 1, 9);
    assert!(off < 1e-6, "{off:e}");
    let pattern = Pattern::new(capture.layer(1).unwrap().head_scores(0).into(), &HeadEdit::NOTHING);
    assert!((0..9).all(|query| pattern.exact_row(query).is_empty()), "a padding query has no row");
    assert_eq!(pattern.exact_row(9), [1.0], "the first token sees itself alone");
}

/// Made by `cases/padding_between.py`: padding behind the second token, behind the fourth, and at the end.
#[test]
fn padding_between_tokens_has_no_row_and_is_no_key() {
    let capture = Capture::open(&case("padding_between")).unwrap();
    assert_eq!((capture.n_layers(), capture.n_padding()), (2, 4));
    for layer in 0..2 {
        let off = difference(&capture, "padding_between", layer, 0);
        assert!(off < 1e-6, "layer {layer}: {off:e}");
        let pattern = Pattern::new(capture.layer(layer).unwrap().head_scores(3).into(), &HeadEdit::NOTHING);
        for query in [2, 5, 6, 10] {
            assert!(pattern.keys(query).is_empty() && (0..11).all(|key| pattern.exact_cell(query, key).is_none()));
        }
        // Rows that are drawn and measured are those that files have.
        let mut row = vec![f32::NAN; 11];
        for query in [1, 3, 4, 7, 8, 9] {
            let drawn = pattern.row_into(query, &mut row).to_vec();
            let exact = pattern.exact_row(query);
            assert_eq!(drawn.len(), exact.len());
            assert!(drawn.iter().zip(&exact).all(|(drawn, exact)| (f64::from(*drawn) - exact).abs() < 1e-6), "{query}");
            assert_eq!(pattern.place(query, 2), None, "padding is no key");
        }
    }
}

#[test]
fn whether_pieces_are_byte_level_is_decided_for_all_together() {
    let source = SourceSpec::Capture(case("labels_wordpiece"));
    let spec = RunSpec { source, ..Session::example(Bundled::Smollm2Capture).run_spec() };
    let spec = spec.with(|experiment| (experiment.layer, experiment.head) = (0, 0));
    let outcome = Engine::default().run(&spec, &|| false).unwrap();
    let texts: Vec<&str> = outcome.tokens.iter().map(|token| token.text.as_str()).collect();
    assert_eq!(texts, ["[CLS]", "für", "Größe", "##é", "[SEP]"]);
}
