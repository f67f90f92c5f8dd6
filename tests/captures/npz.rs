//! What an NPZ capture may hold.

use std::path::Path;

use attenuate::{attention::Mask, capture::Capture};

use crate::captures::files::{Packing, counting, npy, npy_in, npz, numbers, read, safetensors, text, tuple, unicode};

/// The same capture as a safetensors file, all in F32.
fn as_safetensors(tensors: &[(&str, &[usize])]) -> Capture {
    let (mut data, mut entries) = (Vec::new(), Vec::new());
    for (name, shape) in tensors {
        let start = data.len();
        data.extend((0..shape.iter().product::<usize>()).flat_map(|i| (i as f32).to_le_bytes()));
        entries
            .push(format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{}]}}"#, data.len()));
    }
    read(safetensors(&format!("{{{}}}", entries.join(",")), &data)).unwrap()
}

#[test]
fn every_shape_reads_as_from_safetensors() {
    for (query, key, value) in [
        (&[3, 4][..], &[3, 4][..], Some(&[3, 4][..])),
        (&[6, 3, 4], &[2, 3, 4], Some(&[2, 3, 5])),
        (&[5, 6, 3, 4], &[5, 6, 3, 4], None),
        (&[1, 6, 3, 4], &[1, 1, 3, 4], Some(&[1, 1, 3, 4])),
        (&[1, 1], &[1, 1], None),
    ] {
        let tensors: Vec<_> = [("q", query), ("k", key)].into_iter().chain(value.map(|shape| ("v", shape))).collect();
        let expected = as_safetensors(&tensors);
        for packing in [Packing::Stored, Packing::Deflated] {
            for names in [["q", "k", "v"], ["query", "key", "value"]] {
                let arrays: Vec<_> =
                    names.into_iter().zip(&tensors).map(|(name, (_, shape))| (name, counting(shape))).collect();
                let found = read(npz(&arrays, packing)).unwrap();
                assert_eq!((found.n_layers(), found.n_heads()), (expected.n_layers(), expected.n_heads()));
                assert_eq!((found.n_kv_heads(), found.has_values()), (expected.n_kv_heads(), value.is_some()));
                assert_eq!(numbers(&found), numbers(&expected), "{packing:?} {query:?}");
            }
        }
    }
}

/// `[2, 3, 2]`: two heads, three positions.
fn halves() -> Vec<f64> {
    (0..12).map(|i| f64::from(i) * 0.5 - 2.0).collect()
}

fn bytes(numbers: &[f64], descr: &str) -> Vec<u8> {
    let bytes = numbers.iter().flat_map(|&x| {
        let mut bytes = match &descr[1..] {
            "f2" => half::f16::from_f64(x).to_le_bytes().to_vec(),
            "f4" => (x as f32).to_le_bytes().to_vec(),
            _ => x.to_le_bytes().to_vec(),
        };
        if descr.starts_with('>') {
            bytes.reverse();
        }
        bytes
    });
    bytes.collect()
}

#[test]
fn every_type_and_order_holds_the_same_numbers() {
    let shape = [2, 3, 2];
    let rows = halves();
    // The first index runs fastest.
    let columns: Vec<f64> = (0..12).map(|i| rows[(i % 2) * 6 + (i / 2 % 3) * 2 + i / 6]).collect();
    let plain = |descr: &str| npy(descr, &tuple(&shape), &bytes(&rows, descr));
    let expected =
        numbers(&read(npz(&[("q", plain("<f8")), ("k", plain("<f8")), ("v", plain("<f8"))], Packing::Stored)).unwrap());
    for descr in ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8"] {
        let fortran = npy_in(descr, "True", &tuple(&shape), &bytes(&columns, descr));
        for array in [plain(descr), fortran] {
            for packing in [Packing::Stored, Packing::Deflated] {
                let arrays = [("q", array.clone()), ("k", plain("<f4")), ("v", array.clone())];
                assert_eq!(numbers(&read(npz(&arrays, packing)).unwrap()), expected, "{descr} {packing:?}");
            }
        }
    }
}

fn with(more: &[(&str, Vec<u8>)]) -> Result<Capture, String> {
    let tensors = [("q", counting(&[2, 2])), ("k", counting(&[2, 2]))];
    read(npz(&tensors.iter().chain(more).cloned().collect::<Vec<_>>(), Packing::Deflated))
}

