//! A model's files while it is open.

use std::{
    fs::{self, File},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use attenuate::{
    engine::{Engine, EngineError, Job, OpenSource, Outcome, Prompt, RunSpec, SourceSpec},
    model::bundled,
    session::Command,
};
use tempfile::TempDir;

use crate::gguf_files::{convert::golden, quantize::Format};
use crate::support::captured_figure;

const WEIGHTS: &str = "model.safetensors";
const NEVER: &dyn Fn() -> bool = &|| false;

/// The bundled model as a folder of its own.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), bundled::CONFIG).unwrap();
    fs::write(folder.path().join("tokenizer.json"), bundled::TOKENIZER).unwrap();
    fs::write(folder.path().join(WEIGHTS), bundled::WEIGHTS).unwrap();
    folder
}

fn spec(folder: &Path, text: &str) -> RunSpec {
    let prompt = Prompt::Text { text: text.into(), bos: true };
    let session = captured_figure().with([
        Command::Locate(SourceSpec::Folder(folder.to_owned())),
        Command::SetLayer(3),
        Command::SetHead(1),
    ]);
    RunSpec { prompt, ..session.run_spec() }
}

fn weights(outcome: &Outcome) -> Vec<u64> {
    let pattern = &outcome.panels.as_slice()[0].pattern;
    (0..pattern.n_positions()).flat_map(|query| pattern.exact_row(query)).map(f64::to_bits).collect()
}

#[test]
fn a_file_cut_short_under_an_open_model_is_an_error_that_names_it_and_passes() {
    let folder = folder();
    let path = folder.path().join(WEIGHTS);
    let mut engine = Engine::default();
    engine.adopt(Arc::new(OpenSource::open(&SourceSpec::Folder(folder.path().to_owned()), &Job::unwatched()).unwrap()));
    let before = weights(&engine.run(&spec(folder.path(), "in love"), NEVER).unwrap());

    File::options().write(true).open(&path).unwrap().set_len(4096).unwrap();
    let error = engine.run(&spec(folder.path(), "fond of dancing"), NEVER).unwrap_err();
    assert!(error.to_string().contains(WEIGHTS), "{error}");
    // And again: nothing was half remembered.
    assert!(engine.run(&spec(folder.path(), "a certain step"), NEVER).is_err());

    fs::write(&path, bundled::WEIGHTS).unwrap();
    let after = engine.run(&spec(folder.path(), "in love"), NEVER).unwrap();
    assert_eq!(weights(&after), before, "whole again, it is read anew");
}

#[test]
fn a_file_overwritten_under_an_open_model_is_read_anew() {
    let folder = folder();
    let path = folder.path().join(WEIGHTS);
    let mut engine = Engine::default();
    let before = weights(&engine.run(&spec(folder.path(), "in love"), NEVER).unwrap());

    // Another model of the same shape: the second half of the file's bytes with one bit flipped in each f32's sign.
    let mut other = bundled::WEIGHTS.to_vec();
    let data = other.len() / 2;
    other[data..].iter_mut().for_each(|byte| *byte ^= 0x01);
    let file = File::options().write(true).open(&path).unwrap();
    std::io::Write::write_all(&mut &file, &other).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    let text = "fond of dancing";
    let found = engine.run(&spec(folder.path(), text), NEVER);
    let found = found.or_else(|_| engine.run(&spec(folder.path(), text), NEVER)).unwrap();
    let expected = Engine::default().run(&spec(folder.path(), text), NEVER).unwrap();
    assert_eq!(weights(&found), weights(&expected), "no mixture of old and new");
    let again = engine.run(&spec(folder.path(), "in love"), NEVER).unwrap();
    assert_ne!(weights(&again), before, "what the old file gave is forgotten");
}

#[test]
fn a_gguf_file_overwritten_under_an_open_model_is_read_anew() {
    let gguf = golden("llama", Format::Q8_0);
    // Scales are one bit larger.
    let other = gguf.clone().change("blk.0.attn_q.weight", |tensor| tensor.bytes[0] ^= 1);
    let file = tempfile::Builder::new().suffix(".gguf").tempfile().unwrap();
    let spec = |ids: &[u32]| {
        let session = captured_figure().with([Command::Locate(SourceSpec::Gguf(file.path().to_owned()))]);
        let spec = RunSpec { prompt: Prompt::TokenIds(ids.to_vec()), ..session.run_spec() };
        spec.with(|experiment| (experiment.layer, experiment.head) = (1, 0))
    };
    fs::write(file.path(), gguf.bytes()).unwrap();
    let mut engine = Engine::default();
    let before = weights(&engine.run(&spec(&[1, 2, 3]), NEVER).unwrap());

    fs::write(file.path(), other.bytes()).unwrap();
    file.as_file().set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    let found = engine.run(&spec(&[3, 2, 1]), NEVER);
    let found = found.or_else(|_| engine.run(&spec(&[3, 2, 1]), NEVER)).unwrap();
    let expected = Engine::default().run(&spec(&[3, 2, 1]), NEVER).unwrap();
    assert_eq!(weights(&found), weights(&expected), "no mixture of old and new");
    assert_ne!(weights(&engine.run(&spec(&[1, 2, 3]), NEVER).unwrap()), before, "what the old file gave is forgotten");
}

#[cfg(unix)]
#[test]
fn a_folder_removed_under_an_open_model_does_not_stop_it() {
    let folder = folder();
    let mut engine = Engine::default();
    let text = "fond of dancing";
    let expected = weights(&Engine::default().run(&spec(folder.path(), text), NEVER).unwrap());
    engine.run(&spec(folder.path(), "in love"), NEVER).unwrap();
    let path = folder.path().to_owned();
    folder.close().unwrap();
    // The map keeps the removed file: nothing that was open is lost.
    assert_eq!(weights(&engine.run(&spec(&path, text), NEVER).unwrap()), expected);
    let error = Engine::default().run(&spec(&path, text), NEVER).unwrap_err();
    assert!(matches!(error, EngineError::Folder(_)) && error.to_string().contains(path.to_str().unwrap()), "{error}");
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let path = folder.path().join(WEIGHTS);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    let error = Engine::default().run(&spec(folder.path(), "in love"), NEVER).unwrap_err().to_string();
    assert!(error.contains("cannot read") && error.contains(WEIGHTS), "{error}");
}

#[test]
fn what_memory_cannot_hold_is_refused_beforehand_with_its_bytes() {
    let n_positions = 1_000_000;
    let zeros = vec![0_u8; n_positions * 2];
    let view = || safetensors::tensor::TensorView::new(safetensors::Dtype::F16, vec![n_positions, 1], &zeros).unwrap();
    let file = tempfile::Builder::new().suffix(".safetensors").tempfile().unwrap();
    fs::write(file.path(), safetensors::serialize([("q", view()), ("k", view())], None).unwrap()).unwrap();
    let source = SourceSpec::Capture(file.path().to_owned());
    let session = captured_figure().with([Command::Locate(source), Command::SetLayer(0), Command::SetHead(0)]);
    let mut engine = Engine::default();
    let message = engine.run(&session.run_spec(), NEVER).unwrap_err().to_string();
    assert!(message.starts_with("1000000 tokens need 2.00 TB of memory"), "{message}");
    assert!(engine.run(&captured_figure().run_spec(), NEVER).is_ok(), "the engine goes on");
}
