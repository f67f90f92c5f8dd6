//! Texts as glyphs of the figure's fonts: what is measured, outlined, embedded and written as PDF.
//!
//! The renderer of pictures (usvg) shapes the texts that it draws by itself. Here they are shaped with the same library
//! and by its rules for bidirectional text, missing characters and clusters, so that a text is as wide as it is drawn.

use std::{collections::BTreeSet, ops::Range};

use rustybuzz::{Direction, UnicodeBuffer, ttf_parser::GlyphId};
use unicode_bidi::{BidiInfo, Level};

use super::fonts::Font;

/// A glyph at its place in a line of text. Lengths are in em.
#[derive(Clone, Debug, PartialEq)]
pub struct Glyph {
    pub font: Font,
    pub id: GlyphId,
    /// From the start of the baseline to the glyph's origin.
    pub x: f64,
    /// From there to where it is drawn, to the right and up: an accent has one.
    pub offset: [f64; 2],
    /// Bytes of the text that the glyph stands for, alone or with those that follow it.
    pub text: Range<usize>,
}

/// A line of text as glyphs, from left to right.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub glyphs: Vec<Glyph>,
    /// From the start of the line to its end in em.
    pub advance: f64,
}

/// The text on one line, of characters that every format can hold: white space as spaces, control characters as U+FFFD.
pub fn one_line(text: &str) -> String {
    let plain = |character| match character {
        '\t' | '\n' | '\r' => ' ',
        '\0'..' ' | '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        other => other,
    };
    text.chars().map(plain).collect()
}

/// The text as it is drawn: on one line, and ‖ as two strokes. (Ubuntu Light lacks it, and for one missing character the
/// renderer sets the whole text in the other font.)
pub fn printable(text: &str) -> String {
    one_line(text).replace('‖', "||")
}

/// The glyphs of a [`printable`] text.
pub fn shape(text: &str) -> Line {
    let glyphs = glyphs(text);
    let starts: BTreeSet<usize> = glyphs.iter().map(|glyph| glyph.cluster).collect();
    let end = |start: usize| starts.range(start + 1..).next().copied().unwrap_or(text.len());
    let mut line = Line { glyphs: Vec::with_capacity(glyphs.len()), advance: 0.0 };
    for cluster in glyphs.chunk_by(|a, b| a.cluster == b.cluster) {
        let (mut x, mut widest) = (0, 0.0_f64);
        for glyph in cluster {
            let em = |units: i32| f64::from(units) / glyph.units_per_em;
            line.glyphs.push(Glyph {
                font: glyph.font,
                id: glyph.id,
                x: line.advance + em(x),
                offset: glyph.offset.map(em),
                text: glyph.cluster..end(glyph.cluster),
            });
            x += glyph.advance;
            widest = widest.max(em(glyph.advance));
        }
        // As the renderer has it: a cluster is as wide as its widest glyph.
        line.advance += widest;
    }
    line
}

/// Width of a text in em; 0 without a visible glyph.
pub fn width(text: &str) -> f64 {
    let line = shape(&printable(text));
    let is_visible = |glyph: &Glyph| glyph.font.face().is_some_and(|face| face.glyph_bounding_box(glyph.id).is_some());
    if line.glyphs.iter().any(is_visible) { line.advance } else { 0.0 }
}

/// Width of the widest of the texts in em.
pub fn widest<'a>(texts: impl IntoIterator<Item = &'a str>) -> f64 {
    texts.into_iter().map(width).fold(0.0, f64::max)
}

/// A text cut so that it and an ellipsis fit into `width` em; unchanged where it fits as it is.
///
/// It is cut between clusters alone, so that no character loses its accents.
pub fn cut_to(text: &str, width: f64) -> String {
    let fits = |text: &str| super::shaping::width(text) <= width;
    if fits(text) {
        return text.to_owned();
    }
    let text = printable(text);
    let cut = |end: usize| format!("{}…", text[..end].trim_end());
    let ends: BTreeSet<usize> = shape(&text).glyphs.into_iter().map(|glyph| glyph.text.start).collect();
    let ends: Vec<usize> = ends.into_iter().collect();
    let longest = ends.partition_point(|&end| fits(&cut(end))).saturating_sub(1);
    ends.get(longest).map_or_else(String::new, |&end| cut(end))
}

