//! Tokenizers of folders without a `tokenizer.json`, beside transformers: `tests/goldens/tokenizers/make_tokenizers.py`
//! wrote what it makes of them.

use std::{fs, path::Path};

use attenuate::model::{ModelError, Tokenizer, VocabularyToken, bundled, folder, folder::FolderError, loading};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    text: String,
    ids: Vec<u32>,
    plain: Vec<u32>,
}

fn goldens() -> Vec<std::path::PathBuf> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/tokenizers");
    let entries = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

fn ids(tokens: &[VocabularyToken]) -> Vec<u32> {
    tokens.iter().map(|token| token.id).collect()
}

/// As transformers, which puts the tokens around a text also where it begins with them.
fn around(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    let around = ids(&tokenizer.encode("a", true).unwrap());
    let alone = ids(&tokenizer.encode("a", false).unwrap());
    let front = around.windows(alone.len()).position(|window| window == alone).unwrap();
    let text = ids(&tokenizer.encode(text, false).unwrap());
    [&around[..front], &text, &around[front + alone.len()..]].concat()
}

#[test]
fn every_text_becomes_the_ids_of_transformers() {
    let goldens = goldens();
    assert!(goldens.len() >= 14);
    let mut wrong = Vec::new();
    for place in goldens {
        let name = place.file_name().unwrap().display().to_string();
        let tokenizer = folder::tokenizer(&place).unwrap().unwrap();
        let cases: Vec<Case> = serde_json::from_slice(&fs::read(place.join("expected.json")).unwrap()).unwrap();
        for Case { text, ids: expected, plain } in cases {
            let found = (around(&tokenizer, &text), ids(&tokenizer.encode(&text, false).unwrap()));
            if found != (expected.clone(), plain.clone()) {
                wrong.push(format!("{name}: {text:?}: {found:?}, expected {:?}", (expected, plain)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_spelled_is_the_text() {
    for name in ["gpt2", "qwen2", "llama", "gemma", "generic_unigram"] {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/tokenizers").join(name);
        let tokenizer = folder::tokenizer(&place).unwrap().unwrap();
        let text = "To be fond of dancing, 東京 😀";
        let tokens = ids(&tokenizer.encode(text, false).unwrap());
        assert_eq!(tokenizer.decode(&tokens).unwrap(), text, "{name}");
    }
}

/// The small bundled model, with its `tokenizer.json` taken apart and with other files besides.
fn taken_apart(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let whole: serde_json::Value = serde_json::from_slice(bundled::TOKENIZER).unwrap();
    let vocab = serde_json::to_vec(&whole["model"]["vocab"]).unwrap();
    let pair = |pair: &serde_json::Value| match pair.as_str() {
        Some(line) => line.to_owned(),
        None => format!("{} {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()),
    };
    let merges: Vec<String> = whole["model"]["merges"].as_array().unwrap().iter().map(pair).collect();
    let merges = format!("#version: 0.2\n{}\n", merges.join("\n"));
    let settings = br#"{"tokenizer_class": "GPT2Tokenizer", "add_bos_token": true, "bos_token": "<s>", "eos_token": null, "unk_token": null}"#;
    let usual = [
        ("config.json", bundled::CONFIG),
        ("model.safetensors", bundled::WEIGHTS),
        ("vocab.json", &vocab),
        ("merges.txt", merges.as_bytes()),
        ("tokenizer_config.json", settings),
    ];
    for (name, bytes) in usual.iter().chain(files) {
        fs::write(place.path().join(name), bytes).unwrap();
    }
    place
}

#[test]
fn a_model_without_tokenizer_json_reads_the_same_prompt() {
    let place = taken_apart(&[]);
    let model = folder::open(place.path(), &loading::unwatched).unwrap();
    let whole = Tokenizer::from_bytes(bundled::TOKENIZER).unwrap();
    for text in ["To be fond of dancing", " in love", "<s>twice", "naïve 😀\n"] {
        assert_eq!(model.tokenize(text, true).unwrap(), whole.encode(text, true).unwrap(), "{text}");
    }
    let files = folder::files(place.path()).unwrap();
    for name in ["vocab.json", "merges.txt", "tokenizer_config.json"] {
        assert!(files.contains(&place.path().join(name)), "{name} makes the model what it is");
    }
}

#[test]
fn what_is_not_read_is_named_and_token_ids_are_taken() {
    let phrase = |files: &[(&str, &[u8])]| {
        let model = folder::open(taken_apart(files).path(), &loading::unwatched).unwrap();
        assert_eq!(model.tokens(&[3]).len(), 1);
        model.tokenize("in love", true).unwrap_err().to_string()
    };
    for (files, part) in [
        (&[("tokenizer_config.json", &br#"{"tokenizer_class": "T5Tokenizer"}"#[..])], "tokenizer_class T5Tokenizer"),
        (&[("tokenizer_config.json", b"{}")], "no tokenizer_class says how to read it"),
        (
            &[("tokenizer_config.json", br#"{"tokenizer_class": "BertTokenizer"}"#)],
            "vocab.txt is not there, which a BertTokenizer is read from",
        ),
        (
            &[("tokenizer_config.json", br#"{"tokenizer_class": "Qwen2Tokenizer", "add_prefix_space": true}"#)],
            "add_prefix_space is not supported",
        ),
        (
            &[("tokenizer_config.json", br#"{"tokenizer_class": "GPT2Tokenizer", "split_special_tokens": true}"#)],
            "split_special_tokens is not supported",
        ),
        (
            &[(
                "tokenizer_config.json",
                br#"{"tokenizer_class": "GPT2Tokenizer", "added_tokens_decoder": {"7": {"content": "<new>"}}}"#,
            )],
            "the added token <new> is said to have the id 7",
        ),
    ] {
        let found = phrase(files);
        assert!(found.contains(part) && found.ends_with("give token ids instead of text"), "{found}");
    }
}

#[test]
fn what_is_malformed_is_named_with_its_place() {
    for (files, part) in [
        (&[("merges.txt", &b"#version: 0.2\na b c\n"[..])], "merges.txt, line 2: expected two pieces"),
        (&[("vocab.json", b"[]")], "vocab.json: "),
        (&[("merges.txt", b"zz zz\n")], "the tokenizer: "),
        (&[("tokenizer_config.json", b"{")], "tokenizer_config.json: "),
        (
            &[("tokenizer_config.json", br#"{"tokenizer_class": "GPT2Tokenizer", "add_bos_token": 7}"#)],
            "add_bos_token must be true or false, found 7",
        ),
        (
            &[(
                "tokenizer_config.json",
                br#"{"tokenizer_class": "GPT2Tokenizer", "added_tokens_decoder": {"x": "y"}}"#,
            )],
            "added_tokens_decoder must be ids, found x",
        ),
    ] {
        let place = taken_apart(files);
        let found = folder::open(place.path(), &loading::unwatched).err().unwrap();
        assert!(matches!(found, FolderError::Model { cause: ModelError::Tokenizer(_), .. }), "{found}");
        assert!(found.to_string().contains(part), "{found}");
    }
}

#[test]
fn a_damaged_sentence_piece_model_is_an_error_and_no_panic() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/tokenizers/llama");
    let whole = fs::read(place.join("tokenizer.model")).unwrap();
    let settings = fs::read(place.join("tokenizer_config.json")).unwrap();
    let folder_of = tempfile::tempdir().unwrap();
    fs::write(folder_of.path().join("tokenizer_config.json"), settings).unwrap();
    let read = |bytes: &[u8]| {
        fs::write(folder_of.path().join("tokenizer.model"), bytes).unwrap();
        folder::tokenizer(folder_of.path()).map(|tokenizer| tokenizer.unwrap().encode("in love", true).is_ok())
    };
    for (bytes, part) in [(&b""[..], "expected pieces, found none"), (b"\xff\xff\xff\xff", "tokenizer.model: ")] {
        let found = read(bytes).unwrap_err().to_string();
        assert!(found.contains(part), "{found}");
    }
    for at in (0..whole.len()).step_by(97) {
        let _ = read(&whole[..at]);
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        let _ = read(&bytes);
    }
}
