//! BERT's tokenizer out of a file: what the folder's makes of every text.

use std::fs;

use attenuate::model::{LanguageModel, VocabularyToken, folder, loading::unwatched};
use serde_json::json;

use crate::gguf::{
    files::{
        families::converted,
        writer::{Gguf, Meta},
    },
    golden::goldens_folder,
    opening::open,
    tokenizers::texts,
};

const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const PIECES: [&str; 24] = [
    "[unused0]",
    "to",
    "be",
    "love",
    "##ly",
    "##s",
    "un",
    "##love",
    "cafe",
    "zur",
    "##ich",
    "1",
    "##8",
    "##11",
    ".",
    ",",
    "'",
    "s",
    "日",
    "本",
    "a",
    "##a",
    "▁",
    "##\u{301}",
];

/// The tokens of the golden BERT's 256 ids, as a folder has them.
fn vocabulary(pieces: &[&str]) -> Vec<String> {
    let named = SPECIAL.iter().chain(pieces).map(|&token| token.to_owned());
    let n_named = SPECIAL.len() + pieces.len();
    named.chain((n_named..256).map(|id| format!("[unused{id}]"))).collect()
}

/// As a folder of a tokenizer that makes letters small, or leaves them.
fn in_folder(pieces: &[&str], lowercase: bool) -> LanguageModel {
    let ids: serde_json::Map<_, _> =
        vocabulary(pieces).into_iter().enumerate().map(|(id, token)| (token, id.into())).collect();
    let added = SPECIAL.iter().enumerate().map(|(id, token)| {
        json!({"id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            "special": true})
    });
    let special = |id: usize, kind: usize| json!({"SpecialToken": {"id": SPECIAL[id], "type_id": kind}});
    let text = |name: &str, kind: usize| json!({"Sequence": {"id": name, "type_id": kind}});
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added.collect::<Vec<_>>(),
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": lowercase},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [special(2, 0), text("A", 0), special(3, 0)],
            "pair": [special(2, 0), text("A", 0), special(3, 0), text("B", 1), special(3, 1)],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": ids},
    });
    let (from, to) = (goldens_folder().join("bert"), tempfile::tempdir().unwrap());
    for file in ["config.json", "model.safetensors"] {
        fs::copy(from.join(file), to.path().join(file)).unwrap();
    }
    fs::write(to.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
    folder::open(to.path(), &unwatched).unwrap()
}

/// As llama.cpp's converter writes the same.
fn in_file(pieces: &[&str]) -> Gguf {
    let spelled = vocabulary(pieces).into_iter().enumerate().map(|(id, token)| match token.strip_prefix("##") {
        _ if id < SPECIAL.len() => token,
        Some(piece) => piece.to_owned(),
        None => format!("▁{token}"),
    });
    let kinds = (0..256).map(|id| if id < SPECIAL.len() { 3 } else { 1 }).collect();
    converted(&goldens_folder().join("bert"))
        .set("tokenizer.ggml.model", "bert")
        .set("tokenizer.ggml.pre", "jina-v2-en")
        .set("tokenizer.ggml.token_type_count", 2)
        .set("tokenizer.ggml.tokens", texts(spelled))
        .set("tokenizer.ggml.token_type", Meta::I32s(kinds))
        .set("tokenizer.ggml.bos_token_id", 2)
        .set("tokenizer.ggml.eos_token_id", 3)
        .set("tokenizer.ggml.seperator_token_id", 3)
        .set("tokenizer.ggml.unknown_token_id", 1)
        .set("tokenizer.ggml.add_bos_token", Meta::Flag(true))
        .set("tokenizer.ggml.add_eos_token", Meta::Flag(true))
        .set("tokenizer.ggml.add_sep_token", Meta::Flag(false))
}

const TEXTS: [&str; 10] = [
    "To be unlovely",
    "To love, to be loves.",
    "",
    "  Café Zürich  1811 ",
    "日本 be\u{0}\u{FFFD}\tto",
    "to [MASK] be[SEP]love",
    "[unused0] ▁ aaaa",
    "it's unknown",
    "ZURICH cafe\u{301}",
    "a\u{200B}a\u{7F}",
];

#[track_caller]
fn assert_same(file: &LanguageModel, folder: &LanguageModel) {
    for text in TEXTS {
        for is_whole in [true, false] {
            assert_eq!(file.tokenize(text, is_whole).unwrap(), folder.tokenize(text, is_whole).unwrap(), "{text:?}");
        }
    }
    let every: Vec<u32> = (0..256).collect();
    assert_eq!(file.tokens(&every), folder.tokens(&every));
}

fn pieces_of(tokens: &[VocabularyToken]) -> Vec<&str> {
    tokens.iter().map(|token| token.piece.as_str()).collect()
}

#[test]
fn word_pieces_are_the_folders() {
    let file = open(&in_file(&PIECES).bytes()).unwrap();
    assert_same(&file, &in_folder(&PIECES, true));
    let tokens = file.tokenize("To be unlovely", true).unwrap();
    assert_eq!(pieces_of(&tokens), ["[CLS]", "to", "be", "un", "##love", "##ly", "[SEP]"]);
    assert!(file.has_bos());
    // Accents go with the capitals.
    assert_eq!(pieces_of(&file.tokenize("Café Zürich", false).unwrap()), ["cafe", "zur", "##ich"]);
}

/// A vocabulary with capitals was made of texts that kept them.
#[test]
fn a_vocabulary_with_capitals_keeps_them() {
    let mut pieces = PIECES;
    (pieces[1], pieces[8]) = ("To", "Café");
    let file = open(&in_file(&pieces).bytes()).unwrap();
    assert_same(&file, &in_folder(&pieces, false));
    assert_eq!(pieces_of(&file.tokenize("To Café to cafe", false).unwrap()), ["To", "Café", "[UNK]", "[UNK]"]);
}

#[test]
fn files_of_older_converters_read_the_same() {
    let texts_of_old = vocabulary(&PIECES).into_iter().map(|token| match token.strip_prefix("##") {
        _ if token.starts_with('[') => token,
        Some(piece) => piece.to_owned(),
        None => format!("▁{token}"),
    });
    let old = in_file(&PIECES)
        .set("tokenizer.ggml.tokens", texts(texts_of_old))
        .set("tokenizer.ggml.cls_token_id", 2)
        .without("tokenizer.ggml.bos_token_id")
        .without("tokenizer.ggml.add_bos_token")
        .without("tokenizer.ggml.add_sep_token");
    assert_same(&open(&old.bytes()).unwrap(), &in_folder(&PIECES, true));
}

/// Behind a `[SEP]` in the middle tokens are of type 1, from a file as from a folder.
#[test]
fn a_second_sentence_is_of_its_own_type() {
    let (file, folder) = (open(&in_file(&PIECES).bytes()).unwrap(), in_folder(&PIECES, true));
    let row = |model: &LanguageModel, text: &str, query: usize| {
        let ids: Vec<u32> = model.tokenize(text, true).unwrap().iter().map(|token| token.id).collect();
        let first = model.transformer().qkv(0, &model.transformer().embed(&ids).unwrap()).unwrap();
        (ids, first.head_scores(1).exact_row(query).clone())
    };
    let text = "to be[SEP]love";
    let (ids, pair) = row(&file, text, 4);
    assert_eq!((ids.clone(), pair.clone()), row(&folder, text, 4));
    // Of type 0 throughout, as a model without the token's name reads the same ids.
    let nameless = open(&converted(&goldens_folder().join("bert")).bytes()).unwrap();
    let single = nameless.transformer().qkv(0, &nameless.transformer().embed(&ids).unwrap()).unwrap();
    assert_ne!(pair, single.head_scores(1).exact_row(4).clone());
    assert_eq!(file.notices(), folder.notices());
    assert!(file.notices().iter().any(|notice| notice.brief == "[SEP] begins the second sentence"));
}

#[test]
fn a_vocabulary_without_a_token_for_the_unknown_is_refused() {
    let mut renamed = vocabulary(&PIECES);
    renamed[1] = "[none]".to_owned();
    let file = in_file(&PIECES).set("tokenizer.ggml.tokens", texts(renamed)).without("tokenizer.ggml.unknown_token_id");
    let message = open(&file.bytes()).err().expect("refused");
    assert!(message.contains("tokenizer.ggml.tokens must be one for words without pieces, [UNK]"), "{message}");
}
