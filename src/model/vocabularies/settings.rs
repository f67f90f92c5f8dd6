//! What `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` say of a vocabulary, as transformers 5
//! takes it.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokenizers::{AddedToken, Tokenizer};

use crate::{base::Excerpt, model::ModelError};

/// Gives the text of a file by its name; `None` where there is none, else why it cannot be read.
pub type Read<'a> = &'a dyn Fn(&str) -> Result<Option<Vec<u8>>, String>;

/// transformers' `SPECIAL_TOKENS_ATTRIBUTES`, in their order.
const NAMED: [&str; 7] = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
/// Tokens without a name, under the older and the newer key.
const EXTRA: [&str; 2] = ["extra_special_tokens", "additional_special_tokens"];

/// The settings of a tokenizer.
#[derive(Clone)]
pub struct Settings {
    keys: Map<String, Value>,
    /// Tokens by the ids that they are said to have.
    added: BTreeMap<u32, AddedToken>,
    /// Special tokens under transformers' names for them, in the order in which they are added.
    named: Vec<(String, AddedToken)>,
}

impl Settings {
    /// Reads them; of a folder without such files they are empty.
    ///
    /// # Errors
    /// When a file cannot be read or is malformed.
    pub fn read(read: Read<'_>) -> Result<Self, ModelError> {
        let mut keys: Map<String, Value> = parsed(read, "tokenizer_config.json")?.unwrap_or_default();
        let mut added = BTreeMap::new();
        if let Some(tokens) = keys.get("added_tokens_decoder") {
            let place = "tokenizer_config.json: added_tokens_decoder";
            for (id, token) in tokens.as_object().into_iter().flatten() {
                let id = id.parse().map_err(|_| malformed(place, "ids", id))?;
                added.insert(id, token_of(token).ok_or_else(|| malformed(place, "tokens", token))?);
            }
        } else {
            keys.extend(parsed::<Map<String, Value>>(read, "special_tokens_map.json")?.unwrap_or_default());
            let ids: BTreeMap<String, u32> = parsed(read, "added_tokens.json")?.unwrap_or_default();
            let special: Vec<AddedToken> = NAMED.iter().filter_map(|name| token_of(keys.get(*name)?)).collect();
            let special: Vec<AddedToken> = special.into_iter().chain(extra(&keys)?.unwrap_or_default()).collect();
            for (content, id) in ids {
                let is_special = special.iter().any(|token| token.content == content);
                added.insert(id, AddedToken::from(content, is_special));
            }
        }
        let mut named = Vec::new();
        let others = keys.keys().filter(|key| key.ends_with("_token") && !NAMED.contains(&&***key));
        for name in NAMED.iter().copied().chain(others.map(String::as_str)) {
            if let Some(mut token) = keys.get(name).and_then(token_of) {
                // The flags are those of the list by id.
                token = added.values().find(|known| known.content == token.content).cloned().unwrap_or(token);
                named.push((name.to_owned(), token.special(true)));
            }
        }
        if let Some(more) = keys.get("extra_special_tokens").and_then(Value::as_object) {
            let more = more.iter().filter_map(|(name, token)| Some((name.clone(), token_of(token)?.special(true))));
            named.extend(more);
        }
        Ok(Self { keys, added, named })
    }

    /// With tokens with ids that are found in the text before anything is made of it.
    #[must_use]
    pub fn before_normalizing(mut self) -> Self {
        self.added.values_mut().for_each(|token| token.normalized = false);
        self
    }

