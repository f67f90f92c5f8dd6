//! Fonts of a figure: two that are part of the program, so that a figure looks the same on every machine, and those of the
//! machine for what they lack.

use std::{cmp::Ordering, fmt, hash, sync::LazyLock};

use rustybuzz::Face;

/// The program's fonts by preference, as a `font-family`: Ubuntu Light, and Hack for what it lacks.
pub const FONT_FAMILY: &str = "Ubuntu, Hack, sans-serif";
pub const FONT_WEIGHT: u16 = 300;

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

    /// The program's own, by preference.
    pub fn own() -> &'static [Self] {
        static OWN: LazyLock<Vec<Font>> = LazyLock::new(|| {
            let files = [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR];
            files.into_iter().filter_map(|bytes| Font::new(bytes, 0, "")).collect()
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
        Self::own().contains(&self)
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
        let named: Vec<(&str, u16)> =
            Font::own().iter().map(|font| (font.name(), font.face().weight().to_number())).collect();
        assert_eq!(named, [("Ubuntu Light", FONT_WEIGHT), ("Hack Regular", 400)]);
    }
}
