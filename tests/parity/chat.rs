//! Chat templates and the tokens around a text, beside transformers: `chat/make.py` wrote what it makes of them.

use std::{collections::BTreeMap, fs, path::Path};

use attenuate::attention::{Component, Epsilon};
use attenuate::engine::{AtEnd, Bundled, Choice, Engine, Job, Prompt, Writing};
use attenuate::model::{Chat, LanguageModel, Role, VocabularyToken, bundled, folder, loading};
use attenuate::session::Session;
use serde::Deserialize;

use crate::support::model_inside;

#[derive(Deserialize)]
struct ChatCase {
    template: String,
    #[serde(flatten)]
    chat: Chat,
    text: Option<String>,
    token_ids: Option<Vec<u32>>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Answered {
    #[serde(flatten)]
    chat: Chat,
    token_ids: Vec<u32>,
    answer_ids: Vec<u32>,
    answer: String,
}

#[derive(Deserialize)]
struct AroundCase {
    post_processor: serde_json::Value,
    named: String,
    add_bos_token: Option<bool>,
    text: String,
    token_ids: Vec<u32>,
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/chat").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The small bundled model as a folder, with these files besides.
fn opened(files: &[(&str, &[u8])]) -> LanguageModel {
    let place = tempfile::tempdir().unwrap();
    let own = [("config.json", bundled::CONFIG), ("tokenizer.json", bundled::TOKENIZER)];
    for (name, bytes) in own.iter().chain(&[("model.safetensors", bundled::WEIGHTS)]).chain(files) {
        fs::write(place.path().join(name), bytes).unwrap();
    }
    folder::open(place.path(), &loading::unwatched).unwrap()
}

fn ids(tokens: &[VocabularyToken]) -> Vec<u32> {
    tokens.iter().map(|token| token.id).collect()
}

#[test]
fn templates_make_of_a_chat_what_transformers_makes_of_it() {
    let cases: Vec<ChatCase> = read("rendered.json");
    let mut models: BTreeMap<&str, LanguageModel> = BTreeMap::new();
    let mut wrong = Vec::new();
    for ChatCase { template, chat, text, token_ids, error } in &cases {
        let model = models.entry(template).or_insert_with(|| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/chat/templates").join(template);
            let special = br#"{"bos_token": "<s>", "eos_token": "<s>"}"#;
            opened(&[("chat_template.jinja", &fs::read(path).unwrap()), ("tokenizer_config.json", special)])
        });
        let ours = match (model.chat(chat), token_ids, error) {
            (Ok(tokens), Some(expected), _) if ids(&tokens) == *expected => continue,
            (Err(ours), _, Some(theirs)) if ours.to_string().ends_with(&format!("refuses: {theirs}")) => continue,
            (Ok(tokens), ..) => model.spelled(&ids(&tokens)).unwrap(),
            (Err(ours), ..) => ours.to_string(),
        };
        wrong.push(format!("{template} {chat:?}:\n ours   {ours:?}\n theirs {text:?} {error:?}"));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Every token is somebody's: what the user says, what the system says, or the template's.
#[test]
fn tokens_are_of_those_who_say_them() {
    let template = br"{{ bos_token }}{% for m in messages %}({{ m.role }}) {{ m.content | trim }}
{% endfor %}(model)";
    let model = opened(&[("chat_template.jinja", template), ("tokenizer_config.json", br#"{"bos_token": "<s>"}"#)]);
    let user = " To be fond of dancing is a certain step. ";
    let chat = Chat { user: user.into(), system: Some("Love.".into()), date: "2024-07-04".parse().unwrap() };
    let tokens = model.chat(&chat).unwrap();
    let of = |role| {
        let texts = tokens.iter().filter(|token| token.role == role).map(|token| token.text.as_str());
        texts.collect::<String>()
    };
    assert_eq!(of(Role::User).trim(), user.trim());
    assert_eq!(of(Role::System).trim(), "Love.");
    assert_eq!(of(Role::Template), "<s>(system)\\n(user)\\n(model)");
    assert_eq!((of(Role::Added), of(Role::Text)), (String::new(), String::new()));
}

/// A folder's tokenizer decides, as in transformers, whatever `add_bos_token` says beside it; but no second BOS is put in
/// front of a text that begins with one, where transformers puts two.
#[test]
fn a_text_has_the_tokens_around_it_that_transformers_puts_there_and_one_bos() {
    let cases: Vec<AroundCase> = read("bos.json");
    let original: serde_json::Value = serde_json::from_slice(bundled::TOKENIZER).unwrap();
    let mut n_doubled = 0;
    for AroundCase { post_processor, named, add_bos_token, text, token_ids } in &cases {
        let mut tokenizer = original.clone();
        tokenizer["post_processor"].clone_from(post_processor);
        let mut config = serde_json::json!({"bos_token": "<s>"});
        if let Some(add_bos_token) = add_bos_token {
            config["add_bos_token"] = (*add_bos_token).into();
        }
        let [tokenizer, config] = [tokenizer, config].map(|json| serde_json::to_vec(&json).unwrap());
        let model = opened(&[("tokenizer.json", &tokenizer), ("tokenizer_config.json", &config)]);
        let is_doubled = named.starts_with("bos") && text.starts_with("<s>");
        n_doubled += usize::from(is_doubled);
        assert_eq!(token_ids.starts_with(&[0, 0]), is_doubled);
        let tokens = model.tokenize(text, true).unwrap();
        let case = format!("{named}, add_bos_token {add_bos_token:?}, {text:?}");
        assert_eq!(ids(&tokens), token_ids[usize::from(is_doubled)..], "{case}");
        let is_added = |at: usize| tokens[at].role == Role::Added;
        assert_eq!(is_added(0), named.starts_with("bos") && !is_doubled, "{case}");
        assert_eq!(is_added(tokens.len() - 1), named.ends_with("eos"), "{case}");
        assert_eq!(model.has_bos(), named.starts_with("bos"), "{case}");
        let bare = model.tokenize(text, false).unwrap();
        assert!(bare.iter().all(|token| token.role == Role::Text), "{case}");
    }
    assert_eq!((cases.len(), n_doubled), (48, 6));
}

/// The model inside the program answers as PyTorch's `generate` does behind `apply_chat_template`.
#[test]
fn the_model_inside_answers_as_transformers_does() {
    let mut engine = Engine::opening(model_inside().opener());
    for Answered { chat, token_ids, answer_ids, answer } in read::<Vec<Answered>>("inside.json") {
        let mut spec = Session::example(Bundled::Smollm2).run_spec();
        spec.prompt = Prompt::Chat(chat);
        let writing = Writing { n_tokens: 24, choice: Choice::Greedy, at_end: AtEnd::Stop };
        let change = (Component::Query, Epsilon::ONE);
        let written = engine.continuation(&Job::unwatched(), &spec, change, &writing, &mut |_| {}).unwrap();
        assert_eq!(*written.prompt_ids, *token_ids);
        assert_eq!(written.baseline.token_ids().collect::<Vec<_>>(), answer_ids);
        assert_eq!(written.baseline.text(), answer);
    }
}

#[test]
fn a_template_that_fails_leaves_the_model_and_its_texts() {
    let model = opened(&[("chat_template.jinja", b"{{ bos_token }}\n{% if %}")]);
    let chat = Chat { user: "Hi".into(), system: None, date: "2024-07-04".parse().unwrap() };
    let message = model.chat(&chat).unwrap_err().to_string();
    assert!(message.starts_with("the chat template, chat_template.jinja, line 2: syntax error"), "{message}");
    assert!(model.has_chat() && model.tokenize("Hi", true).is_ok());
    let without = opened(&[]);
    assert!(!without.has_chat());
    let message = without.chat(&chat).unwrap_err().to_string();
    assert_eq!(message, "the model has no chat template: give the prompt as a text without one");
}
