//! npy headers and members, written here byte by byte.

use std::io::Write;

use rawzip::{CompressionMethod, ZipArchiveWriter};

use super::{
    array::Array,
    header::{Order, parse},
    *,
};

/// Version 1.0 with the header as it stands.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), data].concat()
}

fn dict(descr: &str, order: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}  \n")
}

/// An archive of members, deflated or as they are.
fn zip(members: &[(&str, &[u8])], deflate: bool) -> Bytes {
    let mut zip = ZipArchiveWriter::new(Vec::new());
    for (path, content) in members {
        let method = if deflate { CompressionMethod::DEFLATE } else { CompressionMethod::STORE };
        let (mut member, config) = zip.new_file(*path).compression_method(method).start().unwrap();
        let descriptor = if deflate {
            let mut writer =
                config.wrap(flate2::write::DeflateEncoder::new(&mut member, flate2::Compression::default()));
            writer.write_all(content).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut member);
            writer.write_all(content).unwrap();
            writer.finish().unwrap().1
        };
        member.finish(descriptor).unwrap();
    }
    Bytes::new(zip.finish().unwrap())
}

/// The same from a stored and from a deflated member.
fn array(content: &[u8]) -> Result<Array, String> {
    let [stored, deflated] = [false, true].map(|deflate| {
        let bytes = zip(&[("q.npy", content)], deflate);
        Archive::open(&bytes).unwrap().array("q").map(Option::unwrap).map_err(|error| error.to_string())
    });
    match (&stored, &deflated) {
        (Ok(stored), Ok(deflated)) => {
            assert_eq!((&stored.shape, stored.data()), (&deflated.shape, deflated.data()));
        }
        (Err(stored), Err(deflated)) => assert_eq!(stored, deflated),
        _ => panic!("stored and deflated differ"),
    }
    stored
}

