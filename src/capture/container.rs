//! The safetensors container: 8 bytes for the header's length, a JSON header, then the tensors.
//! <https://huggingface.co/docs/safetensors>

use std::ops::Range;

use safetensors::{Dtype, tensor::Metadata};

use super::{
    error::{Excerpt, Names, Problem},
    reader::Parts,
    repeated::repeated_name,
    tensor::{Bytes, Dimensions, FloatType, StoredTensor},
};

/// Bytes in front of the header.
const LENGTH: usize = 8;

/// Finds the tensors of a capture. Allocates for the header only, which is not longer than the file.
pub(super) fn read(bytes: &Bytes) -> Result<Parts, Problem> {
    let file = (**bytes).as_ref();
    let (length, rest) = file.split_first_chunk::<LENGTH>().ok_or(Problem::TooShort { found: file.len() })?;
    let length = u64::from_le_bytes(*length);
    let (header, data) = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or(Problem::HeaderLength { expected: length, found: rest.len() })?;
    let header_end = LENGTH + header.len();
    if let Some(name) = repeated_name(header) {
        return Err(Problem::NamedTwice(Excerpt::new(&name)));
    }
    // Deserializing checks that the tensors lie one after the other and are as long as their shapes say.
    let header: Metadata = serde_json::from_slice(header).map_err(Problem::Header)?;
    if header.data_len() != data.len() {
        return Err(Problem::DataLength { expected: header.data_len(), found: data.len() });
    }

    let file = File { bytes, header: &header, data_start: header_end };
    let missing = |short, long| Problem::MissingTensor { short, long, found: Names::new(header.offset_keys()) };
    let query = file.tensor("q", "query")?.ok_or_else(|| missing("q", "query"))?;
    let key = file.tensor("k", "key")?.ok_or_else(|| missing("k", "key"))?;
    let value = file.tensor("v", "value")?;
    Ok(Parts { query, key, value, metadata: header.metadata().clone().unwrap_or_default() })
}

struct File<'a> {
    bytes: &'a Bytes,
    header: &'a Metadata,
    data_start: usize,
}

impl File<'_> {
    /// The tensor under either name, and the number of dimensions that the file gives it; `None` where it is missing.
    fn tensor(&self, short: &'static str, long: &'static str) -> Result<Option<(StoredTensor, usize)>, Problem> {
        let Some((tensor, info)) = one_of(short, long, |name| self.header.info(name))? else { return Ok(None) };
        let float_type = match info.dtype {
            Dtype::F16 => FloatType::F16,
            Dtype::BF16 => FloatType::BF16,
            Dtype::F32 => FloatType::F32,
            Dtype::F64 => FloatType::F64,
            other => return Err(Problem::Dtype { tensor, found: other.to_string() }),
        };
        let (start, end) = info.data_offsets;
        let range = start.saturating_add(self.data_start)..end.saturating_add(self.data_start);
        stored(tensor, &info.shape, float_type, self.bytes.clone(), range).map(Some)
    }
}

/// What `find` finds under one of two names, with the name; `None` where neither is there.
pub(super) fn one_of<T>(
    short: &'static str,
    long: &'static str,
    find: impl Fn(&str) -> Option<T>,
) -> Result<Option<(&'static str, T)>, Problem> {
    match (find(short), find(long)) {
        (None, None) => Ok(None),
        (Some(found), None) => Ok(Some((short, found))),
        (None, Some(found)) => Ok(Some((long, found))),
        (Some(_), Some(_)) => Err(Problem::TwoTensors { short, long }),
    }
}

/// A tensor as a file describes it, and its number of dimensions.
pub(super) fn stored(
    tensor: &'static str,
    shape: &[usize],
    float_type: FloatType,
    bytes: Bytes,
    range: Range<usize>,
) -> Result<(StoredTensor, usize), Problem> {
    let found = || shape.to_vec();
    let dimensions = dimensions(shape).ok_or_else(|| Problem::Rank { tensor, found: found() })?;
    if dimensions.contains(&0) {
        return Err(Problem::Empty { tensor, found: found() });
    }
    let length = range.len();
    let stored = StoredTensor::new(bytes, range, float_type, dimensions).ok_or_else(|| Problem::Shape {
        tensor,
        expected: format!("a shape of {length} bytes"),
        found: found(),
    })?;
    Ok((stored, shape.len()))
}

/// `[T, d]`, `[heads, T, d]` or `[layers, heads, T, d]` with the missing ones 1. A batch of one is one layer.
fn dimensions(shape: &[usize]) -> Option<Dimensions> {
    match *shape {
        [positions, d] => Some([1, 1, positions, d]),
        [heads, positions, d] => Some([1, heads, positions, d]),
        [layers, heads, positions, d] => Some([layers, heads, positions, d]),
        _ => None,
    }
}
