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
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a capture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The system refuses to read the file.
    #[error("cannot read the capture: {0}")]
    Read(std::io::Error),
    /// A folder or a device.
    #[error("expected a capture file, found a folder or a device")]
    NotAFile,
    /// Somebody wrote to the file after it was opened.
    #[error("the file was changed while it was open, open it again")]
    FileChanged,
    /// Shorter than the length of a safetensors header.
    #[error("expected a safetensors file, which begins with 8 bytes for the length of its header; found {found} bytes")]
    TooShort {
        /// Number of bytes that the file has.
        found: usize,
    },
    /// The safetensors header ends behind the file.
    #[error(
        "expected a safetensors header of {expected} bytes, found only {found}: cut off, or not a safetensors file"
    )]
    HeaderLength {
        /// Number of bytes of the header, as the file announces it.
        expected: u64,
        /// Number of bytes that follow in the file.
        found: usize,
    },
    /// The safetensors header is not the JSON that it should be.
    #[error("expected a safetensors header, found one that does not hold: {0}")]
    Header(serde_json::Error),
    /// The file is longer or shorter than its header says.
    #[error("expected {expected} bytes of tensors, as the header says; found {found}")]
    DataLength {
        /// Number of bytes of all tensors, as the header announces them.
        expected: usize,
        /// Number of bytes that follow the header.
        found: usize,
    },
    /// A name is there twice, and nobody knows which is meant.
    #[error("expected a safetensors header that names each tensor and each entry once, found “{0}” twice")]
    NamedTwice(Excerpt),
    /// The file is no ZIP archive.
    #[error(
        "expected an NPZ file, a zip archive of npy arrays; found one that does not hold ({0}): cut off, or not an NPZ \
         file"
    )]
    Archive(rawzip::Error),
    /// One array of an NPZ file cannot be read.
    #[error("array {array}: {problem}")]
    Array {
        /// Name of the array within the NPZ file.
        array: &'static str,
        /// What is wrong with it.
        problem: ArrayProblem,
    },
    /// Neither name of a tensor that is needed is there.
    #[error("expected a tensor named {short} or {long}, found {found}")]
    MissingTensor {
        /// Short name of the missing or repeated tensor, such as `q`.
        short: &'static str,
        /// Long name of the same tensor, such as `query`.
        long: &'static str,
        /// Names of the tensors that the file has.
        found: Names,
    },
    /// A tensor is there under both of its names.
    #[error("expected one tensor named {short} or {long}, found both")]
    TwoTensors {
        /// Short name of the missing or repeated tensor, such as `q`.
        short: &'static str,
        /// Long name of the same tensor, such as `query`.
        long: &'static str,
    },
    /// Numbers in a format that is not read.
    #[error("tensor {tensor}: expected F16, BF16, F32 or F64 numbers, found {found}")]
    Dtype {
        /// Name of the tensor that the error is about, as the file has it.
        tensor: &'static str,
        /// The value that was found, as text.
        found: String,
    },
    /// Not two to four axes.
    #[error(
        "tensor {tensor}: expected [T, d], [heads, T, d], [layers, heads, T, d] or [1, heads, T, d], found {found:?}"
    )]
    Rank {
        /// Name of the tensor that the error is about, as the file has it.
        tensor: &'static str,
        /// Shape that was found, outermost axis first.
        found: Vec<usize>,
    },
    /// Attention weights with too few axes or too many.
    #[error("tensor {tensor}: expected [heads, T, T] or [layers, heads, T, T], found {found:?}")]
    WeightsRank {
        /// Name of the tensor that the error is about, as the file has it.
        tensor: &'static str,
        /// Shape that was found, outermost axis first.
        found: Vec<usize>,
    },
    /// An attention weight that no softmax makes.
    #[error(
        "attention: expected {expected}, found {found} at layer {}, head {}, query {}, key {key}",
        place[0], place[1], place[2]
    )]
    Weight {
        /// What a weight at this place should be, in words.
        expected: &'static str,
        /// Weight that was found there.
        found: f32,
        /// Layer, head and row of the weight, each counted from 0.
        place: [usize; 3],
        /// Column of the weight, counted from 0.
        key: usize,
    },
    /// A row of attention weights that does not sum to 1.
    #[error(
        "attention: expected rows that sum to 1 within 0.01, found {found} at layer {}, head {}, query {}",
        place[0], place[1], place[2]
    )]
    RowSum {
        /// Sum of the row’s weights that was found.
        found: f64,
        /// Layer, head and row of the weight, each counted from 0.
        place: [usize; 3],
    },
    /// Several prompts in one file.
    #[error("tensor {tensor}: expected a batch of one prompt, found {found:?} with {batch}: save one prompt a file")]
    Batch {
        /// Name of the tensor that the error is about, as the file has it.
        tensor: &'static str,
        /// Shape that was found, outermost axis first.
        found: Vec<usize>,
        /// Number of prompts in the batch.
        batch: usize,
    },
    /// Fewer queries than keys, as a step of generation with a cache makes them.
    #[error(
        "expected as many queries as keys, or fewer where attention is causal, as in a step with a cache; found \
         {n_queries} queries over {n_keys} keys{}: cross-attention is not shown",
        if *is_causal { "" } else { ", not causal" }
    )]
    Queries {
        /// Number of positions of the query tensor.
        n_queries: usize,
        /// Number of positions of the key tensor.
        n_keys: usize,
        /// Whether no query attends to a later key.
        is_causal: bool,
    },
    /// The weights of a model.
    #[error(
        "expected a capture, with tensors named q and k, found weights of a model: open the folder that they are in, \
         with its config.json"
    )]
    Weights,
    /// The weights of a model under the names that its authors gave them.
    #[error(
        "expected a capture, with tensors named q and k, found weights of a model in its authors' own layout: open a \
         folder in the layout of Hugging Face, with config.json and model.safetensors"
    )]
    AuthorsWeights,
    /// A low-rank adapter.
    #[error(
        "expected a capture, with tensors named q and k, found an adapter (LoRA): put it and its adapter_config.json \
         into the folder of its model, and open that folder"
    )]
    Adapter,
    /// PyTorch's own file.
    #[error(
        "expected an NPZ file, a zip archive of npy arrays; found a pickle of PyTorch, which is never run: save a model \
         as safetensors and open its folder, a capture as safetensors or NPZ"
    )]
    Pickled,
    /// Neither vectors nor attention weights.
    #[error("expected tensors named q and k (or query and key), or one named attention (or attentions), found {0}")]
    NoTensors(Names),
    /// An axis of length 0.
    #[error("tensor {tensor}: expected at least one layer, head, position and dimension, found {found:?}")]
    Empty {
        /// Name of the tensor that the error is about, as the file has it.
        tensor: &'static str,
        /// Shape that was found, outermost axis first.
        found: Vec<usize>,
    },
    /// A shape that does not fit the query's.
    #[error("tensor {tensor}: expected {expected}, found {found:?}")]
    Shape {
        /// Name of the tensor that the error is about, as the file has it.
        tensor: &'static str,
        /// What would be accepted, in words.
        expected: String,
        /// Shape that was found, outermost axis first.
        found: Vec<usize>,
    },
    /// Query heads that cannot share the key heads evenly.
    #[error("expected key heads that divide the {n_heads} query heads, found {n_kv_heads}")]
    Groups {
        /// Number of query heads that were found.
        n_heads: usize,
        /// Number of key and value heads that were found.
        n_kv_heads: usize,
    },
    /// An entry of the attention rule or of the tokens with a value that is none.
    #[error("metadata {key}: expected {expected}, found “{found}”")]
    Metadata {
        /// Key of the configuration or metadata that the error is about.
        key: &'static str,
        /// What would be accepted, in words.
        expected: &'static str,
        /// The value that was found, as text.
        found: Excerpt,
    },
    /// An entry that nobody knows, and that might change numbers.
    #[error(
        "expected entries that a capture has (tokens, token_ids, query_tokens, model, prompt, axes, scale, causal, window, softcap, \
         sinks, alibi, attention_mask, layers), found “{0}”, which could change the weights: say it by one of these, or \
         call it note_… if it does not"
    )]
    Unknown(Excerpt),
    /// A list with not one entry for each position.
    #[error("metadata {key}: expected one for each of the {expected} positions, found {found}")]
    Count {
        /// Key of the configuration or metadata that the error is about.
        key: &'static str,
        /// Number that was expected.
        expected: usize,
        /// The value that was found.
        found: usize,
    },
    /// A layer that the capture does not hold.
    #[error("expected a layer below {n_layers}, found {layer}")]
    NoLayer {
        /// Layer that was asked for, counted from 0.
        layer: usize,
        /// Number of layers that there are in the model.
        n_layers: usize,
    },
    /// Vectors and rule of a layer that do not fit together.
    #[error(transparent)]
    Layer(#[from] ShapeError),
}

