//! Weights of a model: named tensors, how files encode their numbers, and products with them where they lie.

pub mod adapter;
pub mod encoding;
pub mod linear;
mod low_rank;
pub mod matrix;
mod products;
pub mod safetensors_file;
mod scales;
pub mod stored;
pub mod tensors;

pub use tensors::{TensorStore, Weights, open_safetensors, rows_and_columns};
