//! What several subjects share.

pub mod allocations;
pub mod alone;
pub mod gguf;
pub mod grids;
pub mod outcomes;
pub mod raster;
