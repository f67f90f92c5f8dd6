//! Weights of a model: named tensors, how files encode their numbers, and products with them where they lie.

pub mod dot_products;
pub mod linear;
pub mod matrix;
pub mod number_format;
pub mod safetensors_file;
pub mod tensors;

pub use tensors::{TensorStore, Weights, open_safetensors};
