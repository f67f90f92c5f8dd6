//! What is done with bytes that anybody may have written: read them as the program would, and use what was read. Nothing
//! may panic, and what is refused must be refused in one printable line.

#![allow(dead_code, reason = "each fuzz target uses one of these")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a finding is reported")]

use std::{ffi::OsString, fmt::Display, fs, path::Path};

use attenuate::{
    attention::{Epsilon, HeadScope, LayerScope, OperationKind, PositionScope},
    capture::Capture,
    cli,
    engine::{Engine, Job, OpenSource, Ranking, RunSpec, SourceSpec, SweepMetric},
    figure::{ColorNorm, Colormap, Dpi, PageSize, Quantity},
    model::{Tokenizer, VocabularyToken, bundled},
    session::{
        Command, Session,
        document::{self, SessionDocument},
    },
};

use crate::support::captured_figure;

/// Positions and heads beyond which a valid file is not computed with, to keep each input short.
const MOST: usize = 64;

/// safetensors and NPZ captures: whatever opens shows its nine panels.
pub fn capture(bytes: &[u8]) {
    let capture = match Capture::from_bytes(bytes.to_vec(), "input") {
        Ok(capture) => capture,
        Err(error) => return refused(&error),
    };
    let pieces = capture.pieces().count();
    assert_eq!(pieces, capture.n_positions());
    if capture.n_positions() > MOST || capture.head_dim() > 4 * MOST {
        return;
    }
    let qkv = capture.layer(capture.n_layers() - 1).expect("the last layer exists");
    assert_eq!(qkv.n_heads(), capture.n_heads());
    let scores = std::sync::Arc::new(qkv.head_scores(capture.n_heads() - 1));
    let pattern = scores.pattern(&attenuate::attention::HeadEdit::default());
    let last = capture.n_positions() - 1;
    let row = pattern.exact_row(last);
    let sum = row.iter().sum::<f64>() + pattern.exact_rest(last).unwrap_or(0.0);
    // NaN and infinities are kept, so that a row may be NaN; a row of finite weights sums to 1 with what goes to a sink
    // logit; padding and queries without a key have none, and patterns without vectors are as the file has them.
    let is_made = scores.has_vectors() && !pattern.keys(last).is_empty();
    assert!(!is_made || !sum.is_finite() || (sum - 1.0).abs() < 1e-6, "a row sums to {sum}");
}

/// A GGUF file: header, metadata, tokenizer and tensors; whatever opens reads a text.
pub fn gguf(bytes: &[u8]) {
    let file = tempfile::Builder::new().suffix(".gguf").tempfile_in(scratch()).unwrap();
    fs::write(file.path(), bytes).unwrap();
    open_and_run(SourceSpec::Gguf(file.path().to_owned()));
}

/// A GGUF file in two parts, opened by the second: the length of the first in 8 bytes, then both.
pub fn gguf_split(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk() else { return };
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX).min(rest.len());
    let (first, second) = rest.split_at(length);
    let folder = tempfile::tempdir_in(scratch()).unwrap();
    for (name, part) in [("m-00001-of-00002.gguf", first), ("m-00002-of-00002.gguf", second)] {
        fs::write(folder.path().join(name), part).unwrap();
    }
    open_and_run(SourceSpec::Gguf(folder.path().join("m-00002-of-00002.gguf")));
}

/// A file whose name says nothing of it: what it is, its first bytes tell.
pub fn source(bytes: &[u8]) {
    let folder = tempfile::tempdir_in(scratch()).unwrap();
    let path = folder.path().join("download");
    fs::write(&path, bytes).unwrap();
    match SourceSpec::named(&path) {
        Ok(source) => open_and_run(source),
        Err(error) => refused(&error),
    }
}

/// `config.json` of a folder with the bundled model's weights and tokenizer.
pub fn config(bytes: &[u8]) {
    let model = attenuate::model::LanguageModel::from_bytes(bytes, bundled::WEIGHTS, None);
    match model {
        Ok(model) => {
            let residual = model.transformer().embed(&[1, 2, 3]);
            if let Ok(residual) = residual {
                assert!(residual.last().is_ok());
            }
        }
        Err(error) => refused(&error),
    }
}

