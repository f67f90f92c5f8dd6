//! Which tokens end a text, as the files of a model say.

use serde_json::Value;

use super::config::parse_config;

/// The key of `config.json` and of `generation_config.json`: an id, or several.
const KEY: &str = "eos_token_id";

/// The ids that end a text by a `config.json`, be it by that of its text part, or by a `generation_config.json`. What is no
/// id ends nothing, and changes no number either: it is passed over.
pub fn in_config(json: &[u8]) -> Vec<u32> {
    let Ok(keys) = parse_config(json) else { return Vec::new() };
    let of_text = keys.get("text_config").and_then(|text| text.get(KEY));
    let found = keys.get(KEY).into_iter().chain(of_text);
    let listed = found.flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    listed.filter_map(Value::as_u64).filter_map(|id| u32::try_from(id).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_one_id_or_several() {
        for (json, ids) in [
            (r#"{"eos_token_id": 2}"#, &[2][..]),
            (r#"{"eos_token_id": [1, 106]}"#, &[1, 106]),
            (r#"{"text_config": {"eos_token_id": [1]}, "eos_token_id": 3}"#, &[3, 1]),
            (r#"{"eos_token_id": null}"#, &[]),
            (r#"{"eos_token_id": -1}"#, &[]),
            ("{}", &[]),
            ("[", &[]),
        ] {
            assert_eq!(in_config(json.as_bytes()), ids, "{json}");
        }
    }
}