/// A glyph as the shaper hands it out. Lengths are in units of its font.
#[derive(Clone, Debug)]
struct ShapedGlyph {
    font: Font,
    units_per_em: f64,
    id: GlyphId,
    /// First byte in the text of what the glyph stands for.
    cluster: usize,
    offset: [i32; 2],
    advance: i32,
}

impl ShapedGlyph {
    const fn is_missing(&self) -> bool {
        self.id.0 == 0
    }
}

/// The text in Ubuntu Light; where that lacks a character, in Hack, or glyph by glyph in the font that has it. Whether
/// Hack is tried at all is decided by the first missing character alone, as the renderer decides it.
fn glyphs(text: &str) -> Vec<ShapedGlyph> {
    let mut glyphs = glyphs_in(Font::UbuntuLight, text);
    let missing = glyphs.iter().find(|glyph| glyph.is_missing());
    let missing = missing.and_then(|glyph| text[glyph.cluster..].chars().next());
    let has = |character| Font::Hack.face().is_some_and(|face| face.glyph_index(character).is_some());
    if !missing.is_some_and(has) {
        return glyphs;
    }
    let others = glyphs_in(Font::Hack, text);
    if !others.iter().any(ShapedGlyph::is_missing) {
        return others;
    }
    if glyphs.len() == others.len() {
        for (glyph, other) in glyphs.iter_mut().zip(others) {
            if glyph.is_missing() && !other.is_missing() {
                *glyph = other;
            }
        }
    }
    glyphs
}

