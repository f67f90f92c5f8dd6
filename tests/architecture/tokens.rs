//! Just enough of Rust's lexical rules to tell code from comments and texts.

/// A word, `::`, or a single other character of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    /// 1-based.
    pub line: usize,
}

/// The code of `source`, without comments, texts, characters and lifetimes.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let mut push = |text: &str| tokens.push(Token { text: text.to_owned(), line });
        let length = if let Some(length) = skipped(rest) {
            length
        } else if is_word(first) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            push(&rest[..length]);
            length
        } else if rest.starts_with("::") {
            push("::");
            2
        } else {
            if !first.is_whitespace() {
                push(&rest[..first.len_utf8()]);
            }
            first.len_utf8()
        };
        let (read, unread) = rest.split_at(length);
        line += read.matches('\n').count();
        rest = unread;
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the comment, text, character or lifetime that `rest` begins with.
fn skipped(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    // Words are taken whole, so that a prefix stands at the beginning of a word here.
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        let after = rest.strip_prefix(prefix).unwrap_or("x");
        let raw = prefix.ends_with('r');
        after.starts_with('"') || (raw && after.trim_start_matches('#').starts_with('"') && after.starts_with('#'))
    });
    if let Some(prefix) = prefix {
        let after = &rest[prefix.len()..];
        let length = if prefix.ends_with('r') { raw_text(after) } else { quoted(after, '"') };
        return Some(prefix.len() + length);
    }
    let prefix = usize::from(rest.starts_with("b'"));
    rest[prefix..].starts_with('\'').then(|| prefix + character_or_lifetime(&rest[prefix..]))
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// From one `quote` to the next that no backslash stands before.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// `"…"` or `#"…"#` with as many `#` as it begins with.
fn raw_text(rest: &str) -> usize {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    let start = hashes + 1;
    rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len())
}

/// `'x'` and `'\n'` are characters, `'a` is a lifetime.
fn character_or_lifetime(rest: &str) -> usize {
    let mut chars = rest.chars().skip(1);
    let (first, second) = (chars.next(), chars.next());
    if first == Some('\\') || second == Some('\'') {
        quoted(rest, '\'')
    } else {
        1 + rest[1..].find(|c| !is_word(c)).unwrap_or(rest.len() - 1)
    }
}
