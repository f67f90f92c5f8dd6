//! Asking for a file or a folder: to open, or to write.

pub mod adapter_base;
pub mod disk_models;
pub mod open_file;
pub mod path_field;
pub mod save_dialog;
