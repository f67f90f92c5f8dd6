//! What goes wrong around the program while it runs: files that change under it, and thousands of commands at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test stops at the first surprise"
)]

mod files;
mod storm;
