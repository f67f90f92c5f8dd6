//! Captures: query, key and value vectors from files, or attention weights alone.
//!
//! A [`Capture`] is what one prompt left in a model's attention layers. It keeps the file's bytes as they are and
//! converts a layer when it is asked for, so that opening costs no more than reading the header.
//!
//! One file per idea: `safetensors` and `npz` read the two containers, `metadata` what is said about the prompt, `rules`
//! what is said about attention, `axes` which axis of a tensor is which, `tensor` converts numbers, `content` checks that
//! they fit together, `patterns` that weights are weights, `reader` puts all of it together. Another container becomes
//! `parts::Parts` and takes the same way from there.

mod axes;
pub mod bundled;
mod content;
mod duplicate_name;
mod entry;
mod error;
mod metadata;
mod mistaken;
mod npz;
mod parts;
mod patterns;
mod reader;
mod rules;
mod safetensors;
mod tensor;
#[cfg(test)]
mod tests;

pub use error::{ArrayProblem, CaptureError, Problem};
pub use reader::Capture;

#[cfg(test)]
pub(crate) use self::{
    npz::{Archive, Array},
    tensor::Bytes,
};
