//! Floating-point numbers of 16 bits by lanes, and the scales of blocks.

use pulp::Simd;

use super::{
    by_lanes::{ByLanes, Lanes},
    parts::words_at,
};

/// So many numbers are taken as a block.
pub const NUMBERS: usize = 32;

/// Two numbers in each word.
const WORDS: usize = NUMBERS / 2;

pub struct Bf16;
pub struct F16;

impl ByLanes<64> for Bf16 {
    const NUMBERS: usize = NUMBERS;
    const STRETCHES: usize = 1;

    type Stretch<S: Simd> = [S::u32s; WORDS];

    #[inline(always)]
    fn stretch<S: Lanes<N>, const N: usize>(simd: S, blocks: [&[u8; 64]; N], _at: usize) -> Self::Stretch<S> {
        words_at(simd, blocks, 0)
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, words: &Self::Stretch<S>, i: usize) -> [S::f32s; 4] {
        let [a, b] = [words[2 * i], words[2 * i + 1]];
        let (low, high) = (simd.splat_u32s(16), simd.splat_u32s(0xFFFF_0000));
        [
            simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(a, low)),
            simd.transmute_f32s_u32s(simd.and_u32s(a, high)),
            simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(b, low)),
            simd.transmute_f32s_u32s(simd.and_u32s(b, high)),
        ]
    }
}

impl ByLanes<64> for F16 {
    const NUMBERS: usize = NUMBERS;
    const STRETCHES: usize = 1;

    type Stretch<S: Simd> = [S::u32s; WORDS];

    #[inline(always)]
    fn stretch<S: Lanes<N>, const N: usize>(simd: S, blocks: [&[u8; 64]; N], _at: usize) -> Self::Stretch<S> {
        words_at(simd, blocks, 0)
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, words: &Self::Stretch<S>, i: usize) -> [S::f32s; 4] {
        let [a, b] = [words[2 * i], words[2 * i + 1]];
        [low_half(simd, a), high_half(simd, a), low_half(simd, b), high_half(simd, b)]
    }
}

/// The f16 of each word's lower half; the upper one does not count.
#[inline(always)]
pub fn low_half<S: Simd>(simd: S, word: S::u32s) -> S::f32s {
    high_half(simd, simd.wrapping_dyn_shl_u32s(word, simd.splat_u32s(16)))
}

/// The f16 of each word's upper half, which is finite.
#[inline(always)]
pub fn high_half<S: Simd>(simd: S, word: S::u32s) -> S::f32s {
    /// Where an f32 has the exponent of an f16.
    const EXPONENT: u32 = 0x7C00 << 13;
    /// 2⁻¹⁴, the least normal number.
    const LEAST: u32 = (127 - 14) << 23;
    let splat = |bits| simd.splat_u32s(bits);
    let sign = simd.and_u32s(word, splat(0x8000_0000));
    let magnitude = simd.wrapping_dyn_shr_u32s(simd.and_u32s(word, splat(0x7FFF_0000)), splat(3));
    let is_small = simd.equal_u32s(simd.and_u32s(magnitude, splat(EXPONENT)), splat(0));
    // As in the decoder: a subtraction, because processors are slow where an f32 is below its least normal number.
    let small = simd.sub_f32s(
        simd.transmute_f32s_u32s(simd.add_u32s(magnitude, splat(LEAST))),
        simd.splat_f32s(f32::from_bits(LEAST)),
    );
    let normal = simd.add_u32s(magnitude, splat((127 - 15) << 23));
    let magnitude = simd.select_u32s(is_small, simd.transmute_u32s_f32s(small), normal);
    simd.transmute_f32s_u32s(simd.or_u32s(magnitude, sign))
}
