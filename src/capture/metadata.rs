use std::collections::HashMap;

use serde::de::DeserializeOwned;

use super::error::Problem;
use crate::{attention::Mask, base::Excerpt};

/// What may be written beside the tensors of a capture; every entry is optional.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    /// `tokens`: JSON list of the T tokens as the vocabulary writes them.
    pub(super) tokens: Option<Vec<String>>,
    /// `token_ids`: JSON list of T numbers.
    pub(super) token_ids: Option<Vec<u32>>,
    /// `scale`: what multiplies q·k; finite. Default 1/√d.
    pub(super) scale: f64,
    /// `causal`: `true` (default) or `false`.
    pub(super) mask: Mask,
    /// `model`: its name for people.
    pub(super) model: Option<String>,
    /// `prompt`: the text that the tokens are of.
    pub(super) prompt: Option<String>,
}

impl Metadata {
    pub(super) fn parse(
        entries: &HashMap<String, String>,
        n_positions: usize,
        head_dim: usize,
    ) -> Result<Self, Problem> {
        let scale = match entries.get("scale") {
            None => 1.0 / (head_dim as f64).sqrt(),
            Some(text) => {
                let number = text.trim().parse().ok().filter(|scale: &f64| scale.is_finite());
                number.ok_or_else(|| unexpected("scale", "a finite number", text))?
            }
        };
        let mask = match entries.get("causal").map(|text| (text, text.trim().to_ascii_lowercase())) {
            None => Mask::CAUSAL,
            // `True` and `False` are how Python writes them.
            Some((_, word)) if word == "true" => Mask::CAUSAL,
            Some((_, word)) if word == "false" => Mask::BIDIRECTIONAL,
            Some((text, _)) => return Err(unexpected("causal", "true or false", text)),
        };
        Ok(Self {
            tokens: list(entries, "tokens", "a JSON list of strings", n_positions)?,
            token_ids: list(entries, "token_ids", "a JSON list of numbers from 0 to 4294967295", n_positions)?,
            scale,
            mask,
            model: entries.get("model").cloned(),
            prompt: entries.get("prompt").cloned(),
        })
    }
}

fn unexpected(key: &'static str, expected: &'static str, found: &str) -> Problem {
    Problem::Metadata { key, expected, found: Excerpt::new(found) }
}

/// A JSON list with one item for each position.
fn list<T: DeserializeOwned>(
    entries: &HashMap<String, String>,
    key: &'static str,
    expected: &'static str,
    n_positions: usize,
) -> Result<Option<Vec<T>>, Problem> {
    let Some(text) = entries.get(key) else { return Ok(None) };
    let items: Vec<T> = serde_json::from_str(text).map_err(|_| unexpected(key, expected, text))?;
    if items.len() == n_positions {
        Ok(Some(items))
    } else {
        Err(Problem::Count { key, expected: n_positions, found: items.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(entries: &[(&str, &str)]) -> Result<Metadata, String> {
        let entries = entries.iter().map(|&(key, text)| (key.to_owned(), text.to_owned())).collect();
        Metadata::parse(&entries, 2, 16).map_err(|problem| problem.to_string())
    }

    #[test]
    fn everything_is_optional() {
        let metadata = parse(&[]).unwrap();
        assert_eq!((metadata.scale, metadata.mask), (0.25, Mask::CAUSAL));
        assert!(metadata.tokens.is_none() && metadata.token_ids.is_none() && metadata.model.is_none());
    }

    #[test]
    fn what_is_there_is_read() {
        let metadata = parse(&[
            ("tokens", r#"["<s>", "\u0120a"]"#),
            ("token_ids", "[0, 4294967295]"),
            ("scale", " 1e-1"),
            ("causal", "False"),
            ("model", "M"),
            ("prompt", "a"),
        ])
        .unwrap();
        assert_eq!(metadata.tokens.unwrap(), ["<s>", "Ġa"]);
        assert_eq!(metadata.token_ids.unwrap(), [0, u32::MAX]);
        assert_eq!((metadata.scale, metadata.mask), (0.1, Mask::BIDIRECTIONAL));
        assert_eq!((metadata.model.as_deref(), metadata.prompt.as_deref()), (Some("M"), Some("a")));
    }

    #[test]
    fn what_does_not_hold_is_refused_by_name() {
        for (key, text, message) in [
            ("scale", "inf", "metadata scale: expected a finite number, found “inf”"),
            ("scale", "", "metadata scale: expected a finite number, found “”"),
            ("causal", "yes", "metadata causal: expected true or false, found “yes”"),
            ("tokens", "a b", "metadata tokens: expected a JSON list of strings, found “a b”"),
            ("tokens", "[1, 2]", "metadata tokens: expected a JSON list of strings, found “[1, 2]”"),
            ("tokens", r#"["a"]"#, "metadata tokens: expected one for each of the 2 positions, found 1"),
            ("token_ids", "[1, 2, 3]", "metadata token_ids: expected one for each of the 2 positions, found 3"),
        ] {
            assert_eq!(parse(&[(key, text)]).unwrap_err(), message);
        }
        assert!(parse(&[("token_ids", "[-1, 2]")]).is_err());
    }
}
