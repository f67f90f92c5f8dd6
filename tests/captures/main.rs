//! Captures as files, in both containers: whatever is in them, there is a capture or a message that names the file, what
//! was found and what was expected; never a panic, and never more memory than the file lets expect.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    unsafe_code,
    reason = "a test stops at the first surprise; counting what is allocated needs an allocator"
)]

mod allocations;
mod files;
mod half;
mod hostile;
mod npz;
mod refusals;
