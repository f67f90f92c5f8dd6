//! `config.json`: read key by key, so that every refusal names its key.

use std::{fmt::Display, ops::RangeInclusive};

use serde_json::{Map, Value};

use crate::model::ModelError;

/// The keys of a `config.json`, or of an object inside it. A key that is absent and one that is null are the same,
/// as they are to transformers.
#[derive(Clone, Copy, Debug)]
pub struct Config<'a> {
    keys: &'a Map<String, Value>,
}

/// Reads the text of a `config.json`, as Python writes it too: with a byte-order mark, and with NaN and infinities, which
/// become texts, so that a key that is read refuses them by name, and one that is not read stays without consequence.
///
/// # Errors
/// When it is not one JSON object.
pub fn parse_config(json: &[u8]) -> Result<Map<String, Value>, ModelError> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    serde_json::from_slice(json)
        .or_else(|cause| serde_json::from_slice(&quoted_numbers(json)).map_err(|_| cause))
        .map_err(ModelError::ConfigSyntax)
}

/// With quotes around the numbers that only Python writes, wherever they stand outside of texts.
fn quoted_numbers(json: &[u8]) -> Vec<u8> {
    const NUMBERS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    let (mut quoted, mut rest, mut in_text) = (Vec::with_capacity(json.len()), json, false);
    while let [byte, behind @ ..] = rest {
        if let Some(number) = NUMBERS.into_iter().find(|number| !in_text && rest.starts_with(number)) {
            quoted.extend([b"\"", number, b"\""].concat());
            rest = &rest[number.len()..];
            continue;
        }
        quoted.push(*byte);
        rest = behind;
        match byte {
            b'"' => in_text = !in_text,
            // What is escaped ends no text.
            b'\\' => {
                quoted.extend(rest.first());
                rest = rest.get(1..).unwrap_or_default();
            }
            _ => {}
        }
    }
    quoted
}

impl<'a> Config<'a> {
    pub fn new(keys: &'a Map<String, Value>) -> Self {
        Self { keys }
    }