    /// A text among the settings.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.keys.get(key)?.as_str()
    }

    /// Whether something is switched on; `None` where nothing is said.
    ///
    /// # Errors
    /// When it is neither on nor off.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, ModelError> {
        match self.keys.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(is_on)) => Ok(Some(*is_on)),
            Some(other) => Err(malformed(&format!("tokenizer_config.json: {key}"), "true or false", other)),
        }
    }

    /// Tokens by the ids that they are said to have.
    pub fn added(&self) -> &BTreeMap<u32, AddedToken> {
        &self.added
    }

    /// A special token by transformers' name for it: as it is set, else as `usual` has it; `None` where it is switched off.
    pub fn named<'a>(&'a self, name: &str, usual: &[(&str, &'a str)]) -> Option<&'a str> {
        if let Some((_, token)) = self.named.iter().find(|(other, _)| other == name) {
            return Some(&token.content);
        }
        let is_off = self.keys.contains_key(name);
        usual.iter().find(|(other, _)| *other == name && !is_off).map(|(_, content)| *content)
    }

    /// Adds the tokens that are found in a text as they are: those with ids, then the special ones, those that `usual`
    /// has where nothing is set among them, then those without a name, which are `extra` where none are set.
    ///
    /// # Errors
    /// When a token gets another id than it is said to have.
    pub fn add_to(
        &self,
        tokenizer: &mut Tokenizer,
        usual: &[(&str, &str)],
        extra_of_file: Vec<AddedToken>,
    ) -> Result<(), ModelError> {
        let is_named = |content: &str| self.named.iter().any(|(_, token)| token.content == content);
        let mut tokens: Vec<AddedToken> = self.added.values().cloned().collect();
        for token in &mut tokens {
            token.special |= is_named(&token.content);
        }
        let usual = NAMED.iter().filter_map(|name| {
            let set = self.named.iter().find(|(other, _)| other == name).map(|(_, token)| token.clone());
            set.or_else(|| Some(AddedToken::from(self.named(name, usual)?, true)))
        });
        let others = self.named.iter().filter(|(name, _)| !NAMED.contains(&&**name)).map(|(_, token)| token.clone());
        let without_name = extra(&self.keys)?.unwrap_or(extra_of_file);
        for token in usual.chain(others).chain(without_name) {
            if !tokens.iter().any(|known| known.content == token.content) {
                tokens.push(token);
            }
        }
        tokenizer.add_tokens(tokens).map_err(ModelError::Tokenizer)?;
        for (id, token) in &self.added {
            let found = tokenizer.token_to_id(&token.content);
            if found != Some(*id) {
                let found = found.map_or_else(|| "none".to_owned(), |id| id.to_string());
                let what = format!(
                    "the added token {} is said to have the id {id}, in the vocabulary it has {found}",
                    Excerpt::new(&token.content)
                );
                return Err(ModelError::UnsupportedTokenizer { what });
            }
        }
        Ok(())
    }
}

/// Tokens without a name; `None` where nothing is said of such.
fn extra(keys: &Map<String, Value>) -> Result<Option<Vec<AddedToken>>, ModelError> {
    for key in EXTRA {
        if let Some(Value::Array(tokens)) = keys.get(key) {
            let token = |token: &Value| {
                let place = format!("tokenizer_config.json: {key}");
                token_of(token).map(|token| token.special(true)).ok_or_else(|| malformed(&place, "tokens", token))
            };
            return tokens.iter().map(token).collect::<Result<_, _>>().map(Some);
        }
    }
    Ok(None)
}

/// A token as a text, which is special, or as an object with its content and flags.
fn token_of(value: &Value) -> Option<AddedToken> {
    if let Some(content) = value.as_str() {
        return Some(AddedToken::from(content, true));
    }
    let content = value.get("content")?.as_str()?;
    let flag = |key: &str, usual: bool| value.get(key).and_then(Value::as_bool).unwrap_or(usual);
    let special = flag("special", false);
    let token = AddedToken::from(content, special).normalized(flag("normalized", !special));
    Some(token.lstrip(flag("lstrip", false)).rstrip(flag("rstrip", false)).single_word(flag("single_word", false)))
}

fn parsed<T: DeserializeOwned>(read: Read<'_>, name: &str) -> Result<Option<T>, ModelError> {
    let Some(bytes) = read(name).map_err(|cause| ModelError::Tokenizer(cause.into()))? else { return Ok(None) };
    let value = serde_json::from_slice(&bytes);
    value.map(Some).map_err(|cause| ModelError::Tokenizer(format!("{name}: {cause}").into()))
}

fn malformed(place: &str, expected: &str, found: impl ToString) -> ModelError {
    ModelError::Tokenizer(format!("{place} must be {expected}, found {}", Excerpt::new(&found.to_string())).into())
}
