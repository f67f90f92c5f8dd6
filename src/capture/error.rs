//! Why a capture could not be read.

use crate::{
    attention::ShapeError,
    base::{Excerpt, Names, regular_file::OpenError},
};

/// Why a capture could not be read: what was found, what was expected, and in which file.
#[derive(Debug, thiserror::Error)]
#[error("{problem}: {origin}")]
pub struct CaptureError {
    /// The file's path, or the name of an embedded capture.
    pub origin: String,
    pub problem: Problem,
}

/// What is wrong with a capture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    #[error("cannot read the capture: {0}")]
    Read(std::io::Error),
    #[error("expected a capture file, found a folder or a device")]
    NotAFile,
    #[error("the file was changed while it was open, open it again")]
    FileChanged,
    #[error("expected a safetensors file, which begins with 8 bytes for the length of its header; found {found} bytes")]
    TooShort { found: usize },
    #[error(
        "expected a safetensors header of {expected} bytes, found only {found}: cut off, or not a safetensors file"
    )]
    HeaderLength { expected: u64, found: usize },
    #[error("expected a safetensors header, found one that does not hold: {0}")]
    Header(serde_json::Error),
    #[error("expected {expected} bytes of tensors, as the header says; found {found}")]
    DataLength { expected: usize, found: usize },
    #[error("expected a safetensors header that names each tensor and each entry once, found “{0}” twice")]
    NamedTwice(Excerpt),
    #[error(
        "expected an NPZ file, a zip archive of npy arrays; found one that does not hold ({0}): cut off, or not an NPZ \
         file"
    )]
    Archive(rawzip::Error),
    #[error("array {array}: {problem}")]
    Array { array: &'static str, problem: ArrayProblem },
    #[error("expected a tensor named {short} or {long}, found {found}")]
    MissingTensor { short: &'static str, long: &'static str, found: Names },
    #[error("expected one tensor named {short} or {long}, found both")]
    TwoTensors { short: &'static str, long: &'static str },
    #[error("tensor {tensor}: expected F16, BF16, F32 or F64 numbers, found {found}")]
    Dtype { tensor: &'static str, found: String },
    #[error(
        "tensor {tensor}: expected [T, d], [heads, T, d], [layers, heads, T, d] or [1, heads, T, d], found {found:?}"
    )]
    Rank { tensor: &'static str, found: Vec<usize> },
    #[error("tensor {tensor}: expected a batch of one prompt, found {found:?} with {batch}: save one prompt a file")]
    Batch { tensor: &'static str, found: Vec<usize>, batch: usize },
    #[error(
        "expected keys at the positions of the queries, found {n_queries} queries and {n_keys} keys, as in a step with \
         a cache: capture the whole prompt in one pass"
    )]
    CachedStep { n_queries: usize, n_keys: usize },
    #[error("tensor {tensor}: expected at least one layer, head, position and dimension, found {found:?}")]
    Empty { tensor: &'static str, found: Vec<usize> },
    #[error("tensor {tensor}: expected {expected}, found {found:?}")]
    Shape { tensor: &'static str, expected: String, found: Vec<usize> },
    #[error("expected key heads that divide the {n_heads} query heads, found {n_kv_heads}")]
    Groups { n_heads: usize, n_kv_heads: usize },
    #[error("metadata {key}: expected {expected}, found “{found}”")]
    Metadata { key: &'static str, expected: &'static str, found: Excerpt },
    #[error(
        "expected entries that a capture has (tokens, token_ids, model, prompt, axes, scale, causal, window, softcap, \
         sinks, alibi, attention_mask, layers), found “{0}”, which could change the weights: say it by one of these, or \
         call it note_… if it does not"
    )]
    Unknown(Excerpt),
    #[error("metadata {key}: expected one for each of the {expected} positions, found {found}")]
    Count { key: &'static str, expected: usize, found: usize },
    #[error("expected a layer below {n_layers}, found {layer}")]
    NoLayer { layer: usize, n_layers: usize },
    #[error(transparent)]
    Layer(#[from] ShapeError),
}

/// Why an array of an NPZ file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayProblem {
    #[error("expected one array of this name, found two")]
    Twice,
    #[error("expected a stored or deflated member of the archive, found {0}")]
    Packing(String),
    #[error("expected a whole member of the archive, found one that does not hold: {0}")]
    Damaged(String),
    #[error("expected at most {most} bytes once unpacked ({rule}), found {found}: save it without compression")]
    TooLarge { most: u64, rule: &'static str, found: u64 },
    #[error("expected an npy array, which begins with \\x93NUMPY and its version, 1.0, 2.0 or 3.0; found “{0}”")]
    Magic(Excerpt),
    #[error("expected an npy header with descr, fortran_order and shape, found “{0}”")]
    Header(Excerpt),
    #[error("expected numbers or texts, found Python objects (“{0}”), which are never unpickled")]
    Objects(Excerpt),
    #[error("expected a shape that fits into memory, found {0:?}")]
    Overflow(Vec<usize>),
    #[error("expected {expected} bytes, as its header says; found {found}")]
    Length { expected: u64, found: u64 },
    #[error("expected {expected}, found “{found}”")]
    Type { expected: &'static str, found: Excerpt },
    #[error(
        "expected <f2, <f4 or <f8 numbers, found “{0}”, which is also how bfloat16 is written: save it as float32, or \
         the capture as safetensors"
    )]
    Raw(Excerpt),
    #[error("expected {expected}, found the shape {found:?}")]
    Shape { expected: &'static str, found: Vec<usize> },
    #[error("expected texts in Unicode, found bytes that are none")]
    NotUnicode,
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NotRegular => Self::NotAFile,
            other => Self::Read(other.into()),
        }
    }
}

impl Problem {
    pub(super) fn at(self, origin: &str) -> CaptureError {
        CaptureError { origin: origin.to_owned(), problem: self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_comes_last() {
        let error = Problem::NoLayer { layer: 9, n_layers: 2 }.at("/tmp/x.safetensors");
        assert_eq!(error.to_string(), "expected a layer below 2, found 9: /tmp/x.safetensors");
    }
}
