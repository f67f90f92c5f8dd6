//! Files that are no captures, and the words in which they are refused.

use std::fs;

use attenuate::capture::Capture;

use crate::captures::files::{Packing, counting, npy, npz, numbers, read, safetensors, zip};

fn pair(query: Vec<u8>, key: Vec<u8>) -> String {
    let messages = [Packing::Stored, Packing::Deflated]
        .map(|packing| read(npz(&[("q", query.clone()), ("k", key.clone())], packing)).unwrap_err());
    assert_eq!(messages[0], messages[1], "packed or not");
    messages[0].clone()
}

#[test]
fn arrays_that_do_not_fit_are_refused_in_words() {
    for (query, key, message) in [
        (
            &[4][..],
            &[4][..],
            "tensor q: expected [T, d], [heads, T, d], [layers, heads, T, d] or [1, heads, T, d], found [4]",
        ),
        (
            &[1, 1, 1, 1, 2, 4],
            &[2, 4],
            "tensor q: expected [T, d], [heads, T, d], [layers, heads, T, d] or [1, heads, T, d], found [1, 1, 1, 1, 2, 4]",
        ),
        (&[2, 4], &[1, 2, 4], "tensor key: expected 2 dimensions like the query, found [1, 2, 4]"),
        (
            &[0, 2, 4],
            &[0, 2, 4],
            "tensor q: expected at least one layer, head, position and dimension, found [0, 2, 4]",
        ),
        (
            &[2, 2, 4],
            &[0, 2, 4],
            "tensor k: expected at least one layer, head, position and dimension, found [0, 2, 4]",
        ),
        (&[3, 4], &[2, 4], "tensor key: expected [1, kv_heads, 3, 4] like the query, found [1, 1, 2, 4]"),
        (&[2, 4], &[2, 5], "tensor key: expected [1, kv_heads, 2, 4] like the query, found [1, 1, 2, 5]"),
        (&[3, 2, 4], &[2, 2, 4], "expected key heads that divide the 3 query heads, found 2"),
    ] {
        assert_eq!(pair(counting(query), counting(key)), format!("{message}: FILE"));
    }
    let value = [("q", counting(&[4, 2, 4])), ("k", counting(&[2, 2, 4])), ("v", counting(&[4, 2, 4]))];
    let message = "tensor value: expected [1, 2, 2, any] like the key, found [1, 4, 2, 4]: FILE";
    assert_eq!(read(npz(&value, Packing::Stored)).unwrap_err(), message);
}

#[test]
fn other_types_are_refused_by_name() {
    for (descr, size, message) in [
        ("<i4", 4, "expected <f2, <f4 or <f8 numbers, found “<i4”"),
        ("<c8", 8, "expected <f2, <f4 or <f8 numbers, found “<c8”"),
        ("<f16", 16, "expected <f2, <f4 or <f8 numbers, found “<f16”"),
        ("|b1", 1, "expected <f2, <f4 or <f8 numbers, found “|b1”"),
        ("<U1", 4, "expected <f2, <f4 or <f8 numbers, found “<U1”"),
        (
            "<V2",
            2,
            "expected <f2, <f4 or <f8 numbers, found “<V2”, which is also how bfloat16 is written: save it as float32, \
             or the capture as safetensors",
        ),
        ("|V2", 2, "found “|V2”, which is also how bfloat16 is written"),
        ("|O", 8, "expected numbers or texts, found Python objects (“|O”), which are never unpickled"),
        ("[('re', '<f4'), ('im', '<f4')]", 8, "expected one type for all elements, found “{'descr': [('re', '<f4')"),
        ("<q", 8, "expected numbers or texts, found “<q”"),
    ] {
        let found = pair(npy(descr, "(2, 2)", &vec![0; 4 * size]), counting(&[2, 2]));
        assert!(found.starts_with("array q: expected ") && found.ends_with(": FILE"), "{found}");
        assert!(found.contains(message), "{found}");
    }
}

