//! Tokenizers out of a file's metadata.

use attenuate::model::{Chat, LanguageModel, Role, VocabularyToken, bundled};
use serde_json::Value;

use crate::gguf::{
    files::{
        convert::{convert, golden},
        quantize::Format,
        writer::{Gguf, Meta},
    },
    opening::open,
};

pub fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Meta {
    Meta::Texts(texts.into_iter().map(Into::into).collect())
}

fn ids(tokens: &[VocabularyToken]) -> Vec<u32> {
    tokens.iter().map(|token| token.id).collect()
}

/// The bundled model, tokenizer and all.
pub fn austen() -> Gguf {
    let tokenizer: Value = serde_json::from_slice(bundled::TOKENIZER).unwrap();
    let vocab = tokenizer["model"]["vocab"].as_object().unwrap();
    let mut tokens = vec![String::new(); vocab.len()];
    for (token, id) in vocab {
        tokens[id.as_u64().unwrap() as usize].clone_from(token);
    }
    let merges = tokenizer["model"]["merges"].as_array().unwrap().iter();
    let merges = merges.map(|pair| format!("{} {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()));
    let kinds = tokens.iter().map(|token| if token == "<s>" { 3 } else { 1 }).collect();
    convert(bundled::CONFIG, bundled::WEIGHTS, Format::F16)
        .set("tokenizer.ggml.model", "gpt2")
        .set("tokenizer.ggml.pre", "gpt-2")
        .set("tokenizer.ggml.merges", texts(merges))
        .set("tokenizer.ggml.token_type", Meta::I32s(kinds))
        .set("tokenizer.ggml.tokens", texts(tokens))
        .set("tokenizer.ggml.bos_token_id", 0)
        .set("tokenizer.ggml.add_bos_token", Meta::Flag(true))
}

#[test]
fn a_byte_level_tokenizer_is_the_folders() {
    let (ours, theirs) = (open(&austen().bytes()).unwrap(), bundled::load().unwrap());
    assert!(ours.has_bos());
    for text in [
        bundled::DEFAULT_PROMPT,
        "",
        "  in  love\n\n\tIt's 1811; I'LL—",
        "Ünïcödé 日本語 😀 \u{301}\0",
        "before <s> after<s>",
        &"word ".repeat(5_000),
    ] {
        for bos in [true, false] {
            let expected = theirs.tokenize(text, bos).unwrap();
            assert_eq!(ours.tokenize(text, bos).unwrap(), expected, "{text:?}");
        }
    }
}

#[test]
fn a_model_reads_its_prompt_the_same_from_either() {
    let next = |model: &LanguageModel| {
        let tokens = model.tokenize("It is a truth universally", true).unwrap();
        model.next_token_logits(&model.transformer().embed(&ids(&tokens)).unwrap()).unwrap()
    };
    // The bundled weights are F16 themselves.
    assert_eq!(next(&open(&austen().bytes()).unwrap()), next(&bundled::load().unwrap()));
}

#[test]
fn the_file_decides_about_bos() {
    let bos = |gguf: Gguf| open(&gguf.bytes()).unwrap().has_bos();
    assert!(!bos(austen().set("tokenizer.ggml.add_bos_token", Meta::Flag(false))));
    assert!(!bos(austen().without("tokenizer.ggml.add_bos_token")), "GPT-2 has none by default");
    let llama3 = austen().without("tokenizer.ggml.add_bos_token").set("tokenizer.ggml.pre", "llama-bpe");
    assert!(bos(llama3), "Llama 3 has");
    let eos = austen().set("tokenizer.ggml.add_eos_token", Meta::Flag(true)).set("tokenizer.ggml.eos_token_id", 5);
    let tokens = open(&eos.bytes()).unwrap().tokenize("in love", true).unwrap();
    assert_eq!((tokens[0].id, tokens.last().unwrap().id), (0, 5));
}

#[test]
fn no_second_bos_is_put_in_front_of_a_text_that_begins_with_it() {
    let eos = austen().set("tokenizer.ggml.add_eos_token", Meta::Flag(true)).set("tokenizer.ggml.eos_token_id", 5);
    let of = |gguf: &Gguf, text: &str| {
        let tokens = open(&gguf.clone().bytes()).unwrap().tokenize(text, true).unwrap();
        tokens.into_iter().map(|token| (token.id, token.role)).collect::<Vec<_>>()
    };
    let plain = |text: &str| bundled::load().unwrap().tokenize(text, false).unwrap();
    let rest: Vec<_> = plain("in love").iter().map(|token| (token.id, Role::Text)).collect();
    let around = |front: &[(u32, Role)], behind: &[(u32, Role)]| [front, &rest, behind].concat();
    assert_eq!(of(&austen(), "in love"), around(&[(0, Role::Added)], &[]));
    assert_eq!(of(&austen(), "<s>in love"), around(&[(0, Role::Text)], &[]));
    assert_eq!(of(&eos, "<s>in love"), around(&[(0, Role::Text)], &[(5, Role::Added)]));
    let without = austen().set("tokenizer.ggml.add_bos_token", Meta::Flag(false));
    assert_eq!(of(&without, "<s>in love"), around(&[(0, Role::Text)], &[]));
    assert_eq!(of(&without, "in love"), rest);
    let behind_alone = eos.set("tokenizer.ggml.add_bos_token", Meta::Flag(false));
    assert!(!open(&behind_alone.bytes()).unwrap().has_bos(), "what stands behind is no beginning");
}

#[test]
fn a_chat_template_is_read_with_the_tokens_that_it_names() {
    let template = "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ unk_token }}";
    let with = |template: Meta| austen().set("tokenizer.chat_template", template).set("tokenizer.ggml.eos_token_id", 5);
    let chat = Chat { user: "in love".into(), system: None, date: "2024-07-04".parse().unwrap() };
    let model = open(&with(Meta::from(template)).bytes()).unwrap();
    let love = ids(&model.tokenize("in love", false).unwrap());
    let end = ids(&model.tokenize(&model.tokens(&[5])[0].piece, false).unwrap());
    assert_eq!(ids(&model.chat(&chat).unwrap()), [&[0], &love[..], &end].concat());
    let number = open(&with(Meta::from(7)).bytes()).unwrap();
    let message = number.chat(&chat).unwrap_err().to_string();
    assert!(message.starts_with("the chat template, tokenizer.chat_template: "), "{message}");
    assert!(number.tokenize("in love", true).is_ok());
    assert!(!open(&austen().bytes()).unwrap().has_chat());
}

/// `<unk> <s> </s>`, the 256 bytes, then pieces with scores: what is merged first is what has the highest.
fn sentence_piece() -> Gguf {
    let pieces = [
        ("▁", -9.0),
        ("h", -10.0),
        ("e", -11.0),
        ("l", -12.0),
        ("o", -13.0), // 259 …
        ("he", -1.0),
        ("ll", -2.0),
        ("lo", -0.5),
        ("▁he", -3.0),
        ("hel", -4.0), // 264 …
        ("▁hel", -5.0),
        ("▁hello", -6.0),
        ("[one]", 0.0), // 269 …
    ];
    let special = ["<unk>", "<s>", "</s>"].map(|token| (token.to_owned(), 0.0, if token == "<unk>" { 2 } else { 3 }));
    let bytes = (0..=255).map(|byte| (format!("<0x{byte:02X}>"), 0.0, 6));
    let pieces = pieces.map(|(piece, score)| (piece.to_owned(), score, if piece == "[one]" { 4 } else { 1 }));
    let all: Vec<(String, f32, i32)> = special.into_iter().chain(bytes).chain(pieces).collect();
    let mut gguf = golden("llama", Format::F32);
    let tensor = gguf.tensor("token_embd.weight");
    tensor.shape = vec![all.len(), 32];
    tensor.bytes = Format::F32.bytes(&vec![0.5; all.len() * 32]);
    gguf.set("tokenizer.ggml.model", "llama")
        .set("tokenizer.ggml.tokens", texts(all.iter().map(|(piece, ..)| piece)))
        .set("tokenizer.ggml.scores", Meta::F32s(all.iter().map(|(_, score, _)| *score).collect()))
        .set("tokenizer.ggml.token_type", Meta::I32s(all.iter().map(|(.., kind)| *kind).collect()))
        .set("tokenizer.ggml.bos_token_id", 1)
        .set("tokenizer.ggml.eos_token_id", 2)
}

/// By hand: `lo` (−0.5) comes before `he` (−1), `ll` (−2) is then impossible, `▁he` (−3), `▁hel` (−5) from `▁he` and `l`,
/// `▁hello` (−6) from `▁hel` and `lo`.
#[test]
fn sentence_piece_merges_by_score() {
    let model = open(&sentence_piece().bytes()).unwrap();
    let encode = |text: &str| ids(&model.tokenize(text, false).unwrap());
    assert_eq!(encode("hello"), [270]);
    // Here nothing takes the second l away before ll (−2) is made, and ▁he (−3) stays alone with it.
    assert_eq!(encode("hell"), [267, 265]);
    assert_eq!(encode("hello hello"), [270, 270]);
    assert_eq!(encode("oh"), [259, 263, 260]);
    // A space that is there, behind the one that is put in front.
    assert_eq!(encode(" hello"), [259, 270]);
    // Without a piece: the bytes of é, each 3 further on than its value.
    assert_eq!(encode("é"), [259, 3 + 0xC3, 3 + 0xA9]);
    // As it is written, and the text behind it begins like any other.
    assert_eq!(encode("[one]hello"), [271, 270]);
    assert_eq!(encode("<s>hello"), [1, 270]);
    assert_eq!(ids(&model.tokenize("hello", true).unwrap()), [1, 270], "BOS by default");
    let texts: Vec<String> = model.tokenize("hello\n", false).unwrap().into_iter().map(|token| token.text).collect();
    assert_eq!(texts, [" hello", "\\n"]);
}

#[test]
fn sentence_piece_without_the_space_in_front() {
    let bare = sentence_piece().set("tokenizer.ggml.add_space_prefix", Meta::Flag(false));
    let model = open(&bare.bytes()).unwrap();
    assert_eq!(ids(&model.tokenize("he he", false).unwrap()), [264, 267]);
}

#[test]
fn a_tokenizer_that_is_not_known_leaves_token_ids() {
    for (gguf, named) in [
        (austen().set("tokenizer.ggml.pre", "superbpe"), "tokenizer.ggml.pre superbpe is not supported"),
        (austen().set("tokenizer.ggml.model", "t5"), "tokenizer.ggml.model t5 is not supported"),
    ] {
        let model = open(&gguf.bytes()).unwrap();
        let message = model.tokenize("in love", true).unwrap_err().to_string();
        assert!(message.contains(named) && message.ends_with("give token ids instead of text"), "{message}");
        assert!(!model.has_bos());
        assert!(model.transformer().embed(&[1, 2, 3]).is_ok());
        assert_eq!(model.tokens(&[7])[0].text, "7");
    }
    let without = open(&golden("llama", Format::F32).bytes()).unwrap();
    assert!(without.tokenize("in love", true).unwrap_err().to_string().contains("has no tokenizer"));
}

#[test]
fn malformed_tokenizers_are_refused_by_key() {
    let list = |items: &[&str]| texts(items.iter().copied());
    let longest = bundled::load()
        .unwrap()
        .tokens(&(0..2048).collect::<Vec<_>>())
        .into_iter()
        .map(|token| token.piece)
        .max_by_key(String::len);
    let longest = longest.unwrap();
    for (gguf, expected) in [
        (austen().without("tokenizer.ggml.tokens"), "tokenizer.ggml.tokens must be a list of texts, found nothing"),
        (
            austen().set("tokenizer.ggml.tokens", list(&[])),
            "tokenizer.ggml.tokens must be a list of texts, found nothing",
        ),
        (austen().set("tokenizer.ggml.tokens", 7), "tokenizer.ggml.tokens must be a list of texts, found 7"),
        (austen().set("tokenizer.ggml.tokens", Meta::F32s(vec![1.0])), "must be a list of texts, found 1"),
        (austen().without("tokenizer.ggml.merges"), "tokenizer.ggml.merges must be a list of texts, found nothing"),
        (austen().set("tokenizer.ggml.merges", list(&["t"])), "tokenizer.ggml.merges must be pairs of tokens"),
        (austen().set("tokenizer.ggml.merges", list(&["Ġ nowhere"])), "found “Ġ nowhere”"),
        // Both are tokens, and longer together than any token: no buffer overruns.
        (austen().set("tokenizer.ggml.merges", list(&[&format!("{longest} {longest}")])), "whose union is a token"),
        (austen().set("tokenizer.ggml.merges", list(&["", " ", "é "])), "whose union is a token, found “”"),
        (austen().set("tokenizer.ggml.token_type", Meta::I32s(vec![1])), "a list of 2048, one for each token, found 1"),
        (austen().set("tokenizer.ggml.token_type", Meta::I32s(vec![-1; 2048])), "whole numbers, found -1"),
        (
            austen().set("tokenizer.ggml.bos_token_id", 2048),
            "tokenizer.ggml.bos_token_id must be a whole number from 0 to 2047",
        ),
        (
            austen().set("tokenizer.ggml.add_bos_token", 1),
            "tokenizer.ggml.add_bos_token must be true or false, found 1",
        ),
        (austen().set("tokenizer.ggml.model", 1), "tokenizer.ggml.model must be a text, found 1"),
        (
            sentence_piece().without("tokenizer.ggml.scores"),
            "tokenizer.ggml.scores must be a list of numbers, found nothing",
        ),
        (sentence_piece().set("tokenizer.ggml.scores", Meta::F32s(vec![f32::NAN; 272])), "finite, found NaN"),
        (
            sentence_piece().set("tokenizer.ggml.scores", Meta::F32s(vec![1.0; 7])),
            "a list of 272, one for each token, found 7",
        ),
    ] {
        let message = open(&gguf.bytes()).err().expect("refused");
        assert!(message.contains(expected), "{message}, expected {expected}");
    }
}

/// A byte-level file that does not tell how words are cut, as converters wrote them before 2024.
#[test]
fn a_file_that_does_not_tell_how_words_are_cut_says_so() {
    let without = open(&austen().without("tokenizer.ggml.pre").bytes()).unwrap();
    let [notice] = without.notices() else { panic!("{:?}", without.notices()) };
    assert!(notice.sentence.contains("does not tell how words are cut, as it has no tokenizer.ggml.pre"), "{notice:?}");
    assert_eq!(open(&austen().bytes()).unwrap().notices(), []);
    assert_eq!(open(&sentence_piece().bytes()).unwrap().notices(), [], "pieces are not cut into words");
}

/// Two ids have one text: each is labelled with it, and a text becomes the later one, as in llama.cpp.
#[test]
fn tokens_of_one_text_are_both_labelled_with_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gguf/cases/gguf_equal_tokens/dup2.gguf");
    let model = open(&std::fs::read(path).unwrap()).unwrap();
    let labels = model.tokens(&[100, 319]);
    assert!(labels.iter().all(|token| token.piece == "¤" && token.text == r"\xA4"), "{labels:?}");
    assert_eq!(ids(&labels), [100, 319]);
    let read = model.tokenize("¤", false).unwrap();
    assert_eq!(read.last().map(|token| token.id), Some(319), "{read:?}");
}
