//! Captures as files: what is read, and what is refused with which words.

use std::{collections::HashMap, fs, path::Path};

use ::safetensors::{Dtype, tensor::TensorView};
use proptest::prelude::*;

use super::*;
use crate::attention::Mask;

/// A safetensors file whose tensors hold 0, 1, 2, … as f32.
fn file(tensors: &[(&str, &[usize])], metadata: &[(&str, &str)]) -> Vec<u8> {
    typed_file(&tensors.iter().map(|&(name, shape)| (name, Dtype::F32, shape)).collect::<Vec<_>>(), metadata)
}

fn typed_file(tensors: &[(&str, Dtype, &[usize])], metadata: &[(&str, &str)]) -> Vec<u8> {
    let data: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, dtype, shape)| {
            let numbers = (0..shape.iter().product()).map(|i: usize| i as f32);
            match dtype {
                Dtype::F64 => numbers.flat_map(|x| f64::from(x).to_le_bytes()).collect(),
                Dtype::F16 => numbers.flat_map(|x| half::f16::from_f32(x).to_le_bytes()).collect(),
                Dtype::BF16 => numbers.flat_map(|x| half::bf16::from_f32(x).to_le_bytes()).collect(),
                _ => numbers.flat_map(f32::to_le_bytes).collect(),
            }
        })
        .collect();
    let views = tensors
        .iter()
        .zip(&data)
        .map(|((name, dtype, shape), data)| (*name, TensorView::new(*dtype, shape.to_vec(), data).unwrap()));
    let metadata: HashMap<_, _> = metadata.iter().map(|&(key, text)| (key.to_owned(), text.to_owned())).collect();
    ::safetensors::serialize(views, Some(metadata).filter(|metadata| !metadata.is_empty())).unwrap()
}

fn read(bytes: Vec<u8>) -> Result<Capture, String> {
    Capture::from_bytes(bytes, "x.safetensors").map_err(|error| error.to_string())
}

/// `[n_layers, n_heads, n_kv_heads, n_positions, head_dim]`
fn sizes(capture: &Capture) -> [usize; 5] {
    [capture.n_layers(), capture.n_heads(), capture.n_kv_heads(), capture.n_positions(), capture.head_dim()]
}

#[test]
fn every_shape_is_read() {
    for (query, key, expected) in [
        (&[3, 4][..], &[3, 4][..], [1, 1, 1, 3, 4]),
        (&[6, 3, 4], &[2, 3, 4], [1, 6, 2, 3, 4]),
        (&[5, 6, 3, 4], &[5, 6, 3, 4], [5, 6, 6, 3, 4]),
        (&[1, 6, 3, 4], &[1, 1, 3, 4], [1, 6, 1, 3, 4]),
        (&[1, 1, 1, 1], &[1, 1, 1, 1], [1, 1, 1, 1, 1]),
    ] {
        let capture = read(file(&[("q", query), ("k", key), ("v", key)], &[])).unwrap();
        assert_eq!(sizes(&capture), expected);
        let layer = capture.layer(expected[0] - 1).unwrap();
        assert_eq!((layer.n_heads(), layer.n_kv_heads()), (expected[1], expected[2]));
        assert!(capture.has_values() && layer.value(0).is_some());
    }
}

#[test]
fn a_layer_holds_its_own_numbers() {
    for dtype in [Dtype::F16, Dtype::BF16, Dtype::F32, Dtype::F64] {
        let capture = read(typed_file(
            &[("query", dtype, &[2, 2, 2, 3]), ("key", dtype, &[2, 1, 2, 3]), ("value", dtype, &[2, 1, 2, 2])],
            &[("scale", "1")],
        ))
        .unwrap();
        let layer = capture.layer(1).unwrap();
        // Layer 1 of v [2, 1, 2, 2] holds 4 to 7; of k [2, 1, 2, 3] 6 to 11; of q [2, 2, 2, 3] 12 to 23.
        assert_eq!(layer.value(0).unwrap(), ndarray::arr2(&[[4.0, 5.0], [6.0, 7.0]]), "{dtype}");
        // Head 1, row 1: q = (21, 22, 23); k = (6, 7, 8) and (9, 10, 11).
        assert_eq!(layer.head_scores(1).exact_row(1), [464.0, 662.0], "{dtype}");
    }
}