    /// The value of a key that is present and not null.
    pub fn get(self, key: &str) -> Option<&'a Value> {
        self.keys.get(key).filter(|value| !value.is_null())
    }

    /// A whole number in `bounds`; `None` where the key is absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn count(self, key: &'static str, bounds: RangeInclusive<usize>) -> Result<Option<usize>, ModelError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        match count.filter(|count| bounds.contains(count)) {
            Some(count) => Ok(Some(count)),
            None => Err(wrong(key, format!("a whole number from {} to {}", bounds.start(), bounds.end()), value)),
        }
    }

    /// Like [`Self::count`], of a key that must be there.
    ///
    /// # Errors
    /// When the key is absent or its value something else.
    pub fn required_count(self, key: &'static str, bounds: RangeInclusive<usize>) -> Result<usize, ModelError> {
        let (start, end) = (*bounds.start(), *bounds.end());
        self.count(key, bounds)?.ok_or_else(|| wrong(key, format!("a whole number from {start} to {end}"), "nothing"))
    }

    /// A finite number above 0, or `default` where the key is absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn positive(self, key: &'static str, default: f64) -> Result<f64, ModelError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value
                .as_f64()
                .filter(|number| number.is_finite() && *number > 0.0)
                .ok_or_else(|| wrong(key, "a number above 0", value)),
        }
    }

    /// A finite number; `None` where the key is absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn number(self, key: &'static str) -> Result<Option<f64>, ModelError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = value.as_f64().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| wrong(key, "a number", value))
    }

    /// # Errors
    /// When it is no list of finite numbers.
    #[expect(clippy::cast_possible_truncation, reason = "the reference makes f32 of them")]
    pub fn numbers(self, key: &'static str) -> Result<Option<Vec<f32>>, ModelError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = |value: &Value| value.as_f64().map(|number| number as f32).filter(|number| number.is_finite());
        let numbers = value.as_array().and_then(|list| list.iter().map(number).collect());
        numbers.map(Some).ok_or_else(|| wrong(key, "a list of numbers", value))
    }

    /// Whole numbers from 0.
    ///
    /// # Errors
    /// When it is no list of them.
    pub fn counts(self, key: &'static str) -> Result<Option<Vec<usize>>, ModelError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let count = |value: &Value| value.as_u64().and_then(|count| usize::try_from(count).ok());
        let counts = value.as_array().and_then(|list| list.iter().map(count).collect());
        counts.map(Some).ok_or_else(|| wrong(key, "a list of whole numbers", value))
    }

    /// Whether the key is there at all, be it null: some defaults are not what null means.
    pub fn has(self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// `false` where the key is absent.
    ///
    /// # Errors
    /// When it is no truth value.
    pub fn flag(self, key: &'static str) -> Result<bool, ModelError> {
        self.flag_or(key, false)
    }

    /// `default` where the key is absent.
    ///
    /// # Errors
    /// When it is no truth value.
    pub fn flag_or(self, key: &'static str, default: bool) -> Result<bool, ModelError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| wrong(key, "true or false", value)),
        }
    }

    /// # Errors
    /// When it is no text.
    pub fn text(self, key: &'static str) -> Result<Option<&'a str>, ModelError> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or_else(|| wrong(key, "a text", value)),
        }
    }

    /// # Errors
    /// When it is no list of texts.
    pub fn texts(self, key: &'static str) -> Result<Option<Vec<&'a str>>, ModelError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let texts = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
        texts.map(Some).ok_or_else(|| wrong(key, "a list of texts", value))
    }

    /// # Errors
    /// When it is no object.
    pub fn object(self, key: &'static str) -> Result<Option<Self>, ModelError> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => {
                value.as_object().map(|keys| Some(Self { keys })).ok_or_else(|| wrong(key, "an object", value))
            }
        }
    }

    /// # Errors
    /// When any of these keys has a value: the model does something that this program does not compute.
    pub fn refuse(self, keys: &[&'static str], supported: &'static str) -> Result<(), ModelError> {
        for &what in keys {
            if let Some(found) = self.get(what) {
                return Err(ModelError::Unsupported { what, found: short(found), supported });
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the key is true, or no truth value.
    pub fn refuse_flag(self, what: &'static str, supported: &'static str) -> Result<(), ModelError> {
        if self.flag(what)? {
            return Err(ModelError::Unsupported { what, found: true.to_string(), supported });
        }
        Ok(())
    }
}

pub fn wrong(key: &'static str, expected: impl Into<String>, found: impl Display) -> ModelError {
    ModelError::Config { key, expected: expected.into(), found: short(found) }
}

/// The start of what was found: a configuration can hold anything.
fn short(found: impl Display) -> String {
    const MOST: usize = 60;
    let found = found.to_string();
    match found.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &found[..end]),
        None => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_json_is_said_to_be_so() {
        for text in [&b"{"[..], b"[]", b"\xff", b"", b"{\"a\": nan}", b"{\"a\": NaNa}", b"NaN", b"\\"] {
            assert!(parse_config(text).unwrap_err().to_string().starts_with("config.json cannot be read: "));
        }
        assert!(parse_config("[".repeat(100_000).as_bytes()).is_err(), "no stack overflow");
    }

    #[test]
    fn numbers_that_only_python_writes_are_refused_by_the_key_that_is_read() {
        let text = b"\xef\xbb\xbf{\"a\": NaN, \"b\": [-Infinity], \"c\": \"NaN \\\" Infinity\", \"d\": Infinity}";
        let keys = parse_config(text).unwrap();
        let config = Config::new(&keys);
        assert_eq!(config.text("c").unwrap(), Some("NaN \" Infinity"));
        let refusal = config.positive("a", 1.0).unwrap_err().to_string();
        assert_eq!(refusal, "config.json: a must be a number above 0, found \"NaN\"");
        assert!(config.number("d").unwrap_err().to_string().ends_with("found \"Infinity\""));
        assert!(config.numbers("b").unwrap_err().to_string().ends_with("found [\"-Infinity\"]"));
    }
}