/// Why an array of an NPZ file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayProblem {
    /// The archive has two arrays of this name.
    #[error("expected one array of this name, found two")]
    Twice,
    /// A method of compression that is not read.
    #[error("expected a stored or deflated member of the archive, found {0}")]
    Packing(String),
    /// A member of the archive that cannot be unpacked whole.
    #[error("expected a whole member of the archive, found one that does not hold: {0}")]
    Damaged(String),
    /// More than what is unpacked into memory.
    #[error("expected at most {most} bytes once unpacked ({rule}), found {found}: save it without compression")]
    TooLarge {
        /// Largest number of bytes that is unpacked.
        most: u64,
        /// Where that limit comes from, in words.
        rule: &'static str,
        /// Number of bytes that the member has once unpacked.
        found: u64,
    },
    /// Does not begin as an npy array does.
    #[error("expected an npy array, which begins with \\x93NUMPY and its version, 1.0, 2.0 or 3.0; found “{0}”")]
    Magic(Excerpt),
    /// An npy header that is not the dictionary that it should be.
    #[error("expected an npy header with descr, fortran_order and shape, found “{0}”")]
    Header(Excerpt),
    /// Pickled Python objects.
    #[error("expected numbers or texts, found Python objects (“{0}”), which are never unpickled")]
    Objects(Excerpt),
    /// A shape with more numbers than memory has bytes.
    #[error("expected a shape that fits into memory, found {0:?}")]
    Overflow(Vec<usize>),
    /// Longer or shorter than its header says.
    #[error("expected {expected} bytes, as its header says; found {found}")]
    Length {
        /// Number of bytes that its shape and type ask for.
        expected: u64,
        /// Number of bytes that are there.
        found: u64,
    },
    /// Another type of numbers or texts than is read.
    #[error("expected {expected}, found “{found}”")]
    Type {
        /// What would be accepted, in words.
        expected: &'static str,
        /// The value that was found, as text.
        found: Excerpt,
    },
    /// Bytes without a type of number, such as bfloat16 saved by NumPy.
    #[error(
        "expected <f2, <f4 or <f8 numbers, found “{0}”, which is also how bfloat16 is written: save it as float32, or \
         the capture as safetensors"
    )]
    Raw(Excerpt),
    /// Another number of axes than is read.
    #[error("expected {expected}, found the shape {found:?}")]
    Shape {
        /// What would be accepted, in words.
        expected: &'static str,
        /// Shape that was found, outermost axis first.
        found: Vec<usize>,
    },
    /// Texts that are not Unicode.
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
