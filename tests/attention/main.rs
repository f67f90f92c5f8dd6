//! The mathematics of `attenuate::attention`, against fractions worked out by hand, against a reference that scales
//! the vectors themselves, and against what must hold for every input.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test stops at the first surprise"
)]

mod hand;
mod metrics;
mod properties;
mod reference;
mod support;
