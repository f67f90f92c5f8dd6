//! Captures stay in their files: opening one takes no memory for its numbers, and a file that changes is noticed.

use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, SystemTime},
};

use attenuate::{
    capture::Capture,
    engine::{Engine, SourceSpec},
    session::Command,
};

use crate::captures::{
    allocations::peak,
    files::{Packing, counting, npz, numbers, read, safetensors},
};
use crate::support::captured_figure;

const MIB: usize = 1 << 20;
const NEVER: &dyn Fn() -> bool = &|| false;

/// Layers, heads, positions and dimensions: 1 MiB a layer for each of query and key.
const SHAPE: [usize; 4] = [16, 1, 1024, 256];

fn large(packing: Packing) -> Vec<u8> {
    npz(&[("q", counting(&SHAPE)), ("k", counting(&SHAPE))], packing)
}

fn large_safetensors() -> Vec<u8> {
    let length = 4 * SHAPE.iter().product::<usize>();
    let tensor =
        |start: usize| format!(r#"{{"dtype":"F32","shape":{SHAPE:?},"data_offsets":[{start},{}]}}"#, start + length);
    let data: Vec<u8> = (0..2 * length / 4).flat_map(|i| (i as f32).to_le_bytes()).collect();
    safetensors(&format!(r#"{{"q":{},"k":{}}}"#, tensor(0), tensor(length)), &data)
}

#[test]
fn an_opened_file_takes_no_memory_and_a_layer_as_much_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("c.safetensors", large_safetensors()), ("c.npz", large(Packing::Stored))] {
        let path = folder.path().join(name);
        fs::write(&path, &bytes).unwrap();
        let (taken, capture) = peak(|| Capture::open(&path).unwrap());
        assert!(bytes.len() > 32 * MIB && taken < MIB / 4, "{name}: {taken} bytes for a file of {}", bytes.len());
        let (taken, layer) = peak(|| capture.layer(7).unwrap());
        assert!(taken < 3 * MIB, "{name}: {taken} bytes for a layer of 2 MiB");
        let expected = read(bytes).unwrap().layer(7).unwrap();
        for query in [0, 1023] {
            let row = layer.head_scores(0).exact_row(query);
            assert_eq!(row, expected.head_scores(0).exact_row(query), "{name}");
        }
    }
}

#[test]
fn a_mapped_file_holds_the_same_numbers_as_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for packing in [Packing::Stored, Packing::Deflated] {
        let bytes = npz(&[("q", counting(&[2, 2, 3, 4])), ("k", counting(&[2, 1, 3, 4]))], packing);
        let path = folder.path().join("c.npz");
        fs::write(&path, &bytes).unwrap();
        assert_eq!(numbers(&Capture::open(&path).unwrap()), numbers(&read(bytes).unwrap()), "{packing:?}");
    }
}

fn write_in_place(path: &Path, bytes: &[u8]) {
    let file = File::options().write(true).open(path).unwrap();
    std::io::Write::write_all(&mut &file, bytes).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
}

fn small(first: f32) -> Vec<u8> {
    let header = r#"{"q":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"k":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]}}"#;
    safetensors(header, &[first, 2.0, 3.0, 4.0].map(f32::to_le_bytes).concat())
}

#[test]
fn a_file_that_was_changed_is_not_read_and_one_that_was_replaced_or_removed_still_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.safetensors");
    fs::write(&path, small(1.0)).unwrap();
    let capture = Capture::open(&path).unwrap();
    let before = numbers(&capture);
    fs::write(folder.path().join("new"), small(7.0)).unwrap();
    fs::rename(folder.path().join("new"), &path).unwrap();
    assert_eq!(numbers(&capture), before, "the map keeps the file that was replaced");

    let capture = Capture::open(&path).unwrap();
    File::options().write(true).open(&path).unwrap().set_len(20).unwrap();
    let message = capture.layer(0).unwrap_err().to_string();
    assert_eq!(message, format!("the file was changed while it was open, open it again: {}", path.display()));

    fs::write(&path, small(1.0)).unwrap();
    let capture = Capture::open(&path).unwrap();
    write_in_place(&path, &small(7.0));
    assert!(capture.check_file().is_err() && capture.layer(0).is_err());

    let capture = Capture::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(numbers(&capture).len(), 3);
}

#[test]
fn a_capture_overwritten_under_an_engine_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.safetensors");
    let source = SourceSpec::Capture(path.clone());
    let spec = captured_figure().with([Command::Locate(source), Command::SetLayer(0), Command::SetHead(0)]).run_spec();
    let row = |engine: &mut Engine| engine.run(&spec, NEVER).map(|outcome| outcome.baseline.pattern.exact_row(1));

    fs::write(&path, small(1.0)).unwrap();
    let mut engine = Engine::default();
    let before = row(&mut engine).unwrap();
    let mut other = small(1.0);
    let last = other.len() - 12;
    other[last..last + 4].copy_from_slice(&9.0_f32.to_le_bytes());
    write_in_place(&path, &other);
    let after = row(&mut engine).unwrap();
    assert_ne!(after, before);
    assert_eq!(after, row(&mut Engine::default()).unwrap(), "no mixture of old and new");

    File::options().write(true).open(&path).unwrap().set_len(20).unwrap();
    let message = row(&mut engine).unwrap_err().to_string();
    assert!(message.ends_with(&path.display().to_string()), "{message}");
    fs::write(&path, small(1.0)).unwrap();
    assert_eq!(row(&mut engine).unwrap(), before, "whole again, it is read anew");
}