#[test]
fn what_is_not_said_has_a_default() {
    let capture = read(file(&[("q", &[2, 4]), ("k", &[2, 4])], &[])).unwrap();
    assert_eq!((capture.rule(0).unwrap().scale, &capture.rule(0).unwrap().mask), (0.5, &Mask::CAUSAL));
    assert!(capture.tokens().is_none() && capture.token_ids().is_none() && capture.model().is_none());
    assert_eq!(capture.pieces().collect::<Vec<_>>(), ["0", "1"]);
    assert!(!capture.has_values() && capture.layer(0).unwrap().value(0).is_none());

    let said = [("tokens", r#"["a", "b"]"#), ("causal", "false"), ("model", "M"), ("scale", "2")];
    let capture = read(file(&[("q", &[2, 4]), ("k", &[2, 4])], &said)).unwrap();
    assert_eq!(capture.pieces().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((capture.rule(0).unwrap().scale, capture.layer(0).unwrap().mask()), (2.0, &Mask::BIDIRECTIONAL));
    assert_eq!(capture.model(), Some("M"));
}

#[test]
fn tensors_that_do_not_fit_are_refused_in_words() {
    for (tensors, message) in [
        (&[("k", &[2, 4][..]), ("z", &[1])][..], "expected a tensor named q or query, found k, z"),
        (&[("q", &[2, 4])], "expected a tensor named k or key, found q"),
        (
            &[],
            "expected tensors named q and k (or query and key), or one named attention (or attentions), found no tensors",
        ),
        (&[("q", &[2, 4]), ("query", &[2, 4])], "expected one tensor named q or query, found both"),
        (
            &[("q", &[4]), ("k", &[4])],
            "tensor q: expected [T, d], [heads, T, d], [layers, heads, T, d] or [1, heads, T, d], found [4]",
        ),
        (&[("q", &[2, 4]), ("k", &[1, 2, 4])], "tensor key: expected 2 dimensions like the query, found [1, 2, 4]"),
        (
            &[("q", &[2, 0]), ("k", &[2, 0])],
            "tensor q: expected at least one layer, head, position and dimension, found [2, 0]",
        ),
        (
            &[("q", &[2, 4]), ("k", &[2, 5])],
            "tensor key: expected [1, kv_heads, 2, 4] like the query, found [1, 1, 2, 5]",
        ),
        (
            &[("q", &[3, 2, 2, 4]), ("k", &[2, 2, 2, 4])],
            "tensor key: expected [3, kv_heads, 2, 4] like the query, found [2, 2, 2, 4]",
        ),
        (&[("q", &[3, 2, 4]), ("k", &[2, 2, 4])], "expected key heads that divide the 3 query heads, found 2"),
        (
            &[("q", &[4, 2, 4]), ("k", &[2, 2, 4]), ("v", &[4, 2, 4])],
            "tensor value: expected [1, 2, 2, any] like the key, found [1, 4, 2, 4]",
        ),
    ] {
        assert_eq!(read(file(tensors, &[])).unwrap_err(), format!("{message}: x.safetensors"));
    }
}

#[test]
fn other_numbers_and_metadata_are_refused_in_words() {
    let shape = &[2, 2][..];
    let message = read(typed_file(&[("q", Dtype::I32, shape), ("k", Dtype::F32, shape)], &[])).unwrap_err();
    assert_eq!(message, "tensor q: expected F16, BF16, F32 or F64 numbers, found I32: x.safetensors");
    let message = read(file(&[("q", shape), ("k", shape)], &[("tokens", "[]")])).unwrap_err();
    assert_eq!(message, "metadata tokens: expected one for each of the 2 positions, found 0: x.safetensors");
    let message = read(file(&[("q", shape), ("k", shape)], &[("scale", "NaN")])).unwrap_err();
    assert_eq!(message, "metadata scale: expected a finite number, or one for each layer, found “NaN”: x.safetensors");
}

#[test]
fn a_damaged_container_is_refused_in_words() {
    let whole = file(&[("q", &[2, 2]), ("k", &[2, 2])], &[]);
    let with_length = |length: u64| [&length.to_le_bytes(), &whole[8..]].concat();
    for (bytes, message) in [
        (vec![], "which begins with 8 bytes for the length of its header; found 0 bytes"),
        (whole[..5].to_vec(), "found 5 bytes"),
        (whole[..20].to_vec(), "found only 12: cut off"),
        (whole[..whole.len() - 1].to_vec(), "expected 32 bytes of tensors, as the header says; found 31"),
        ([&whole[..], b"more"].concat(), "expected 32 bytes of tensors, as the header says; found 36"),
        (with_length(u64::MAX), "expected a safetensors header of 18446744073709551615 bytes"),
        (with_length(2), "expected a safetensors header, found one that does not hold"),
        (b"\x89PNG\r\n\x1a\n not a capture".to_vec(), "or not a safetensors file"),
    ] {
        let found = read(bytes).unwrap_err();
        assert!(found.contains(message), "{found}");
    }
    // Shapes whose product overflows, and tensors that claim more than is there.
    for header in [
        r#"{"q":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#,
        r#"{"q":{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,8]}}"#,
        r#"{"q":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}"#,
        r#"{"q":{"dtype":"F32","shape":[2,1],"data_offsets":[8,0]}}"#,
        r#"{"q":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615]}}"#,
    ] {
        let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
        let found = read(bytes).unwrap_err();
        assert!(found.contains("does not hold") || found.contains("bytes of tensors"), "{found}");
    }
}

#[test]
fn numbers_that_are_not_finite_are_kept() {
    let mut bytes = file(&[("q", &[2, 1]), ("k", &[2, 1])], &[]);
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    let layer = read(bytes).unwrap().layer(0).unwrap();
    assert!(layer.head_scores(0).exact_row(1).iter().any(|score| score.is_nan()));
}

#[test]
fn a_layer_that_is_not_there_is_refused() {
    let capture = read(file(&[("q", &[2, 2]), ("k", &[2, 2])], &[])).unwrap();
    assert_eq!(capture.layer(1).unwrap_err().to_string(), "expected a layer below 1, found 1: x.safetensors");
}

#[test]
fn files_are_opened_by_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.safetensors");
    fs::write(&path, file(&[("q", &[2, 2]), ("k", &[2, 2])], &[])).unwrap();
    let capture = Capture::open(&path).unwrap();
    assert_eq!((capture.origin(), capture.n_positions()), (path.to_str().unwrap(), 2));

    let message = |path: &Path| Capture::open(path).unwrap_err().to_string();
    assert!(message(folder.path()).starts_with("expected a capture file, found a folder or a device: "));
    let missing = folder.path().join("missing");
    assert!(message(&missing).starts_with("cannot read the capture: "));
    assert!(message(&missing).ends_with(missing.to_str().unwrap()));
}

/// A capture with everything in it.
fn complete() -> Vec<u8> {
    typed_file(
        &[("q", Dtype::F16, &[2, 2, 3, 4]), ("k", Dtype::F32, &[2, 1, 3, 4]), ("v", Dtype::F64, &[2, 1, 3, 2])],
        &[("tokens", r#"["a","b","c"]"#), ("token_ids", "[1,2,3]"), ("scale", "0.5"), ("causal", "true")],
    )
}

/// Reads and uses whatever can be used: only a panic is a failure. Returns whether it was a capture.
fn exercise(bytes: Vec<u8>) -> bool {
    let Ok(capture) = read(bytes) else { return false };
    for layer in 0..capture.n_layers().min(4) {
        let layer = capture.layer(layer).unwrap();
        assert_eq!(layer.n_positions(), capture.n_positions());
    }
    assert_eq!(capture.pieces().count(), capture.n_positions());
    assert!(capture.layer(capture.n_layers()).is_err());
    true
}

#[test]
fn every_truncation_is_refused() {
    let whole = complete();
    assert!(exercise(whole.clone()));
    for length in 0..whole.len() {
        assert!(!exercise(whole[..length].to_vec()), "the first {length} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        exercise(bytes);
    }

    #[test]
    fn no_change_to_a_file_makes_it_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = complete();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        exercise(bytes);
    }

    /// Digits, brackets and commas put into the header reach further than random bytes do.
    #[test]
    fn no_change_to_the_header_makes_it_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), "[0-9\\[\\],\":a-zA-Z]"), 1..4),
        insert in any::<bool>(),
    ) {
        let whole = complete();
        let header = 8 + usize::try_from(u64::from_le_bytes(*whole.first_chunk().unwrap())).unwrap();
        let (mut text, data) = (whole[8..header].to_vec(), &whole[header..]);
        for (place, change) in changes {
            let place = place.index(text.len());
            text.splice(place..place + usize::from(!insert), change.bytes());
        }
        exercise([&(text.len() as u64).to_le_bytes()[..], &text, data].concat());
    }
}
