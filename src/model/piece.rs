//! Vocabulary pieces as a reader sees them.

use std::fmt::Write;

/// How a vocabulary writes its pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// Each character stands for a byte (GPT-2's table): ` love` is `Ġlove`, `é` is `Ã©`.
    ByteLevel,
    /// The text itself, with `▁` for a space and `<0x0A>` for a byte without a piece (`SentencePiece`).
    Plain,
}

impl Spelling {
    /// How a vocabulary writes of which only the pieces of one text are known.
    ///
    /// `für`, `##é` consist of characters that GPT-2's table has, and so does `Ã¼`: what tells them apart is that the
    /// bytes of a whole text are UTF-8. A text that is cut within a character is not, but hardly ever without a `Ġ`.
    pub fn of<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Self {
        let mut bytes = Vec::new();
        let mut has_space = false;
        for piece in pieces {
            if fallback_byte(piece).is_some() {
                return Self::Plain;
            }
            // Special tokens are written as themselves in every vocabulary.
            let is_special = piece.starts_with('<') && piece.ends_with('>');
            match bytes_of(piece) {
                _ if is_special => {}
                Some(more) => bytes.extend(more),
                None => return Self::Plain,
            }
            has_space |= piece.starts_with('Ġ');
        }
        if has_space || std::str::from_utf8(&bytes).is_ok() { Self::ByteLevel } else { Self::Plain }
    }
}

/// A vocabulary piece as text: `Ġweights` or `▁weights` is ` weights`. Control characters and bytes that are no whole
/// character are escaped.
pub fn readable(piece: &str, spelling: Spelling) -> String {
    let bytes = match spelling {
        Spelling::ByteLevel => bytes_of(piece),
        Spelling::Plain => fallback_byte(piece).map(|byte| vec![byte]),
    };
    bytes.map_or_else(|| escape(&piece.replace('▁', " ")), |bytes| escape_bytes(&bytes))
}

/// `None` where a character is not in GPT-2's table.
fn bytes_of(piece: &str) -> Option<Vec<u8>> {
    piece.chars().map(byte_of).collect()
}

/// The table of GPT-2 (<https://github.com/openai/gpt-2/blob/master/src/encoder.py>): a byte that is a visible
/// Latin-1 character is written as itself, the others in order as the characters from U+0100.
fn byte_of(character: char) -> Option<u8> {
    const VISIBLE: fn(&u8) -> bool = |byte| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    match u32::from(character).checked_sub(0x100) {
        Some(index) => (0..=u8::MAX).filter(|byte| !VISIBLE(byte)).nth(usize::try_from(index).ok()?),
        None => u8::try_from(character).ok().filter(VISIBLE),
    }
}

/// The byte that a piece such as `<0x0A>` stands for.
fn fallback_byte(piece: &str) -> Option<u8> {
    let digits = piece.strip_prefix("<0x")?.strip_suffix('>')?;
    if digits.len() == 2 { u8::from_str_radix(digits, 16).ok() } else { None }
}

/// Text with each byte that is not part of a whole UTF-8 character written `\xNN`.
fn escape_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text += &escape(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

/// Text with control and invisible formatting characters written `\n`, `\t`, `\u{200b}`. A joiner that stands between two
/// characters of an emoji, or of a script that joins, is no such character: the two are drawn differently with it.
fn escape(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    let joins = |c: char| !c.is_ascii() && !hidden(c) && !c.is_whitespace();
    let mut escaped = String::with_capacity(text.len());
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_joiner = matches!(character, '\u{200C}' | '\u{200D}');
        let is_between = before.is_some_and(joins) && characters.peek().copied().is_some_and(joins);
        before = Some(character);
        if hidden(character) && !(is_joiner && is_between) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_read_as_text() {
        for (piece, text) in [
            ("Ġweights", " weights"),
            ("Ċ", "\\n"),
            ("ĉ", "\\t"),
            ("Ā", "\\u{0}"),
            ("Ã©", "é"),
            ("ðŁĺĢ", "😀"),
            ("ðŁ", "\\xF0\\x9F"),
            ("Ġâ", " \\xE2"),
            ("<s>", "<s>"),
            ("<0xF0>", "<0xF0>"),
            ("", ""),
            // Emoji are joined, and so are letters; a joiner at an end joins nothing.
            ("ðŁĳ©âĢįðŁĳ§", "👩\u{200d}👧"),
            ("ðŁĳ©âĢį", "👩\\u{200d}"),
            ("aâĢįb", "a\\u{200d}b"),
        ] {
            assert_eq!(readable(piece, Spelling::ByteLevel), text, "{piece}");
        }
        for (piece, text) in [
            ("▁weights", " weights"),
            ("é", "é"),
            ("日", "日"),
            ("a\nb 日", "a\\nb 日"),
            ("<0x0A>", "\\n"),
            ("<0xF0>", "\\xF0"),
        ] {
            assert_eq!(readable(piece, Spelling::Plain), text, "{piece}");
        }
    }

    #[test]
    fn the_spelling_is_that_of_all_pieces_together() {
        for (pieces, spelling) in [
            (&["[CLS]", "für", "Größe", "##é", "[SEP]"][..], Spelling::Plain),
            (&["za", "##ł", "##ó", "##g"], Spelling::Plain),
            (&["<s>", "▁caf", "é"], Spelling::Plain),
            (&["東京", "日"], Spelling::Plain),
            (&["c", "af", "Ã©"], Spelling::ByteLevel),
            (&["ĠcafÃ", "©"], Spelling::ByteLevel),
            (&["a", "Ġâ"], Spelling::ByteLevel),
            (&["<｜begin▁of▁sentence｜>", "a", "Ã©"], Spelling::ByteLevel),
            (&["<s>", "a", "<0x0A>"], Spelling::Plain),
            (&["<|endoftext|>", "Attention", "Ġweights"], Spelling::ByteLevel),
        ] {
            assert_eq!(Spelling::of(pieces.iter().copied()), spelling, "{pieces:?}");
        }
    }

    #[test]
    fn the_table_names_every_byte_once() {
        let table: Vec<u8> = ('\0'..='\u{200}').filter_map(byte_of).collect();
        let sorted: std::collections::BTreeSet<u8> = table.iter().copied().collect();
        assert_eq!((table.len(), sorted.len()), (256, 256));
        // Two entries known from every GPT-2 vocabulary.
        assert_eq!((byte_of('Ġ'), byte_of('Ċ')), (Some(b' '), Some(b'\n')));
    }
}
