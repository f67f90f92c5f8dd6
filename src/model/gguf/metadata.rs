//! The key-value pairs of a header: values stay in the file's bytes until they are asked for.

use std::{borrow::Cow, collections::BTreeMap, fmt, ops::RangeInclusive};

use super::{
    cursor::{Cursor, Stop},
    error::Defect,
};
use crate::base::Excerpt;

/// A value as the file has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Flag(bool),
    Text(&'a [u8]),
    List(List<'a>),
}

/// Values of one kind, in the file's bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct List<'a> {
    kind: u32,
    len: u64,
    bytes: &'a [u8],
}

pub const TEXT: u32 = 8;
pub const LIST: u32 = 9;

/// Bytes of one value; `None` for texts, lists and what does not exist.
pub const fn size_of(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

/// The value of `bytes`, which are those of one number of the kind.
fn number<'a>(kind: u32, bytes: &[u8]) -> Option<Value<'a>> {
    Some(match (kind, bytes) {
        (0, &[byte]) => Value::Unsigned(byte.into()),
        (1, &[byte]) => Value::Signed(byte.cast_signed().into()),
        (2, _) => Value::Unsigned(u16::from_le_bytes(*bytes.as_array()?).into()),
        (3, _) => Value::Signed(i16::from_le_bytes(*bytes.as_array()?).into()),
        (4, _) => Value::Unsigned(u32::from_le_bytes(*bytes.as_array()?).into()),
        (5, _) => Value::Signed(i32::from_le_bytes(*bytes.as_array()?).into()),
        (6, _) => Value::Float(f32::from_le_bytes(*bytes.as_array()?).into()),
        (7, &[byte]) => Value::Flag(byte != 0),
        (10, _) => Value::Unsigned(u64::from_le_bytes(*bytes.as_array()?)),
        (11, _) => Value::Signed(i64::from_le_bytes(*bytes.as_array()?)),
        (12, _) => Value::Float(f64::from_le_bytes(*bytes.as_array()?)),
        _ => return None,
    })
}

impl<'a> Value<'a> {
    fn read(cursor: &mut Cursor<'a>, key: &str) -> Result<Self, Stop> {
        let kind = cursor.u32("the type of a value")?;
        match kind {
            TEXT => Ok(Self::Text(cursor.text("a text")?)),
            LIST => Ok(Self::List(List::read(cursor, key)?)),
            kind => {
                let size = size_of(kind).ok_or_else(|| Defect::ValueType { key: short(key), found: kind })?;
                let bytes = cursor.take(size, "a number")?;
                number(kind, bytes).ok_or_else(|| Defect::ValueType { key: short(key), found: kind }.into())
            }
        }
    }

    /// `None` of texts and lists.
    #[expect(clippy::cast_precision_loss, reason = "compared with 0 and 1 only")]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Unsigned(number) => Some(number as f64),
            Self::Signed(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            Self::Flag(flag) => Some(flag.into()),
            Self::Text(_) | Self::List(_) => None,
        }
    }

    fn whole(self) -> Option<u64> {
        match self {
            Self::Unsigned(number) => Some(number),
            Self::Signed(number) => u64::try_from(number).ok(),
            _ => None,
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(number) => number.fmt(f),
            Self::Signed(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Text(text) => write!(f, "“{}”", short(&String::from_utf8_lossy(text))),
            Self::List(list) => write!(f, "a list of {}", list.len),
        }
    }
}

impl<'a> List<'a> {
    fn read(cursor: &mut Cursor<'a>, key: &str) -> Result<Self, Stop> {
        let kind = cursor.u32("the type of a list")?;
        let bytes_from = |cursor: &mut Cursor<'a>, size: u64| {
            let len = cursor.count(size, "list items")?;
            Ok::<_, Stop>((len, cursor.take(len * size, "a list")?))
        };
        match (kind, size_of(kind)) {
            (LIST, _) => Err(Defect::NestedList { key: short(key) }.into()),
            (TEXT, _) => {
                let len = cursor.count(8, "list items")?;
                let start = cursor.mark();
                cursor.skip_texts(len)?;
                Ok(Self { kind, len, bytes: cursor.since(start) })
            }
            (_, Some(size)) => bytes_from(cursor, size).map(|(len, bytes)| Self { kind, len, bytes }),
            (found, None) => Err(Defect::ValueType { key: short(key), found }.into()),
        }
    }

    /// Each item; only texts and numbers are in a list.
    fn values(self) -> impl Iterator<Item = Value<'a>> {
        let mut cursor = Cursor::new(self.bytes, self.bytes.len() as u64);
        (0..self.len).map_while(move |_| match size_of(self.kind) {
            None => cursor.text("a text").ok().map(Value::Text),
            Some(size) => cursor.take(size, "a number").ok().and_then(|bytes| number(self.kind, bytes)),
        })
    }
}

/// The key-value pairs of a header.
#[derive(Debug, Default)]
pub struct Metadata<'a>(BTreeMap<&'a str, Value<'a>>);

