//! What a container format finds in a file: tensors and metadata, before it is checked that they fit together.

use std::ops::Range;

use super::{
    axes::Axes,
    entry::Entries,
    error::Problem,
    mistaken,
    tensor::{Bytes, FloatType, StoredTensor},
};
use crate::base::Names;

/// The tensors of a capture and what stands beside them, by name.
pub(super) struct Parts {
    pub(super) tensors: Tensors,
    pub(super) entries: Entries,
}

/// Vectors, or the weights alone.
pub(super) enum Tensors {
    Vectors { query: FoundTensor, key: FoundTensor, value: Option<FoundTensor> },
    Weights(FoundTensor),
}

impl Tensors {
    /// The tensors that `find` finds under two names each. Where there are vectors, weights beside them say nothing new.
    /// `names` are all names of the file, for a message.
    ///
    /// # Errors
    /// When what is needed is not there, or twice, or `find` fails.
    pub(super) fn find(
        mut find: impl FnMut(&'static str, &'static str) -> Result<Option<FoundTensor>, Problem>,
        names: impl Fn() -> Names,
    ) -> Result<Self, Problem> {
        match (find("q", "query")?, find("k", "key")?) {
            (Some(query), Some(key)) => Ok(Self::Vectors { query, key, value: find("v", "value")? }),
            (Some(_), None) => Err(Problem::MissingTensor { short: "k", long: "key", found: names() }),
            (None, Some(_)) => Err(Problem::MissingTensor { short: "q", long: "query", found: names() }),
            (None, None) => {
                let weights = find("attention", "attentions")?;
                weights.map(Self::Weights).ok_or_else(|| mistaken::problem(names()))
            }
        }
    }
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

    /// The axes of attention weights of its shape.
    ///
    /// # Errors
    /// As [`Axes::of_weights`].
    pub(super) fn axes_of_weights(&self) -> Result<Axes, Problem> {
        Axes::of_weights(self.name, &self.shape)
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

/// Whether a tensor of this name holds queries, keys, values or attention weights.
pub(super) fn is_vectors(name: &str) -> bool {
    ["q", "query", "k", "key", "v", "value", "attention", "attentions"].contains(&name)
}
