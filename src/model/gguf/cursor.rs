//! Little-endian numbers and texts out of the bytes of a header, never beyond them.

use super::error::Defect;

/// Bytes of a name that are shown where it is none.
const MOST_SHOWN: usize = 40;

/// Why reading stopped.
#[derive(Debug)]
pub enum Stop {
    /// The bytes at hand end here, the file does not: more of it must be read.
    More,
    Defect(Defect),
}

impl From<Defect> for Stop {
    fn from(defect: Defect) -> Self {
        Self::Defect(defect)
    }
}

/// Goes through the first bytes of a file.
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Of the whole file.
    file_len: u64,
}

impl<'a> Cursor<'a> {
    /// `bytes` are the first of a file of `file_len`.
    pub fn new(bytes: &'a [u8], file_len: u64) -> Self {
        Self { bytes, at: 0, file_len }
    }

    /// Bytes gone through.
    pub fn position(&self) -> u64 {
        self.at as u64
    }

    /// A place to come back to with [`Self::since`].
    pub fn mark(&self) -> usize {
        self.at
    }

    /// What was gone through since.
    pub fn since(&self, mark: usize) -> &'a [u8] {
        self.bytes.get(mark..self.at).unwrap_or_default()
    }

    /// Bytes of the file that are left.
    pub fn left(&self) -> u64 {
        self.file_len.saturating_sub(self.position())
    }

    /// The next `n` bytes. `what` names them in the error.
    ///
    /// # Errors
    /// When the file, or what is at hand of it, is shorter.
    pub fn take(&mut self, n: u64, what: &'static str) -> Result<&'a [u8], Stop> {
        if n > self.left() {
            return Err(Defect::Truncated { what, expected: n, found: self.left() }.into());
        }
        let end = usize::try_from(n).ok().and_then(|n| self.at.checked_add(n)).ok_or(Stop::More)?;
        let taken = self.bytes.get(self.at..end).ok_or(Stop::More)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Stop> {
        let taken = self.take(N as u64, what)?;
        taken.first_chunk().copied().ok_or(Stop::More)
    }

    /// # Errors
    /// Those of [`Self::take`].
    pub fn u32(&mut self, what: &'static str) -> Result<u32, Stop> {
        self.array(what).map(u32::from_le_bytes)
    }

    /// # Errors
    /// Those of [`Self::take`].
    pub fn u64(&mut self, what: &'static str) -> Result<u64, Stop> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// The number of things that follow, each of at least `size` bytes.
    ///
    /// # Errors
    /// When the rest of the file has no room for them.
    pub fn count(&mut self, size: u64, what: &'static str) -> Result<u64, Stop> {
        let count = self.u64(what)?;
        if count > self.left() / size {
            return Err(Defect::TooMany { what, count, room: self.left() / size }.into());
        }
        Ok(count)
    }

    /// A text with its length in front, whether or not it is UTF-8.
    ///
    /// # Errors
    /// Those of [`Self::take`].
    pub fn text(&mut self, what: &'static str) -> Result<&'a [u8], Stop> {
        let length = self.u64(what)?;
        self.take(length, what)
    }

    /// Goes over `count` texts. Vocabularies have hundreds of thousands: each is but a step from length to length.
    ///
    /// # Errors
    /// Those of [`Self::take`].
    pub fn skip_texts(&mut self, count: u64) -> Result<(), Stop> {
        let (bytes, mut at) = (self.bytes, self.at);
        for _ in 0..count {
            let length = bytes.get(at..).and_then(<[u8]>::first_chunk).map(|length| u64::from_le_bytes(*length));
            let end =
                length.and_then(|length| usize::try_from(length).ok()).and_then(|length| (at + 8).checked_add(length));
            match end {
                Some(end) if end <= bytes.len() => at = end,
                // Where it goes wrong is said as of any other text.
                _ => {
                    self.at = at;
                    self.text("a list of texts")?;
                    at = self.at;
                }
            }
        }
        self.at = at;
        Ok(())
    }

    /// A text that names something.
    ///
    /// # Errors
    /// When it is not UTF-8, or those of [`Self::take`].
    pub fn name(&mut self, what: &'static str) -> Result<&'a str, Stop> {
        let text = self.text(what)?;
        str::from_utf8(text).map_err(|_| {
            let start = text.get(..MOST_SHOWN).unwrap_or(text);
            Defect::NotUtf8 { what, found: start.escape_ascii().to_string() }.into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_beyond_the_file() {
        let mut cursor = Cursor::new(&[1, 0, 0, 0, 9], 5);
        assert_eq!(cursor.u32("a number").unwrap(), 1);
        let Err(Stop::Defect(defect)) = cursor.u64("a length") else { panic!("read beyond the end") };
        assert_eq!(defect.to_string(), "the header ends inside a length: expected 8 more bytes, found 1");
    }

    #[test]
    fn what_is_not_at_hand_yet_is_asked_for() {
        let mut cursor = Cursor::new(&[3, 0, 0, 0, 0, 0, 0, 0, b'a'], 11);
        assert!(matches!(cursor.text("a name"), Err(Stop::More)));
        let mut cursor = Cursor::new(&[4, 0, 0, 0, 0, 0, 0, 0, b'a'], 11);
        assert!(matches!(cursor.text("a name"), Err(Stop::Defect(Defect::Truncated { expected: 4, found: 3, .. }))));
    }

    #[test]
    fn counts_are_what_the_file_has_room_for() {
        let bytes = [u64::MAX.to_le_bytes(), [0; 8]].concat();
        let Err(Stop::Defect(defect)) = Cursor::new(&bytes, 16).count(4, "tensors") else { panic!("believed") };
        assert_eq!(defect.to_string(), format!("the header announces {} tensors, the file has room for 2", u64::MAX));
    }
}
