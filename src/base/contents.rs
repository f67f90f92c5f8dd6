//! What a file is, by its first bytes: endings are written in many ways, and files of caches have none.

use std::{io::Read as _, path::Path};

use super::regular_file;

/// What is in a file that can be opened as a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// A language model in GGUF format.
    Gguf,
    /// Safetensors or NPZ.
    Capture,
}

impl Contents {
    /// By the first bytes, or else by the ending: what is damaged is said when it is opened.
    pub fn of(path: &Path) -> Option<Self> {
        Self::by_first_bytes(path).or_else(|| Self::by_ending(path))
    }

    fn by_first_bytes(path: &Path) -> Option<Self> {
        let mut first = Vec::new();
        regular_file::open(path).ok()?.take(9).read_to_end(&mut first).ok()?;
        match &*first {
            [b'G', b'G', b'U', b'F', ..] => Some(Self::Gguf),
            [b'P', b'K', 3, 4, ..] => Some(Self::Capture),
            // The length of a header, which is a JSON object and far below 2⁴⁰ bytes long.
            [.., 0, 0, 0, b'{'] if first.len() == 9 => Some(Self::Capture),
            _ => None,
        }
    }

    fn by_ending(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match &*ending {
            "gguf" => Some(Self::Gguf),
            "safetensors" | "npz" => Some(Self::Capture),
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
            ("gone/model", None),
            ("gone/a.gguf.gz", None),
        ] {
            assert_eq!(Contents::of(Path::new(name)), expected, "{name}");
        }
    }
}
