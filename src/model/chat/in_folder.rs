//! The chat template of a model folder: `chat_template.jinja`, or in `tokenizer_config.json`, by itself or among several.

use serde_json::{Map, Value};

use super::template::{ChatTemplate, SpecialToken};

/// The file of the template alone, which comes first.
const FILE: &str = "chat_template.jinja";
const CONFIG: &str = "tokenizer_config.json";
/// Where configurations once kept the tokens that templates name.
const OLDER: &str = "special_tokens_map.json";
/// That of several templates which is meant where none is named.
const DEFAULT: &str = "default";
/// What templates are told of, by transformers' `SPECIAL_TOKENS_ATTRIBUTES`.
const SPECIAL: [&str; 7] = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/// Gives the text of a file by its name; `None` where there is none, else why it cannot be read.
type Read<'a> = &'a dyn Fn(&str) -> Result<Option<Vec<u8>>, String>;

/// The template of a folder whose files `read` gives.
pub fn in_folder(read: Read<'_>) -> Option<ChatTemplate> {
    let parsed = |text: Vec<u8>| serde_json::from_slice::<Map<String, Value>>(&text).map_err(|error| error.to_string());
    let keys = read(CONFIG).and_then(|text| text.map(parsed).transpose());
    let template = match (read(FILE), &keys) {
        (Ok(Some(file)), _) => match str::from_utf8(&file) {
            Ok(source) => ChatTemplate::new(FILE, source),
            Err(error) => ChatTemplate::unreadable(FILE, format!("expected UTF-8: {error}")),
        },
        (Err(why), _) => ChatTemplate::unreadable(FILE, why),
        (Ok(None), Err(why)) => ChatTemplate::unreadable(CONFIG, &**why),
        (Ok(None), Ok(keys)) => in_config(keys.as_ref()?.get("chat_template")?)?,
    };
    let keys = keys.ok().flatten().unwrap_or_default();
    // As transformers does, which reads the older file only beside a configuration of its time.
    let is_older = !keys.contains_key("added_tokens_decoder");
    let older = is_older.then(|| read(OLDER).ok().flatten()).flatten();
    let older: Map<String, Value> = older.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let special = SPECIAL.iter().filter_map(|name| {
        let text = [&older, &keys].into_iter().find_map(|keys| token(keys.get(*name)?))?;
        Some(((*name).to_owned(), SpecialToken::Text(text.to_owned())))
    });
    Some(template.with_special(special))
}

/// A template, or `default` of several: `[{"name": …, "template": …}]`, or by their names.
fn in_config(value: &Value) -> Option<ChatTemplate> {
    let of_entry = |entry: &'_ Value| -> Option<(String, String)> {
        Some((entry.get("name")?.as_str()?.to_owned(), entry.get("template")?.as_str()?.to_owned()))
    };
    let named: Option<Vec<(String, String)>> = match value {
        Value::Null => return None,
        Value::String(source) => return Some(ChatTemplate::new(CONFIG, source)),
        Value::Array(list) => list.iter().map(of_entry).collect(),
        Value::Object(all) => {
            all.iter().map(|(name, source)| Some((name.clone(), source.as_str()?.to_owned()))).collect()
        }
        Value::Bool(_) | Value::Number(_) => None,
    };
    Some(match named {
        Some(named) => of_several(&named),
        None => ChatTemplate::unreadable(CONFIG, "expected chat_template to be a text, or several with their names"),
    })
}

fn of_several(named: &[(String, String)]) -> ChatTemplate {
    if let Some((_, source)) = named.iter().find(|(name, _)| name == DEFAULT) {
        return ChatTemplate::new(CONFIG, source);
    }
    let names: Vec<&str> = named.iter().map(|(name, _)| &**name).collect();
    let found = names.join(", ");
    ChatTemplate::unreadable(CONFIG, format!("expected one of the templates to be called {DEFAULT}, found {found}"))
}

/// A token as a text, or as an object with its content.
fn token(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("content")?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chat::Chat;

    fn text(file: Option<&str>, config: Option<&str>, special_tokens: Option<&str>) -> Option<Result<String, String>> {
        let read = |name: &str| {
            let text = match name {
                FILE => file,
                CONFIG => config,
                _ => special_tokens,
            };
            Ok(text.map(|text| text.as_bytes().to_vec()))
        };
        let chat = Chat { user: "Hi".into(), system: None, date: "2024-07-26".parse().unwrap() };
        let rendered = in_folder(&read)?.render(&chat, &|id| id.to_string());
        Some(rendered.map(|rendered| rendered.text).map_err(|error| error.to_string()))
    }

    #[test]
    fn a_file_comes_first_and_of_several_the_default() {
        let ok = |text: &str| Some(Ok(text.to_owned()));
        assert_eq!(text(None, None, None), None);
        assert_eq!(text(None, Some(r#"{"chat_template": null}"#), None), None);
        let one = r#"{"chat_template": "{{ bos_token }}config", "bos_token": {"content": "<s>", "special": true}}"#;
        assert_eq!(text(None, Some(one), None), ok("<s>config"));
        assert_eq!(text(Some("{{ bos_token }}file"), Some(one), None), ok("<s>file"));
        let list =
            r#"{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}"#;
        assert_eq!(text(None, Some(list), None), ok("d"));
        assert_eq!(text(None, Some(r#"{"chat_template": {"default": "d", "rag": "r"}}"#), None), ok("d"));
    }

    #[test]
    fn tokens_of_the_older_file_are_known() {
        let older = Some(r#"{"bos_token": {"content": "<old>"}}"#);
        let config = |more: &str| format!(r#"{{"bos_token": "<new>", "pad_token": null{more}}}"#);
        let text = |more| text(Some("{{ bos_token }}{{ pad_token }}"), Some(&config(more)), older).unwrap().unwrap();
        assert_eq!(text(""), "<old>");
        assert_eq!(text(r#", "added_tokens_decoder": {}"#), "<new>");
    }

    #[test]
    fn what_is_no_template_says_why() {
        for (config, expected) in [
            ("{", "the chat template, tokenizer_config.json: EOF"),
            (
                r#"{"chat_template": 7}"#,
                "the chat template, tokenizer_config.json: expected chat_template to be a text",
            ),
            (
                r#"{"chat_template": [7]}"#,
                "the chat template, tokenizer_config.json: expected chat_template to be a text",
            ),
            (
                r#"{"chat_template": {"rag": "r"}}"#,
                "the chat template, tokenizer_config.json: expected one of the templates to be called default, found rag",
            ),
        ] {
            let found = text(None, Some(config), None).unwrap().unwrap_err();
            assert!(found.starts_with(expected), "{found}");
        }
        let chat = Chat { user: "Hi".into(), system: None, date: "2024-07-26".parse().unwrap() };
        let refusal =
            |read: Read<'_>| in_folder(read).unwrap().render(&chat, &|id| id.to_string()).unwrap_err().to_string();
        assert!(refusal(&|name| Ok((name == FILE).then(|| b"\xff".to_vec()))).contains("UTF-8"));
        let found = refusal(&|_| Err("too large".to_owned()));
        assert_eq!(found, "the chat template, chat_template.jinja: too large");
    }
}
