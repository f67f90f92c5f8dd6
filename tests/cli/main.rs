//! The program as a person at a terminal meets it: the real binary in an empty folder, without a display.

#![allow(
    clippy::unwrap_used,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test stops at the first surprise"
)]

mod animate;
mod export;
mod failures;
mod folders;
mod formats;
#[path = "../support/gguf/mod.rs"]
mod gguf_files;
mod goldens;
mod heads;
mod help;
mod operations;
mod package;
mod reference;
mod sandbox;
mod sessions;
mod sweep;
mod weights;
mod weights_file;
