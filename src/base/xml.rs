//! XML character data.

/// Appends `text` to `xml` as character data. Control characters and others that XML cannot hold, or that a reader would
/// change, are given to `other`, which appends something in their place.
pub fn push_text(xml: &mut String, text: &str, mut other: impl FnMut(&mut String, char)) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => other(xml, character),
            ordinary => xml.push(ordinary),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn markup_is_escaped_and_what_xml_cannot_hold_is_handed_out() {
        let mut xml = "<t>".to_owned();
        push_text(&mut xml, "a<b>&\"é‖\u{1f600}\t\0\u{ffff}", |xml, character| {
            let _ = write!(xml, "[{:x}]", u32::from(character));
        });
        assert_eq!(xml, "<t>a&lt;b&gt;&amp;\"é‖\u{1f600}[9][0][ffff]");
    }
}
