//! Model folders that are damaged, contradict themselves or ask for the absurd: one clear error each, never a panic,
//! never memory beyond a small multiple of what is in the folder.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test stops at the first surprise"
)]

mod configs;
#[path = "../support/grids.rs"]
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod grids;
mod quantized;
mod sandbox;
mod weights;
