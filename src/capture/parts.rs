//! What a container format finds in a file: tensors and metadata, before it is checked that they fit together.

use std::{collections::HashMap, ops::Range};

use super::{
    error::Problem,
    tensor::{Bytes, Dimensions, FloatType, StoredTensor},
};

/// The tensors of a capture, each with the number of dimensions that the file gives it, and the metadata by name.
pub(super) struct Parts {
    pub(super) query: (StoredTensor, usize),
    pub(super) key: (StoredTensor, usize),
    pub(super) value: Option<(StoredTensor, usize)>,
    pub(super) metadata: HashMap<String, String>,
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

/// A tensor as a file describes it, and its number of dimensions.
pub(super) fn stored(
    tensor: &'static str,
    shape: &[usize],
    float_type: FloatType,
    bytes: Bytes,
    range: Range<usize>,
) -> Result<(StoredTensor, usize), Problem> {
    let found = || shape.to_vec();
    let dimensions = dimensions(shape).ok_or_else(|| Problem::Rank { tensor, found: found() })?;
    if dimensions.contains(&0) {
        return Err(Problem::Empty { tensor, found: found() });
    }
    let length = range.len();
    let stored = StoredTensor::new(bytes, range, float_type, dimensions).ok_or_else(|| Problem::Shape {
        tensor,
        expected: format!("a shape of {length} bytes"),
        found: found(),
    })?;
    Ok((stored, shape.len()))
}

/// `[T, d]`, `[heads, T, d]` or `[layers, heads, T, d]` with the missing ones 1. A batch of one is one layer.
fn dimensions(shape: &[usize]) -> Option<Dimensions> {
    match *shape {
        [positions, d] => Some([1, 1, positions, d]),
        [heads, positions, d] => Some([1, heads, positions, d]),
        [layers, heads, positions, d] => Some([layers, heads, positions, d]),
        _ => None,
    }
}
