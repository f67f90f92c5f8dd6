//! Characters that no font has: their code points stand in, and it is said how many labels that concerns.

use std::{borrow::Cow, collections::BTreeSet, fmt, fmt::Write as _};

use unicode_script::{Script, UnicodeScript as _};

use super::{machine::Fonts, unseen::is_unseen};

/// Labels with characters that no font of the machine has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Illegible {
    /// How many labels.
    pub labels: usize,
    /// The characters' scripts: `Han`, `Thai`; `symbols` where they belong to none.
    pub scripts: BTreeSet<&'static str>,
}

impl Illegible {
    /// Which of `labels` the fonts cannot show; `None` where they show all.
    pub fn of<'a>(labels: impl IntoIterator<Item = &'a str>, fonts: &Fonts) -> Option<Self> {
        Self::among(labels, |character| is_missing(character, fonts))
    }

    /// The same, where it is known which characters are missing.
    pub fn among<'a>(labels: impl IntoIterator<Item = &'a str>, is_missing: impl Fn(char) -> bool) -> Option<Self> {
        let mut found = Self::default();
        for label in labels {
            let mut missing = label.chars().filter(|&character| is_missing(character)).peekable();
            found.labels += usize::from(missing.peek().is_some());
            found.scripts.extend(missing.map(script));
        }
        (found.labels > 0).then_some(found)
    }
}

impl fmt::Display for Illegible {
    /// `2 labels hold characters that no font of this machine has (Han, Thai): their code points stand in`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = if self.labels == 1 { "1 label holds".to_owned() } else { format!("{} labels hold", self.labels) };
        let scripts = self.scripts.iter().copied().collect::<Vec<_>>().join(", ");
        write!(f, "{labels} characters that no font of this machine has ({scripts}): their code points stand in")
    }
}

/// The text with the code point of each character that no font has, `U+4E2D`, in its place.
pub fn legible<'a>(text: &'a str, fonts: &Fonts) -> Cow<'a, str> {
    stand_in(text, |character| is_missing(character, fonts))
}

/// The text with the code points of the characters that are missing in their places, apart from what is around them.
pub fn stand_in(text: &str, is_missing: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_missing) {
        return Cow::Borrowed(text);
    }
    let (mut shown, mut is_apart) = (String::new(), true);
    for character in text.chars() {
        let missing = is_missing(character);
        if (missing && !shown.is_empty() || !is_apart) && !character.is_whitespace() && !shown.ends_with(' ') {
            shown.push(' ');
        }
        if missing {
            // Writing to a string cannot fail.
            let _ = write!(shown, "U+{:04X}", u32::from(character));
        } else {
            shown.push(character);
        }
        is_apart = !missing;
    }
    Cow::Owned(shown)
}

fn is_missing(character: char, fonts: &Fonts) -> bool {
    !is_unseen(character) && fonts.font(character).is_none()
}

/// The name of a character's script; `symbols` for what belongs to none.
fn script(character: char) -> &'static str {
    match character.script() {
        Script::Common | Script::Inherited | Script::Unknown => "symbols",
        script => script.full_name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_stand_in_where_no_font_has_a_character() {
        let fonts = Fonts::own();
        for (text, shown) in [
            ("token", "token"),
            ("中", "U+4E2D"),
            ("中文", "U+4E2D U+6587"),
            ("a中b", "a U+4E2D b"),
            (" 中 b", " U+4E2D b"),
            ("😀!", "U+1F600 !"),
            ("e\u{301}\u{200d}", "e\u{301}\u{200d}"),
        ] {
            assert_eq!(legible(text, &fonts), shown, "{text}");
        }
        let found = Illegible::of(["a", "中", "ไทย中", "😀"], &fonts).unwrap();
        assert_eq!(
            found.to_string(),
            "3 labels hold characters that no font of this machine has (Han, Thai, symbols): their code points stand in"
        );
        assert_eq!(Illegible::of(["a", "é"], &fonts), None);
    }
}
