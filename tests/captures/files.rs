//! Captures written byte by byte.

use std::io::Write;

use attenuate::capture::Capture;
use rawzip::{CompressionMethod, ZipArchiveWriter};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Stored,
    Deflated,
}

/// An npy array, version 1.0.
pub fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    npy_in(descr, "False", shape, data)
}

pub fn npy_in(descr: &str, fortran_order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let descr = if descr.starts_with('[') { descr.to_owned() } else { format!("'{descr}'") };
    let header = format!("{{'descr': {descr}, 'fortran_order': {fortran_order}, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), data].concat()
}

/// 0, 1, 2, … as `<f4`.
pub fn counting(shape: &[usize]) -> Vec<u8> {
    let numbers = (0..shape.iter().product::<usize>()).flat_map(|i| (i as f32).to_le_bytes());
    npy("<f4", &tuple(shape), &numbers.collect::<Vec<u8>>())
}

/// As Python writes it.
pub fn tuple(shape: &[usize]) -> String {
    let numbers: String = shape.iter().flat_map(|n| [n.to_string(), ", ".to_owned()]).collect();
    format!("({numbers})")
}

/// Texts as `<U…`.
pub fn unicode(texts: &[&str]) -> Vec<u8> {
    let longest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let characters = texts.iter().flat_map(|text| text.chars().chain(std::iter::repeat('\0')).take(longest));
    let data: Vec<u8> = characters.flat_map(|c| u32::from(c).to_le_bytes()).collect();
    npy(&format!("<U{longest}"), &tuple(&[texts.len()]), &data)
}

/// One text, of the shape `()`.
pub fn text(text: &str) -> Vec<u8> {
    let data: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    npy(&format!("<U{}", text.chars().count()), "()", &data)
}

/// An archive of arrays by name.
pub fn npz(arrays: &[(&str, Vec<u8>)], packing: Packing) -> Vec<u8> {
    let members: Vec<_> = arrays.iter().map(|(name, content)| (format!("{name}.npy"), content.clone())).collect();
    zip(&members, packing)
}

/// An archive of members by path.
pub fn zip(members: &[(String, Vec<u8>)], packing: Packing) -> Vec<u8> {
    let mut zip = ZipArchiveWriter::new(Vec::new());
    for (path, content) in members {
        let method = match packing {
            Packing::Stored => CompressionMethod::STORE,
            Packing::Deflated => CompressionMethod::DEFLATE,
        };
        let (mut member, config) = zip.new_file(path.as_str()).compression_method(method).start().unwrap();
        let descriptor = match packing {
            Packing::Stored => {
                let mut writer = config.wrap(&mut member);
                writer.write_all(content).unwrap();
                writer.finish().unwrap().1
            }
            Packing::Deflated => {
                let encoder = flate2::write::DeflateEncoder::new(&mut member, flate2::Compression::default());
                let mut writer = config.wrap(encoder);
                writer.write_all(content).unwrap();
                let (encoder, descriptor) = writer.finish().unwrap();
                encoder.finish().unwrap();
                descriptor
            }
        };
        member.finish(descriptor).unwrap();
    }
    zip.finish().unwrap()
}

/// A safetensors file with this header.
pub fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

pub fn read(bytes: Vec<u8>) -> Result<Capture, String> {
    Capture::from_bytes(bytes, "FILE").map_err(|error| error.to_string())
}

/// Reads and uses whatever can be used: only a panic is a failure. Returns whether it was a capture.
pub fn exercise(bytes: Vec<u8>) -> bool {
    let capture = match read(bytes) {
        Ok(capture) => capture,
        Err(message) => {
            assert!(message.ends_with(": FILE"), "{message}");
            assert!(message.contains("expected"), "{message}");
            return false;
        }
    };
    for layer in 0..capture.n_layers().min(4) {
        let layer = capture.layer(layer).unwrap();
        assert_eq!(layer.n_positions(), capture.n_positions());
    }
    assert_eq!(capture.pieces().count(), capture.n_positions());
    assert!(capture.layer(capture.n_layers()).is_err());
    true
}

/// Every score of every layer and head, and every number of the values.
pub fn numbers(capture: &Capture) -> Vec<f64> {
    let mut numbers = Vec::new();
    for layer in 0..capture.n_layers() {
        let layer = capture.layer(layer).unwrap();
        for head in 0..capture.n_heads() {
            let scores = layer.head_scores(head);
            numbers.extend((0..capture.n_positions()).flat_map(|query| scores.exact_row(query)));
            numbers.extend(layer.value(head).iter().flat_map(|values| values.iter().copied().map(f64::from)));
        }
    }
    numbers
}
