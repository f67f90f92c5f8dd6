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

/// A vocabulary piece as text, where it is not known how the vocabulary writes: `Ġweights` and `▁weights` are both
/// ` weights`. Control characters and bytes that are no whole character are escaped.
pub fn readable(piece: &str) -> String {
    // A piece outside the table cannot be byte-level. One inside, such as a lone é, may be either; most
    // vocabularies are byte-level.
    let spelling = if bytes_of(piece).is_some() { Spelling::ByteLevel } else { Spelling::Plain };
    readable_as(piece, spelling)
}

/// Like [`readable`], of a piece whose spelling is known.
pub fn readable_as(piece: &str, spelling: Spelling) -> String {
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

/// Text with control and invisible formatting characters written `\n`, `\t`, `\u{200b}`.
fn escape(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if hidden(character) {
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
            ("▁weights", " weights"),
            ("Ċ", "\\n"),
            ("ĉ", "\\t"),
            ("Ā", "\\u{0}"),
            ("Ã©", "é"),
            ("ðŁĺĢ", "😀"),
            ("ðŁ", "\\xF0\\x9F"),
            ("Ġâ", " \\xE2"),
            ("<s>", "<s>"),
            ("日", "日"),
            ("a\nb 日", "a\\nb 日"),
            ("", ""),
        ] {
            assert_eq!(readable(piece), text, "{piece}");
        }
        assert_eq!(readable_as("é", Spelling::Plain), "é");
        assert_eq!(readable_as("<0x0A>", Spelling::Plain), "\\n");
        assert_eq!(readable_as("<0xF0>", Spelling::Plain), "\\xF0");
        assert_eq!(readable_as("<0xF0>", Spelling::ByteLevel), "<0xF0>");
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