impl<'a> Metadata<'a> {
    /// # Errors
    /// When a pair is malformed or a key is there twice.
    pub fn read(cursor: &mut Cursor<'a>, n_pairs: u64) -> Result<Self, Stop> {
        let mut pairs = BTreeMap::new();
        for _ in 0..n_pairs {
            let key = cursor.name("a key of the metadata")?;
            if pairs.insert(key, Value::read(cursor, key)?).is_some() {
                return Err(Defect::DuplicateKey { key: short(key) }.into());
            }
        }
        Ok(Self(pairs))
    }

    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.0.get(key).copied()
    }

    /// A whole number in `bounds`; `None` where the key is absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn count(&self, key: &str, bounds: RangeInclusive<usize>) -> Result<Option<usize>, Defect> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let count = value.whole().and_then(|count| usize::try_from(count).ok());
        match count.filter(|count| bounds.contains(count)) {
            Some(count) => Ok(Some(count)),
            None => Err(wrong(key, format!("a whole number from {} to {}", bounds.start(), bounds.end()), value)),
        }
    }

    /// Like [`Self::count`], of a key that must be there.
    ///
    /// # Errors
    /// When the key is absent or its value something else.
    pub fn required_count(&self, key: &str, bounds: RangeInclusive<usize>) -> Result<usize, Defect> {
        let expected = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        self.count(key, bounds)?.ok_or_else(|| wrong(key, expected, "nothing"))
    }

    /// A finite number above 0; `None` where the key is absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn positive(&self, key: &str) -> Result<Option<f64>, Defect> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Float(number)) if number.is_finite() && number > 0.0 => Ok(Some(number)),
            Some(other) => Err(wrong(key, "a number above 0", other)),
        }
    }

    /// `None` where the key is absent.
    ///
    /// # Errors
    /// When it is no truth value.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, Defect> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Flag(flag)) => Ok(Some(flag)),
            Some(other) => Err(wrong(key, "true or false", other)),
        }
    }

    /// `None` where the key is absent.
    ///
    /// # Errors
    /// When it is no text in UTF-8.
    pub fn text(&self, key: &str) -> Result<Option<&'a str>, Defect> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => {
                str::from_utf8(text).map(Some).map_err(|_| wrong(key, "a text in UTF-8", Value::Text(text)))
            }
            Some(other) => Err(wrong(key, "a text", other)),
        }
    }

    /// A list of texts, in which what is not UTF-8 is replaced: such entries are in vocabularies, and no prompt can
    /// contain them.
    ///
    /// # Errors
    /// When it is no list of texts.
    pub fn texts(&self, key: &str) -> Result<Option<Vec<Cow<'a, str>>>, Defect> {
        let text = |value| match value {
            Value::Text(text) => Some(String::from_utf8_lossy(text)),
            _ => None,
        };
        self.list(key, "a list of texts", text)
    }

    /// # Errors
    /// When it is no list of numbers.
    pub fn floats(&self, key: &str) -> Result<Option<Vec<f64>>, Defect> {
        let float = |value| match value {
            Value::Float(number) => Some(number),
            _ => None,
        };
        self.list(key, "a list of numbers", float)
    }

    /// A list of `n` truth values, or of numbers that are 0 or not.
    ///
    /// # Errors
    /// When it is something else, or not as many.
    pub fn flags(&self, key: &str, n: usize) -> Result<Vec<bool>, Defect> {
        let expected = format!("a list of {n} truth values, one for each layer");
        let flag = |value: Value<'a>| value.number().map(|number| number != 0.0);
        let flags = self.list(key, &expected, flag)?.ok_or_else(|| wrong(key, &*expected, "nothing"))?;
        if flags.len() == n { Ok(flags) } else { Err(wrong(key, expected, format!("{}", flags.len()))) }
    }

    /// A list of `n` finite numbers, one for each layer.
    ///
    /// # Errors
    /// When it is something else, or not as many.
    pub fn numbers(&self, key: &str, n: usize) -> Result<Vec<f64>, Defect> {
        let expected = format!("a list of {n} numbers, one for each layer");
        let number = |value| match value {
            Value::Float(number) if number.is_finite() => Some(number),
            _ => None,
        };
        let numbers = self.list(key, &expected, number)?.ok_or_else(|| wrong(key, &*expected, "nothing"))?;
        if numbers.len() == n { Ok(numbers) } else { Err(wrong(key, expected, format!("{}", numbers.len()))) }
    }

    /// # Errors
    /// When it is no list of whole numbers of at least 0.
    pub fn counts(&self, key: &str) -> Result<Option<Vec<u64>>, Defect> {
        self.list(key, "a list of whole numbers", Value::whole)
    }

    fn list<T>(
        &self,
        key: &str,
        expected: &str,
        item: impl Fn(Value<'a>) -> Option<T>,
    ) -> Result<Option<Vec<T>>, Defect> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::List(list)) => list
                .values()
                .map(|value| item(value).ok_or_else(|| wrong(key, expected, value)))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(other) => Err(wrong(key, expected, other)),
        }
    }
}

pub fn wrong(key: &str, expected: impl Into<String>, found: impl fmt::Display) -> Defect {
    Defect::Value { key: key.to_owned(), expected: expected.into(), found: found.to_string() }
}

/// The start of a name or a text, printable: a file can hold anything.
pub fn short(text: &str) -> String {
    Excerpt::new(text).to_string()
}
