//! The header of an npy array: magic, version, and a dict in Python's notation.
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>

use super::super::error::ArrayProblem;
use crate::base::Excerpt;

const MAGIC: &[u8] = b"\x93NUMPY";

/// A header is at most so long: 64 times what numpy writes for the arrays of a capture.
pub(super) const LONGEST: u64 = 8 << 10;

/// What numpy itself allows.
const MOST_DIMENSIONS: usize = 64;

/// How the elements follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The last index runs fastest.
    C,
    /// The first index runs fastest.
    Fortran,
}

/// What an npy array is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) element: Element,
    pub(super) order: Order,
    pub(super) shape: Vec<usize>,
    /// Where the elements begin.
    pub(super) data_start: usize,
}

impl Header {
    /// Bytes of all elements; `None` where that cannot be counted.
    pub(super) fn data_size(&self) -> Option<usize> {
        self.shape.iter().try_fold(self.element.size, |size, &n| size.checked_mul(n))
    }
}

/// The type of an element, as numpy writes it: `<f4`, `|S5`, `>U3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) descr: String,
    /// numpy's letter: `f` float, `i` and `u` integer, `b` bool, `U` Unicode, `S` bytes, `V` raw.
    pub(super) kind: char,
    /// Bytes of one element; not 0, so that a shape cannot promise more elements than there are bytes.
    pub(super) size: usize,
    pub(super) is_big_endian: bool,
}

impl Element {
    fn parse(descr: &str) -> Option<Self> {
        let rest = descr.strip_prefix(['<', '>', '|'])?;
        let kind = rest.chars().next().filter(char::is_ascii_alphabetic)?;
        let digits = &rest[1..];
        let count: usize = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
        let size = if kind == 'U' { count.checked_mul(4)? } else { count };
        let is_big_endian = descr.starts_with('>');
        (size > 0).then(|| Self { descr: descr.to_owned(), kind, size, is_big_endian })
    }
}

/// Reads the header at the beginning of an array.
pub(super) fn parse(array: &[u8]) -> Result<Header, ArrayProblem> {
    let lossy = |bytes: &[u8]| Excerpt::new(&String::from_utf8_lossy(&bytes[..bytes.len().min(64)]));
    let no_magic = || ArrayProblem::Magic(lossy(&array[..array.len().min(8)]));
    let (version, rest) = array.strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk()).ok_or_else(no_magic)?;
    let (length, rest) = match *version {
        [1, 0] => rest.split_first_chunk().map(|(&length, rest)| (usize::from(u16::from_le_bytes(length)), rest)),
        [2 | 3, 0] => rest.split_first_chunk().map(|(&length, rest)| (u32::from_le_bytes(length) as usize, rest)),
        _ => return Err(no_magic()),
    }
    .ok_or_else(no_magic)?;
    let text = rest.get(..length).ok_or_else(|| ArrayProblem::Header(lossy(rest)))?;
    let data_start = array.len() - rest.len() + length;
    let no_header = || ArrayProblem::Header(lossy(text));

    let mut dict = Dict { rest: std::str::from_utf8(text).map_err(|_| no_header())? };
    let entries = dict.read().ok_or_else(no_header)?;
    // A structured type is a list of fields.
    let Some(descr) = entries.descr else {
        return Err(ArrayProblem::Type { expected: "one type for all elements", found: lossy(text) });
    };
    if descr.trim_start_matches(['<', '>', '|']).starts_with('O') {
        return Err(ArrayProblem::Objects(Excerpt::new(descr)));
    }
    let element = Element::parse(descr)
        .ok_or_else(|| ArrayProblem::Type { expected: "numbers or texts", found: Excerpt::new(descr) })?;
    Ok(Header { element, order: entries.order, shape: entries.shape, data_start })
}

/// What the dict says. `descr` is `None` for a structured type.
struct Entries<'a> {
    descr: Option<&'a str>,
    order: Order,
    shape: Vec<usize>,
}

/// The part of Python's notation that numpy writes, read from the front.
struct Dict<'a> {
    rest: &'a str,
}

impl<'a> Dict<'a> {
    /// `None` where it is no dict of exactly the three entries.
    fn read(&mut self) -> Option<Entries<'a>> {
        let (mut descr, mut order, mut shape) = (None, None, None);
        self.sign('{')?;
        while self.sign('}').is_none() {
            let key = self.text()?;
            self.sign(':')?;
            match key {
                "descr" if descr.is_none() => {
                    let Some(text) = self.text() else {
                        // Not read to its end: whatever else it holds, it is refused.
                        self.sign('[')?;
                        return Some(Entries { descr: None, order: Order::C, shape: Vec::new() });
                    };
                    descr = Some(text);
                }
                "fortran_order" if order.is_none() => {
                    order = Some(if self.word("True").is_some() {
                        Order::Fortran
                    } else {
                        self.word("False").map(|()| Order::C)?
                    });
                }
                "shape" if shape.is_none() => shape = Some(self.tuple()?),
                _ => return None,
            }
            if self.sign(',').is_none() {
                self.sign('}')?;
                break;
            }
        }
        self.rest.trim_ascii().is_empty().then_some(())?;
        Some(Entries { descr: Some(descr?), order: order?, shape: shape? })
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.rest = self.rest.trim_ascii_start().strip_prefix(word)?;
        Some(())
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        self.rest = self.rest.trim_ascii_start().strip_prefix(sign)?;
        Some(())
    }

    /// A text in quotes, without escapes.
    fn text(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_ascii_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (text, rest) = rest[1..].split_once(quote)?;
        self.rest = rest;
        Some(text)
    }

    /// `()`, `(3,)`, `(3, 4)`
    fn tuple(&mut self) -> Option<Vec<usize>> {
        let mut numbers = Vec::new();
        self.sign('(')?;
        while self.sign(')').is_none() {
            let rest = self.rest.trim_ascii_start();
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, rest) = rest.split_at(end);
            numbers.push(digits.parse().ok().filter(|_| numbers.len() < MOST_DIMENSIONS)?);
            self.rest = rest;
            if self.sign(',').is_none() {
                self.sign(')')?;
                break;
            }
        }
        Some(numbers)
    }
}
