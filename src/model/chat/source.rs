//! A template's text as minijinja reads it, where Jinja (and transformers' tag for training) reads it otherwise.

/// The same template with one kind of line ends, without lines that go on within a text (`\` at their end, which Python
/// leaves out), and with `{% generation %}` as the block that it is where nobody trains. Lines keep their numbers.
pub fn understood(source: &str) -> String {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let mut rest = source.as_str();
    let mut text = String::with_capacity(source.len());
    while let Some(at) = rest.find('{') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        let taken = if tag.starts_with("{#") {
            up_to(tag, "#}")
        } else if tag.starts_with("{%") && word(tag).1 == "raw" {
            raw(tag)
        } else if tag.starts_with("{%") || tag.starts_with("{{") {
            rest = &tag[code(tag, &mut text)..];
            continue;
        } else {
            1
        };
        text.push_str(&tag[..taken]);
        rest = &tag[taken..];
    }
    text + rest
}

/// How much of `tag` there is up to `end`, and with it.
fn up_to(tag: &str, end: &str) -> usize {
    tag.find(end).map_or(tag.len(), |at| at + end.len())
}

/// Where the first word of a tag begins, and the word.
fn word(tag: &str) -> (usize, &str) {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    let inner = tag[2..].trim_start_matches(['-', '+']).trim_start();
    let end = inner.find(|c: char| !begins(c)).unwrap_or(inner.len());
    (tag.len() - inner.len(), &inner[..end])
}

/// How long a block is whose inside is no code.
fn raw(tag: &str) -> usize {
    let mut end = up_to(tag, "%}");
    while let Some(at) = tag[end..].find("{%") {
        end += at;
        if word(&tag[end..]).1 == "endraw" {
            return end + up_to(&tag[end..], "%}");
        }
        end += 2;
    }
    tag.len()
}

/// Writes the tag that `tag` begins with, and returns how long it was.
fn code(tag: &str, text: &mut String) -> usize {
    let closing = if tag.starts_with("{%") { "%}" } else { "}}" };
    let (begin, found) = word(tag);
    let replaced = match found {
        "generation" if closing == "%}" => "with",
        "endgeneration" if closing == "%}" => "endwith",
        other => other,
    };
    text.push_str(&tag[..begin]);
    text.push_str(replaced);
    let start = begin + found.len();
    let (mut quote, mut left_out) = (None, 0);
    let mut characters = tag[start..].char_indices();
    while let Some((at, character)) = characters.next() {
        let at = start + at;
        match (quote, character) {
            (None, _) if tag[at..].starts_with(closing) => {
                text.push_str(closing);
                return at + closing.len();
            }
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => {
                quote = None;
                text.push(character);
                // Between words they are spaces.
                text.extend(std::iter::repeat_n('\n', std::mem::take(&mut left_out)));
                continue;
            }
            (Some(_), '\\') => {
                match characters.next() {
                    Some((_, '\n')) => left_out += 1,
                    Some((_, escaped)) => text.extend(['\\', escaped]),
                    None => text.push('\\'),
                }
                continue;
            }
            _ => {}
        }
        text.push(character);
    }
    tag.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_jinja_reads_otherwise_is_respelled_and_nothing_else() {
        for (source, expected) in [
            ("a\r\nb\rc", "a\nb\nc"),
            ("{%- generation -%}x{%+ endgeneration %}", "{%- with -%}x{%+ endwith %}"),
            ("{{ generation }}{% generations %} generation", "{{ generation }}{% generations %} generation"),
            ("{{ 'a\\\n\\n\\\nb' }}c\\\nd", "{{ 'a\\nb'\n\n }}c\\\nd"),
            ("{% set x = \"}} %} \\\" '\\\n\" %}", "{% set x = \"}} %} \\\" '\"\n %}"),
            ("{# {% generation %} '\\\n #}{{ x }}", "{# {% generation %} '\\\n #}{{ x }}"),
            (
                "{% raw %}{% generation %}{{ '\\\n' }}{%- endraw %}{% generation %}",
                "{% raw %}{% generation %}{{ '\\\n' }}{%- endraw %}{% with %}",
            ),
            ("{ {% x {{ 'unclosed", "{ {% x {{ 'unclosed"),
            ("{%", "{%"),
            ("{{ '\\", "{{ '\\"),
            ("ä{% raw", "ä{% raw"),
        ] {
            assert_eq!(understood(source), expected, "{source}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_understood(source in "([{}%#'\"\\\\\n -]|raw|endraw|generation|ä){0,30}") {
            proptest::prop_assert_eq!(understood(&source).matches('\n').count() <= source.matches('\n').count(), true);
        }
    }
}
