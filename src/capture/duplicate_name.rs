//! Names that a JSON object has twice.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

/// The first name that a JSON object has twice, itself or in the objects in it. A reader that keeps the last one would
/// show other numbers than a reader that keeps the first.
pub(super) fn duplicate_name(json: &[u8]) -> Option<String> {
    // What is not JSON is refused by whoever reads it for its content.
    serde_json::from_slice::<Duplicate>(json).ok()?.0
}

struct Duplicate(Option<String>);

impl<'de> Deserialize<'de> for Duplicate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Duplicate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Duplicate, A::Error> {
        let (mut seen, mut duplicate) = (HashSet::new(), None);
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "__metadata__" => duplicate = duplicate.or(map.next_value::<Duplicate>()?.0),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
            if let Some(twice) = seen.replace(name) {
                duplicate.get_or_insert(twice);
            }
        }
        Ok(Duplicate(duplicate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_come_once_only() {
        for (json, expected) in [
            (r#"{"q": {"a": 1}, "k": {"a": 1, "a": 2}, "__metadata__": {"q": "", "k": ""}}"#, None),
            (r#"{"q": 1, "k": 2, "q": 1}"#, Some("q")),
            (r#"{"q": 1, "__metadata__": {"scale": "1", "scale": "2"}}"#, Some("scale")),
            (r#"{"q": 1, "\u0071": 1}"#, Some("q")),
            (r#"{"__metadata__": {}, "__metadata__": {}}"#, Some("__metadata__")),
            (r#"{"q": 1, "q""#, None),
            ("[]", None),
        ] {
            assert_eq!(duplicate_name(json.as_bytes()).as_deref(), expected, "{json}");
        }
    }
}
