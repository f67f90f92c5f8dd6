//! The safetensors container: 8 bytes for the header's length, a JSON header, then the tensors.
//! <https://huggingface.co/docs/safetensors>

use ::safetensors::{
    Dtype,
    tensor::{Metadata, TensorInfo},
};
use half::{bf16, f16};

use super::{
    duplicate_name::duplicate_name,
    entry::{Entries, Entry, Numbers},
    error::Problem,
    parts::{FoundTensor, Parts, Tensors, is_vectors, one_of},
    rules,
    tensor::{Bytes, FloatType},
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
    let tensors = Tensors::find(|short, long| file.tensor(short, long), || Names::new(header.offset_keys()))?;
    Ok(Parts { tensors, entries: file.entries()? })
}

struct File<'a> {
    bytes: &'a Bytes,
    header: &'a Metadata,
    data_start: usize,
}

impl File<'_> {
    /// The tensor under either name; `None` where it is missing.
    fn tensor(&self, short: &'static str, long: &'static str) -> Result<Option<FoundTensor>, Problem> {
        let Some((tensor, info)) = one_of(short, long, |name| self.header.info(name))? else { return Ok(None) };
        let float_type = match info.dtype {
            Dtype::F16 => FloatType::F16,
            Dtype::BF16 => FloatType::BF16,
            Dtype::F32 => FloatType::F32,
            Dtype::F64 => FloatType::F64,
            other => return Err(Problem::Dtype { tensor, found: other.to_string() }),
        };
        FoundTensor::new(tensor, &info.shape, float_type, self.bytes.clone(), self.range(info)).map(Some)
    }

    /// The file's metadata, and its tensors beside query, key and value.
    fn entries(&self) -> Result<Entries, Problem> {
        let metadata = self.header.metadata().iter().flatten();
        let mut entries: Entries = metadata.map(|(name, text)| (name.clone(), Entry::Text(text.clone()))).collect();
        for name in self.header.offset_keys().into_iter().filter(|name| !is_vectors(name)) {
            let entry = match (self.header.info(&name), rules::NAMES.iter().find(|&&known| known == name)) {
                (Some(info), Some(tensor)) => {
                    let bytes = self.bytes.as_slice().get(self.range(info)).unwrap_or_default();
                    let found = || Problem::Dtype { tensor, found: info.dtype.to_string() };
                    let values = numbers(info.dtype, bytes).ok_or_else(found)?;
                    Entry::Numbers(Numbers { shape: info.shape.clone(), values })
                }
                _ => Entry::Other,
            };
            if entries.insert(name.clone(), entry).is_some() {
                return Err(Problem::NamedTwice(Excerpt::new(&name)));
            }
        }
        Ok(entries)
    }

    fn range(&self, info: &TensorInfo) -> std::ops::Range<usize> {
        let (start, end) = info.data_offsets;
        start.saturating_add(self.data_start)..end.saturating_add(self.data_start)
    }
}

/// Little-endian numbers of any type that a rule is written in.
fn numbers(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f64>> {
    fn each<const N: usize>(bytes: &[u8], decode: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        bytes.as_chunks().0.iter().map(|&bytes| decode(bytes)).collect()
    }
    Some(match dtype {
        Dtype::F16 => each(bytes, |bytes| f16::from_le_bytes(bytes).to_f64()),
        Dtype::BF16 => each(bytes, |bytes| bf16::from_le_bytes(bytes).to_f64()),
        Dtype::F32 => each(bytes, |bytes| f32::from_le_bytes(bytes).into()),
        Dtype::F64 => each(bytes, f64::from_le_bytes),
        Dtype::BOOL | Dtype::U8 => each(bytes, |[byte]| byte.into()),
        Dtype::I32 => each(bytes, |bytes| i32::from_le_bytes(bytes).into()),
        #[expect(clippy::cast_precision_loss, reason = "counts and flags, far below 2^53")]
        Dtype::I64 => each(bytes, |bytes| i64::from_le_bytes(bytes) as f64),
        _ => return None,
    })
}
