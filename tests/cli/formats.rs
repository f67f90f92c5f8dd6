//! `attenuate weights` into NPZ and CSV: the numbers of the JSON file to the last bit. And NPZ captures as a source.

use std::{collections::HashMap, fs, io::Write};

use rawzip::{CompressionMethod, ZipArchive, ZipArchiveWriter};
use safetensors::SafeTensors;
use serde_json::{Value, json};

use crate::cli::{
    sandbox::Sandbox,
    weights_file::{Panel, Weights},
};

/// What `numpy.load` finds: type, shape and data of each array.
fn arrays(file: &[u8]) -> HashMap<String, (String, String, Vec<u8>)> {
    let archive = ZipArchive::from_slice(file).unwrap();
    let mut entries = archive.entries();
    let mut arrays = HashMap::new();
    while let Some(entry) = entries.next_entry().unwrap() {
        let path = String::from_utf8(entry.file_path().as_ref().to_vec()).unwrap();
        assert_eq!(entry.compression_method(), CompressionMethod::STORE);
        let member = archive.get_entry(entry.wayfinder()).unwrap();
        let mut content = Vec::new();
        std::io::copy(&mut member.verifying_reader(member.data()), &mut content).unwrap();
        let header = content.strip_prefix(b"\x93NUMPY\x01\x00").unwrap();
        let end = header.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        assert_eq!(usize::from(u16::from_le_bytes([header[0], header[1]])), end - 2);
        let text = std::str::from_utf8(&header[2..end]).unwrap().trim_end();
        let rest = text.strip_prefix("{'descr': '").unwrap();
        let (descr, rest) = rest.split_once("', 'fortran_order': False, 'shape': ").unwrap();
        let shape = rest.strip_suffix(", }").unwrap();
        let array = (descr.to_owned(), shape.to_owned(), header[end..].to_vec());
        assert!(arrays.insert(path.strip_suffix(".npy").unwrap().to_owned(), array).is_none());
    }
    arrays
}

/// Texts without the NULs that fill them up.
fn texts(descr: &str, data: &[u8]) -> Vec<String> {
    let length: usize = descr.strip_prefix("<U").unwrap().parse().unwrap();
    let text = |bytes: &[u8]| -> String {
        let codes = bytes.chunks_exact(4).map(|code| u32::from_le_bytes(code.try_into().unwrap()));
        codes.filter(|&code| code != 0).map(|code| char::from_u32(code).unwrap()).collect()
    };
    data.chunks_exact(4 * length).map(text).collect()
}

fn check_npz(weights: &Weights, file: &[u8]) {
    let mut arrays = arrays(file);
    let n = weights.n_positions();
    let mut take = |name: &str| arrays.remove(name).unwrap_or_else(|| panic!("no {name}"));
    let mut panels = |name: &str, shape: String, panels: &[&Panel]| {
        let cells = panels.iter().flat_map(|panel| panel.iter().flatten());
        let expected: Vec<u8> = cells.flat_map(|weight| weight.unwrap_or(0.0).to_le_bytes()).collect();
        assert!(take(name) == ("<f4".to_owned(), shape, expected), "{name}");
    };
    panels("baseline", format!("({n}, {n})"), &[&weights.baseline]);
    for (name, columns) in weights.components() {
        panels(name, format!("(3, {n}, {n})"), &columns.iter().collect::<Vec<_>>());
    }
    let epsilon = weights.epsilon.as_flattened().iter().flat_map(|e| e.to_le_bytes()).collect();
    assert_eq!(take("epsilon"), ("<f8".to_owned(), "(3, 3)".to_owned(), epsilon));
    let (descr, shape, data) = take("tokens");
    assert_eq!((shape, texts(&descr, &data)), (format!("({n},)"), weights.tokens.clone()));
    let (descr, _, data) = take("token_text");
    assert_eq!(texts(&descr, &data), weights.token_text);
    if let Some(ids) = &weights.token_ids {
        let data = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        assert_eq!(take("token_ids"), ("<u4".to_owned(), format!("({n},)"), data));
    }
    for (name, number) in [
        ("layer", weights.layer),
        ("head", weights.head),
        ("n_layers", weights.n_layers),
        ("n_heads", weights.n_heads),
        ("n_kv_heads", weights.n_kv_heads),
    ] {
        assert_eq!(take(name), ("<i8".to_owned(), "()".to_owned(), (number as u64).to_le_bytes().to_vec()), "{name}");
    }
    assert_eq!(take("causal"), ("|b1".to_owned(), "()".to_owned(), vec![u8::from(weights.causal)]));
    for (name, expected) in [
        ("source", json!(weights.source)),
        ("model", json!(weights.model)),
        ("operation", json!(weights.operation)),
        ("scope", weights.scope.clone()),
    ] {
        let (descr, shape, data) = take(name);
        let text = texts(&descr, &data).concat();
        let found: Value = serde_json::from_str(&text).unwrap_or_else(|_| json!(text));
        assert_eq!((shape.as_str(), found), ("()", expected), "{name}");
    }
    assert!(arrays.is_empty(), "{:?}", arrays.keys());
}

