//! Everything that is tested from outside, a module for each subject: one program, so that the product is linked once.
//! `cargo test --release engine::` runs one subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "a test stops at the first surprise"
)]

mod app;
mod attention;
mod captures;
mod cli;
mod docs;
mod engine;
mod faults;
mod figure;
mod gguf;
mod hostile;
mod parity;
mod snapshots;
mod support;
mod widgets;
mod window;

use support::gguf as gguf_files;