#[test]
fn missing_and_repeated_names_are_refused() {
    let tensor = || counting(&[2, 2]);
    for (arrays, message) in [
        (&["k", "zebra"][..], "expected a tensor named q or query, found k, zebra"),
        (&["q", "arr_0"], "expected a tensor named k or key, found arr_0, q"),
        (
            &[],
            "expected tensors named q and k (or query and key), or one named attention (or attentions), found no tensors",
        ),
        (&["q", "query", "k"], "expected one tensor named q or query, found both"),
        (&["q", "k", "key"], "expected one tensor named k or key, found both"),
        (&["q", "k", "v", "value"], "expected one tensor named v or value, found both"),
        (&["q", "k", "q"], "array q: expected one array of this name, found two"),
        (&["q", "k", "scale", "scale"], "array scale: expected one array of this name, found two"),
    ] {
        let arrays: Vec<_> = arrays.iter().map(|name| (*name, tensor())).collect();
        assert_eq!(read(npz(&arrays, Packing::Stored)).unwrap_err(), format!("{message}: FILE"));
    }
    // A PyTorch checkpoint is a zip archive too.
    let checkpoint = zip(&[("archive/data.pkl".to_owned(), b"\x80\x02".to_vec())], Packing::Stored);
    let message = "expected an NPZ file, a zip archive of npy arrays; found a pickle of PyTorch, which is never run: save a \
                   model as safetensors and open its folder, a capture as safetensors or NPZ: FILE";
    assert_eq!(read(checkpoint).unwrap_err(), message);

    let tensor = r#"{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}"#;
    let key = r#""k":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]}"#;
    for (header, name) in [
        (format!(r#"{{"q":{tensor},{key},"q":{tensor}}}"#), "q"),
        (format!(r#"{{"q":{tensor},{key},"__metadata__":{{"scale":"1","scale":"2"}}}}"#), "scale"),
    ] {
        let message = format!(
            "expected a safetensors header that names each tensor and each entry once, found “{name}” twice: FILE"
        );
        assert_eq!(read(safetensors(&header, &[0; 8])).unwrap_err(), message);
    }
    let both = format!(r#"{{"q":{tensor},"query":{}}}"#, tensor.replace("0,4", "4,8"));
    let message = "expected one tensor named q or query, found both: FILE";
    assert_eq!(read(safetensors(&both, &[0; 8])).unwrap_err(), message);
}

#[test]
fn safetensors_metadata_of_another_type_is_refused() {
    let tensor =
        |name: &str, place: &str| format!(r#""{name}":{{"dtype":"F32","shape":[1,1],"data_offsets":{place}}}"#);
    let tensors = [tensor("q", "[0,4]"), tensor("k", "[4,8]")].join(",");
    let with = |metadata: &str| read(safetensors(&format!(r#"{{{tensors},"__metadata__":{metadata}}}"#), &[0; 8]));
    assert_eq!(with(r#"{"scale":"2"}"#).unwrap().rule(0).unwrap().scale, 2.0);
    for metadata in [r#"{"scale":2}"#, r#"{"tokens":["a"]}"#, r#"["a"]"#, r#""a""#] {
        let message = with(metadata).unwrap_err();
        assert!(message.starts_with("expected a safetensors header, found one that does not hold: "), "{message}");
        assert!(message.ends_with(": FILE"), "{message}");
    }
}

#[test]
fn other_members_are_refused_by_name() {
    let whole = npz(&[("q", counting(&[2, 2])), ("k", counting(&[2, 2]))], Packing::Stored);
    let directory = whole.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let changed = |offset: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[directory + offset] = byte;
        read(bytes).unwrap_err()
    };
    // Offsets in an entry of the directory: 8 flags, 10 method.
    assert_eq!(
        changed(8, 1),
        "array q: expected a stored or deflated member of the archive, found an encrypted one: FILE"
    );
    let method = changed(10, 12);
    assert!(
        method.contains("expected a stored or deflated member of the archive, found ") && method.contains("BZIP2"),
        "{method}"
    );
    // 16 checksum, 24 size once unpacked.
    for offset in [16, 24] {
        let message = changed(offset, 0x55);
        assert!(message.starts_with("array q: expected a whole member of the archive, found one"), "{message}");
    }
}

#[test]
fn files_that_are_something_else_are_refused_with_their_path() {
    let folder = tempfile::tempdir().unwrap();
    let message = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let message = Capture::open(&path).unwrap_err().to_string();
        assert!(message.ends_with(&format!(": {}", path.display())), "{message}");
        message
    };
    let npz_expected = "expected an NPZ file, a zip archive of npy arrays; found one that does not hold";
    for content in [&b""[..], b"This is a text.\n", &[b'a'; 4096][..], b"PK\x03\x04", &counting(&[2, 2])[..]] {
        let found = message("x.npz", content);
        assert!(found.starts_with(npz_expected) && found.contains("or not an NPZ file"), "{found}");
    }
    for content in [&b""[..], b"This is a text.\n", &[b'a'; 4096][..], &counting(&[2, 2])[..]] {
        let found = message("x.safetensors", content);
        assert!(found.starts_with("expected a safetensors "), "{found}");
    }
    for name in ["folder.npz", "folder.safetensors"] {
        let path = folder.path().join(name);
        fs::create_dir(&path).unwrap();
        let message = Capture::open(&path).unwrap_err().to_string();
        assert_eq!(message, format!("expected a capture file, found a folder or a device: {}", path.display()));
    }
    // An archive is read whatever its name.
    let path = folder.path().join("archive.safetensors");
    fs::write(&path, npz(&[("q", counting(&[2, 2])), ("k", counting(&[2, 2]))], Packing::Deflated)).unwrap();
    assert_eq!(Capture::open(&path).unwrap().n_positions(), 2);
}

#[test]
fn numbers_that_are_not_finite_are_carried_as_they_are() {
    let odd = [1.0_f32, f32::NAN, f32::INFINITY, f32::NEG_INFINITY].map(f32::to_le_bytes).concat();
    let capture = read(npz(
        &[("q", npy("<f4", "(4, 1)", &odd)), ("k", counting(&[4, 1])), ("v", npy("<f4", "(4, 1)", &odd))],
        Packing::Deflated,
    ))
    .unwrap();
    let found = numbers(&capture);
    // Rows of scores: 1·0; NaN; ∞·0, ∞·1, ∞·2; and −∞ likewise. Then the values.
    assert_eq!(found[0], 0.0);
    assert!(found[1..3].iter().all(|score| score.is_nan()), "{found:?}");
    assert!(found[3].is_nan() && found[4..6] == [f64::INFINITY; 2], "{found:?}");
    assert!(found[6].is_nan() && found[7..10] == [f64::NEG_INFINITY; 3], "{found:?}");
    assert!(found[10] == 1.0 && found[11].is_nan() && found[12..] == [f64::INFINITY, f64::NEG_INFINITY], "{found:?}");
}
