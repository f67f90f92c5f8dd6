//! Encodings of weights: how files write numbers, plain or quantized by blocks, and from there to f32.
//!
//! References: `dequantize_row_*` in <https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c>, which
//! `tests/goldens/encodings` compares with to the last bit, and the OCP formats FP8, FP4 and MX
//! (<https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf>).
//!
//! Each decoder is plain code over arrays of known length, which the compiler vectorizes for every kind of processor
//! that [`pulp`] tells apart.

mod blocks_of_256;
mod blocks_of_32;
mod floats;
pub mod lanes;

use std::hint::black_box;

use pulp::{Arch, Simd, WithSimd};
use safetensors::Dtype;

use crate::model::ModelError;

/// How numbers are written, the lowest byte first. Several in a row make a block, which may have a scale of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    F32,
    F16,
    Bf16,
    /// 4 bits of exponent, 3 of mantissa, no infinity.
    F8E4M3,
    /// A power of two, without a sign: what others are multiplied by.
    F8E8M0,
    /// 2 bits of exponent, 1 of mantissa; two in a byte, the low half first.
    F4E2M1,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
    Iq4Nl,
    Iq4Xs,
    /// As ggml has it: the scale in front of each block's numbers.
    Mxfp4,
}

impl Encoding {
    /// Of the tensor `name` in a safetensors file.
    ///
    /// # Errors
    /// When it is not read here.
    pub fn of(name: &str, dtype: Dtype) -> Result<Self, ModelError> {
        match dtype {
            Dtype::F32 => Ok(Self::F32),
            Dtype::F16 => Ok(Self::F16),
            Dtype::BF16 => Ok(Self::Bf16),
            Dtype::F8_E4M3 => Ok(Self::F8E4M3),
            other => Err(ModelError::Unsupported {
                what: "number format",
                found: format!("{other:?} of tensor {name}"),
                supported: "F32, F16, BF16 and F8_E4M3 are",
            }),
        }
    }

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::F8E4M3 => "F8_E4M3",
            Self::F8E8M0 => "F8_E8M0",
            Self::F4E2M1 => "F4_E2M1",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q5_0 => "Q5_0",
            Self::Q5_1 => "Q5_1",
            Self::Q8_0 => "Q8_0",
            Self::Q2K => "Q2_K",
            Self::Q3K => "Q3_K",
            Self::Q4K => "Q4_K",
            Self::Q5K => "Q5_K",
            Self::Q6K => "Q6_K",
            Self::Iq4Nl => "IQ4_NL",
            Self::Iq4Xs => "IQ4_XS",
            Self::Mxfp4 => "MXFP4",
        }
    }

    /// How many numbers stand or fall together.
    pub fn numbers_per_block(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::Bf16 | Self::F8E4M3 | Self::F8E8M0 => 1,
            Self::F4E2M1 => 2,
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 | Self::Q8_0 | Self::Iq4Nl | Self::Mxfp4 => 32,
            Self::Q2K | Self::Q3K | Self::Q4K | Self::Q5K | Self::Q6K | Self::Iq4Xs => 256,
        }
    }

    pub fn bytes_per_block(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::F8E4M3 | Self::F8E8M0 | Self::F4E2M1 => 1,
            Self::Q4_0 | Self::Iq4Nl => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
            Self::Q2K => 84,
            Self::Q3K => 110,
            Self::Q4K => 144,
            Self::Q5K => 176,
            Self::Q6K => 210,
            Self::Iq4Xs => 136,
            Self::Mxfp4 => 17,
        }
    }

    /// The numbers of whole blocks, as many as fit in both, into the front of `numbers`.
    pub fn decode(self, bytes: &[u8], numbers: &mut [f32]) {
        Arch::new().dispatch(Decode { encoding: self, bytes, numbers });
    }

    /// All numbers of `bytes`.
    pub fn numbers(self, bytes: &[u8]) -> Vec<f32> {
        let mut numbers = vec![0.0; bytes.len() / self.bytes_per_block() * self.numbers_per_block()];
        self.decode(bytes, &mut numbers);
        numbers
    }
}

struct Decode<'a> {
    encoding: Encoding,
    bytes: &'a [u8],
    numbers: &'a mut [f32],
}

impl WithSimd for Decode<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { encoding, bytes, numbers } = self;
        // Macros, because functions that are handed over are not compiled for the processor's instructions.
        macro_rules! by_number {
            ($decode:path) => {
                for (block, numbers) in bytes.as_chunks().0.iter().zip(numbers.as_chunks_mut().0) {
                    $decode(block, numbers);
                }
            };
        }
        macro_rules! by_block {
            ($decode:path) => {
                for (block, numbers) in bytes.as_chunks().0.iter().zip(numbers.as_chunks_mut().0) {
                    // By itself: the compiler would gather single bytes from several, which takes four times as long.
                    $decode(black_box(block), numbers);
                }
            };
        }
        match encoding {
            Encoding::F32 => by_number!(floats::f32),
            Encoding::F16 => by_number!(floats::f16),
            Encoding::Bf16 => by_number!(floats::bf16),
            Encoding::F8E4M3 => by_number!(floats::f8_e4m3),
            Encoding::F8E8M0 => by_number!(floats::f8_e8m0),
            Encoding::F4E2M1 => by_number!(floats::f4_e2m1),
            Encoding::Q4_0 => by_block!(blocks_of_32::q4_0),
            Encoding::Q4_1 => by_block!(blocks_of_32::q4_1),
            Encoding::Q5_0 => by_block!(blocks_of_32::q5_0),
            Encoding::Q5_1 => by_block!(blocks_of_32::q5_1),
            Encoding::Q8_0 => by_block!(blocks_of_32::q8_0),
            Encoding::Iq4Nl => by_block!(blocks_of_32::iq4_nl),
            Encoding::Mxfp4 => by_block!(blocks_of_32::mxfp4),
            Encoding::Q2K => by_block!(blocks_of_256::q2_k),
            Encoding::Q3K => by_block!(blocks_of_256::q3_k),
            Encoding::Q4K => by_block!(blocks_of_256::q4_k),
            Encoding::Q5K => by_block!(blocks_of_256::q5_k),
            Encoding::Q6K => by_block!(blocks_of_256::q6_k),
            Encoding::Iq4Xs => by_block!(blocks_of_256::iq4_xs),
        }
    }
}

#[cfg(test)]
mod tests;
