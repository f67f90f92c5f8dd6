//! Quantized blocks of several rows at once, a row in each lane of a vector: numbers for a product of few rows of x, which
//! never lie in memory.
//!
//! Each gives the bits of its decoder. Where that multiplies and adds, the product is exact (a scale of eleven bits, or of
//! seventeen, times a number of five at most), so that adding at once rounds the same.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]
#![cfg_attr(
    not(target_arch = "x86_64"),
    allow(dead_code, reason = "few rows are multiplied by instructions of x86 alone")
)]

mod blocks_of_256;
mod blocks_of_32;
mod by_lanes;
mod floats;
mod parts;
#[cfg(target_arch = "x86_64")]
mod turn;

pub use blocks_of_32::{Q4_0, Q4_1, Q5_0, Q5_1, Q8_0};
pub use blocks_of_256::{Q4K, Q5K, Q6K};
pub use by_lanes::{ByLanes, Lanes};
pub use floats::{Bf16, F16, NUMBERS as FLOATS_AT_ONCE};
