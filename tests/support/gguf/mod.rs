//! GGUF files made by hand: as a converter writes them, and as nobody should.

#![allow(dead_code, reason = "each test program needs a part")]

pub mod convert;
pub mod families;
mod family_tensors;
pub mod quantize;
pub mod writer;