/// `tokenizer.json`, and behind a NUL a text for it.
pub fn tokenizer(bytes: &[u8]) {
    let (json, text) = bytes.split_at(bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()));
    let text = String::from_utf8_lossy(text.strip_prefix(&[0]).unwrap_or(b"To be fond of dancing"));
    match Tokenizer::from_bytes(json) {
        Err(error) => refused(&error),
        Ok(tokenizer) => {
            for bos in [true, false] {
                match tokenizer.encode(&text, bos) {
                    Ok(tokens) => tokens.iter().for_each(|token| {
                        // Whose a token is depends on where it stands.
                        let known = VocabularyToken { role: token.role, ..tokenizer.token(token.id) };
                        assert_eq!(*token, known);
                    }),
                    Err(error) => refused(&error),
                }
            }
        }
    }
}

/// Every text that an argument or a field takes, and a whole command line of its words.
pub fn arguments(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(epsilon) = written_back::<Epsilon>(&text) {
        assert!(epsilon.get().is_finite() && epsilon.get() >= 0.0);
    }
    written_back::<ColorNorm>(&text);
    written_back::<Colormap>(&text);
    written_back::<Quantity>(&text);
    written_back::<PageSize>(&text);
    let _ = (text.parse::<PositionScope>(), text.parse::<LayerScope>(), text.parse::<HeadScope>());
    let _ = (text.parse::<OperationKind>(), text.parse::<Dpi>(), text.parse::<Ranking>(), text.parse::<SweepMetric>());
    let words = std::iter::once("attenuate").chain(text.split('\u{1f}')).map(OsString::from);
    match cli::parse(words) {
        // What is a file's name here may be any file of this machine: sessions are read in `session` below.
        Ok(cli::Invocation::Window(task)) if !text.contains('/') => match task.start() {
            Ok(start) => finite(&start.session),
            Err(error) => refused(&format!("{error:#}")),
        },
        Ok(_) => {}
        Err(line) => refused(&line),
    }
}

/// A session on its own, or in the metadata of a picture: which of them the first bytes tell.
pub fn session(bytes: &[u8]) {
    let suffix = match bytes.first() {
        Some(0x89) => ".png",
        Some(b'<') => ".svg",
        Some(b'%') => ".pdf",
        _ => ".json",
    };
    let file = tempfile::Builder::new().suffix(suffix).tempfile_in(scratch()).unwrap();
    fs::write(file.path(), bytes).unwrap();
    match document::read(file.path()) {
        Err(error) => refused(&error),
        Ok(document) => {
            finite(&document.session);
            let again = document.to_json().unwrap();
            assert_eq!(SessionDocument::from_json(again.as_bytes()).unwrap(), document, "{again}");
            let payload = document.to_payload().unwrap();
            assert!(payload.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{payload}");
            assert_eq!(SessionDocument::from_json(payload.as_bytes()).unwrap(), document, "{payload}");
        }
    }
}

/// A text that is understood is written in a way that is understood as the same.
fn written_back<T>(text: &str) -> Option<T>
where
    T: std::str::FromStr + Display + PartialEq + std::fmt::Debug,
    T::Err: Display,
{
    match text.parse::<T>() {
        Ok(value) => {
            let again = value.to_string().parse::<T>();
            assert!(again.as_ref().is_ok_and(|again| *again == value), "{text:?} is {value:?}, written {value}");
            Some(value)
        }
        Err(error) => {
            refused(&error);
            None
        }
    }
}

fn finite(session: &Session) {
    assert!(session.epsilon().values().all(|epsilon| epsilon.get().is_finite()));
    assert!(session.shape().contains(session.selected()));
}

fn open_and_run(source: SourceSpec) {
    let opened = match OpenSource::open(&source, &Job::unwatched()) {
        Ok(opened) => opened,
        Err(error) => return refused(&error),
    };
    let facts = opened.facts().clone();
    if facts.n_heads * facts.head_dim > MOST * MOST || facts.n_layers > MOST {
        return;
    }
    let mut engine = Engine::default();
    engine.adopt(opened.into());
    let session = captured_figure().with([Command::Locate(source), Command::SetLayer(0), Command::SetHead(0)]);
    for prompt in [
        attenuate::engine::Prompt::Text { text: "To be fond of".into(), bos: true },
        attenuate::engine::Prompt::TokenIds(vec![0, 1]),
    ] {
        let spec = RunSpec { prompt, ..session.run_spec() };
        if let Err(error) = engine.run(&spec, &|| false) {
            refused(&error);
        }
    }
}

/// In memory where there is such a place: files are written for every input.
fn scratch() -> &'static Path {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory } else { Path::new("/tmp") }
}

fn refused(error: &impl Display) {
    let message = error.to_string();
    assert!(!message.trim().is_empty(), "a refusal says why");
    assert!(message.len() < 10_000, "a refusal is short, found {} bytes", message.len());
}
