//! x·Wᵀ for few rows of x, as a text is written: W is turned on its way through the registers.
//!
//! In a tile a lane is a row of x, and all but one of sixteen would stand idle here. So a lane is a row of W, and each column
//! of W is multiplied with one number of x: of numbers that lie row after row, a square is turned in registers
//! ([`of_numbers`]); blocks of many encodings are decoded by lanes, and their numbers never lie in memory ([`of_blocks`]).
//! The products are the same, added in the same order ([`super::tiles::BLOCK`]): a row's bits are those that it has among
//! many.

#![cfg_attr(
    target_arch = "x86_64",
    expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")
)]

#[cfg(target_arch = "x86_64")]
mod of_blocks;
#[cfg(target_arch = "x86_64")]
mod of_numbers;
mod operands;
#[cfg(target_arch = "x86_64")]
mod product;
#[cfg(target_arch = "x86_64")]
mod squares;

use ndarray::ArrayViewMut2;
pub use operands::{EncodedRows, FewRows, Weight};

/// Writes x·Wᵀ to `out [m, n]`, for a weight as wide as x; its encoding is one that x [takes](FewRows::takes).
pub fn multiply(x: &FewRows, weight: Weight<'_>, out: ArrayViewMut2<'_, f32>) {
    #[cfg(target_arch = "x86_64")]
    product::multiply(x, weight, out);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (x, weight, out);
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests;
