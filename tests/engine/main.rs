//! The engine from outside: the same answers whatever was asked before, nothing computed twice that need not be, and
//! a worker that always ends with the newest request.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test stops at the first surprise"
)]

mod caches;
mod captures;
mod effect;
mod errors;
mod goldens;
mod heads;
mod observing;
mod reference;
mod sharing;
mod support;
mod sweep;
mod worker;
