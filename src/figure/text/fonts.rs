//! Fonts of a figure: those that are part of the program, so that a figure looks the same on every machine, and those of the
//! machine for what they lack.

use std::{cmp::Ordering, fmt, hash, sync::LazyLock};

use rustybuzz::Face;

/// Extents of Ubuntu Light's printable ASCII in em: the tallest glyph above the baseline, the deepest below it.
pub const ASCENT: f64 = 0.783;
pub const DESCENT: f64 = 0.196;
/// From the baseline up to the middle between it and the top of a capital or a digit.
pub const MIDDLE: f64 = 0.345;

/// A font that was read. It stays until the program ends: what is drawn with it may be written at any time.
#[derive(Clone, Copy)]
pub struct Font(&'static FontFile);

struct FontFile {
    /// Its full name, `Noto Sans CJK SC Regular`.
    name: String,
    /// Which of all that have this name: where it comes from.
    origin: String,
    bytes: &'static [u8],
    /// Of the fonts in one file.
    index: u32,
    face: Face<'static>,
}

impl Font {
    /// A font of a file; `None` if it is damaged.
    pub(in crate::figure) fn new(bytes: &'static [u8], index: u32, origin: &str) -> Option<Self> {
        let face = Face::from_slice(bytes, index)?;
        let named = |id| face.names().into_iter().find(|name| name.name_id == id && name.is_unicode())?.to_string();
        let name = named(4).or_else(|| named(1)).unwrap_or_else(|| origin.to_owned());
        Some(Self(Box::leak(Box::new(FontFile { name, origin: origin.to_owned(), bytes, index, face }))))
    }

    /// The program's own.
    pub(in crate::figure) fn own() -> &'static OwnFonts {
        static OWN: LazyLock<OwnFonts> = LazyLock::new(|| {
            let own = |bytes| Font::new(bytes, 0, "");
            OwnFonts {
                light: own(epaint_default_fonts::UBUNTU_LIGHT),
                sans: own(include_bytes!("../../../assets/fonts/sans.ttf")),
                serif: own(include_bytes!("../../../assets/fonts/serif.ttf")),
                mono: own(epaint_default_fonts::HACK_REGULAR),
            }
        });
        &OWN
    }

    /// Its full name: `Noto Sans CJK SC Regular`.
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// The file that it is in.
    pub fn file(self) -> &'static [u8] {
        self.0.bytes
    }

    /// Which of the fonts in that file it is.
    pub fn index(self) -> u32 {
        self.0.index
    }

    /// Whether it is part of the program.
    pub fn is_own(self) -> bool {
        let OwnFonts { light, sans, serif, mono } = *Self::own();
        [light, sans, serif, mono].contains(&Some(self))
    }

    /// Whether it has the character.
    pub fn has(self, character: char) -> bool {
        self.0.face.glyph_index(character).is_some()
    }

    pub(in crate::figure) fn face(self) -> &'static Face<'static> {
        &self.0.face
    }

    fn key(self) -> (&'static str, &'static str, u32) {
        (&self.0.name, &self.0.origin, self.0.index)
    }
}

/// The fonts that are part of the program; each is there, unless the program itself is damaged.
pub struct OwnFonts {
    /// Ubuntu Light, which the window has too.
    pub light: Option<Font>,
    /// Attenuate Sans: Liberation Sans with the superscripts that it lacks.
    pub sans: Option<Font>,
    /// Attenuate Serif: Liberation Serif likewise.
    pub serif: Option<Font>,
    /// Hack, for what they all lack.
    pub mono: Option<Font>,
}

impl fmt::Debug for Font {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Font").field(&self.name()).finish()
    }
}

impl PartialEq for Font {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Font {}

impl PartialOrd for Font {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Font {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl hash::Hash for Font {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_fonts_are_what_they_are_named() {
        let OwnFonts { light, sans, serif, mono } = *Font::own();
        let named = [light, sans, serif, mono].map(|font| {
            let font = font.unwrap();
            (font.name(), font.face().weight().to_number(), font.is_own())
        });
        let expected = [
            ("Ubuntu Light", 300, true),
            ("Attenuate Sans Regular", 400, true),
            ("Attenuate Serif Regular", 400, true),
            ("Hack Regular", 400, true),
        ];
        assert_eq!(named, expected);
    }

    #[test]
    fn faces_have_what_powers_of_ten_need() {
        let OwnFonts { sans, serif, .. } = *Font::own();
        for font in [sans.unwrap(), serif.unwrap()] {
            assert!("0123456789·×⁰¹²³⁴⁵⁶⁷⁸⁹⁻εαΩЖéř−‖→".chars().all(|character| font.has(character)));
        }
    }
}
