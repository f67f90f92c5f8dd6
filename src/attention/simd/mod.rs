//! Whole rows of numbers at once, in as many lanes as the processor has.

pub mod entering;
pub mod exp;
pub mod softcap;
pub mod sums;
