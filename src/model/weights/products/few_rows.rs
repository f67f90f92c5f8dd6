//! x·Wᵀ for few rows of x, as a text is written: W is turned on its way through the registers.
//!
//! In a tile a lane is a row of x, and all but one of sixteen would stand idle here. So a lane is a row of W: a square of
//! numbers, as many rows as columns, is turned in registers, and each of its columns multiplied with one number of x. The
//! products are the same, added in the same order ([`BLOCK`]): a row's bits are those that it has among many.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use ndarray::ArrayViewMut2;

use super::{lines::LINE, tiles::BLOCK};

/// Some rows of x, each with zeros behind it up to a whole line.
pub struct FewRows {
    numbers: Vec<f32>,
    width: usize,
    n_rows: usize,
}

impl FewRows {
    /// Of more rows it is sooner to turn x.
    pub const MOST: usize = 4;

    /// Of `x`, row after row of `width` numbers. `None` where there are too many, or the processor has no such registers.
    pub fn of(x: &[f32], width: usize) -> Option<Self> {
        let n_rows = x.len().checked_div(width)?;
        if n_rows == 0 || n_rows > Self::MOST || !is_supported() {
            return None;
        }
        let padded = width.next_multiple_of(LINE);
        let mut numbers = vec![0.0; n_rows * padded];
        for (cells, row) in numbers.chunks_exact_mut(padded).zip(x.chunks_exact(width)) {
            cells[..width].copy_from_slice(row);
        }
        Some(Self { numbers, width, n_rows })
    }

    /// Writes x·Wᵀ to `out [m, n]`; `weight [n, width]` lies row after row.
    pub fn times(&self, weight: &[f32], out: ArrayViewMut2<'_, f32>) {
        #[cfg(target_arch = "x86_64")]
        x86::multiply(Product { x: self, weight, out });
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (weight, out, BLOCK);
    }
}

#[cfg(target_arch = "x86_64")]
fn is_supported() -> bool {
    pulp::x86::V3::is_available()
}

#[cfg(not(target_arch = "x86_64"))]
fn is_supported() -> bool {
    false
}

