//! The NPZ container: a zip archive of npy arrays, as `numpy.savez` and `numpy.savez_compressed` write it.
//!
//! Only arrays with a name that means something to a capture are looked at; others are known by name. A stored array is used where it lies in
//! the file; a deflated one is unpacked, within a budget that the file's size sets.

mod archive;
mod array;
mod header;
mod metadata;
#[cfg(test)]
mod tests;

pub use self::archive::Archive;
#[cfg(test)]
pub use self::array::Array;
use super::{
    error::Problem,
    parts::{FoundTensor, Parts, Tensors, one_of},
    tensor::{Bytes, FloatType},
};

/// Whether a file begins as a zip archive does, also an empty one.
pub(super) fn is_archive(file: &[u8]) -> bool {
    file.starts_with(b"PK\x03\x04") || file.starts_with(b"PK\x05\x06")
}

/// Finds the arrays of a capture. Allocates no more than a small multiple of the file, see [`archive::Budget`].
pub(super) fn read(bytes: &Bytes) -> Result<Parts, Problem> {
    let mut archive = Archive::open(bytes)?;
    let names = archive.names();
    let tensors = Tensors::find(|short, long| tensor(&mut archive, short, long), || names.clone())?;
    Ok(Parts { tensors, entries: metadata::read(&mut archive)? })
}

/// The tensor under either name; `None` where it is missing.
fn tensor(archive: &mut Archive<'_>, short: &'static str, long: &'static str) -> Result<Option<FoundTensor>, Problem> {
    let Some((name, ())) = one_of(short, long, |name| archive.has(name).then_some(()))? else { return Ok(None) };
    let in_array = |problem| Problem::Array { array: name, problem };
    let Some(array) = archive.array(name).map_err(in_array)? else { return Ok(None) };
    let float_type = match array.float_size().map_err(in_array)? {
        2 => FloatType::F16,
        4 => FloatType::F32,
        _ => FloatType::F64,
    };
    let array = array.into_little_endian_rows();
    FoundTensor::new(name, &array.shape, float_type, array.bytes, array.range).map(Some)
}
