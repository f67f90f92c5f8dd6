//! Squares of numbers turned in registers of x86.

use pulp::{
    Simd, cast,
    x86::{V3, V4},
};

/// Registers of `N` numbers, of which squares are turned.
pub trait Turn<const N: usize>: Simd {
    /// Number `i` of each row, in the order of the rows, is vector `i`.
    fn turned(self, square: [&[f32; N]; N]) -> [Self::f32s; N];

    fn numbers(vector: Self::f32s) -> [f32; N];
}

// Loops all along: what is handed to a function of another crate may be compiled by itself, for any processor.
impl Turn<16> for V4 {
    #[inline(always)]
    fn turned(self, square: [&[f32; 16]; 16]) -> [Self::f32s; 16] {
        let f = self.avx512f;
        let mut rows = [f._mm512_setzero_ps(); 16];
        for (register, row) in rows.iter_mut().zip(square) {
            *register = cast(*row);
        }
        // Two rows in turns, then four: of four columns in each quarter of a register.
        let mut pairs = [f._mm512_setzero_pd(); 16];
        for i in 0..8 {
            pairs[2 * i] = cast(f._mm512_unpacklo_ps(rows[2 * i], rows[2 * i + 1]));
            pairs[2 * i + 1] = cast(f._mm512_unpackhi_ps(rows[2 * i], rows[2 * i + 1]));
        }
        let mut fours = rows;
        for i in [0, 4, 8, 12] {
            fours[i] = cast(f._mm512_unpacklo_pd(pairs[i], pairs[i + 2]));
            fours[i + 1] = cast(f._mm512_unpackhi_pd(pairs[i], pairs[i + 2]));
            fours[i + 2] = cast(f._mm512_unpacklo_pd(pairs[i + 1], pairs[i + 3]));
            fours[i + 3] = cast(f._mm512_unpackhi_pd(pairs[i + 1], pairs[i + 3]));
        }
        let mut columns = [self.splat_f32s(0.0); 16];
        for i in 0..4 {
            let even = [
                f._mm512_shuffle_f32x4::<0x88>(fours[i], fours[i + 4]),
                f._mm512_shuffle_f32x4::<0x88>(fours[i + 8], fours[i + 12]),
            ];
            let odd = [
                f._mm512_shuffle_f32x4::<0xDD>(fours[i], fours[i + 4]),
                f._mm512_shuffle_f32x4::<0xDD>(fours[i + 8], fours[i + 12]),
            ];
            columns[i] = cast(f._mm512_shuffle_f32x4::<0x88>(even[0], even[1]));
            columns[8 + i] = cast(f._mm512_shuffle_f32x4::<0xDD>(even[0], even[1]));
            columns[4 + i] = cast(f._mm512_shuffle_f32x4::<0x88>(odd[0], odd[1]));
            columns[12 + i] = cast(f._mm512_shuffle_f32x4::<0xDD>(odd[0], odd[1]));
        }
        columns
    }

    #[inline(always)]
    fn numbers(vector: Self::f32s) -> [f32; 16] {
        cast(vector)
    }
}

impl Turn<8> for V3 {
    #[inline(always)]
    fn turned(self, square: [&[f32; 8]; 8]) -> [Self::f32s; 8] {
        let f = self.avx;
        let mut rows = [f._mm256_setzero_ps(); 8];
        for (register, row) in rows.iter_mut().zip(square) {
            *register = cast(*row);
        }
        let mut pairs = [f._mm256_setzero_pd(); 8];
        for i in 0..4 {
            pairs[2 * i] = cast(f._mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]));
            pairs[2 * i + 1] = cast(f._mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]));
        }
        let mut fours = rows;
        for i in [0, 4] {
            fours[i] = cast(f._mm256_unpacklo_pd(pairs[i], pairs[i + 2]));
            fours[i + 1] = cast(f._mm256_unpackhi_pd(pairs[i], pairs[i + 2]));
            fours[i + 2] = cast(f._mm256_unpacklo_pd(pairs[i + 1], pairs[i + 3]));
            fours[i + 3] = cast(f._mm256_unpackhi_pd(pairs[i + 1], pairs[i + 3]));
        }
        let mut columns = [self.splat_f32s(0.0); 8];
        for i in 0..4 {
            columns[i] = cast(f._mm256_permute2f128_ps::<0x20>(fours[i], fours[i + 4]));
            columns[4 + i] = cast(f._mm256_permute2f128_ps::<0x31>(fours[i], fours[i + 4]));
        }
        columns
    }

    #[inline(always)]
    fn numbers(vector: Self::f32s) -> [f32; 8] {
        cast(vector)
    }
}
