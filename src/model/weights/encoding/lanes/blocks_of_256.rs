//! Blocks of 256 numbers in groups with a small scale each, by lanes: `Q4_K`, `Q5_K`, `Q6_K`.

use pulp::Simd;

use super::{
    by_lanes::{ByLanes, Lanes},
    floats::{high_half, low_half},
    parts::{bits, from_minimum, less, of_bytes, on_top, scaled, shifted, word_at, words_at},
};

pub struct Q4K;
pub struct Q5K;
pub struct Q6K;

/// Two groups of 32 numbers, of which a byte has one each.
#[derive(Clone, Copy)]
pub struct TwoGroups<S: Simd> {
    scales: [S::f32s; 2],
    /// Less than zero, or zero.
    minima: [S::f32s; 2],
    /// The fifth bits of all groups, those of these two the lowest.
    fifths: [S::u32s; 8],
    words: [S::u32s; 8],
}

/// Half a block: eight groups of 16 numbers.
#[derive(Clone, Copy)]
pub struct HalfBlock<S: Simd> {
    scales: [S::f32s; 8],
    nibbles: [S::u32s; 16],
    twos: [S::u32s; 8],
}

/// Scales and minima of the groups `2 · at` and the next: six bits each, of the last four the upper two behind others.
#[inline(always)]
fn factors<S: Lanes<N>, const BYTES: usize, const N: usize>(
    simd: S,
    blocks: [&[u8; BYTES]; N],
    at: usize,
) -> [[S::f32s; 2]; 2] {
    let [both, first, second, third] = words_at(simd, blocks, 0);
    let (d, m) = (low_half(simd, both), high_half(simd, both));
    let (mut scales, mut minima) = ([d; 2], [m; 2]);
    for i in 0..2 {
        let shift = (2 * at + i) % 4 * 8;
        let (of_scale, of_minimum) = if at < 2 {
            (bits(simd, first, shift, 63), bits(simd, second, shift, 63))
        } else {
            let low = bits(simd, third, shift, 255);
            let high = [first, second].map(|words| {
                let two = bits(simd, words, shift + 6, 3);
                simd.wrapping_dyn_shl_u32s(two, simd.splat_u32s(4))
            });
            (simd.or_u32s(bits(simd, low, 0, 15), high[0]), simd.or_u32s(bits(simd, low, 4, 15), high[1]))
        };
        scales[i] = simd.mul_f32s(d, less(simd, of_scale, 0));
        minima[i] = simd.neg_f32s(simd.mul_f32s(m, less(simd, of_minimum, 0)));
    }
    [scales, minima]
}

impl ByLanes<144> for Q4K {
    const NUMBERS: usize = 64;
    const STRETCHES: usize = 4;

    type Stretch<S: Simd> = TwoGroups<S>;

    #[inline(always)]
    fn stretch<S: Lanes<N>, const N: usize>(simd: S, blocks: [&[u8; 144]; N], at: usize) -> Self::Stretch<S> {
        let [scales, minima] = factors(simd, blocks, at);
        TwoGroups { scales, minima, fifths: [simd.splat_u32s(0); 8], words: words_at(simd, blocks, 16 + at * 32) }
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, groups: &Self::Stretch<S>, i: usize) -> [S::f32s; 4] {
        let group = i / 8;
        let low = of_bytes(simd, groups.words[i % 8], group * 4, 15);
        from_minimum(simd, groups.scales[group], groups.minima[group], low)
    }
}

impl ByLanes<176> for Q5K {
    const NUMBERS: usize = 64;
    const STRETCHES: usize = 4;

    type Stretch<S: Simd> = TwoGroups<S>;

    #[inline(always)]
    fn stretch<S: Lanes<N>, const N: usize>(simd: S, blocks: [&[u8; 176]; N], at: usize) -> Self::Stretch<S> {
        let [scales, minima] = factors(simd, blocks, at);
        let mut fifths: [S::u32s; 8] = words_at(simd, blocks, 16);
        for word in &mut fifths {
            *word = shifted(simd, *word, 2 * at);
        }
        TwoGroups { scales, minima, fifths, words: words_at(simd, blocks, 48 + at * 32) }
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, groups: &Self::Stretch<S>, i: usize) -> [S::f32s; 4] {
        let (group, word) = (i / 8, i % 8);
        let low = of_bytes(simd, groups.words[word], group * 4, 15);
        let fifths = of_bytes(simd, groups.fifths[word], group, 1);
        from_minimum(simd, groups.scales[group], groups.minima[group], on_top(simd, low, fifths))
    }
}

impl ByLanes<210> for Q6K {
    const NUMBERS: usize = 128;
    const STRETCHES: usize = 2;

    type Stretch<S: Simd> = HalfBlock<S>;

    #[inline(always)]
    fn stretch<S: Lanes<N>, const N: usize>(simd: S, blocks: [&[u8; 210]; N], at: usize) -> Self::Stretch<S> {
        let d = high_half(simd, word_at(simd, blocks, 206));
        let small: [S::u32s; 4] = words_at(simd, blocks, 192);
        let mut scales = [d; 8];
        for (i, scales) in scales.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            // The sign turned over, a byte is what it is worth and 128.
            let turned = simd.xor_u32s(small[at % 2 * 2 + i], simd.splat_u32s(0x8080_8080));
            *scales = scaled(simd, d, of_bytes(simd, turned, 0, 255), 128);
        }
        HalfBlock { scales, nibbles: words_at(simd, blocks, at * 64), twos: words_at(simd, blocks, 128 + at * 32) }
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, half: &Self::Stretch<S>, i: usize) -> [S::f32s; 4] {
        let (quarter, word) = (i / 8, i % 8);
        let low = of_bytes(simd, half.nibbles[quarter % 2 * 8 + word], quarter / 2 * 4, 15);
        let twos = of_bytes(simd, half.twos[word], quarter * 2, 3);
        scaled(simd, half.scales[i / 4], on_top(simd, low, twos), 32)
    }
}
