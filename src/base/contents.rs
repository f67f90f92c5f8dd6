//! What a file is, by its first bytes: endings are written in many ways, and files of caches have none.

use std::{io::Read as _, path::Path};

use super::regular_file;

/// What is in a file that somebody may want to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// A language model in GGUF format.
    Gguf,
    /// Safetensors or NPZ; PyTorch's own files are zip archives too.
    Capture,
    /// Pickled Python objects, as old PyTorch wrote them.
    Pickle,
    /// A JSON object.
    Json,
    /// A picture, which may hold a session.
    Png,
    /// A drawing, likewise.
    Svg,
    /// A page, likewise.
    Pdf,
}

impl Contents {
    /// By the first bytes, or else by the ending: what is damaged is said when it is opened.
    pub fn of(path: &Path) -> Option<Self> {
        Self::by_first_bytes(path).or_else(|| Self::by_ending(path))
    }

    fn by_first_bytes(path: &Path) -> Option<Self> {
        /// As far as an SVG says what it is, behind what editors write in front.
        const MOST: u64 = 1024;

        let mut first = Vec::new();
        regular_file::open(path).ok()?.take(MOST).read_to_end(&mut first).ok()?;
        match &*first {
            [b'G', b'G', b'U', b'F', ..] => Some(Self::Gguf),
            // A zip archive; or the length of a header, which is a JSON object and far below 2⁴⁰ bytes long.
            [b'P', b'K', 3, 4, ..] | [_, _, _, _, _, 0, 0, 0, b'{', ..] => Some(Self::Capture),
            [0x80, 2..=5, ..] => Some(Self::Pickle),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            text => Self::by_first_words(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text).trim_ascii_start()),
        }
    }

    fn by_first_words(text: &[u8]) -> Option<Self> {
        let has = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
        match text {
            [b'{', ..] => Some(Self::Json),
            [b'<', ..] if has(b"<svg") => Some(Self::Svg),
            _ => None,
        }
    }

    fn by_ending(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match &*ending {
            "gguf" => Some(Self::Gguf),
            "safetensors" | "npz" => Some(Self::Capture),
            "bin" | "ckpt" | "pickle" | "pkl" | "pt" | "pth" => Some(Self::Pickle),
            "json" => Some(Self::Json),
            "png" => Some(Self::Png),
            "svg" => Some(Self::Svg),
            "pdf" => Some(Self::Pdf),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn first_bytes_come_before_the_ending() {
        let folder = tempfile::tempdir().unwrap();
        let kind = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            Contents::of(&path)
        };
        assert_eq!(kind("sha256-0a1b", b"GGUF\x03\0\0\0"), Some(Contents::Gguf));
        assert_eq!(kind("capture", b"PK\x03\x04"), Some(Contents::Capture));
        assert_eq!(kind("blob", b"\x40\0\0\0\0\0\0\0{\"q\""), Some(Contents::Capture));
        assert_eq!(kind("a.safetensors", b"GGUF\x03"), Some(Contents::Gguf));
        assert_eq!(kind("weights", b"\x80\x02\x8a\nl\xfc\x9cF"), Some(Contents::Pickle));
        assert_eq!(kind("kept", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Some(Contents::Png));
        assert_eq!(kind("figure.json", b"%PDF-1.7\n"), Some(Contents::Pdf));
        assert_eq!(kind("s.txt", b"\xEF\xBB\xBF\n {\"format\""), Some(Contents::Json));
        assert_eq!(kind("drawn", b"<?xml version=\"1.0\"?>\n<!-- by hand -->\n<svg xmlns="), Some(Contents::Svg));
        assert_eq!(kind("page", b"<?xml version=\"1.0\"?>\n<html>"), None);
        assert_eq!(kind("notes", b"some text"), None);
        assert_eq!(kind("empty", b""), None);
        assert_eq!(kind("short", b"\0\0\0{"), None);
    }

    #[test]
    fn endings_are_of_any_case_and_need_no_file() {
        for (name, expected) in [
            ("gone/MODEL.GGUF", Some(Contents::Gguf)),
            ("gone/C.NPZ", Some(Contents::Capture)),
            ("gone/c.Safetensors", Some(Contents::Capture)),
            ("gone/pytorch_model.bin", Some(Contents::Pickle)),
            ("gone/s.JSON", Some(Contents::Json)),
            ("gone/model", None),
            ("gone/a.gguf.gz", None),
        ] {
            assert_eq!(Contents::of(Path::new(name)), expected, "{name}");
        }
    }
}
