//! The list of fonts that a machine has, and which of them is taken for a character.

use std::{
    cmp::Ordering,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use fontdb::{Database, FaceInfo, ID, Source, Stretch, Style, Weight};
use rustybuzz::ttf_parser;
use unicode_script::{Script, UnicodeScript as _};

use super::{fonts::Font, unseen::is_unseen};
use crate::base::MappedFile;

/// Names of fonts that have a box or nothing for every character.
const WITHOUT_SHAPES: [&str; 3] = ["LastResort", "Last Resort", "Adobe Blank"];
/// In the names of fonts that draw Chinese characters as in China, Japan and Korea, and signs and faces.
const CHINESE: [&str; 9] =
    [" SC", " CN", " GB", "YaHei", "PingFang", "Heiti SC", "SimSun", "WenQuanYi", "Droid Sans Fallback"];
const JAPANESE: [&str; 6] = [" JP", "Hiragino", "Meiryo", "Yu Gothic", "IPAGothic", "Takao"];
const KOREAN: [&str; 5] = [" KR", "Malgun", "Apple SD Gothic", "Nanum", "Baekmuk"];
const SIGNS: [&str; 3] = ["Emoji", "Symbol", "Math"];

/// The fonts that may be taken, the most ordinary first.
pub struct FontIndex {
    database: Database,
    faces: Vec<IndexedFace>,
}

struct IndexedFace {
    id: ID,
    family: String,
    path: PathBuf,
    index: u32,
    /// Of all its characters, in order; read when the face is first asked.
    ranges: OnceLock<Vec<[u32; 2]>>,
    font: OnceLock<Option<Font>>,
}

impl FontIndex {
    pub fn of_system() -> Self {
        let mut database = Database::new();
        database.load_system_fonts();
        Self::of(database)
    }

    pub fn of_folders(folders: &[PathBuf]) -> Self {
        let mut database = Database::new();
        for folder in folders {
            database.load_fonts_dir(folder);
        }
        Self::of(database)
    }

    fn of(database: Database) -> Self {
        let mut infos: Vec<&FaceInfo> = database.faces().filter(|info| is_ordinary(info)).collect();
        infos.sort_by(|a, b| order(a, b));
        let face = |info: &FaceInfo| {
            Some(IndexedFace {
                id: info.id,
                family: family(info).to_owned(),
                path: path(info)?.to_owned(),
                index: info.index,
                ranges: OnceLock::new(),
                font: OnceLock::new(),
            })
        };
        let faces = infos.into_iter().filter_map(face).collect();
        Self { database, faces }
    }

    /// The first font with the character: of those made for its script, or of all.
    pub fn font(&self, character: char) -> Option<Font> {
        let script = character.script();
        let words: &[&str] = match script {
            Script::Han | Script::Bopomofo => &CHINESE,
            Script::Hiragana | Script::Katakana => &JAPANESE,
            Script::Hangul => &KOREAN,
            // Punctuation of Chinese and wide letters.
            _ if matches!(character, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}') => &CHINESE,
            Script::Common | Script::Inherited => &SIGNS,
            _ => &[script.full_name()],
        };
        let is_made_for = |face: &&IndexedFace| words.iter().any(|word| face.family.contains(word));
        let made_for = self.faces.iter().filter(is_made_for);
        made_for.chain(&self.faces).find_map(|face| self.font_with(face, character))
    }

    fn font_with(&self, face: &IndexedFace, character: char) -> Option<Font> {
        let ranges =
            face.ranges.get_or_init(|| self.database.with_face_data(face.id, ranges).flatten().unwrap_or_default());
        let code = u32::from(character);
        let behind = ranges.partition_point(|&[first, _]| first <= code);
        if ranges.get(behind.checked_sub(1)?).is_none_or(|&[_, last]| last < code) {
            return None;
        }
        let font = (*face.font.get_or_init(|| open(&face.path, face.index)))?;
        let glyph = font.face().glyph_index(character)?;
        let is_shaped = is_unseen(character) || font.face().glyph_bounding_box(glyph).is_some();
        is_shaped.then_some(font)
    }
}

/// Upright, neither narrow nor wide, in a file, and no box for everything.
fn is_ordinary(info: &FaceInfo) -> bool {
    info.style == Style::Normal
        && info.stretch == Stretch::Normal
        && path(info).is_some()
        && !WITHOUT_SHAPES.iter().any(|name| family(info).contains(name))
}

/// Regular weights first, then those without serifs, then by name: no order of a disk or of a folder matters.
fn order(a: &FaceInfo, b: &FaceInfo) -> Ordering {
    let key = |info: &FaceInfo| (info.weight.0.abs_diff(Weight::NORMAL.0) / 100, kind(info));
    let name = |info: &FaceInfo| (family(info).to_owned(), info.post_script_name.clone(), info.index);
    key(a).cmp(&key(b)).then_with(|| name(a).cmp(&name(b))).then_with(|| path(a).cmp(&path(b)))
}

fn kind(info: &FaceInfo) -> u8 {
    let family = family(info);
    match () {
        () if info.monospaced || family.contains("Mono") => 3,
        () if family.contains("Sans") => 0,
        () if family.contains("Serif") => 2,
        () => 1,
    }
}

fn family(info: &FaceInfo) -> &str {
    info.families.first().map_or("", |(name, _)| name)
}

fn path(info: &FaceInfo) -> Option<&Path> {
    match &info.source {
        Source::File(path) | Source::SharedFile(path, _) => Some(path),
        Source::Binary(_) => None,
    }
}

/// The characters of a font with outlines, as ranges; none of one that holds pictures alone.
fn ranges(bytes: &[u8], index: u32) -> Option<Vec<[u32; 2]>> {
    let face = ttf_parser::Face::parse(bytes, index).ok()?;
    let tables = face.tables();
    if tables.glyf.is_none() && tables.cff.is_none() {
        return None;
    }
    let mut codes = Vec::new();
    for table in tables.cmap?.subtables.into_iter().filter(ttf_parser::cmap::Subtable::is_unicode) {
        table.codepoints(|code| codes.push(code));
    }
    codes.sort_unstable();
    let mut ranges: Vec<[u32; 2]> = Vec::new();
    for code in codes {
        match ranges.last_mut() {
            Some([_, last]) if code <= last.saturating_add(1) => *last = code,
            _ => ranges.push([code, code]),
        }
    }
    Some(ranges)
}

/// The font, which stays mapped from now on.
fn open(path: &Path, index: u32) -> Option<Font> {
    let file: &'static MappedFile = Box::leak(Box::new(MappedFile::open(path).ok()?));
    Font::new(file.bytes(), index, &path.to_string_lossy())
}
