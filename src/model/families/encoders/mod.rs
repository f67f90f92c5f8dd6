//! Encoders: every token attends to all.

pub mod bert;
pub mod distilbert;
pub mod electra;
pub mod modernbert;
pub mod roberta;
