//! Blocks of 32 numbers with one scale, by lanes: `Q4_0`, `Q4_1`, `Q5_0`, `Q5_1`, `Q8_0`.

use pulp::Simd;

use super::{
    by_lanes::{ByLanes, Lanes},
    floats::{high_half, low_half},
    parts::{bits, from_minimum, of_bytes, on_top, scaled, word_at, words_at},
};

pub struct Q4_0;
pub struct Q4_1;
pub struct Q5_0;
pub struct Q5_1;
pub struct Q8_0;

/// Scale, minimum, the fifth bits of all numbers, and the words of the others: what an encoding has of it.
#[derive(Clone, Copy)]
pub struct Block<S: Simd, const WORDS: usize> {
    scale: S::f32s,
    minimum: S::f32s,
    fifths: S::u32s,
    words: [S::u32s; WORDS],
}

/// The four bits of the numbers `4 · i` to `4 · i + 3`.
#[inline(always)]
fn four_bits<S: Simd>(simd: S, words: &[S::u32s; 4], i: usize) -> [S::u32s; 4] {
    of_bytes(simd, words[i % 4], i / 4 * 4, 15)
}

/// Their five bits.
#[inline(always)]
fn five_bits<S: Simd>(simd: S, block: &Block<S, 4>, i: usize) -> [S::u32s; 4] {
    let mut high = [block.fifths; 4];
    for (j, bit) in high.iter_mut().enumerate() {
        *bit = bits(simd, block.fifths, 4 * i + j, 1);
    }
    on_top(simd, four_bits(simd, &block.words, i), high)
}

impl ByLanes<18> for Q4_0 {
    const NUMBERS: usize = 32;
    const STRETCHES: usize = 1;

    type Stretch<S: Simd> = Block<S, 4>;

    #[inline(always)]
    fn stretch<S: Lanes<N>, const N: usize>(simd: S, blocks: [&[u8; 18]; N], _at: usize) -> Self::Stretch<S> {
        let zero = simd.splat_f32s(0.0);
        Block {
            scale: low_half(simd, word_at(simd, blocks, 0)),
            minimum: zero,
            fifths: simd.splat_u32s(0),
            words: words_at(simd, blocks, 2),
        }
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, block: &Self::Stretch<S>, i: usize) -> [S::f32s; 4] {
        scaled(simd, block.scale, four_bits(simd, &block.words, i), 8)
    }
}

impl ByLanes<20> for Q4_1 {
    const NUMBERS: usize = 32;
    const STRETCHES: usize = 1;

    type Stretch<S: Simd> = Block<S, 4>;

    #[inline(always)]
    fn stretch<S: Lanes<N>, const N: usize>(simd: S, blocks: [&[u8; 20]; N], _at: usize) -> Self::Stretch<S> {
        let head = word_at(simd, blocks, 0);
        Block {
            scale: low_half(simd, head),
            minimum: high_half(simd, head),
            fifths: simd.splat_u32s(0),
            words: words_at(simd, blocks, 4),
        }
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, block: &Self::Stretch<S>, i: usize) -> [S::f32s; 4] {
        from_minimum(simd, block.scale, block.minimum, four_bits(simd, &block.words, i))
    }
}

impl ByLanes<22> for Q5_0 {
    const NUMBERS: usize = 32;
    const STRETCHES: usize = 1;

    type Stretch<S: Simd> = Block<S, 4>;

    #[inline(always)]
    fn stretch<S: Lanes<N>, const N: usize>(simd: S, blocks: [&[u8; 22]; N], _at: usize) -> Self::Stretch<S> {
        Block {
            scale: low_half(simd, word_at(simd, blocks, 0)),
            minimum: simd.splat_f32s(0.0),
            fifths: word_at(simd, blocks, 2),
            words: words_at(simd, blocks, 6),
        }
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, block: &Self::Stretch<S>, i: usize) -> [S::f32s; 4] {
        scaled(simd, block.scale, five_bits(simd, block, i), 16)
    }
}

impl ByLanes<24> for Q5_1 {
    const NUMBERS: usize = 32;
    const STRETCHES: usize = 1;

    type Stretch<S: Simd> = Block<S, 4>;

    #[inline(always)]
    fn stretch<S: Lanes<N>, const N: usize>(simd: S, blocks: [&[u8; 24]; N], _at: usize) -> Self::Stretch<S> {
        let head = word_at(simd, blocks, 0);
        Block {
            scale: low_half(simd, head),
            minimum: high_half(simd, head),
            fifths: word_at(simd, blocks, 4),
            words: words_at(simd, blocks, 8),
        }
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, block: &Self::Stretch<S>, i: usize) -> [S::f32s; 4] {
        from_minimum(simd, block.scale, block.minimum, five_bits(simd, block, i))
    }
}

impl ByLanes<34> for Q8_0 {
    const NUMBERS: usize = 32;
    const STRETCHES: usize = 1;

    type Stretch<S: Simd> = Block<S, 8>;

    #[inline(always)]
    fn stretch<S: Lanes<N>, const N: usize>(simd: S, blocks: [&[u8; 34]; N], _at: usize) -> Self::Stretch<S> {
        Block {
            scale: low_half(simd, word_at(simd, blocks, 0)),
            minimum: simd.splat_f32s(0.0),
            fifths: simd.splat_u32s(0),
            words: words_at(simd, blocks, 2),
        }
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, block: &Self::Stretch<S>, i: usize) -> [S::f32s; 4] {
        // The sign turned over, a byte is what it is worth and 128.
        let turned = simd.xor_u32s(block.words[i], simd.splat_u32s(0x8080_8080));
        scaled(simd, block.scale, of_bytes(simd, turned, 0, 255), 128)
    }
}
