//! What several subjects share.

pub mod allocations;
pub mod gguf;
pub mod outcomes;
