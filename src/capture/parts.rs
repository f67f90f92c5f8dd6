//! What a container format finds in a file: tensors and metadata, before it is checked that they fit together.

use std::ops::Range;

use super::{
    axes::Axes,
    entry::Entries,
    error::Problem,
    tensor::{Bytes, FloatType, StoredTensor},
};

/// The tensors of a capture and what stands beside them, by name.
pub(super) struct Parts {
    pub(super) query: FoundTensor,
    pub(super) key: FoundTensor,
    pub(super) value: Option<FoundTensor>,
    pub(super) entries: Entries,
}

/// A tensor as a file describes it: at least one number in each of its dimensions.
pub(super) struct FoundTensor {
    /// Its name in the file.
    name: &'static str,
    pub(super) shape: Vec<usize>,
    float_type: FloatType,
    bytes: Bytes,
    range: Range<usize>,
}

impl FoundTensor {
    /// # Errors
    /// When the tensor is empty.
    pub(super) fn new(
        name: &'static str,
        shape: &[usize],
        float_type: FloatType,
        bytes: Bytes,
        range: Range<usize>,
    ) -> Result<Self, Problem> {
        if shape.contains(&0) {
            return Err(Problem::Empty { tensor: name, found: shape.to_vec() });
        }
        Ok(Self { name, shape: shape.to_vec(), float_type, bytes, range })
    }

    /// The axes that a tensor like this has.
    ///
    /// # Errors
    /// As [`Axes::of`].
    pub(super) fn axes(&self, entries: &Entries, n_tokens: Option<usize>) -> Result<Axes, Problem> {
        Axes::of(self.name, &self.shape, entries, n_tokens)
    }

    /// The tensor with these axes; `what` it is, for messages.
    ///
    /// # Errors
    /// When it has others, or is not as long as its shape says.
    pub(super) fn read(self, what: &'static str, axes: &Axes) -> Result<StoredTensor, Problem> {
        let shape = axes.read(what, &self.shape)?;
        let length = self.range.len();
        StoredTensor::new(self.bytes, self.range, self.float_type, shape).ok_or_else(|| Problem::Shape {
            tensor: self.name,
            expected: format!("a shape of {length} bytes"),
            found: self.shape,
        })
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

/// Whether a tensor of this name holds queries, keys or values.
pub(super) fn is_vectors(name: &str) -> bool {
    ["q", "query", "k", "key", "v", "value"].contains(&name)
}