#[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "squares are turned by instructions of x86"))]
struct Product<'a> {
    x: &'a FewRows,
    weight: &'a [f32],
    out: ArrayViewMut2<'a, f32>,
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use pulp::{
        NullaryFnOnce, Simd, cast,
        x86::{V3, V4},
    };

    use super::{BLOCK, FewRows, LINE, Product};

    /// Registers of `N` numbers, of which squares are turned.
    pub trait Turn<const N: usize>: Simd {
        /// Number `i` of each row, in the order of the rows, is vector `i`.
        fn turned(self, square: [&[f32; N]; N]) -> [Self::f32s; N];

        fn numbers(vector: Self::f32s) -> [f32; N];
    }

    pub fn multiply(product: Product<'_>) {
        if let Some(simd) = V4::try_new() {
            simd.vectorize(OfWidth { product, simd });
        } else if let Some(simd) = V3::try_new() {
            simd.vectorize(OfWidth { product, simd });
        }
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

    struct OfWidth<'a, S> {
        product: Product<'a>,
        simd: S,
    }

    impl NullaryFnOnce for OfWidth<'_, V4> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            by_rows::<V4, 16>(self.simd, self.product);
        }
    }

    impl NullaryFnOnce for OfWidth<'_, V3> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            by_rows::<V3, 8>(self.simd, self.product);
        }
    }

    #[inline(always)]
    fn by_rows<S: Turn<N>, const N: usize>(simd: S, product: Product<'_>) {
        const { assert!(FewRows::MOST == 4) };
        match product.x.n_rows {
            1 => times::<S, N, 1>(simd, product),
            2 => times::<S, N, 2>(simd, product),
            3 => times::<S, N, 3>(simd, product),
            _ => times::<S, N, 4>(simd, product),
        }
    }

    /// `M` rows of x with all rows of W, `N` of them at a time.
    #[inline(always)]
    fn times<S: Turn<N>, const N: usize, const M: usize>(simd: S, product: Product<'_>) {
        let Product { x, weight, mut out } = product;
        let (width, padded) = (x.width, x.width.next_multiple_of(LINE));
        // Squares across a row: whole ones, and all with the zeros behind it.
        let (n_whole, n_squares) = (width / N, padded / N);
        let mut xs = [&[] as &[[f32; N]]; M];
        for (squares, row) in xs.iter_mut().zip(x.numbers.chunks_exact(padded)) {
            *squares = row.as_chunks().0;
        }
        let n_rows = weight.len() / width;
        for first in (0..n_rows).step_by(N) {
            let mut rows = [(&[] as &[[f32; N]], &[] as &[f32]); N];
            for (i, row) in rows.iter_mut().enumerate() {
                // In the place of rows that are missing the last one is multiplied, and nothing is made of it.
                let start = (first + i).min(n_rows - 1) * width;
                *row = weight[start..start + width].as_chunks();
            }
            let mut sums = [simd.splat_f32s(0.0); M];
            for start in (0..n_squares).step_by(BLOCK / N) {
                let end = n_squares.min(start + BLOCK / N);
                let mut of_block = [simd.splat_f32s(0.0); M];
                // Slices of one known length, so that nothing is checked within the loop.
                let mut wholes = [&[] as &[[f32; N]]; N];
                for (whole, row) in wholes.iter_mut().zip(&rows) {
                    *whole = &row.0[start.min(n_whole)..end.min(n_whole)];
                }
                for at in 0..wholes[0].len() {
                    let mut square = [const { &[0.0; N] }; N];
                    for (line, whole) in square.iter_mut().zip(&wholes) {
                        *line = &whole[..wholes[0].len()][at];
                    }
                    add(simd, square, &xs, start + at, &mut of_block);
                }
                for at in n_whole.max(start)..end {
                    let mut cut = [[0.0; N]; N];
                    for (line, row) in cut.iter_mut().zip(&rows) {
                        // Behind the end of the row there are zeros alone.
                        let rest = if at == n_whole { row.1 } else { &[] };
                        line[..rest.len()].copy_from_slice(rest);
                    }
                    add(simd, cut.each_ref(), &xs, at, &mut of_block);
                }
                for (sum, more) in sums.iter_mut().zip(of_block) {
                    *sum = simd.add_f32s(*sum, more);
                }
            }
            for (mut out, sum) in out.outer_iter_mut().zip(sums) {
                out.iter_mut().skip(first).zip(S::numbers(sum)).for_each(|(cell, number)| *cell = number);
            }
        }
    }

    /// Adds the products of a square of W with the numbers of x that it is multiplied with.
    #[inline(always)]
    fn add<S: Turn<N>, const N: usize, const M: usize>(
        simd: S,
        square: [&[f32; N]; N],
        xs: &[&[[f32; N]]; M],
        at: usize,
        sums: &mut [S::f32s; M],
    ) {
        let columns = simd.turned(square);
        for (x, sum) in xs.iter().zip(sums) {
            for (column, number) in columns.iter().zip(&x[at]) {
                *sum = simd.mul_add_e_f32s(*column, simd.splat_f32s(*number), *sum);
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use ndarray::Array2;

        use super::*;
        use crate::model::weights::products::{Scratch, Threads, TurnedRows};

        /// Numbers whose sums are rounded.
        fn fractions(n: usize, seed: usize) -> Vec<f32> {
            (0..n).map(|i| ((i * 7919 + seed) % 1009) as f32 / 1009.0 - 0.5).collect()
        }

        #[test]
        fn rows_have_the_bits_that_they_have_among_many() {
            for width in [1, 2, 7, 8, 9, 15, 16, 17, 33, 120, 128, 129, 136, 300, 576] {
                for n in [1, 2, 7, 8, 9, 15, 16, 17, 31, 48] {
                    let (x, weight) = (fractions(FewRows::MOST * width, 104_729), fractions(n * width, 3));
                    let mut expected = Array2::zeros((FewRows::MOST, n));
                    let turned = TurnedRows::of(&x, width, Threads::One);
                    turned.times(&weight, &mut Scratch::default(), expected.view_mut());
                    for m in 1..=FewRows::MOST {
                        let few = FewRows::of(&x[..m * width], width);
                        let Some(few) = few else { return };
                        let product = |out: &mut Array2<f32>, multiply: &dyn Fn(Product<'_>)| {
                            out.fill(99.0);
                            multiply(Product { x: &few, weight: &weight, out: out.view_mut() });
                        };
                        let mut out = Array2::zeros((m, n));
                        let check = |out: &Array2<f32>| {
                            assert_eq!(out, expected.slice(ndarray::s![..m, ..]), "{m}×{width} · {n}");
                        };
                        product(&mut out, &multiply);
                        check(&out);
                        if let Some(simd) = V3::try_new() {
                            product(&mut out, &|product| simd.vectorize(OfWidth { product, simd }));
                            check(&out);
                        }
                    }
                    assert!(FewRows::of(&fractions((FewRows::MOST + 1) * width, 1), width).is_none());
                }
            }
            assert!(FewRows::of(&[], 3).is_none() && FewRows::of(&[], 0).is_none());
        }
    }
}
