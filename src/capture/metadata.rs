use serde::de::DeserializeOwned;

use super::{
    entry::{Entries, Entry},
    error::Problem,
    rules,
};
use crate::base::Excerpt;

/// What a capture says about its prompt; every entry is optional.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    /// `tokens`: JSON list of the T tokens as the vocabulary writes them.
    pub(super) tokens: Option<Vec<String>>,
    /// `token_ids`: JSON list of T numbers.
    pub(super) token_ids: Option<Vec<u32>>,
    /// `model`: its name for people.
    pub(super) model: Option<String>,
    /// `prompt`: the text that the tokens are of.
    pub(super) prompt: Option<String>,
}

impl Metadata {
    /// # Errors
    /// When an entry does not hold, or is none that a capture has: what is not understood could change the numbers.
    pub(super) fn parse(entries: &Entries, [n_queries, n_positions]: [usize; 2]) -> Result<Self, Problem> {
        if let Some(name) = entries.keys().filter(|name| !is_understood(name)).min() {
            return Err(Problem::Unknown(Excerpt::new(name)));
        }
        let mut found = Self {
            tokens: list(entries, TOKENS)?,
            token_ids: list(entries, TOKEN_IDS)?,
            model: entries.get("model").map(Entry::found),
            prompt: entries.get("prompt").map(Entry::found),
        };
        let counts = [found.tokens.as_ref().map(Vec::len), found.token_ids.as_ref().map(Vec::len)];
        for ((key, _), count) in [TOKENS, TOKEN_IDS].into_iter().zip(counts) {
            if let Some(found) = count.filter(|&count| count != n_positions) {
                return Err(Problem::Count { key, expected: n_positions, found });
            }
        }
        found.name_queries(entries, [n_queries, n_positions])?;
        Ok(found)
    }

    /// Names the positions of the queries, the last ones, by `query_tokens`: each is the token of its position.
    fn name_queries(&mut self, entries: &Entries, [n_queries, n_positions]: [usize; 2]) -> Result<(), Problem> {
        const KEY: (&str, &str) = ("query_tokens", "a JSON list of strings, the last of the tokens");
        let Some(names) = list::<String>(entries, KEY)? else { return Ok(()) };
        if names.len() != n_queries {
            return Err(Problem::Count { key: KEY.0, expected: n_queries, found: names.len() });
        }
        let first_query = n_positions.saturating_sub(n_queries);
        match &self.tokens {
            Some(tokens) if tokens.get(first_query..) == Some(&names[..]) => {}
            Some(_) => {
                let found = Excerpt::new(&names.join(" "));
                return Err(Problem::Metadata { key: KEY.0, expected: KEY.1, found });
            }
            None => self.tokens = Some((0..first_query).map(|position| position.to_string()).chain(names).collect()),
        }
        Ok(())
    }

    /// How many tokens the file names, whether or not its tensors have as many.
    pub(super) fn n_tokens(entries: &Entries) -> Option<usize> {
        let tokens = list::<serde_json::Value>(entries, TOKENS).ok().flatten();
        tokens.or_else(|| list(entries, TOKEN_IDS).ok().flatten()).map(|tokens| tokens.len())
    }
}

const TOKENS: (&str, &str) = ("tokens", "a JSON list of strings");
const TOKEN_IDS: (&str, &str) = ("token_ids", "a JSON list of numbers from 0 to 4294967295");

/// Entries that a capture has, and those that only inform.
fn is_understood(name: &str) -> bool {
    let has_meaning = ["tokens", "token_ids", "query_tokens", "model", "prompt", "axes"].contains(&name);
    // Patterns beside the vectors that they follow from say nothing new.
    let informs = ["format", "attention", "attentions"].contains(&name);
    has_meaning || informs || rules::NAMES.contains(&name) || name.starts_with("note") || name.starts_with("library")
}

/// A JSON list.
fn list<T: DeserializeOwned>(
    entries: &Entries,
    (key, expected): (&'static str, &'static str),
) -> Result<Option<Vec<T>>, Problem> {
    let Some(entry) = entries.get(key) else { return Ok(None) };
    let text = entry.found();
    match serde_json::from_str(&text) {
        Ok(items) => Ok(Some(items)),
        Err(_) => Err(Problem::Metadata { key, expected, found: Excerpt::new(&text) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(entries: &[(&str, &str)]) -> Result<Metadata, String> {
        let entry = |&(key, text): &(&str, &str)| (key.to_owned(), Entry::Text(text.to_owned()));
        Metadata::parse(&entries.iter().map(entry).collect(), [2, 2]).map_err(|problem| problem.to_string())
    }

    #[test]
    fn everything_is_optional() {
        let metadata = parse(&[]).unwrap();
        assert!(metadata.tokens.is_none() && metadata.token_ids.is_none() && metadata.model.is_none());
    }

    #[test]
    fn what_is_there_is_read() {
        let metadata = parse(&[
            ("tokens", r#"["<s>", "\u0120a"]"#),
            ("token_ids", "[0, 4294967295]"),
            ("model", "M"),
            ("prompt", "a"),
            ("format", "pt"),
            ("note_of_mine", "passed over"),
            ("library_version", "5.24"),
        ])
        .unwrap();
        assert_eq!(metadata.tokens.unwrap(), ["<s>", "Ġa"]);
        assert_eq!(metadata.token_ids.unwrap(), [0, u32::MAX]);
        assert_eq!((metadata.model.as_deref(), metadata.prompt.as_deref()), (Some("M"), Some("a")));
    }

    #[test]
    fn what_does_not_hold_is_refused_by_name() {
        for (key, text, message) in [
            ("tokens", "a b", "metadata tokens: expected a JSON list of strings, found “a b”"),
            ("tokens", "[1, 2]", "metadata tokens: expected a JSON list of strings, found “[1, 2]”"),
            ("tokens", r#"["a"]"#, "metadata tokens: expected one for each of the 2 positions, found 1"),
            ("token_ids", "[1, 2, 3]", "metadata token_ids: expected one for each of the 2 positions, found 3"),
        ] {
            assert_eq!(parse(&[(key, text)]).unwrap_err(), message);
        }
        assert!(parse(&[("token_ids", "[-1, 2]")]).is_err());
        let message = parse(&[("sliding_window", "4")]).unwrap_err();
        assert!(message.contains("“sliding_window”") && message.contains("window"), "{message}");
    }
}
