//! The window's behaviour, without a screen: gestures and accessibility requests go in, the accessibility tree comes
//! out, and its numbers are compared with the engine's own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test stops at the first surprise"
)]

mod agree;
mod captures;
mod cells;
mod compare;
mod computing;
mod epsilon;
mod export;
mod files;
#[path = "../support/gguf/mod.rs"]
mod gguf_files;
mod heads;
mod inspector;
mod keyboard;
mod lessons;
mod loading;

mod opening;
mod operations;
mod preferences;
mod prompts;
mod quantities;
mod recent;
mod scope;
mod sessions;
mod slow;
mod support;
mod sweep;
mod taking;
mod tour;
mod view;