#[test]
fn headers_are_read_as_numpy_writes_them() {
    let data_start = |text: &str| parse(&npy(text, b"")).map(|header| header.data_start);
    let header = parse(&npy(&dict("<f4", "False", "(3, 4)"), b"")).unwrap();
    assert_eq!((header.shape.as_slice(), header.order, header.data_size()), (&[3, 4][..], Order::C, Some(48)));
    assert_eq!((header.element.kind, header.element.size, header.element.is_big_endian), ('f', 4, false));
    for (text, shape, order) in [
        ("{'descr': '<f4', 'fortran_order': True, 'shape': ()}", &[][..], Order::Fortran),
        ("{'shape': (7,), 'fortran_order': False, 'descr': '|S3'}", &[7], Order::C),
        (r#"{"descr":"<U2","fortran_order":False,"shape":(1,0,2)}"#, &[1, 0, 2], Order::C),
        ("  { 'descr' : '>i8' , 'fortran_order' : False , 'shape' : ( 5 , ) , }\n", &[5], Order::C),
    ] {
        let header = parse(&npy(text, b"data")).unwrap();
        assert_eq!((header.shape.as_slice(), header.order), (shape, order), "{text}");
        assert_eq!(header.data_start, 10 + text.len());
    }
    let text = dict("<f4", "False", "(1,)");
    let wide = [&b"\x93NUMPY\x03\x00"[..], &u32::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()].concat();
    assert_eq!(parse(&wide).unwrap().data_start, wide.len(), "version 3 has a longer length");
    assert!(data_start(&text).is_ok());
}

#[test]
fn what_is_no_header_is_refused_in_words() {
    for (text, part) in [
        ("", "expected an npy header"),
        ("{}", "expected an npy header"),
        ("{'descr': '<f4', 'fortran_order': False}", "expected an npy header"),
        ("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "expected an npy header"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "expected an npy header"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,)}", "expected an npy header"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': 3}", "expected an npy header"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "expected an npy header"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + 1", "expected an npy header"),
        ("{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "expected an npy header"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", "expected an npy header"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "Python objects (“|O”), which are never unpickled"),
        ("{'descr': 'O', 'fortran_order': False, 'shape': (1,)}", "Python objects (“O”)"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "expected one type for all elements"),
        ("{'descr': 'f4', 'fortran_order': False, 'shape': (1,)}", "expected numbers or texts, found “f4”"),
        ("{'descr': '<f', 'fortran_order': False, 'shape': (1,)}", "expected numbers or texts, found “<f”"),
        ("{'descr': '<U0', 'fortran_order': False, 'shape': (99999999999,)}", "expected numbers or texts, found “<U0”"),
        ("{'descr': '<é4', 'fortran_order': False, 'shape': (1,)}", "expected numbers or texts, found “<é4”"),
        ("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,)}", "expected numbers or texts, found “<M8[ns]”"),
    ] {
        let message = parse(&npy(text, b"1234")).unwrap_err().to_string();
        assert!(message.contains(part), "{text}: {message}");
    }
    let shape = format!("({})", "1, ".repeat(65));
    assert!(parse(&npy(&dict("<f4", "False", &shape), b"1234")).is_err(), "more dimensions than numpy has");
    for magic in
        [&b""[..], b"\x93NUMPY", b"\x93NUMPY\x01", b"\x93NUMPY\x01\x00\x05", b"\x93NUMPY\x04\x00\x00\x00", b"PK"]
    {
        let message = parse(magic).unwrap_err().to_string();
        assert!(message.starts_with("expected an npy array, which begins with \\x93NUMPY"), "{message}");
    }
    let cut = npy(&dict("<f4", "False", "(1,)"), b"");
    assert!(parse(&cut[..cut.len() - 1]).unwrap_err().to_string().starts_with("expected an npy header"));
}

#[test]
fn numbers_are_read_in_every_order() {
    // [[1, 2, 3], [4, 5, 6]]
    let rows: Vec<u8> = [1_f32, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let columns: Vec<u8> = [1_f32, 4.0, 2.0, 5.0, 3.0, 6.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let swapped = |bytes: &[u8]| bytes.chunks(4).flat_map(|number| number.iter().rev().copied()).collect::<Vec<u8>>();
    for (descr, order, data) in [
        ("<f4", "False", rows.clone()),
        ("<f4", "True", columns.clone()),
        (">f4", "False", swapped(&rows)),
        (">f4", "True", swapped(&columns)),
    ] {
        let found = array(&npy(&dict(descr, order, "(2, 3)"), &data)).unwrap();
        assert_eq!(found.floats().unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "{descr} {order}");
    }
    let halves = npy(&dict(">f2", "False", "(2,)"), &[0x3e, 0x00, 0xc0, 0x00]);
    assert_eq!(array(&halves).unwrap().floats().unwrap(), [1.5, -2.0]);
    let signed = npy(&dict(">i2", "False", "(2,)"), &[0xff, 0xfe, 0x01, 0x00]);
    assert_eq!(array(&signed).unwrap().integers().unwrap(), [-2, 256]);
    let unsigned = npy(&dict("<u8", "False", "(1,)"), &[0xff; 8]);
    assert_eq!(array(&unsigned).unwrap().integers().unwrap(), [i128::from(u64::MAX)]);
}

#[test]
fn texts_are_read_as_numpy_pads_them() {
    let le = [0x61_u32, 0, 0x1_f600, 0x62].map(u32::to_le_bytes).concat();
    let be = [0x61_u32, 0, 0x1_f600, 0x62].map(u32::to_be_bytes).concat();
    for (descr, data) in [("<U2", &le), (">U2", &be)] {
        assert_eq!(array(&npy(&dict(descr, "False", "(2,)"), data)).unwrap().texts().unwrap(), ["a", "😀b"]);
    }
    let bytes = array(&npy(&dict("|S3", "False", "(2,)"), b"a\0\0\xc3\xa9\0")).unwrap();
    assert_eq!(bytes.texts().unwrap(), ["a", "é"]);
    for (descr, data) in [("<U1", &0xd800_u32.to_le_bytes()[..]), ("|S4", b"\xff\xfe\xfd\xfc")] {
        let message = array(&npy(&dict(descr, "False", "()"), data)).unwrap().texts().unwrap_err().to_string();
        assert_eq!(message, "expected texts in Unicode, found bytes that are none");
    }
}

#[test]
fn a_member_holds_exactly_what_its_header_says() {
    let whole = npy(&dict("<f4", "False", "(2,)"), &[0; 8]);
    assert!(array(&whole).is_ok());
    for (content, message) in [
        (npy(&dict("<f4", "False", "(2,)"), &[0; 7]), "expected 8 bytes, as its header says; found 7"),
        (npy(&dict("<f4", "False", "(2,)"), &[0; 9]), "expected 8 bytes, as its header says; found 9"),
        (
            npy(&dict("<f4", "False", "(4294967296, 4294967296, 4)"), &[0; 8]),
            "expected a shape that fits into memory, found [4294967296, 4294967296, 4]",
        ),
        (
            npy(&dict("<f4", "False", "(1000000000,)"), &[0; 8]),
            "expected 4000000000 bytes, as its header says; found 8",
        ),
    ] {
        assert_eq!(array(&content).err().unwrap(), message);
    }
    for length in 0..whole.len() {
        assert!(array(&whole[..length]).is_err(), "the first {length} bytes");
    }
}
