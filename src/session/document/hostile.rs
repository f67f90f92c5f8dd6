//! Files that nobody wrote in good faith: refused, without a panic.

use std::io::{Cursor, Write as _};

use flate2::{Compression, write::ZlibEncoder};
use proptest::prelude::*;

use super::*;
use crate::session::Session;

fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(&kind);
    crc.update(data);
    [&u32::try_from(data.len()).unwrap().to_be_bytes(), &kind[..], data, &crc.sum().to_be_bytes()].concat()
}

fn png_with(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut png = Vec::new();
    let mut writer = png::Encoder::new(&mut png, 1, 1).write_header().unwrap();
    writer.write_image_data(&[1, 2, 3, 4][..1]).unwrap();
    drop(writer);
    // Signature and IHDR.
    let mut with = png[..33].to_vec();
    with.extend(chunks.concat());
    with.extend(&png[33..]);
    with
}

fn itxt(rest: &[u8], text: &[u8]) -> Vec<u8> {
    chunk(*b"iTXt", &[KEYWORD.as_bytes(), b"\0", rest, text].concat())
}

fn deflated(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn svg_with(inside: &str) -> Vec<u8> {
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><metadata>{inside}</metadata><path d=\"M0 0\"/></svg>")
        .into_bytes()
}

fn pdf_with(inside: &str) -> Vec<u8> {
    let packet = format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\">{inside}\
         </rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>"
    );
    [b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n1 0 obj\nstream\n", packet.as_bytes(), b"\nendstream\nendobj\n%%EOF\n"].concat()
}

fn element(payload: &str) -> String {
    format!("<attenuate:session xmlns:attenuate=\"{NAMESPACE}\">{payload}</attenuate:session>")
}

/// A figure of each kind that holds `payload`, in every way that is read.
pub fn figures(payload: &str) -> Vec<(&'static str, Vec<u8>)> {
    let text = payload.as_bytes();
    let ours = itxt(b"\0\0\0\0", text);
    let mut encoded = Vec::new();
    let mut encoder = png::Encoder::new(&mut encoded, 1, 1);
    encoder.add_itxt_chunk(KEYWORD.to_owned(), payload.to_owned()).unwrap();
    encoder.write_header().unwrap().write_image_data(&[7]).unwrap();
    let other = chunk(*b"tEXt", b"Title\0attenuate:session");
    let keyed = |kind, text: Vec<u8>| chunk(kind, &[KEYWORD.as_bytes(), b"\0", &text].concat());
    let older = pdf_with(&element("{}"));
    vec![
        ("a.png", png_with(&[other.clone(), ours.clone()])),
        ("b.png", encoded),
        ("c.PNG", png_with(&[itxt(b"\x01\0en\0attenuate\0", &deflated(text))])),
        ("d.png", png_with(&[keyed(*b"zTXt", [&[0], &deflated(text)[..]].concat())])),
        ("e.png", png_with(&[keyed(*b"tEXt", text.to_vec()), other])),
        ("a.svg", svg_with(&element(payload))),
        ("b.svg", svg_with(&element(&format!("\n<![CDATA[{payload}]]>\n")))),
        ("c.svg", svg_with(&element(&payload.replace('"', "&quot;")))),
        ("a.pdf", pdf_with(&element(payload))),
        ("b.pdf", [&older[..], &pdf_with("no session"), &pdf_with(&element(payload)), &pdf_with("")].concat()),
    ]
}

pub fn figures_without() -> Vec<(&'static str, Vec<u8>)> {
    let other = "<session xmlns=\"urn:other\">{}</session>";
    vec![
        ("n.png", png_with(&[])),
        ("n.svg", svg_with(other)),
        ("n.pdf", pdf_with(other)),
        ("m.pdf", b"%PDF-1.7".to_vec()),
    ]
}

/// What comes of a file; it must come at all.
fn outcome_of(name: &str, bytes: &[u8]) -> Result<SessionDocument, Problem> {
    let text = match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("svg") => xml_metadata::svg(bytes),
        Some("pdf") => xml_metadata::pdf(bytes),
        Some("json") => Ok(bytes.to_vec()),
        _ => png_text::session(Cursor::new(bytes)),
    };
    text.and_then(|text| SessionDocument::from_json(&text))
}

