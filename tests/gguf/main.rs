//! GGUF files: the same patterns as from a folder, the same tokens, and a clear error for anything damaged.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test stops at the first surprise"
)]

mod allocations;
#[path = "../support/gguf/mod.rs"]
mod files;
#[allow(dead_code, reason = "shared with the parity tests, which use more of it")]
#[path = "../parity/golden.rs"]
mod golden;
mod malformed;
mod opening;
mod patterns;
mod real_model;
mod tokenizers;
