//! Numbers written to files: the exact weights of a grid as NPZ, safetensors, CSV or JSON.
//!
//! [`WeightsFile`] is what is written, [`NumbersFormat`] how. Each format holds the same weights to the last bit.

mod csv;
mod format;
mod json;
mod npz;
mod safetensors;
#[cfg(test)]
mod tests;
mod weights_file;

pub use format::{NumbersFormat, UnknownFormat};
pub use json::JsonNumber;
pub use weights_file::{Rest, WeightsFile, exact_weights};