fn document() -> SessionDocument {
    SessionDocument::of_unread(&Session::default(), None)
}

fn all() -> Vec<(&'static str, Vec<u8>)> {
    let payload = document().to_payload().unwrap();
    let mut all = figures(&payload);
    all.push(("a.json", payload.into_bytes()));
    all
}

#[test]
fn files_that_are_cut_off_anywhere_are_refused_or_whole() {
    for (name, bytes) in all() {
        for length in 0..bytes.len() {
            if let Ok(found) = outcome_of(name, &bytes[..length]) {
                assert_eq!(found, document(), "{name} at {length}");
            }
        }
    }
}

#[test]
fn a_changed_byte_of_a_png_is_never_another_session() {
    let (_, bytes) = all().swap_remove(0);
    for at in 0..bytes.len() {
        for flip in [1, 0x80] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            if let Ok(found) = outcome_of("a.png", &bytes) {
                assert_eq!(found, document(), "byte {at}");
            }
        }
    }
}

#[test]
fn lengths_that_lie_are_refused() {
    for length in [u32::MAX, 1 << 31, 20 << 20, 100] {
        let mut lying = chunk(*b"iTXt", &[KEYWORD.as_bytes(), b"\0\0\0\0\0{}"].concat());
        lying[..4].copy_from_slice(&length.to_be_bytes());
        let problem = outcome_of("a.png", &png_with(&[lying])).unwrap_err();
        assert!(matches!(problem, Problem::TooLarge { .. } | Problem::Picture(_)), "{problem}");
        let mut other = chunk(*b"tEXt", b"Title\0x");
        other[..4].copy_from_slice(&length.to_be_bytes());
        assert!(outcome_of("a.png", &png_with(&[other])).is_err());
    }
    let bomb = itxt(b"\x01\0\0\0", &deflated(&vec![b' '; 17 << 20]));
    let problem = outcome_of("a.png", &png_with(&[bomb])).unwrap_err();
    assert!(matches!(problem, Problem::TooLarge { .. }), "{problem}");
}

#[test]
fn entities_and_deep_trees_are_refused() {
    let laughs =
        "<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><svg><metadata>&b;</metadata></svg>";
    assert!(matches!(outcome_of("a.svg", laughs.as_bytes()), Err(Problem::Xml(_))));
    let deep = format!("<svg>{}{}</svg>", "<a>".repeat(400_000), "</a>".repeat(400_000));
    assert!(outcome_of("a.svg", deep.as_bytes()).is_err());
    let many = format!("<svg>{}</svg>", "<a/>".repeat(1 << 20));
    assert!(matches!(outcome_of("a.svg", many.as_bytes()), Err(Problem::Xml(_))));
    for deep in
        ["[".repeat(1 << 20), format!("{{\"format\":\"attenuate-session\",\"version\":0,\"a\":{}", "[".repeat(1 << 19))]
    {
        assert!(outcome_of("a.json", deep.as_bytes()).is_err());
    }
    let old = format!("{{\"format\":\"attenuate-session\",\"version\":0,\"a\":\"{}\"}}", "a".repeat(1 << 20));
    assert!(matches!(outcome_of("a.json", old.as_bytes()), Err(Problem::TooLarge { .. })));
}

proptest! {
    #[test]
    fn no_file_ends_the_program(which in 0_usize..11, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let (name, mut bytes) = all().swap_remove(which);
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(found) = outcome_of(name, &bytes) {
            prop_assert_eq!(&SessionDocument::from_json(found.to_json().unwrap().as_bytes()).unwrap(), &found);
        }
    }

    #[test]
    fn no_bytes_end_the_program(bytes in prop::collection::vec(any::<u8>(), 0..300), name in prop::sample::select(vec!["a.png", "a.svg", "a.pdf", "a.json"])) {
        let start: &[u8] = match name { "a.png" => b"\x89PNG\r\n\x1a\n", "a.svg" => b"<svg>", "a.pdf" => b"%PDF-<?xpacket begin=", _ => b"{" };
        prop_assert!(outcome_of(name, &[start, &bytes].concat()).is_err());
    }
}
