//! Texts as glyphs: what is measured, outlined, embedded and written as PDF.
//!
//! A text is split where its direction, its script or its font changes. Each cluster of characters is drawn with the
//! first font that has all of them: the program's own, and then the machine's.

use std::{collections::BTreeSet, ops::Range};

use rustybuzz::{Direction, UnicodeBuffer, ttf_parser::GlyphId};
use unicode_bidi::{BidiInfo, Level};
use unicode_script::{Script, UnicodeScript as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{fonts::Font, machine::Fonts, unseen::is_unseen};

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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub glyphs: Vec<Glyph>,
    /// From the start of the line to its end in em.
    pub advance: f64,
}

/// The text on one line, of characters that every format can hold: white space as spaces, control characters as U+FFFD.
pub fn one_line(text: &str) -> String {
    let plain = |character| match character {
        '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        '\0'..' ' | '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        other => other,
    };
    text.chars().map(plain).collect()
}

/// The glyphs of a text [on one line](one_line).
pub fn shape(text: &str, fonts: &Fonts) -> Line {
    let bidi = BidiInfo::new(text, Some(Level::ltr()));
    let mut line = Line::default();
    let Some(paragraph) = bidi.paragraphs.first() else { return line };
    let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
    for run in runs {
        let is_ltr = levels.get(run.start).is_none_or(Level::is_ltr);
        let mut parts = parts(text, run, fonts);
        if !is_ltr {
            parts.reverse();
        }
        for part in parts {
            line.push(text, part, if is_ltr { Direction::LeftToRight } else { Direction::RightToLeft });
        }
    }
    line
}

impl Line {
    /// The glyphs of a part, behind those that are there.
    fn push(&mut self, text: &str, part: Part, direction: Direction) {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&text[part.text.clone()]);
        buffer.set_direction(direction);
        let face = part.font.face();
        let shaped = rustybuzz::shape(face, &[], buffer);
        let em = |units: i32| f64::from(units) / f64::from(face.units_per_em());
        let start = |cluster: u32| part.text.start + cluster as usize;
        let starts: BTreeSet<usize> = shaped.glyph_infos().iter().map(|info| start(info.cluster)).collect();
        for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            let start = start(info.cluster);
            self.glyphs.push(Glyph {
                font: part.font,
                // A font has at most 65 535 glyphs.
                id: GlyphId(u16::try_from(info.glyph_id).unwrap_or_default()),
                x: self.advance,
                offset: [em(position.x_offset), em(position.y_offset)],
                text: start..starts.range(start + 1..).next().copied().unwrap_or(part.text.end),
            });
            self.advance += em(position.x_advance);
        }
    }
}

/// A part of a text in one font and one script.
struct Part {
    text: Range<usize>,
    font: Font,
    script: Script,
}

/// The parts of a run of text in one direction, in the order of its characters.
fn parts(text: &str, run: Range<usize>, fonts: &Fonts) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (start, cluster) in text[run.clone()].grapheme_indices(true) {
        let Some(font) = font_of(cluster, fonts) else { continue };
        let script = cluster
            .chars()
            .map(|character| character.script())
            .find(|&script| is_own_script(script))
            .unwrap_or(Script::Common);
        let start = run.start + start;
        let place = start..start + cluster.len();
        match parts.last_mut() {
            Some(last) if last.font == font && (last.script == script || !is_own_script(script)) => {
                last.text.end = place.end;
            }
            // What belongs to no script goes with what follows it.
            Some(last) if last.font == font && !is_own_script(last.script) => {
                (last.text.end, last.script) = (place.end, script);
            }
            _ => parts.push(Part { text: place, font, script }),
        }
    }
    parts
}

const fn is_own_script(script: Script) -> bool {
    !matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

/// The first font that has all of a cluster, or its first character; else the first of all.
fn font_of(cluster: &str, fonts: &Fonts) -> Option<Font> {
    let seen = || cluster.chars().filter(|&character| !is_unseen(character));
    let has_all = |font: &Font| seen().all(|character| font.has(character));
    let own = || fonts.own_fonts();
    own()
        .find(has_all)
        .or_else(|| seen().filter_map(|character| fonts.fallback(character)).find(has_all))
        .or_else(|| fonts.font(cluster.chars().next()?))
        .or_else(|| own().next())
}

/// Width of a text in em; 0 without a visible glyph.
pub fn width(text: &str, fonts: &Fonts) -> f64 {
    let line = shape(&one_line(text), fonts);
    let is_visible = |glyph: &Glyph| glyph.font.face().glyph_bounding_box(glyph.id).is_some();
    if line.glyphs.iter().any(is_visible) { line.advance } else { 0.0 }
}

/// Width of the widest of the texts in em.
pub fn widest<'a>(texts: impl IntoIterator<Item = &'a str>, fonts: &Fonts) -> f64 {
    texts.into_iter().map(|text| width(text, fonts)).fold(0.0, f64::max)
}