#[test]
fn what_stands_beside_the_tensors_counts() {
    let said = with(&[
        ("tokens", unicode(&["<s>", "Ġ\"é😀"])),
        ("token_ids", npy("<i8", "(2,)", &[1_i64, 198].map(i64::to_le_bytes).concat())),
        ("scale", npy("<f8", "()", &0.1_f64.to_le_bytes())),
        ("causal", npy("|b1", "()", &[0])),
        ("model", text("A model")),
        ("prompt", text("é")),
        ("attentions", b"not looked at".to_vec()),
    ])
    .unwrap();
    assert_eq!(said.tokens().unwrap(), ["<s>", "Ġ\"é😀"]);
    assert_eq!(said.token_ids().unwrap(), [1, 198]);
    assert_eq!((said.rule(0).unwrap().scale, said.rule(0).unwrap().mask.clone()), (0.1, Mask::BIDIRECTIONAL));
    assert_eq!((said.model(), said.prompt()), (Some("A model"), Some("é")));

    let other = with(&[
        ("tokens", npy("|S3", "(1, 2)", b"a\0\0\xc3\xa9\0")),
        ("token_ids", npy(">i4", "(1, 2)", &[7, u32::from(u16::MAX)].map(u32::to_be_bytes).concat())),
        ("scale", npy("<f4", "(1,)", &0.25_f32.to_le_bytes())),
        ("causal", npy("|b1", "(1,)", &[1])),
        ("model", npy("|S1", "()", b"M")),
    ])
    .unwrap();
    assert_eq!(
        (other.tokens().unwrap(), other.token_ids().unwrap()),
        (&["a".to_owned(), "é".to_owned()][..], &[7, 65535][..])
    );
    assert_eq!(
        (other.rule(0).unwrap().scale, other.rule(0).unwrap().mask.clone(), other.model()),
        (0.25, Mask::CAUSAL, Some("M"))
    );

    let as_texts = with(&[
        ("tokens", text(r#"["a", "\u0120b"]"#)),
        ("token_ids", text("[3, 4]")),
        ("scale", text("0.5")),
        ("causal", text("False")),
    ])
    .unwrap();
    assert_eq!(as_texts.tokens().unwrap(), ["a", "Ġb"]);
    assert_eq!((as_texts.token_ids().unwrap(), as_texts.rule(0).unwrap().scale), (&[3, 4][..], 0.5));
    assert_eq!(as_texts.rule(0).unwrap().mask.clone(), Mask::BIDIRECTIONAL);

    let plain = with(&[]).unwrap();
    assert_eq!(
        (plain.rule(0).unwrap().scale, plain.rule(0).unwrap().mask.clone()),
        (1.0 / 2.0_f64.sqrt(), Mask::CAUSAL)
    );
    assert!(plain.tokens().is_none() && plain.token_ids().is_none() && plain.model().is_none());
}

#[test]
fn what_stands_beside_the_tensors_and_does_not_hold_is_refused_by_name() {
    for (name, array, message) in [
        ("tokens", unicode(&["a"]), "metadata tokens: expected one for each of the 2 positions, found 1"),
        ("tokens", unicode(&["a", "b", "c"]), "metadata tokens: expected one for each of the 2 positions, found 3"),
        ("tokens", npy("<i4", "(2,)", &[0; 8]), "array tokens: expected texts, found “<i4”"),
        (
            "tokens",
            npy("|O", "(2,)", b"\x80\x04]\x94."),
            "array tokens: expected numbers or texts, found Python objects (“|O”), which are never unpickled",
        ),
        (
            "tokens",
            npy("<U1", "(2, 1)", &[97, 0, 0, 0, 98, 0, 0, 0]),
            "array tokens: expected one dimension, [T], found the shape [2, 1]",
        ),
        ("tokens", text("a b"), "metadata tokens: expected a JSON list of strings, found “a b”"),
        ("token_ids", npy("<f4", "(2,)", &[0; 8]), "array token_ids: expected integers, found “<f4”"),
        (
            "token_ids",
            npy("|i1", "(2,)", &[0xff, 1]),
            "metadata token_ids: expected a JSON list of numbers from 0 to 4294967295, found “[-1,1]”",
        ),
        ("token_ids", npy("<u2", "()", &[1, 0]), "array token_ids: expected one dimension, [T], found the shape []"),
        (
            "scale",
            npy("<f8", "()", &f64::NAN.to_le_bytes()),
            "metadata scale: expected a finite number, or one for each layer, found “NaN”",
        ),
        (
            "scale",
            npy("<f4", "(2,)", &[0; 8]),
            "metadata scale: expected a finite number, or one for each layer, found “numbers of the shape [2]”",
        ),
        (
            "scale",
            npy("<f4", "(0,)", &[]),
            "metadata scale: expected a finite number, or one for each layer, found “numbers of the shape [0]”",
        ),
        (
            "causal",
            npy("<i8", "()", &7_i64.to_le_bytes()),
            "metadata causal: expected true or false, or one of them for each layer, found “7”",
        ),
        ("model", npy("|b1", "()", &[1]), "array model: expected texts, found “|b1”"),
        (
            "model",
            npy("<U1", "()", &0x0011_0000_u32.to_le_bytes()),
            "array model: expected texts in Unicode, found bytes that are none",
        ),
    ] {
        assert_eq!(with(&[(name, array)]).unwrap_err(), format!("{message}: FILE"));
    }
}

/// Made by `numpy/make.py`.
#[test]
fn files_that_numpy_wrote_are_read() {
    let tensors: [(&str, &[usize]); 3] = [("q", &[2, 4, 3, 2]), ("k", &[2, 2, 3, 2]), ("v", &[2, 2, 3, 5])];
    let mut arrays: Vec<_> = tensors.into_iter().map(|(name, shape)| (name, counting(shape))).collect();
    arrays.extend([("scale", text("0.25")), ("causal", text("false"))]);
    let expected = numbers(&read(npz(&arrays, Packing::Stored)).unwrap());
    for name in ["stored.npz", "deflated.npz"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/numpy").join(name);
        let found = Capture::open(&path).unwrap();
        assert_eq!(numbers(&found), expected, "{name}");
        assert_eq!(
            (found.rule(0).unwrap().scale, found.rule(0).unwrap().mask.clone(), found.model()),
            (0.25, Mask::BIDIRECTIONAL, Some("numpy’s own"))
        );
        assert_eq!(found.tokens().unwrap(), ["<s>", "Ġé", "😀"]);
        assert_eq!(found.token_ids().unwrap(), [0, 1, 2]);
    }
}
