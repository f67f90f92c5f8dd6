//! The safetensors container: 8 bytes for the header's length, a JSON header, then the tensors.
//! <https://huggingface.co/docs/safetensors>

use ::safetensors::{Dtype, tensor::Metadata};

use super::{
    duplicate_name::duplicate_name,
    error::Problem,
    parts::{Parts, one_of, stored},
    tensor::{Bytes, FloatType, StoredTensor},
};
use crate::base::{Excerpt, Names};

/// Bytes in front of the header.
const LENGTH: usize = 8;

/// Finds the tensors of a capture. Allocates for the header only, which is not longer than the file.
pub(super) fn read(bytes: &Bytes) -> Result<Parts, Problem> {
    let file = bytes.as_slice();
    let (length, rest) = file.split_first_chunk::<LENGTH>().ok_or(Problem::TooShort { found: file.len() })?;
    let length = u64::from_le_bytes(*length);
    let (header, data) = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or(Problem::HeaderLength { expected: length, found: rest.len() })?;
    let header_end = LENGTH + header.len();
    if let Some(name) = duplicate_name(header) {
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
