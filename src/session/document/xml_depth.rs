//! How deep elements stand in each other: the parser of XML goes down by recursion, and a stack has an end.

/// Deeper than any figure or its metadata.
const MOST: usize = 200;

/// Whether the parser comes through. What is no XML may pass: the parser refuses it, when it comes to it.
pub fn is_shallow(xml: &str) -> bool {
    let mut depth = 0_usize;
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        let after = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")].into_iter().find_map(|(open, close)| {
            let inside = rest.strip_prefix(open)?;
            Some(inside.find(close).map_or("", |end| &inside[end + close.len()..]))
        });
        if let Some(after) = after {
            rest = after;
            continue;
        }
        let end = end_of_tag(rest);
        let tag = &rest[..end];
        if tag.starts_with("</") {
            depth = depth.saturating_sub(1);
        } else if !tag.ends_with('/') {
            depth += 1;
        }
        if depth > MOST {
            return false;
        }
        rest = &rest[end..];
    }
    true
}

/// Where the tag that begins here has its `>`, which may also stand inside quotes.
fn end_of_tag(tag: &str) -> usize {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    tag.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_as_the_parser_does() {
        let nested = |open: &str, count: usize| format!("{}x{}", open.repeat(count), "</a>".repeat(count));
        assert!(is_shallow(&nested("<a>", MOST)));
        for open in [
            "<a>",
            "<a b=\"/>\">",
            "<a b='</a>'>",
            "<a><!-- </a> -->",
            "<a><![CDATA[</a>]]>",
            "<a><?p </a>?>",
            "<a><b/>",
        ] {
            assert!(!is_shallow(&nested(open, MOST + 1)), "{open}");
        }
        assert!(is_shallow(&"<a></a><b/>".repeat(1000)));
        assert!(is_shallow(&format!("<a><!--{}--></a>", "<a>".repeat(1000))));
    }
}