/// A line for each attended cell, whose scores make its weights.
fn check_csv(weights: &Weights, file: &[u8]) {
    let mut reader = csv::Reader::from_reader(file);
    let header = "component epsilon query_pos query_token key_pos key_token weight baseline score";
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>().join(" "), header);
    let mut lines = reader.records().map(Result::unwrap);
    for (row, (name, columns)) in weights.components().into_iter().enumerate() {
        for (column, panel) in columns.iter().enumerate() {
            for (query, cells) in panel.iter().enumerate() {
                let (mut scores, mut found) = (Vec::new(), Vec::new());
                for (key, weight) in cells.iter().enumerate().filter_map(|(key, weight)| Some((key, (*weight)?))) {
                    let line = lines.next().unwrap();
                    assert_eq!((&line[0], line[1].parse()), (name, Ok(weights.epsilon[row][column])));
                    assert_eq!((line[2].parse(), line[4].parse()), (Ok(query), Ok(key)));
                    assert_eq!((&line[3], &line[5]), (&*weights.tokens[query], &*weights.tokens[key]));
                    let bits = |text: &str| text.parse().map(f32::to_bits);
                    assert_eq!(bits(&line[6]), Ok(weight.to_bits()));
                    assert_eq!(bits(&line[7]), Ok(weights.baseline[query][key].unwrap().to_bits()));
                    scores.push(line[8].parse::<f64>().unwrap());
                    found.push(f64::from(weight));
                }
                let sum: f64 = scores.iter().map(|score| score.exp()).sum();
                for (score, weight) in scores.iter().zip(found) {
                    assert!((score.exp() / sum - weight).abs() <= 1e-7, "{name} {column} {query}");
                }
            }
        }
    }
    assert!(lines.next().is_none());
}

#[test]
fn npz_and_csv_hold_the_numbers_of_the_json_file() {
    for arguments in [
        &["bundled:smollm2-capture"][..],
        &[
            "bundled:smollm2-capture",
            "--layer",
            "3",
            "--head",
            "7",
            "--epsilon",
            "0.3,2,1e-5",
            "--positions",
            "1,4",
            "--heads",
            "all",
        ],
        &["bundled:austen", "--prompt", "She said, \"no\nmore\".", "--layers", "all", "--heads", "all"],
        &["bundled:austen", "--token-ids", "5"],
    ] {
        let weights = Weights::from_json(arguments);
        let sandbox = Sandbox::new();
        for name in ["w.npz", "w.csv", "again.NPZ", "again.CSV"] {
            let ran = sandbox.run(&[&["weights", "-o", name], arguments].concat());
            ran.assert_done();
            assert_eq!(ran.stdout, "");
        }
        let read = |name: &str| fs::read(sandbox.path(name)).unwrap();
        check_npz(&weights, &read("w.npz"));
        check_csv(&weights, &read("w.csv"));
        assert!(read("w.npz") == read("again.NPZ") && read("w.csv") == read("again.CSV"), "the same bytes again");
    }
}

/// The bundled capture as `numpy.savez_compressed` would write it.
fn smollm2_npz() -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/captures/smollm2-135m.safetensors");
    let file = fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let (_, header) = SafeTensors::read_metadata(&file).unwrap();
    let array = |descr: &str, shape: &[usize], data: &[u8]| {
        let shape: String = shape.iter().flat_map(|n| [n.to_string(), ", ".to_owned()]).collect();
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}\n");
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), data].concat()
    };
    let tensors = tensors.iter().map(|(name, tensor)| (name.to_owned(), array("<f2", tensor.shape(), tensor.data())));
    let texts = header.metadata().clone().unwrap().into_iter().map(|(name, text)| {
        let codes: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        (name, array(&format!("<U{}", codes.len() / 4), &[], &codes))
    });
    let mut zip = ZipArchiveWriter::new(Vec::new());
    for (name, content) in tensors.chain(texts) {
        let path = format!("{name}.npy");
        let file = zip.new_file(path.as_str()).compression_method(CompressionMethod::DEFLATE);
        let (mut member, config) = file.start().unwrap();
        let mut writer = config.wrap(flate2::write::DeflateEncoder::new(&mut member, flate2::Compression::fast()));
        writer.write_all(&content).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        member.finish(descriptor).unwrap();
    }
    zip.finish().unwrap()
}

#[test]
fn an_npz_capture_is_a_source_as_a_safetensors_capture_is() {
    let sandbox = Sandbox::new();
    sandbox.write("mine.npz", &smollm2_npz());
    for (command, output) in [("weights", "w.json"), ("export", "w.png")] {
        sandbox.run(&[command, "mine.npz", "--layer", "14", "--head", "3", "-o", output]).assert_done();
    }
    let mut found: Value = serde_json::from_slice(&fs::read(sandbox.path("w.json")).unwrap()).unwrap();
    sandbox.run(&["weights", "bundled:smollm2-capture", "-o", "figure.json"]).assert_done();
    let expected: Value = serde_json::from_slice(&fs::read(sandbox.path("figure.json")).unwrap()).unwrap();
    assert_eq!(found["source"], "mine.npz");
    for name in ["source", "model"] {
        found[name] = expected[name].clone();
    }
    assert!(found == expected, "the same numbers");
    let heads = ["mine.npz", "bundled:smollm2-capture"].map(|source| sandbox.run(&["heads", source]).stdout);
    assert!(heads[0] == heads[1] && heads[0].lines().count() == 271);
}
