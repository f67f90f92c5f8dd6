//! Arithmetic of a layer beside its matrix products: activations, norms, rotary positions, heads out of a projection.

pub mod activation;
pub mod heads;
pub mod norm_at;
pub mod norm_input;
pub mod norms;
pub mod rope;
pub mod rows;
