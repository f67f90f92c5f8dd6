//! What it takes to read blocks of several rows at once: vectors of words, and an encoding that says what they are.

use pulp::Simd;

/// Vectors of `N` numbers of 32 bits, in which rows lie side by side.
pub trait Lanes<const N: usize>: Simd {
    /// Word `i` of each row, in the order of the rows, is vector `i`.
    fn turned_words(self, rows: [&[u8; 16]; N]) -> [Self::u32s; 4];

    fn words(self, words: [u32; N]) -> Self::u32s;
}

/// An encoding whose blocks, of `BYTES` bytes, are read by lanes, in stretches of numbers.
pub trait ByLanes<const BYTES: usize> {
    /// Numbers of a stretch.
    const NUMBERS: usize;
    /// Stretches of a block.
    const STRETCHES: usize;

    /// What the numbers of a stretch are made of.
    type Stretch<S: Simd>: Copy;

    /// Stretch `at` of a block of each row.
    fn stretch<S: Lanes<N>, const N: usize>(simd: S, blocks: [&[u8; BYTES]; N], at: usize) -> Self::Stretch<S>;

    /// The numbers `4 · i` to `4 · i + 3` of each row's stretch.
    fn four<S: Simd>(simd: S, stretch: &Self::Stretch<S>, i: usize) -> [S::f32s; 4];
}