/// A text cut so that it and an ellipsis fit into `width` em; unchanged where it fits as it is.
///
/// It is cut between clusters alone, so that no character loses its accents.
pub fn cut_to(text: &str, width: f64, fonts: &Fonts) -> String {
    let fits = |text: &str| super::shaping::width(text, fonts) <= width;
    if fits(text) {
        return text.to_owned();
    }
    let text = one_line(text);
    let cut = |end: usize| format!("{}…", text[..end].trim_end());
    let ends: Vec<usize> = text.grapheme_indices(true).map(|(start, _)| start).collect();
    let longest = ends.partition_point(|&end| fits(&cut(end))).saturating_sub(1);
    ends.get(longest).map_or_else(String::new, |&end| cut(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Face;

    /// Fonts that the tests carry: a Chinese one and an Arabic one.
    fn carried() -> Fonts {
        Fonts::in_folders([std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support/fonts")])
    }

    fn names(text: &str, fonts: &Fonts) -> Vec<&'static str> {
        let mut names: Vec<&str> = shape(text, fonts).glyphs.iter().map(|glyph| glyph.font.name()).collect();
        names.dedup();
        names
    }

    #[test]
    fn widths_are_those_of_the_embedded_fonts() {
        let fonts = Fonts::own();
        let [i, w, pair] = ["i", "W", "WW"].map(|text| width(text, &fonts));
        assert!(i > 0.15 && i < 0.35 && w > 0.75 && w < 1.0, "{i} {w}");
        // The font kerns this pair by 0.012 em.
        assert!((pair - 2.0 * w - 0.012).abs() < 1e-9, "{pair}");
        assert_eq!(["", " ", "  "].map(|text| width(text, &fonts)), [0.0; 3]);
        assert_eq!(widest(["i", "W", ""], &fonts), w);
    }

    #[test]
    fn every_glyph_says_what_it_stands_for() {
        let text = "aé → שלום e\u{323}";
        let line = shape(text, &Fonts::own());
        let read: Vec<&str> = line.glyphs.iter().map(|glyph| &text[glyph.text.clone()]).collect();
        assert_eq!(read, ["a", "é", " ", "→", " ", "ם", "ו", "ל", "ש", " ", "e\u{323}"], "from left to right");
        assert!(line.glyphs.windows(2).all(|pair| pair[0].x <= pair[1].x));
        assert!(line.glyphs.last().is_some_and(|last| last.x <= line.advance));
    }

    #[test]
    fn each_cluster_has_the_first_font_that_has_it() {
        let fonts = carried();
        assert_eq!(names("Te → x", &fonts), ["Ubuntu Light", "Attenuate Sans Regular", "Ubuntu Light"]);
        assert_eq!(names("─", &fonts), ["Hack Regular"]);
        let in_serif = fonts.clone().in_face(Face::Serif);
        assert_eq!(names("Te → 10⁻³", &in_serif), ["Attenuate Serif Regular"]);
        let chinese = names("中文", &fonts);
        assert!(chinese.len() == 1 && chinese[0].contains("CJK"), "{chinese:?}");
        assert_eq!(names("a中b", &fonts), ["Ubuntu Light", chinese[0], "Ubuntu Light"]);
        assert_eq!(names("中", &Fonts::own()), ["Ubuntu Light"], "a box, where nobody asks what is legible");
    }

    #[test]
    fn arabic_is_joined_and_runs_from_the_right() {
        let fonts = carried();
        let text = "سلام";
        let line = shape(text, &fonts);
        assert!(line.glyphs.iter().all(|glyph| glyph.font.name().contains("Arabic")), "{line:?}");
        let starts: Vec<usize> = line.glyphs.iter().map(|glyph| glyph.text.start).collect();
        assert!(starts.is_sorted_by(|a, b| a >= b), "the last letter stands first: {starts:?}");
        let alone: f64 = text.chars().map(|letter| width(&letter.to_string(), &fonts)).sum();
        assert!(line.advance < 0.95 * alone, "letters inside a word are narrower: {} of {alone}", line.advance);
    }

    #[test]
    fn a_long_text_is_cut_with_an_ellipsis() {
        let fonts = Fonts::own();
        let cut_to = |text: &str, width| cut_to(text, width, &fonts);
        let width = |text: &str| width(text, &fonts);
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
