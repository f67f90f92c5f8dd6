//! Captures: query, key and value vectors come in from files, numbers go out to files.
//!
//! A [`Capture`] is what one prompt left in a model's attention layers. It keeps the file's bytes as they are and
//! converts a layer when it is asked for, so that opening costs no more than reading the header. [`WeightsFile`] is
//! the way out: the exact weights of the nine panels, as NPZ, safetensors, CSV or JSON. [`write_atomically`] puts any output
//! file in place whole or not at all.
//!
//! One file per idea: `container` reads safetensors, `npz` NPZ, `metadata` what is written beside the tensors,
//! `tensor` converts numbers, `reader` checks that everything fits together. Another container becomes
//! `reader::Parts` and takes the same way from there.

mod atomic;
pub mod bundled;
mod container;
mod error;
mod metadata;
mod npz;
mod numbers;
mod reader;
mod repeated;
mod tensor;
#[cfg(test)]
mod tests;

pub use atomic::{WriteError, write_atomically};
pub use error::{CaptureError, Excerpt, Problem};
pub use npz::ArrayProblem;
pub use numbers::{NumbersFormat, UnknownFormat, WeightsFile, exact_weights};
pub use reader::Capture;
