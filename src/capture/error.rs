use std::fmt;

use super::npz::ArrayProblem;
use crate::attention::ShapeError;

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
    #[error("tensor {tensor}: expected at least one layer, head, position and dimension, found {found:?}")]
    Empty { tensor: &'static str, found: Vec<usize> },
    #[error("tensor {tensor}: expected {expected}, found {found:?}")]
    Shape { tensor: &'static str, expected: String, found: Vec<usize> },
    #[error("expected key heads that divide the {n_heads} query heads, found {n_kv_heads}")]
    Groups { n_heads: usize, n_kv_heads: usize },
    #[error("metadata {key}: expected {expected}, found “{found}”")]
    Metadata { key: &'static str, expected: &'static str, found: Excerpt },
    #[error("metadata {key}: expected one for each of the {expected} positions, found {found}")]
    Count { key: &'static str, expected: usize, found: usize },
    #[error("expected a layer below {n_layers}, found {layer}")]
    NoLayer { layer: usize, n_layers: usize },
    #[error(transparent)]
    Layer(#[from] ShapeError),
}

impl Problem {
    pub(super) fn at(self, origin: &str) -> CaptureError {
        CaptureError { origin: origin.to_owned(), problem: self }
    }
}

/// The names of the tensors in a file, for a message: sorted, and only the first ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    const SHOWN: usize = 8;

    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort_unstable();
        Self(names)
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no tensors");
        }
        for (i, name) in self.0.iter().take(Self::SHOWN).enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, Excerpt::new(name))?;
        }
        match self.0.len().saturating_sub(Self::SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The beginning of a text from a file, for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt(String);

impl Excerpt {
    const SHOWN: usize = 80;

    pub fn new(text: &str) -> Self {
        let mut shown: String = text.chars().take(Self::SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Self(shown)
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A line break or an escape sequence from a file must not reach the terminal.
        for c in self.0.chars() {
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_short_and_printable() {
        assert_eq!(Names::new(["b".to_owned(), "a".to_owned()]).to_string(), "a, b");
        assert_eq!(Names::new([]).to_string(), "no tensors");
        let many = Names::new((0..10).map(|i| format!("t{i}"))).to_string();
        assert!(many.ends_with("t7 and 2 more"), "{many}");
        assert_eq!(Excerpt::new(&"é".repeat(81)).to_string(), "é".repeat(80) + "…");
        assert_eq!(Excerpt::new("a\n\u{1b}[1m").to_string(), "a\\n\\u{1b}[1m");
    }

    #[test]
    fn the_path_comes_last() {
        let error = Problem::NoLayer { layer: 9, n_layers: 2 }.at("/tmp/x.safetensors");
        assert_eq!(error.to_string(), "expected a layer below 2, found 9: /tmp/x.safetensors");
    }
}
