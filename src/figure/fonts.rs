//! The fonts inside a vector file: of each, the glyphs that its texts use.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use resvg::usvg::{self, fontdb};

use super::{
    FigureError, sfnt,
    svg_text::escape,
    text::{FONT_FAMILY, FONT_WEIGHT, svg_options},
    woff,
};

/// A font file for a web page.
pub(super) struct Face {
    pub family: String,
    pub weight: u16,
    pub woff: Vec<u8>,
}

/// The fonts that `texts` are drawn with, in the order of their names.
///
/// # Errors
/// When the renderer cannot read the texts, or a font is damaged.
pub(super) fn faces<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<Face>, FigureError> {
    let options = svg_options();
    let faces = glyphs(texts)?.into_iter().filter_map(|(id, glyphs)| {
        let info = options.fontdb.face(id)?;
        let family = info.families.first()?.0.clone();
        let woff = options.fontdb.with_face_data(id, |font, _| woff::write(sfnt::subset(font, &glyphs)?)).flatten();
        let face = |woff| Face { family: family.clone(), weight: info.weight.0, woff };
        Some(woff.map(face).ok_or(FigureError::Font(family.clone())))
    });
    let mut faces = faces.collect::<Result<Vec<Face>, FigureError>>()?;
    faces.sort_by(|a, b| a.family.cmp(&b.family));
    Ok(faces)
}

/// The glyphs of the texts, and of each of their characters alone: another program may form no ligatures, and choose
/// the font of each character by itself.
fn glyphs<'a>(texts: impl Iterator<Item = &'a str>) -> Result<BTreeMap<fontdb::ID, BTreeSet<u16>>, FigureError> {
    let texts: BTreeSet<&str> = texts.collect();
    let characters: BTreeSet<char> = texts.iter().flat_map(|text| text.chars()).collect();
    let mut source = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1' \
         font-family='{FONT_FAMILY}' font-weight='{FONT_WEIGHT}'>"
    );
    for text in texts.into_iter().map(str::to_owned).chain(characters.into_iter().map(String::from)) {
        let _ = write!(source, "<text xml:space='preserve'>{}</text>", escape(&text));
    }
    source.push_str("</svg>");
    let tree = usvg::Tree::from_str(&source, &svg_options())?;
    let mut glyphs = BTreeMap::<_, BTreeSet<u16>>::new();
    for node in tree.root().children() {
        if let usvg::Node::Text(text) = node {
            for glyph in text.layouted().iter().flat_map(|span| &span.positioned_glyphs) {
                glyphs.entry(glyph.font).or_default().insert(glyph.id.0);
            }
        }
    }
    Ok(glyphs)
}
