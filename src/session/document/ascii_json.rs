//! JSON that passes through any container unchanged.

use std::io;

use serde::Serialize;
use serde_json::{Serializer, ser::Formatter};

/// Compact JSON in ASCII without `<`, `>` and `&`: everything else is written `\uXXXX`.
pub fn to_string(value: &impl Serialize) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Plain))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

struct Plain;

impl Formatter for Plain {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            if character.is_ascii() && !character.is_ascii_control() && !"<>&".contains(character) {
                write!(writer, "{character}")?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_container_might_change_is_escaped() {
        assert_eq!(
            to_string(&"a<b>&\"é\u{1F600}\n\u{7f}").unwrap(),
            r#""a\u003cb\u003e\u0026\"\u00e9\ud83d\ude00\n\u007f""#
        );
    }

    proptest! {
        #[test]
        fn every_text_survives_as_plain_ascii(text in any::<String>()) {
            let json = to_string(&text).unwrap();
            prop_assert!(json.bytes().all(|byte| (0x20..0x7f).contains(&byte) && !b"<>&".contains(&byte)), "{}", json);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
