use std::{
    collections::HashMap,
    io::{self, Read},
    ops::Range,
};

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive, ZipSliceEntry};

use super::{
    super::{
        error::{ArrayProblem, Problem},
        tensor::Bytes,
    },
    array::Array,
    header::{self, Header},
};
use crate::base::Names;

/// What numpy adds to an array's name.
const EXTENSION: &str = ".npy";

/// How much may be unpacked. Packed float vectors shrink to about a half and hardly ever below a tenth, where zip
/// allows a thousandth: what claims more is no capture, and would take more memory than the file lets expect.
pub(super) struct Budget {
    left: u64,
}

impl Budget {
    const RULE: &str = "16 MiB and 16 for each byte of the file";

    fn of(file: &[u8]) -> Self {
        Self { left: (16 << 20) + 16 * file.len() as u64 }
    }

    fn take(&mut self, size: u64) -> Result<(), ArrayProblem> {
        let left = self.left.checked_sub(size).ok_or(ArrayProblem::TooLarge {
            most: self.left,
            rule: Self::RULE,
            found: size,
        })?;
        self.left = left;
        Ok(())
    }
}

/// Where a member lies and how it is packed, as the archive's directory says.
#[derive(Clone, Copy)]
struct Member {
    place: ZipArchiveEntryWayfinder,
    packing: CompressionMethod,
    is_encrypted: bool,
    /// The directory has the name more than once.
    is_repeated: bool,
}

/// An NPZ file, of which nothing is unpacked until an array is asked for.
pub struct Archive<'a> {
    bytes: &'a Bytes,
    zip: ZipSliceArchive<&'a [u8]>,
    /// By the array's name, without its extension.
    members: HashMap<String, Member>,
    budget: Budget,
}

impl<'a> Archive<'a> {
    pub fn open(bytes: &'a Bytes) -> Result<Self, Problem> {
        let file = bytes.as_slice();
        let zip = ZipArchive::from_slice(file).map_err(Problem::Archive)?;
        let mut members = HashMap::new();
        let mut entries = zip.entries();
        while let Some(entry) = entries.next_entry().map_err(Problem::Archive)? {
            let path = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
            let member = Member {
                place: entry.wayfinder(),
                packing: entry.compression_method(),
                is_encrypted: entry.flags().is_encrypted(),
                is_repeated: false,
            };
            members
                .entry(path.strip_suffix(EXTENSION).map(str::to_owned).unwrap_or(path))
                .and_modify(|earlier: &mut Member| earlier.is_repeated = true)
                .or_insert(member);
        }
        Ok(Self { bytes, zip, members, budget: Budget::of(file) })
    }

    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    pub(super) fn names(&self) -> Names {
        Names::new(self.members.keys().cloned())
    }

    /// The names of all members, without their extension.
    pub(super) fn array_names(&self) -> impl Iterator<Item = String> {
        self.members.keys().cloned().collect::<Vec<_>>().into_iter()
    }

    /// The array of that name; `None` where there is none.
    pub fn array(&mut self, name: &str) -> Result<Option<Array>, ArrayProblem> {
        let Some(&member) = self.members.get(name) else { return Ok(None) };
        if member.is_repeated {
            return Err(ArrayProblem::Twice);
        }
        if member.is_encrypted {
            return Err(ArrayProblem::Packing("an encrypted one".to_owned()));
        }
        let entry = self.zip.get_entry(member.place).map_err(|error| ArrayProblem::Damaged(error.to_string()))?;
        match member.packing {
            CompressionMethod::STORE => stored(self.bytes, &entry).map(Some),
            CompressionMethod::DEFLATE => deflated(&entry, &mut self.budget).map(Some),
            other => Err(ArrayProblem::Packing(other.to_string())),
        }
    }
}

/// A member that lies in the file as it is.
fn stored(bytes: &Bytes, entry: &ZipSliceEntry<'_>) -> Result<Array, ArrayProblem> {
    let content = entry.data();
    // Reads to the end, which compares length and checksum.
    io::copy(&mut entry.verifying_reader(content), &mut io::sink()).map_err(damaged)?;
    let header = header::parse(content)?;
    let data = data_range(&header, content.len() as u64)?;
    let (start, _) = entry.compressed_data_range();
    let start = usize::try_from(start).map_err(|_| ArrayProblem::Overflow(header.shape.clone()))?;
    Ok(Array::new(header, bytes.clone(), start + data.start..start + data.end))
}

/// A member that has to be unpacked: first as far as its header may reach, and on only where that describes exactly
/// as much as the archive's directory promises.
fn deflated(entry: &ZipSliceEntry<'_>, budget: &mut Budget) -> Result<Array, ArrayProblem> {
    let promised = entry.claim_verifier().uncompressed_size;
    budget.take(promised)?;
    let mut reader = entry.verifying_reader(DeflateDecoder::new(entry.data()));
    let mut content = Vec::new();
    (&mut reader).take(promised.min(header::LONGEST)).read_to_end(&mut content).map_err(damaged)?;
    let header = header::parse(&content)?;
    let data = data_range(&header, promised)?;
    // One byte more than promised, so that too long a member is noticed, and that the end is reached and checked.
    let rest = promised.saturating_sub(content.len() as u64).saturating_add(1);
    reader.take(rest).read_to_end(&mut content).map_err(damaged)?;
    if content.len() as u64 != promised {
        return Err(ArrayProblem::Length { expected: promised, found: content.len() as u64 });
    }
    Ok(Array::new(header, Bytes::new(content), data))
}

/// Where the data lies in a member of `length` bytes, which it must fill.
fn data_range(header: &Header, length: u64) -> Result<Range<usize>, ArrayProblem> {
    let size = header.data_size().ok_or_else(|| ArrayProblem::Overflow(header.shape.clone()))?;
    let found = length.saturating_sub(header.data_start as u64);
    if size as u64 != found {
        return Err(ArrayProblem::Length { expected: size as u64, found });
    }
    Ok(header.data_start..header.data_start + size)
}

fn damaged(error: io::Error) -> ArrayProblem {
    ArrayProblem::Damaged(error.to_string())
}
