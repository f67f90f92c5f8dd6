//! Split files: every part opens the whole model, and what is no part of it is said to be none.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use attenuate::{
    attention::{Component, Epsilon},
    engine::{Engine, Fingerprints, Prompt, RunSpec, SourceSpec},
    model::{LanguageModel, gguf, loading::unwatched, run},
};
use tempfile::TempDir;

use crate::gguf::{
    files::{
        convert::golden,
        quantize::Format,
        writer::{Gguf, Meta},
    },
    opening::open,
};
use crate::support::captured_figure;

const TOKEN_IDS: [u32; 8] = [0, 5, 17, 40, 99, 260, 5, 17];

fn case(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/gguf/cases").join(file)
}

fn logits(model: &LanguageModel) -> Vec<f32> {
    logits_of(model, &TOKEN_IDS)
}

fn logits_of(model: &LanguageModel, token_ids: &[u32]) -> Vec<f32> {
    let (transformer, layers) = (model.transformer(), 0..model.shape().n_layers);
    let embedded = transformer.embed(token_ids).unwrap();
    let last = run::advance(transformer, layers, embedded, None, &|| false, &mut |_, _, _| {}).unwrap();
    model.next_token_logits(&last).unwrap().row(0).to_vec()
}

fn opened(path: &Path) -> LanguageModel {
    gguf::open(path, &unwatched).unwrap()
}

#[test]
fn every_part_opens_the_whole_model() {
    let whole = opened(&case("gguf_split/whole.gguf"));
    for part in ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"] {
        let model = opened(&case("gguf_split").join(part));
        assert_eq!(logits(&model), logits(&whole), "{part}");
        assert_eq!(model.tokenize("The cat", true).unwrap(), whole.tokenize("The cat", true).unwrap(), "{part}");
    }
}

#[test]
fn an_unembedding_in_a_later_part_is_not_taken_for_tied_embeddings() {
    let expected: HashMap<String, f64> =
        serde_json::from_slice(&fs::read(case("gguf_split_output_later/expected.txt")).unwrap()).unwrap();
    for part in ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"] {
        let source = SourceSpec::Gguf(case("gguf_split_output_later").join(part));
        let prompt = Prompt::TokenIds(TOKEN_IDS.to_vec());
        let spec = RunSpec { source, prompt, ..captured_figure().run_spec() };
        let ships = Engine::default()
            .ships(&spec, Component::Value, Epsilon::ZERO, None, &mut |_| {}, &|| false)
            .unwrap()
            .unwrap();
        assert_eq!(ships.len(), expected.len());
        for head in ships {
            let expected = expected[&format!("({}, {})", head.layer, head.head)];
            assert!((head.ships - expected).abs() < 2e-6, "{head:?}: {expected}");
        }
    }
}

/// The golden Llama in three parts, the first of them with metadata alone.
fn in_parts() -> [Gguf; 3] {
    let whole = golden("llama", Format::F32);
    let (n_tensors, split) = (whole.tensors.len(), whole.tensors.len() / 2);
    let part = |number: u16, tensors| {
        let empty = Gguf { tensors, ..Gguf::default() };
        let empty = if number == 0 { Gguf { pairs: whole.pairs.clone(), ..empty } } else { empty };
        empty
            .set("split.no", Meta::U16(number))
            .set("split.count", Meta::U16(3))
            .set("split.tensors.count", Meta::I32(i32::try_from(n_tensors).unwrap()))
    };
    [part(0, Vec::new()), part(1, whole.tensors[..split].to_vec()), part(2, whole.tensors[split..].to_vec())]
}

fn name(number: usize) -> String {
    format!("a-{number:05}-of-00003.gguf")
}

fn written(parts: [Gguf; 3]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (part, number) in parts.iter().zip(1..) {
        fs::write(folder.path().join(name(number)), part.bytes()).unwrap();
    }
    folder
}

#[track_caller]
fn refused(folder: &TempDir, opened: usize, named: usize, expected: &str) {
    let error = gguf::open(&folder.path().join(name(opened)), &unwatched).err().expect("refused").to_string();
    let path = folder.path().join(name(named)).display().to_string();
    assert!(error.contains(expected) && error.ends_with(&path), "{error}\nexpected: {expected}");
}

#[test]
fn a_first_part_without_tensors_is_a_part() {
    let token_ids = &TOKEN_IDS[..5];
    let whole = open(&golden("llama", Format::F32).bytes()).unwrap_or_else(|error| panic!("{error}"));
    let whole = logits_of(&whole, token_ids);
    for number in 1..=3 {
        let folder = written(in_parts());
        assert_eq!(logits_of(&opened(&folder.path().join(name(number))), token_ids), whole, "{number}");
    }
}

#[test]
fn a_missing_part_is_named() {
    for (missing, opened) in [(1, 2), (2, 1), (3, 1), (3, 2)] {
        let folder = written(in_parts());
        fs::remove_file(folder.path().join(name(missing))).unwrap();
        refused(&folder, opened, missing, &format!("part {missing} of 3 of the model is missing, put it beside"));
    }
}

#[test]
fn what_is_no_part_of_the_model_is_refused() {
    let changed = |number: usize, change: &dyn Fn(Gguf) -> Gguf| {
        let mut parts = in_parts();
        parts[number - 1] = change(parts[number - 1].clone());
        written(parts)
    };
    let set = |key: &'static str, value: u16| move |part: Gguf| part.set(key, Meta::U16(value));
    refused(&changed(2, &set("split.no", 2)), 1, 2, "split.no must be 1, found 2");
    refused(&changed(2, &set("split.count", 2)), 1, 2, "split.count must be 3, found 2");
    refused(&changed(2, &set("split.count", 2)), 2, 2, "split.count must be 3, as the file's name says, found 2");
    refused(&changed(1, &set("split.count", 60_000)), 1, 1, "split.count must be a whole number from 0 to 512");
    refused(&changed(3, &|part| part.without("split.no")), 1, 3, "split.no must be a whole number from 0 to 512");
    refused(&changed(3, &|part| part.without("split.count")), 1, 3, "split.count must be a whole number");
    let fewer = changed(3, &|mut part| {
        part.tensors.pop();
        part
    });
    refused(&fewer, 2, 1, "the tensors that the parts have, found");
    let twice = changed(3, &|mut part| {
        part.tensors.push(in_parts()[1].tensors[0].clone());
        part
    });
    refused(&twice, 1, 3, "is there twice");
    let garbled = written(in_parts());
    fs::write(garbled.path().join(name(3)), "not a model").unwrap();
    refused(&garbled, 1, 3, "not a GGUF file");
    assert_eq!(
        open(&in_parts()[1].bytes()).err().unwrap(),
        "the file is one of 3 parts of a model, expected a name that ends in -00001-of-00003.gguf or in the number of \
         another part"
    );
}

#[test]
fn a_part_that_was_changed_is_seen_in_a_session() {
    let folder = written(in_parts());
    let fingerprint = |number| {
        let source = SourceSpec::Gguf(folder.path().join(name(number)));
        Fingerprints::default().of(&source).unwrap().unwrap()
    };
    let before = fingerprint(1);
    assert_eq!(before, fingerprint(2));
    let third = folder.path().join(name(3));
    let mut bytes = fs::read(&third).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&third, bytes).unwrap();
    assert_ne!(before, fingerprint(1));
}
