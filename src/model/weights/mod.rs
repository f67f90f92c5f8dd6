//! Weights of a model: named tensors, how files encode their numbers, and products with them where they lie.

pub mod dot_products;
pub mod encoding;
pub mod linear;
pub mod matrix;
pub mod safetensors_file;
mod scales;
pub mod stored;
pub mod tensors;

pub use tensors::{TensorStore, Weights, open_safetensors, rows_and_columns};
