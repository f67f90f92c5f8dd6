//! Files that anybody may have written: good ones, damaged copies of them, and what fuzzing finds (put it into
//! `tests/fuzz/regressions`, in the folder of its target).
//!
//! What is asserted is in `tests/fuzz/inputs.rs`, which the fuzz targets share: no panic, refusals of one short sentence,
//! what opens can be used.

#[path = "../fuzz/inputs.rs"]
mod inputs;

use std::{fs, path::PathBuf};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

/// Damaged copies of each seed.
const COPIES: u64 = 3000;

/// The files of one kind for one target, in the order of their names.
fn files(kind: &str, target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(kind).join(target);
    let entries = fs::read_dir(&folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect());
    let mut paths: Vec<PathBuf> = entries.unwrap_or_default();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn replay(target: &str, use_input: fn(&[u8])) {
    for (path, bytes) in files("regressions", target) {
        println!("{}", path.display());
        use_input(&bytes);
    }
    let seeds = files("seeds", target);
    assert!(!seeds.is_empty(), "no seeds for {target}");
    for (path, bytes) in seeds {
        use_input(&bytes);
        for copy in 0..COPIES {
            println!("{} damaged {copy}", path.display());
            use_input(&damaged(&bytes, copy));
        }
    }
}

/// A copy that is cut, overwritten, or has a piece of itself put in: another one for every `seed`.
fn damaged(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut below = |bound: usize| random.next_u32() as usize % bound.max(1);
    let mut copy = bytes.to_vec();
    for _ in 0..=below(4) {
        let at = below(copy.len());
        match below(5) {
            0 => copy.truncate(at),
            1 => copy.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << below(8)),
            2 => copy.iter_mut().skip(at).take(8).for_each(|byte| *byte = 0xff),
            3 => copy.iter_mut().skip(at).take(4).for_each(|byte| *byte = b'9'),
            _ => {
                let piece: Vec<u8> = copy.iter().skip(below(copy.len())).take(below(64)).copied().collect();
                copy.splice(at..at, piece);
            }
        }
    }
    copy
}

#[test]
fn captures() {
    replay("capture", inputs::capture);
}

#[test]
fn gguf_files() {
    replay("gguf", inputs::gguf);
}

#[test]
fn split_gguf_files() {
    replay("gguf_split", inputs::gguf_split);
}

#[test]
fn files_without_an_ending() {
    replay("source", inputs::source);
}

#[test]
fn configurations() {
    replay("config", inputs::config);
}

#[test]
fn tokenizers() {
    replay("tokenizer", inputs::tokenizer);
}

#[test]
fn arguments() {
    replay("arguments", inputs::arguments);
}

#[test]
fn sessions() {
    replay("session", inputs::session);
}
