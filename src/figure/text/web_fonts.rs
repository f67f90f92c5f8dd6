//! The fonts inside an SVG file: of each, the glyphs that its texts use.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    fonts::Font,
    shaping::{printable, shape},
    truetype, woff,
};
use crate::figure::FigureError;

/// A font file for a web page.
pub struct WebFont {
    pub family: &'static str,
    pub weight: u16,
    pub woff: Vec<u8>,
}

/// The fonts that `texts` are drawn with, in the order of their names.
///
/// # Errors
/// When a font is damaged.
pub fn web_fonts<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<WebFont>, FigureError> {
    let fonts = glyphs(texts).into_iter().map(|(font, glyphs)| {
        let woff = truetype::subset(font.file(), &glyphs).and_then(woff::write);
        let woff = woff.ok_or_else(|| FigureError::Font(font.family().to_owned()))?;
        Ok(WebFont { family: font.family(), weight: font.weight(), woff })
    });
    fonts.collect()
}

/// The glyphs of the texts, and of each of their characters alone: another program may form no ligatures, and choose
/// the font of each character by itself.
fn glyphs<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeMap<Font, BTreeSet<u16>> {
    let texts: BTreeSet<String> = texts.map(printable).collect();
    let characters: BTreeSet<char> = texts.iter().flat_map(|text| text.chars()).collect();
    let mut glyphs = BTreeMap::<_, BTreeSet<u16>>::new();
    for text in texts.into_iter().chain(characters.into_iter().map(String::from)) {
        for glyph in shape(&text).glyphs {
            glyphs.entry(glyph.font).or_default().insert(glyph.id.0);
        }
    }
    glyphs
}
