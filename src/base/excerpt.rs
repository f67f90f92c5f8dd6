//! Quotes from other people's files, short and printable, for messages.

use std::fmt;

/// The names of the tensors in a file, for a message: sorted, and only the first ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    const SHOWN: usize = 8;

    /// The first of `names`, and how many more there are.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort_unstable();
        Self(names)
    }

    /// Each of them, whole.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no tensors");
        }
        for (i, name) in self.0.iter().take(Self::SHOWN).enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, Excerpt::new(name))?;
        }
        match self.0.len().saturating_sub(Self::SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The beginning of a text from a file, for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt(String);

impl Excerpt {
    const SHOWN: usize = 80;

    /// The beginning of `text`, with control characters escaped.
    pub fn new(text: &str) -> Self {
        let mut shown: String = text.chars().take(Self::SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Self(shown)
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A line break or an escape sequence from a file must not reach the terminal.
        for c in self.0.chars() {
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_short_and_printable() {
        assert_eq!(Names::new(["b".to_owned(), "a".to_owned()]).to_string(), "a, b");
        assert_eq!(Names::new([]).to_string(), "no tensors");
        let many = Names::new((0..10).map(|i| format!("t{i}"))).to_string();
        assert!(many.ends_with("t7 and 2 more"), "{many}");
        assert_eq!(Excerpt::new(&"é".repeat(81)).to_string(), "é".repeat(80) + "…");
        assert_eq!(Excerpt::new("a\n\u{1b}[1m").to_string(), "a\\n\\u{1b}[1m");
    }
}
