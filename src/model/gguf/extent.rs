//! How many bytes a header takes, found by stepping over it: nothing of it is kept, copied or understood.
//!
//! Headers are copied before they are read, and vocabularies make them several megabytes long: what is not known to be header
//! is not worth a copy.

use super::{
    cursor::{Cursor, Stop},
    metadata::{LIST, TEXT, size_of},
};

/// What is known of a header that was stepped over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub n_bytes: usize,
    /// Whether there is a key of this name.
    pub has_key: bool,
}

impl Extent {
    /// Of the header of `file` among its first `most` bytes, in which `key` is looked for; `None` where it is malformed, or
    /// longer.
    pub fn of(file: &[u8], most: usize, key: &str) -> Option<Self> {
        let mut cursor = Cursor::new(file.get(..most)?, file.len() as u64);
        let has_key = step_over(&mut cursor, key).ok()??;
        Some(Self { n_bytes: usize::try_from(cursor.position()).ok()?, has_key })
    }
}

/// Whether there is the key; `None` where there is what no header has.
fn step_over(cursor: &mut Cursor<'_>, wanted: &str) -> Result<Option<bool>, Stop> {
    const MAGIC_AND_VERSION: u64 = 8;
    const NUMBER_FORMAT_AND_OFFSET: u64 = 12;
    const MOST_DIMENSIONS: u32 = 4;
    let what = "the header";
    cursor.take(MAGIC_AND_VERSION, what)?;
    let (n_tensors, n_pairs) = (cursor.u64(what)?, cursor.u64(what)?);
    let mut has_key = false;
    for _ in 0..n_pairs {
        has_key |= cursor.text(what)? == wanted.as_bytes();
        let (kind, n_items) = match cursor.u32(what)? {
            LIST => (cursor.u32(what)?, cursor.count(1, what)?),
            kind => (kind, 1),
        };
        match size_of(kind) {
            Some(size) => _ = cursor.take(n_items.saturating_mul(size), what)?,
            None if kind == TEXT => cursor.skip_texts(n_items)?,
            None => return Ok(None),
        }
    }
    for _ in 0..n_tensors {
        cursor.text(what)?;
        let n_dimensions = cursor.u32(what)?;
        if n_dimensions > MOST_DIMENSIONS {
            return Ok(None);
        }
        cursor.take(u64::from(n_dimensions) * 8 + NUMBER_FORMAT_AND_OFFSET, what)?;
    }
    Ok(Some(has_key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
    }

    /// A header of two tensors with numbers, texts and lists, and what follows it.
    fn file() -> (Vec<u8>, usize) {
        let number = |key: &str| [text(key), 4_u32.to_le_bytes().to_vec(), 7_u32.to_le_bytes().to_vec()].concat();
        let texts = [text("a"), text(""), text("cd")].concat();
        let list = |kind: u32| [&LIST.to_le_bytes()[..], &kind.to_le_bytes(), &3_u64.to_le_bytes()].concat();
        let tensor = |name: &str, n: u32| {
            let sizes: Vec<u8> = (0..n).flat_map(|_| 1_u64.to_le_bytes()).collect();
            [text(name), n.to_le_bytes().to_vec(), sizes, vec![0; 12]].concat()
        };
        let parts: [Vec<u8>; 9] = [
            [b"GGUF".to_vec(), 3_u32.to_le_bytes().to_vec()].concat(),
            [2_u64.to_le_bytes(), 4_u64.to_le_bytes()].concat(),
            number("split.count"),
            [text("name"), TEXT.to_le_bytes().to_vec(), text("x")].concat(),
            [text("tokens"), list(TEXT), texts].concat(),
            [text("scores"), list(6), vec![0; 12]].concat(),
            tensor("a", 1),
            tensor("b", 4),
            vec![0xff; 100],
        ];
        let whole = parts.concat();
        let n_header = whole.len() - 100;
        (whole, n_header)
    }

    #[test]
    fn it_ends_with_the_last_tensor() {
        let (file, n_bytes) = file();
        assert_eq!(Extent::of(&file, file.len(), "split.count"), Some(Extent { n_bytes, has_key: true }));
        assert_eq!(Extent::of(&file, n_bytes, "other"), Some(Extent { n_bytes, has_key: false }));
    }

    #[test]
    fn what_is_cut_short_or_damaged_has_none_and_no_panic() {
        let (file, n_bytes) = file();
        for most in 0..n_bytes {
            assert_eq!(Extent::of(&file, most, "split.count"), None, "{most}");
        }
        for at in 0..n_bytes {
            let mut damaged = file.clone();
            damaged[at] ^= 0xff;
            let _ = Extent::of(&damaged, damaged.len(), "split.count");
        }
    }
}