fn glyphs_in(font: Font, text: &str) -> Vec<ShapedGlyph> {
    let bidi = BidiInfo::new(text, Some(Level::ltr()));
    let (Some(face), Some(line)) = (font.face(), bidi.paragraphs.first()) else { return Vec::new() };
    let units_per_em = f64::from(face.units_per_em());
    let (levels, runs) = bidi.visual_runs(line, line.range.clone());
    let mut glyphs = Vec::with_capacity(text.len());
    for run in runs {
        let is_ltr = levels.get(run.start).is_none_or(Level::is_ltr);
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&text[run.clone()]);
        buffer.set_direction(if is_ltr { Direction::LeftToRight } else { Direction::RightToLeft });
        let shaped = rustybuzz::shape(face, &[], buffer);
        glyphs.extend(shaped.glyph_infos().iter().zip(shaped.glyph_positions()).map(|(info, position)| ShapedGlyph {
            font,
            units_per_em,
            // A TrueType font has at most 65 535 glyphs.
            id: GlyphId(u16::try_from(info.glyph_id).unwrap_or_default()),
            cluster: run.start + info.cluster as usize,
            offset: [position.x_offset, position.y_offset],
            advance: position.x_advance,
        }));
    }
    glyphs
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, sync::Arc};

    use resvg::usvg;

    use super::*;
    use crate::figure::text::fonts::{FONT_FAMILY, FONT_WEIGHT};

    /// Of each text the width in em that the renderer of pictures has for it.
    fn rendered_widths(texts: &[&str]) -> Vec<f64> {
        const SIZE: f64 = 1000.0;
        let mut options = usvg::Options { font_family: "Ubuntu".to_owned(), ..usvg::Options::default() };
        for font in [Font::UbuntuLight, Font::Hack] {
            options.fontdb_mut().load_font_source(usvg::fontdb::Source::Binary(Arc::new(font.file())));
        }
        let mut source = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1' font-family='{FONT_FAMILY}' \
             font-weight='{FONT_WEIGHT}' font-size='{SIZE}'>"
        );
        for (index, text) in texts.iter().enumerate() {
            let text = printable(text).replace('&', "&amp;").replace('<', "&lt;");
            let _ = write!(source, "<text id='{index}' xml:space='preserve'>{text}</text>");
        }
        source.push_str("</svg>");
        let tree = usvg::Tree::from_str(&source, &options).unwrap();
        let width = |index: usize| match tree.node_by_id(&index.to_string()) {
            Some(usvg::Node::Text(text)) => f64::from(text.bounding_box().width()) / SIZE,
            _ => 0.0,
        };
        (0..texts.len()).map(width).collect()
    }

    #[test]
    fn texts_are_as_wide_as_they_are_drawn() {
        let texts = [
            "The Attention Weight after Modifying Query, Key and Value",
            "Modifying Query with ε = 5e-1",
            "AVATAR To Te. fi ffl ﬁ office",
            "<|endoftext|>",
            "a b  c ",
            "",
            " ",
            "\t\n\u{7}",
            "weight × ‖value‖",
            // Hack alone, both fonts side by side, and neither.
            "→",
            "antidisestabl… → ✓",
            "✓ ﬁ",
            "猫",
            "a猫b → ✓",
            "→ 猫",
            // Composed and not.
            "žluťoučký kůň příliš",
            "z\u{30c}lut\u{30c}ouc\u{30c}ky\u{301} q\u{308}\u{323}",
            "Ελληνικά Кириллица",
            "Tiếng Việt",
            // From the right to the left.
            "שלום world",
            "abc עברית 123 def",
            "مرحبا بالعالم",
            "हिन्दी क्षत्रिय",
            "👨‍👩‍👧 🇫🇷 e\u{301}\u{301}",
        ];
        for (text, rendered) in texts.iter().zip(rendered_widths(&texts)) {
            let width = width(text);
            // The renderer counts in f32.
            assert!((width - rendered).abs() < 1e-5, "{text:?}: {width} em, drawn {rendered} em wide");
        }
    }

    #[test]
    fn widths_are_those_of_the_embedded_fonts() {
        let [i, w, pair] = ["i", "W", "WW"].map(width);
        assert!(i > 0.15 && i < 0.35 && w > 0.75 && w < 1.0, "{i} {w}");
        // The font kerns this pair by 0.012 em.
        assert!((pair - 2.0 * w - 0.012).abs() < 1e-9, "{pair}");
        assert_eq!(["", " ", "  "].map(width), [0.0; 3]);
        assert_eq!(widest(["i", "W", ""]), w);
    }

    #[test]
    fn every_glyph_says_what_it_stands_for() {
        let line = shape("aé → שלום e\u{323}");
        let text = |glyph: &Glyph| &"aé → שלום e\u{323}"[glyph.text.clone()];
        let read: Vec<&str> = line.glyphs.iter().map(text).collect();
        assert_eq!(
            read,
            ["a", "é", " ", "→", " ", "ם", "ו", "ל", "ש", " ", "e\u{323}", "e\u{323}"],
            "from left to right"
        );
        assert!(line.glyphs.windows(2).all(|pair| pair[0].x <= pair[1].x));
        assert!(line.glyphs.last().is_some_and(|last| last.x < line.advance));
    }

    #[test]
    fn a_long_text_is_cut_with_an_ellipsis() {
        assert_eq!(cut_to("short", 10.0), "short");
        let title = "a title that goes on and on and on";
        let cut = cut_to(title, 8.0);
        assert!(cut.starts_with("a title") && cut.ends_with('…'), "{cut}");
        assert!(width(&cut) <= 8.0);
        let longer = format!("{}…", &title[..cut.trim_end_matches('…').len() + 2]);
        assert!(width(&longer) > 8.0, "no more of it fits: {longer}");
        assert_eq!(cut_to(title, 0.1), "…", "less than an ellipsis there is not");
        let accents = cut_to(&"e\u{301}".repeat(8), 3.0);
        assert!(accents.ends_with("e\u{301}…"), "an accent stays with its letter: {accents}");
    }
}
