//! The two fonts of a figure, which are part of the program: a figure looks the same on every machine.

use std::sync::LazyLock;

use rustybuzz::Face;

/// The fonts by preference, as an SVG `font-family`: Ubuntu Light, and Hack for what it lacks.
pub const FONT_FAMILY: &str = "Ubuntu, Hack, sans-serif";
pub const FONT_WEIGHT: u16 = 300;

/// Extents of Ubuntu Light's printable ASCII in em: the tallest glyph above the baseline, the deepest below it.
pub const ASCENT: f64 = 0.783;
pub const DESCENT: f64 = 0.196;
/// From the baseline up to the middle between it and the top of a capital or a digit.
pub const MIDDLE: f64 = 0.345;

/// An embedded font.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Font {
    Hack,
    UbuntuLight,
}

impl Font {
    /// In the order of their families' names.
    pub const ALL: [Self; 2] = [Self::Hack, Self::UbuntuLight];

    /// The font file (TrueType).
    pub const fn file(self) -> &'static [u8] {
        match self {
            Self::Hack => epaint_default_fonts::HACK_REGULAR,
            Self::UbuntuLight => epaint_default_fonts::UBUNTU_LIGHT,
        }
    }

    /// The family that the font file names.
    pub const fn family(self) -> &'static str {
        match self {
            Self::Hack => "Hack",
            Self::UbuntuLight => "Ubuntu",
        }
    }

    /// The weight that the font file names.
    pub const fn weight(self) -> u16 {
        match self {
            Self::Hack => 400,
            Self::UbuntuLight => FONT_WEIGHT,
        }
    }

    /// The parsed font file; `None` if it is damaged.
    pub fn face(self) -> Option<&'static Face<'static>> {
        static FACES: LazyLock<[Option<Face<'static>>; 2]> =
            LazyLock::new(|| Font::ALL.map(|font| Face::from_slice(font.file(), 0)));
        match self {
            Self::Hack => FACES[0].as_ref(),
            Self::UbuntuLight => FACES[1].as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_are_what_their_files_say() {
        for font in Font::ALL {
            let face = font.face().unwrap();
            let name = face.names().into_iter().find(|name| name.name_id == 1 && name.is_unicode()).unwrap();
            let family = name.to_string().unwrap();
            assert!(family.starts_with(font.family()), "{family}");
            assert_eq!(face.weight().to_number(), font.weight());
        }
    }
}
