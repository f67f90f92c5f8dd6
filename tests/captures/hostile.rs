//! Files made to cost memory, cut-off files, and files with changed bytes.

use proptest::prelude::*;

use crate::captures::{
    allocations::peak,
    files::{Packing, counting, exercise, npy, npz, read, safetensors, text, tuple, unicode},
};

const MIB: usize = 1 << 20;

/// What reading a file of so many bytes may take: its unpacked budget once as it is, once in another order, and some.
fn allowed(file: usize) -> usize {
    2 * (16 * MIB + 16 * file) + 64 * file + MIB
}

/// The message, after having looked at the memory that it took.
#[track_caller]
fn refused_cheaply(bytes: Vec<u8>) -> String {
    let (length, (taken, result)) = (bytes.len(), peak(|| read(bytes)));
    assert!(taken <= allowed(length), "{taken} bytes for a file of {length}");
    let message = result.unwrap_err();
    assert!(message.ends_with(": FILE"), "{message}");
    message
}

fn zeros(n: usize) -> Vec<u8> {
    npy("<f4", &tuple(&[n / 64, 64]), &vec![0; 4 * n])
}

#[test]
fn bombs_are_refused_before_they_are_unpacked() {
    // 64 MiB of zeros, which deflate to 64 KiB.
    let bomb = npz(&[("q", zeros(16 * MIB)), ("k", zeros(16 * MIB))], Packing::Deflated);
    let (length, (taken, result)) = (bomb.len(), peak(|| read(bomb)));
    assert!(length < MIB && taken < MIB, "{taken} bytes for a file of {length}");
    let message = result.unwrap_err();
    let rule = "bytes once unpacked (16 MiB and 16 for each byte of the file), found 67108";
    assert!(message.starts_with("array q: expected at most 1") && message.contains(rule), "{message}");

    // Each within what the file may unpack, not both.
    let twins = npz(&[("q", zeros(5 * MIB / 2)), ("k", zeros(5 * MIB / 2))], Packing::Deflated);
    let message = refused_cheaply(twins);
    assert!(message.starts_with("array k: expected at most") && message.contains("once unpacked"), "{message}");

    // Zeros within the budget are numbers like others.
    assert!(exercise(npz(&[("q", zeros(MIB)), ("k", zeros(MIB))], Packing::Deflated)));
}

#[test]
fn sizes_that_are_not_true_are_refused() {
    let whole = npz(&[("q", counting(&[64, 64])), ("k", counting(&[64, 64]))], Packing::Deflated);
    let directory = whole.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    // In an entry of the directory: 20 size in the file, 24 size once unpacked, 42 place.
    for (offset, size) in [
        (24, u32::MAX - 1),
        (24, 15 << 20),
        (24, 3),
        (24, 0),
        (20, u32::MAX - 1),
        (20, 3),
        (20, 0),
        (42, u32::MAX - 1),
        (42, 7),
    ] {
        let mut bytes = whole.clone();
        bytes[directory + offset..directory + offset + 4].copy_from_slice(&size.to_le_bytes());
        let message = refused_cheaply(bytes);
        assert!(message.starts_with("array q: expected "), "{offset} {size}: {message}");
    }
    for (shape, data) in [
        ("(1000000000, 1000000000)", 16),
        ("(4611686018427387904, 4)", 16),
        ("(18446744073709551615, 1)", 16),
        ("(2, 2)", 15),
        ("(2, 2)", 17),
        ("(2, 2)", 0),
    ] {
        for packing in [Packing::Stored, Packing::Deflated] {
            let array = npy("<f4", shape, &vec![0; data]);
            let message = refused_cheaply(npz(&[("q", array), ("k", counting(&[2, 2]))], packing));
            assert!(message.starts_with("array q: expected "), "{shape}: {message}");
        }
    }
    for (descr, shape) in
        [("<U0", "(99999999999,)"), ("<U4294967295", "(4294967295, 4294967295)"), ("|S1", "(99999999,)")]
    {
        let tokens = npy(descr, shape, &[0; 4]);
        let arrays = [("q", counting(&[2, 2])), ("k", counting(&[2, 2])), ("tokens", tokens)];
        let message = refused_cheaply(npz(&arrays, Packing::Deflated));
        assert!(message.starts_with("array tokens: expected "), "{descr}: {message}");
    }
    for header in [
        r#"{"q":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#,
        r#"{"q":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615]}}"#,
        r#"{"q":{"dtype":"F32","shape":[1073741824,1073741824],"data_offsets":[0,4611686018427387904]}}"#,
    ] {
        refused_cheaply(safetensors(header, &[0; 8]));
    }
}

/// Captures with everything in them.
fn complete() -> [Vec<u8>; 3] {
    let arrays = [
        ("q", counting(&[2, 2, 3, 4])),
        ("k", counting(&[2, 1, 3, 4])),
        ("v", counting(&[2, 1, 3, 2])),
        ("tokens", unicode(&["a", "Ġb", "c"])),
        ("token_ids", npy("<i8", "(3,)", &[0; 24])),
        ("scale", npy("<f8", "()", &0.5_f64.to_le_bytes())),
        ("causal", npy("|b1", "()", &[1])),
        ("model", text("M")),
    ];
    let tensor = |shape: &str, start: usize, end: usize| {
        format!(r#"{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}"#)
    };
    let header = format!(
        r#"{{"q":{},"k":{},"v":{},"__metadata__":{{"tokens":"[\"a\",\"b\",\"c\"]","token_ids":"[1,2,3]","scale":"0.5"}}}}"#,
        tensor("[2,2,3,4]", 0, 192),
        tensor("[2,1,3,4]", 192, 288),
        tensor("[2,1,3,2]", 288, 336)
    );
    [npz(&arrays, Packing::Stored), npz(&arrays, Packing::Deflated), safetensors(&header, &[0; 336])]
}

#[test]
fn every_truncation_is_refused() {
    for whole in complete() {
        assert!(exercise(whole.clone()));
        for length in 0..whole.len() {
            assert!(!exercise(whole[..length].to_vec()), "the first {length} bytes");
        }
    }
}

#[test]
fn no_single_byte_costs_memory() {
    for whole in complete() {
        let length = whole.len();
        for place in 0..length {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[place] = byte;
                let (taken, _) = peak(|| exercise(bytes));
                assert!(taken <= allowed(length), "byte {place} as {byte}: {taken} bytes");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_changes_make_it_panic(
        which in 0..3_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = complete()[which].clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        exercise(bytes);
    }

    /// Text in place of text reaches further into a header than random bytes do.
    #[test]
    fn no_npy_header_makes_it_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), "[0-9(),'{}<>|=:a-zA-Z ]"), 1..4),
        packing in prop_oneof![Just(Packing::Stored), Just(Packing::Deflated)],
    ) {
        let mut array = counting(&[2, 3, 4]);
        for (place, change) in changes {
            let place = 10 + place.index(60);
            array[place] = change.as_bytes()[0];
        }
        exercise(npz(&[("q", array), ("k", counting(&[2, 3, 4]))], packing));
    }

    #[test]
    fn no_zip_of_random_bytes_makes_it_panic(
        content in prop::collection::vec(any::<u8>(), 0..200),
        magic in any::<bool>(),
    ) {
        let array = if magic { [&b"\x93NUMPY\x01\x00"[..], &content].concat() } else { content };
        prop_assert!(!exercise(npz(&[("q", array.clone()), ("k", array)], Packing::Deflated)));
    }
}
