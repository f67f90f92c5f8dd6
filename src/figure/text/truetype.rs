//! Parts of a TrueType font: its tables, and a font of some of its glyphs.
//!
//! Glyphs keep their numbers, so that kerning, ligatures and the map from characters stay as they are; those that are
//! not used are empty.

use std::collections::{BTreeMap, BTreeSet};

/// Tables by their names.
pub type Tables<'a> = BTreeMap<[u8; 4], std::borrow::Cow<'a, [u8]>>;

/// For devices of fixed resolution, or signatures that no part of a font can bear.
const LEFT_OUT: [&[u8; 4]; 6] = [b"DSIG", b"TTFA", b"VDMX", b"hdmx", b"LTSH", b"kern"];
/// `post` without the glyphs' names.
const NAMELESS: [u8; 4] = [0, 3, 0, 0];

// Flags of a composite glyph's parts.
const WORDS: u16 = 1;
const SCALE: u16 = 1 << 3;
const MORE: u16 = 1 << 5;
const TWO_SCALES: u16 = 1 << 6;
const MATRIX: u16 = 1 << 7;

/// The font with `glyphs` and what they are made of alone; `None` for a font that is damaged or no TrueType.
pub fn subset<'a>(font: &'a [u8], glyphs: &BTreeSet<u16>) -> Option<Tables<'a>> {
    let mut tables = tables(font)?;
    let outlines = Outlines {
        glyf: tables.get(b"glyf")?.clone().into_owned(),
        loca: tables.get(b"loca")?.clone().into_owned(),
        is_long: u16_at(tables.get(b"head")?, 50)? == 1,
    };
    let mut wanted: Vec<u16> = glyphs.iter().copied().chain([0]).collect();
    let mut kept = BTreeSet::new();
    while let Some(glyph) = wanted.pop() {
        if kept.insert(glyph) {
            wanted.extend(parts(outlines.glyph(glyph)?)?);
        }
    }
    let count = u16_at(tables.get(b"maxp")?, 4)?;
    let (mut glyf, mut loca) = (Vec::new(), Vec::new());
    for glyph in 0..count {
        loca.extend(u32::try_from(glyf.len()).ok()?.to_be_bytes());
        if kept.contains(&glyph) {
            glyf.extend(outlines.glyph(glyph)?);
            glyf.resize(glyf.len().next_multiple_of(4), 0);
        }
    }
    loca.extend(u32::try_from(glyf.len()).ok()?.to_be_bytes());
    let head = tables.get_mut(b"head")?.to_mut();
    head.get_mut(50..52)?.copy_from_slice(&[0, 1]);
    let post = tables.get_mut(b"post")?.to_mut();
    post.truncate(32);
    post.get_mut(..4)?.copy_from_slice(&NAMELESS);
    tables.insert(*b"glyf", glyf.into());
    tables.insert(*b"loca", loca.into());
    for name in LEFT_OUT {
        tables.remove(name);
    }
    Some(tables)
}

/// All tables of a font file.
pub fn tables(font: &[u8]) -> Option<Tables<'_>> {
    let count = u16_at(font, 4)?;
    let records = font.get(12..)?.chunks_exact(16).take(count.into());
    let tables = records.map(|record| {
        let [start, length] = [8, 12].map(|at| u32_at(record, at));
        let start = usize::try_from(start?).ok()?;
        let table = font.get(start..start.checked_add(usize::try_from(length?).ok()?)?)?;
        Some((record.get(..4)?.try_into().ok()?, table.into()))
    });
    tables.collect()
}

struct Outlines {
    glyf: Vec<u8>,
    loca: Vec<u8>,
    is_long: bool,
}

impl Outlines {
    fn glyph(&self, glyph: u16) -> Option<&[u8]> {
        let glyph = usize::from(glyph);
        let offset = |index: usize| -> Option<usize> {
            if self.is_long {
                usize::try_from(u32_at(&self.loca, 4 * index)?).ok()
            } else {
                Some(2 * usize::from(u16_at(&self.loca, 2 * index)?))
            }
        };
        self.glyf.get(offset(glyph)?..offset(glyph + 1)?)
    }
}

/// The glyphs that a composite glyph is made of; of a simple one, none.
fn parts(glyph: &[u8]) -> Option<Vec<u16>> {
    let mut parts = Vec::new();
    // A negative number of contours; an empty glyph has no header.
    if glyph.is_empty() || u16_at(glyph, 0)? < 0x8000 {
        return Some(parts);
    }
    let mut at = 10;
    loop {
        let flags = u16_at(glyph, at)?;
        parts.push(u16_at(glyph, at + 2)?);
        let transform = [(SCALE, 2), (TWO_SCALES, 4), (MATRIX, 8)].into_iter().find(|(flag, _)| flags & flag != 0);
        at += 4 + if flags & WORDS == 0 { 2 } else { 4 } + transform.map_or(0, |(_, length)| length);
        if flags & MORE == 0 {
            return Some(parts);
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_font_has_the_glyphs_that_are_used_and_their_parts() {
        for font in [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR] {
            let whole = tables(font).unwrap();
            let all = Outlines {
                glyf: whole[b"glyf"].clone().into_owned(),
                loca: whole[b"loca"].clone().into_owned(),
                is_long: true,
            };
            let is_composite = |&glyph: &u16| !parts(all.glyph(glyph).unwrap()).unwrap().is_empty();
            let found = (0..1200).find(is_composite);
            assert_eq!(found.is_some(), font == epaint_default_fonts::UBUNTU_LIGHT, "Hack has simple glyphs alone");
            let composite = found.unwrap_or(40);
            let part = parts(all.glyph(composite).unwrap()).unwrap().first().copied().unwrap_or(composite);
            let subset = subset(font, &BTreeSet::from([composite])).unwrap();
            let some = Outlines {
                glyf: subset[b"glyf"].clone().into_owned(),
                loca: subset[b"loca"].clone().into_owned(),
                is_long: true,
            };
            for glyph in [0, composite, part] {
                assert!(some.glyph(glyph).unwrap().starts_with(all.glyph(glyph).unwrap()), "{glyph}");
            }
            assert!(some.glyf.len() < 4000 && all.glyf.len() > 200_000);
            assert_eq!((subset[b"cmap"].len(), subset[b"loca"].len()), (whole[b"cmap"].len(), all.loca.len()));
            assert!(!subset.contains_key(b"DSIG") && !subset.contains_key(b"hdmx"));
        }
    }

    #[test]
    fn a_damaged_font_is_none() {
        let font = epaint_default_fonts::UBUNTU_LIGHT;
        assert!(subset(&[], &BTreeSet::new()).is_none());
        assert!(subset(&font[..1000], &BTreeSet::from([40])).is_none());
        assert!(subset(font, &BTreeSet::from([u16::MAX])).is_none());
    }
}
