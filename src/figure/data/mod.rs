//! What is shown of every cell: quantities and metrics, and cells reduced to pixels.

pub mod measure;
pub mod metric;
pub mod panel_columns;
pub mod pooling;
pub mod quantity;
pub mod reduce;
