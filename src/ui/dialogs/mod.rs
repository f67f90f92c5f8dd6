//! Asking for a file or a folder: to open, or to write.

pub mod adapter_base;
mod asked;
pub mod open;
pub mod path_field;
pub mod save_dialog;
