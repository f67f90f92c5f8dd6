//! Parts of blocks in lanes: their words, the bits of each byte, and small whole numbers as f32.

use pulp::Simd;

use super::by_lanes::Lanes;

/// `BYTES` bytes of each block, from `start` on.
#[inline(always)]
pub fn bytes_at<const BYTES: usize, const OF: usize, const N: usize>(
    blocks: [&[u8; OF]; N],
    start: usize,
) -> [&[u8; BYTES]; N] {
    let mut parts = [&[0; BYTES]; N];
    for (part, block) in parts.iter_mut().zip(blocks) {
        if let Some(found) = block.get(start..).and_then(<[u8]>::first_chunk) {
            *part = found;
        }
    }
    parts
}

/// Four bytes of each block as a word.
#[inline(always)]
pub fn word_at<S: Lanes<N>, const BYTES: usize, const N: usize>(
    simd: S,
    blocks: [&[u8; BYTES]; N],
    start: usize,
) -> S::u32s {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(bytes_at(blocks, start)) {
        *word = u32::from_le_bytes(*bytes);
    }
    simd.words(words)
}

/// `WORDS` words of each block, a multiple of four.
#[inline(always)]
pub fn words_at<S: Lanes<N>, const WORDS: usize, const BYTES: usize, const N: usize>(
    simd: S,
    blocks: [&[u8; BYTES]; N],
    start: usize,
) -> [S::u32s; WORDS] {
    let mut words = [simd.splat_u32s(0); WORDS];
    for (i, words) in words.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        *words = simd.turned_words(bytes_at(blocks, start + i * 16));
    }
    words
}

/// Words whose bits from `by` on are the lowest.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "less than 32")]
pub fn shifted<S: Simd>(simd: S, words: S::u32s, by: usize) -> S::u32s {
    simd.wrapping_dyn_shr_u32s(words, simd.splat_u32s(by as u32))
}

/// The bits of `words` from `shift` on that are in `mask`.
#[inline(always)]
pub fn bits<S: Simd>(simd: S, words: S::u32s, shift: usize, mask: u32) -> S::u32s {
    simd.and_u32s(shifted(simd, words, shift), simd.splat_u32s(mask))
}

/// Of each byte of `words` the bits from `shift` on that are in `mask`, the lowest byte first.
#[inline(always)]
pub fn of_bytes<S: Simd>(simd: S, words: S::u32s, shift: usize, mask: u32) -> [S::u32s; 4] {
    let words = shifted(simd, words, shift);
    let mut bytes = [words; 4];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = bits(simd, words, 8 * i, mask);
    }
    bytes
}

/// A bit or two as those behind the low four.
#[inline(always)]
pub fn on_top<S: Simd>(simd: S, low: [S::u32s; 4], high: [S::u32s; 4]) -> [S::u32s; 4] {
    let mut both = low;
    for (both, high) in both.iter_mut().zip(high) {
        *both = simd.or_u32s(*both, simd.wrapping_dyn_shl_u32s(high, simd.splat_u32s(4)));
    }
    both
}

/// q − `zero` as f32, for small whole numbers: 2²³ + q is an f32 whose last bits are q's.
#[inline(always)]
pub fn less<S: Simd>(simd: S, q: S::u32s, zero: u8) -> S::f32s {
    const BASE: u32 = 1 << 23;
    let large = simd.or_u32s(q, simd.splat_u32s((BASE as f32).to_bits()));
    simd.sub_f32s(simd.transmute_f32s_u32s(large), simd.splat_f32s((BASE + u32::from(zero)) as f32))
}

/// scale · (q − `zero`)
#[inline(always)]
pub fn scaled<S: Simd>(simd: S, scale: S::f32s, qs: [S::u32s; 4], zero: u8) -> [S::f32s; 4] {
    let mut numbers = [scale; 4];
    for (number, q) in numbers.iter_mut().zip(qs) {
        *number = simd.mul_f32s(scale, less(simd, q, zero));
    }
    numbers
}

/// scale · q + minimum
#[inline(always)]
pub fn from_minimum<S: Simd>(simd: S, scale: S::f32s, minimum: S::f32s, qs: [S::u32s; 4]) -> [S::f32s; 4] {
    let mut numbers = [minimum; 4];
    for (number, q) in numbers.iter_mut().zip(qs) {
        *number = simd.mul_add_e_f32s(scale, less(simd, q, 0), minimum);
    }
    numbers
}
