use std::{
    io,
    path::{Path, PathBuf},
};

use crate::model::ModelError;

/// Why a GGUF file is no model. Messages end with the path.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    #[error("cannot read ({cause}): {}", path.display())]
    Unreadable { path: PathBuf, cause: io::Error },
    #[error("part {number} of {n_parts} of the model is missing, put it beside the others: {}", path.display())]
    MissingPart { path: PathBuf, number: usize, n_parts: usize },
    #[error("{cause}: {}", path.display())]
    Malformed { path: PathBuf, cause: Defect },
    #[error("{cause}: {}", path.display())]
    Model { path: PathBuf, cause: ModelError },
}

/// An error before its file is named.
#[derive(Debug)]
pub enum Unnamed {
    Malformed(Defect),
    Model(ModelError),
}

impl Unnamed {
    /// With the path of the file.
    pub fn at(self, path: &Path) -> GgufError {
        let path = path.to_owned();
        match self {
            Self::Malformed(cause) => GgufError::Malformed { path, cause },
            Self::Model(cause) => GgufError::Model { path, cause },
        }
    }
}

impl From<Defect> for Unnamed {
    fn from(defect: Defect) -> Self {
        Self::Malformed(defect)
    }
}

impl From<ModelError> for Unnamed {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

/// What is wrong with the header of a GGUF file.
#[derive(Debug, thiserror::Error)]
pub enum Defect {
    #[error("not a GGUF file: expected it to begin with “GGUF”, found “{found}”")]
    Magic { found: String },
    #[error("a GGUF file in big-endian byte order is not supported: little-endian is")]
    BigEndian,
    #[error("GGUF version {0} is not supported: 2 and 3 are")]
    Version(u32),
    #[error("the header ends inside {what}: expected {expected} more bytes, found {found}")]
    Truncated { what: &'static str, expected: u64, found: u64 },
    #[error("the header announces {count} {what}, the file has room for {room}")]
    TooMany { what: &'static str, count: u64, room: u64 },
    #[error("the header has more than {most} bytes, larger than any there is")]
    TooLarge { most: u64 },
    #[error("{what} must be UTF-8, found “{found}”")]
    NotUtf8 { what: &'static str, found: String },
    #[error("the value of {key} has type {found}, expected one from 0 to 12")]
    ValueType { key: String, found: u32 },
    #[error("{key} is a list of lists, which is not supported")]
    NestedList { key: String },
    #[error("{key} is there twice")]
    DuplicateKey { key: String },
    /// A value of the metadata that is absent, of another type, or outside its bounds.
    #[error("{key} must be {expected}, found {found}")]
    Value { key: String, expected: String, found: String },
    /// Valid, but not what this program computes; refused rather than ignored.
    #[error("{key} {found} is not supported: {supported}")]
    Unsupported { key: String, found: String, supported: &'static str },
    #[error("tensor {name} is there twice")]
    DuplicateTensor { name: String },
    #[error("tensor {name} has {found} dimensions, expected 1 to 4")]
    Dimensions { name: String, found: u32 },
    #[error("tensor {name} is {found:?}, expected dimensions of at least 1 that fit into memory")]
    Size { name: String, found: Vec<u64> },
    #[error("tensor {name} has number format {found}, which is not supported: {supported}")]
    NumberFormat { name: String, found: String, supported: &'static str },
    #[error("tensor {name} has rows of {found} values, expected a multiple of {expected} in number format {format}")]
    Blocks { name: String, found: usize, expected: usize, format: &'static str },
    #[error("tensor {name} starts at {offset}, expected a multiple of the alignment, {alignment}")]
    Misaligned { name: String, offset: u64, alignment: u64 },
    #[error("tensor {name} ends {missing} bytes behind the end of the file")]
    BeyondTheEnd { name: String, missing: u64 },
    #[error("tensors {first} and {second} overlap")]
    Overlap { first: String, second: String },
    /// The program would compute something else than the model's authors if it left this tensor out.
    #[error("tensor {name} has no place in a model of architecture {architecture} with {n_layers} layers")]
    UnknownTensor { name: String, architecture: &'static str, n_layers: usize },
    /// The other parts are found by their names.
    #[error(
        "the file is one of {n_parts} parts of a model, expected a name that ends in -00001-of-{n_parts:05}.gguf or in \
         the number of another part"
    )]
    PartName { n_parts: usize },
    #[error("tensor {name} is {found:?}, expected {expected} tensors in one")]
    Stacked { name: String, expected: usize, found: Vec<usize> },
    #[error("tensor {name}: expected shape {expected:?}, found {found:?}")]
    Shape { name: String, expected: Vec<usize>, found: Vec<usize> },
    #[error(transparent)]
    Family(ModelError),
    #[error("the file has no tensor {name}")]
    MissingTensor { name: String },
    #[error("the tokenizer: {0}")]
    Tokenizer(tokenizers::Error),
}
