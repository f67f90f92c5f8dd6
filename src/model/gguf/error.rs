use std::{
    io,
    path::{Path, PathBuf},
};

use crate::model::ModelError;

/// Why a GGUF file is no model. Messages end with the path.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    /// The system refuses to read a file.
    #[error("cannot read ({cause}): {}", path.display())]
    Unreadable {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// The underlying error, as the operating system or the reader reported it.
        cause: io::Error,
    },
    /// One of the files of a split model is not there.
    #[error("part {number} of {n_parts} of the model is missing, put it beside the others: {}", path.display())]
    MissingPart {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// Number of the part within the split file, counted from 1.
        number: usize,
        /// Number of parts that the split file says it has.
        n_parts: usize,
    },
    /// The file does not hold, or holds what is not supported.
    #[error("{cause}: {}", path.display())]
    Malformed {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// The underlying error, as the operating system or the reader reported it.
        cause: Defect,
    },
    /// The model in it cannot be used.
    #[error("{cause}: {}", path.display())]
    Model {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// The underlying error, as the operating system or the reader reported it.
        cause: ModelError,
    },
}

impl GgufError {
    /// Whether a file of the model is not there.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::MissingPart { .. } => true,
            Self::Unreadable { cause, .. } => cause.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }
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
    /// Does not begin as a GGUF file does.
    #[error("not a GGUF file: expected it to begin with “GGUF”, found “{found}”")]
    Magic {
        /// The value that was found, as text.
        found: String,
    },
    /// Written for processors of the other byte order.
    #[error("a GGUF file in big-endian byte order is not supported: little-endian is")]
    BigEndian,
    /// A version of the format that is not read.
    #[error("GGUF version {0} is not supported: 2 and 3 are")]
    Version(u32),
    /// The header ends too soon.
    #[error("the header ends inside {what}: expected {expected} more bytes, found {found}")]
    Truncated {
        /// The section of the file that ends too early.
        what: &'static str,
        /// Further bytes that the section needs.
        expected: u64,
        /// Bytes that are left in the file.
        found: u64,
    },
    /// The header announces more than the file can hold.
    #[error("the header announces {count} {what}, the file has room for {room}")]
    TooMany {
        /// What is counted: entries, tensors or elements.
        what: &'static str,
        /// Number of them that the file announces.
        count: u64,
        /// Number of them that the rest of the file has room for.
        room: u64,
    },
    /// A header longer than any there is.
    #[error("the header has more than {most} bytes, larger than any there is")]
    TooLarge {
        /// Largest number of bytes that is read.
        most: u64,
    },
    /// A name or text that is not UTF-8.
    #[error("{what} must be UTF-8, found “{found}”")]
    NotUtf8 {
        /// What the text is in the file: a key, a name or a value.
        what: &'static str,
        /// The value that was found, as text.
        found: String,
    },
    /// A type of metadata that does not exist.
    #[error("the value of {key} has type {found}, expected one from 0 to 12")]
    ValueType {
        /// Key of the configuration or metadata that the error is about.
        key: String,
        /// The value that was found.
        found: u32,
    },
    /// A list of lists.
    #[error("{key} is a list of lists, which is not supported")]
    NestedList {
        /// Key of the configuration or metadata that the error is about.
        key: String,
    },
    /// A key that is there twice.
    #[error("{key} is there twice")]
    DuplicateKey {
        /// Key of the configuration or metadata that the error is about.
        key: String,
    },
    /// A value of the metadata that is absent, of another type, or outside its bounds.
    #[error("{key} must be {expected}, found {found}")]
    Value {
        /// Key of the configuration or metadata that the error is about.
        key: String,
        /// What would be accepted, in words.
        expected: String,
        /// The value that was found, as text.
        found: String,
    },
    /// Valid, but not what this program computes; refused rather than ignored.
    #[error("{key} {found} is not supported: {supported}")]
    Unsupported {
        /// Key of the configuration or metadata that the error is about.
        key: String,
        /// The value that was found, as text.
        found: String,
        /// The values that are supported, in words.
        supported: &'static str,
    },
    /// A tensor that is there twice.
    #[error("tensor {name} is there twice")]
    DuplicateTensor {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
    },
    /// More axes than a tensor can have, or none.
    #[error("tensor {name} has {found} dimensions, expected 1 to 4")]
    Dimensions {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
        /// The value that was found.
        found: u32,
    },
    /// Dimensions whose product does not fit into memory.
    #[error("tensor {name} is {found:?}, expected dimensions of at least 1 that fit into memory")]
    Size {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
        /// Shape that was found, outermost axis first.
        found: Vec<u64>,
    },
    /// Numbers in a format that is not read.
    #[error("tensor {name} has number format {found}, which is not supported: {supported}")]
    NumberFormat {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
        /// The value that was found, as text.
        found: String,
        /// The values that are supported, in words.
        supported: &'static str,
    },
    /// Rows that are no whole number of blocks.
    #[error("tensor {name} has rows of {found} values, expected a multiple of {expected} in number format {format}")]
    Blocks {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
        /// Number of values in a row of the tensor.
        found: usize,
        /// Number of values in a block of the number format.
        expected: usize,
        /// Name of the number format whose blocks do not fit.
        format: &'static str,
    },
    /// A tensor that does not start where the file's alignment says.
    #[error("tensor {name} starts at {offset}, expected a multiple of the alignment, {alignment}")]
    Misaligned {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
        /// Offset of its data, in bytes.
        offset: u64,
        /// Alignment that the file asks for, in bytes.
        alignment: u64,
    },
    /// A tensor that ends behind the file: it was cut off.
    #[error("tensor {name} ends {missing} bytes behind the end of the file")]
    BeyondTheEnd {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
        /// Number of bytes that the file is too short by.
        missing: u64,
    },
    /// Two tensors that share bytes.
    #[error("tensors {first} and {second} overlap")]
    Overlap {
        /// Name of the first of the two tensors.
        first: String,
        /// Name of the second of the two tensors.
        second: String,
    },
    /// The program would compute something else than the model's authors if it left this tensor out.
    #[error("tensor {name} has no place in a model of architecture {architecture} with {n_layers} layers")]
    UnknownTensor {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
        /// Name of the model family, as GGUF writes it.
        architecture: &'static str,
        /// Number of layers that there are in the model.
        n_layers: usize,
    },
    /// The other parts are found by their names.
    #[error(
        "the file is one of {n_parts} parts of a model, expected a name that ends in -00001-of-{n_parts:05}.gguf or in \
         the number of another part"
    )]
    PartName {
        /// Number of files that the model is split into.
        n_parts: usize,
    },
    /// A tensor that is not as many in one as there should be.
    #[error("tensor {name} is {found:?}, expected {expected} tensors in one")]
    Stacked {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
        /// Number that was expected.
        expected: usize,
        /// Shape that was found, outermost axis first.
        found: Vec<usize>,
    },
    /// A tensor of another shape than the metadata says.
    #[error("tensor {name}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
        /// Shape that would fit, outermost axis first.
        expected: Vec<usize>,
        /// Shape that was found, outermost axis first.
        found: Vec<usize>,
    },
    /// The metadata describes a model that cannot be computed.
    #[error(transparent)]
    Family(ModelError),
    /// A tensor that the metadata asks for is not in the file.
    #[error("the file has no tensor {name}")]
    MissingTensor {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
    },
    /// The vocabulary cannot be made into a tokenizer.
    #[error("the tokenizer: {0}")]
    Tokenizer(tokenizers::Error),
}
