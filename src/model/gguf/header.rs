//! The header of a GGUF file: key-value pairs, and where which tensor is. Nothing in it is believed before it was
//! compared with the size of the file.
//!
//! Reference: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

use std::collections::BTreeSet;

use super::{
    cursor::{Cursor, Stop},
    encodings,
    error::Defect,
    metadata::{Metadata, short, wrong},
};
use crate::model::weights::encoding::Encoding;

const MAGIC: &[u8] = b"GGUF";
const ALIGNMENT: &str = "general.alignment";
const DEFAULT_ALIGNMENT: u64 = 32;
const MOST_ALIGNMENT: usize = 1 << 20;
/// An empty key, the type of a value, a byte.
const SMALLEST_PAIR: u64 = 8 + 4 + 1;
/// An empty name, the number of dimensions, one of them, the number format, the offset.
const SMALLEST_TENSOR: u64 = 8 + 4 + 8 + 4 + 8;

/// What the header says, its texts in the file's bytes.
#[derive(Debug, Default)]
pub struct Header<'a> {
    pub metadata: Metadata<'a>,
    pub tensors: Vec<TensorInfo<'a>>,
}

/// Where a tensor is in the file, all of it inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo<'a> {
    pub name: &'a str,
    /// The last dimension running fastest, which the file lists first.
    pub shape: Vec<usize>,
    pub encoding: Encoding,
    /// In bytes from the start of the file; in the header, from the start of the tensors.
    pub start: u64,
    pub n_bytes: u64,
    /// Which of the parts of a split file it is in, from 0.
    pub part: usize,
}

impl<'a> Header<'a> {
    /// `bytes` are the first of a file of `file_len`.
    ///
    /// # Errors
    /// When the header is malformed, or `bytes` end before it.
    pub fn parse(bytes: &'a [u8], file_len: u64) -> Result<Self, Stop> {
        let mut cursor = Cursor::new(bytes, file_len);
        magic_and_version(&mut cursor)?;
        let n_tensors = cursor.count(SMALLEST_TENSOR, "tensors")?;
        let n_pairs = cursor.count(SMALLEST_PAIR, "metadata pairs")?;
        let metadata = Metadata::read(&mut cursor, n_pairs)?;
        let alignment = alignment(&metadata)?;
        let mut tensors = Vec::new();
        let mut names = BTreeSet::new();
        for _ in 0..n_tensors {
            let tensor = TensorInfo::read(&mut cursor, alignment)?;
            if !names.insert(tensor.name) {
                return Err(Defect::DuplicateTensor { name: short(tensor.name) }.into());
            }
            tensors.push(tensor);
        }
        let start = cursor.position().next_multiple_of(alignment);
        for tensor in &mut tensors {
            tensor.place(start, file_len)?;
        }
        refuse_overlaps(&tensors)?;
        Ok(Self { metadata, tensors })
    }

    /// Takes in the tensors of another part.
    ///
    /// # Errors
    /// When a tensor is there already.
    pub fn append(&mut self, other: Self, part: usize) -> Result<(), Defect> {
        let names: BTreeSet<&str> = self.tensors.iter().map(|tensor| tensor.name).collect();
        if let Some(twice) = other.tensors.iter().find(|tensor| names.contains(tensor.name)) {
            return Err(Defect::DuplicateTensor { name: short(twice.name) });
        }
        self.tensors.extend(other.tensors.into_iter().map(|tensor| TensorInfo { part, ..tensor }));
        Ok(())
    }
}

fn magic_and_version(cursor: &mut Cursor<'_>) -> Result<(), Stop> {
    let first = cursor.left().min(MAGIC.len() as u64);
    let found = cursor.take(first, "its first bytes")?;
    if found != MAGIC {
        return Err(Defect::Magic { found: found.escape_ascii().to_string() }.into());
    }
    match cursor.u32("the version")? {
        2 | 3 => Ok(()),
        other if matches!(other.swap_bytes(), 1..=3) => Err(Defect::BigEndian.into()),
        other => Err(Defect::Version(other).into()),
    }
}

/// Tensors start at multiples of this.
fn alignment(metadata: &Metadata<'_>) -> Result<u64, Defect> {
    match metadata.count(ALIGNMENT, 1..=MOST_ALIGNMENT)? {
        None => Ok(DEFAULT_ALIGNMENT),
        Some(alignment) if alignment.is_power_of_two() => Ok(alignment as u64),
        Some(other) => Err(wrong(ALIGNMENT, "a power of two", other)),
    }
}

impl<'a> TensorInfo<'a> {
    fn read(cursor: &mut Cursor<'a>, alignment: u64) -> Result<Self, Stop> {
        let name = cursor.name("the name of a tensor")?;
        let n_dimensions = cursor.u32("the number of dimensions")?;
        if !matches!(n_dimensions, 1..=4) {
            return Err(Defect::Dimensions { name: short(name), found: n_dimensions }.into());
        }
        let mut sizes = Vec::new();
        for _ in 0..n_dimensions {
            sizes.push(cursor.u64("a dimension")?);
        }
        let code = cursor.u32("a number format")?;
        let encoding = encodings::from_code(code).map_err(|found| Defect::NumberFormat {
            name: short(name),
            found,
            supported: encodings::SUPPORTED,
        })?;
        let start = cursor.u64("an offset")?;
        if !start.is_multiple_of(alignment) {
            return Err(Defect::Misaligned { name: short(name), offset: start, alignment }.into());
        }
        let (shape, n_bytes) = extent(name, &sizes, encoding)?;
        Ok(Self { name, shape, encoding, start, n_bytes, part: 0 })
    }

    /// From the start of the tensors to that of the file.
    fn place(&mut self, tensors_start: u64, file_len: u64) -> Result<(), Defect> {
        self.start = self.start.saturating_add(tensors_start);
        let end = self.start.saturating_add(self.n_bytes);
        if end > file_len {
            return Err(Defect::BeyondTheEnd { name: short(self.name), missing: end - file_len });
        }
        Ok(())
    }
}

/// The shape with the last dimension running fastest, and the bytes of all values.
fn extent(name: &str, sizes: &[u64], encoding: Encoding) -> Result<(Vec<usize>, u64), Defect> {
    let size = || Defect::Size { name: short(name), found: sizes.to_vec() };
    let shape: Vec<usize> =
        sizes.iter().rev().map(|&size| usize::try_from(size)).collect::<Result<_, _>>().map_err(|_| size())?;
    let n_values = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size)).ok_or_else(size)?;
    let row = shape.last().copied().unwrap_or_default();
    if n_values == 0 {
        return Err(size());
    }
    let per_block = encoding.numbers_per_block();
    if !row.is_multiple_of(per_block) {
        return Err(Defect::Blocks { name: short(name), found: row, expected: per_block, format: encoding.name() });
    }
    let n_bytes = (n_values / per_block).checked_mul(encoding.bytes_per_block()).ok_or_else(size)?;
    Ok((shape, n_bytes as u64))
}

/// Bytes that are two tensors' would let a small file ask for any amount of memory.
fn refuse_overlaps(tensors: &[TensorInfo<'_>]) -> Result<(), Defect> {
    let mut by_start: Vec<&TensorInfo<'_>> = tensors.iter().collect();
    by_start.sort_by_key(|tensor| tensor.start);
    for pair in by_start.windows(2) {
        if let [first, second] = pair
            && first.start + first.n_bytes > second.start
        {
            return Err(Defect::Overlap { first: short(first.name), second: short(second.name) });
        }
    }
    Ok(())
}
