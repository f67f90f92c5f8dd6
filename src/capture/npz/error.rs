use super::{super::error::Excerpt, archive::Budget};

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
    #[error(
        "expected at most {most} bytes once unpacked ({}), found {found}: save it without compression",
        Budget::RULE
    )]
    TooLarge { most: u64, found: u64 },
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
