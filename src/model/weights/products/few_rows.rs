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

    impl Turn<16> for V4 {
        #[inline(always)]
        fn turned(self, square: [&[f32; 16]; 16]) -> [Self::f32s; 16] {
            let f = self.avx512f;
            let rows = square.map(|row| cast(*row));
            // Two rows in turns, then four: of four columns in each quarter of a register.
            let mut pairs = rows;
            for i in 0..8 {
                pairs[2 * i] = f._mm512_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
                pairs[2 * i + 1] = f._mm512_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
            }
            let mut fours = pairs.map(cast);
            let pairs = fours;
            for i in 0..4 {
                let [a, b, c, d] = [0, 1, 2, 3].map(|row| pairs[4 * i + row]);
                fours[4 * i] = f._mm512_unpacklo_pd(a, c);
                fours[4 * i + 1] = f._mm512_unpackhi_pd(a, c);
                fours[4 * i + 2] = f._mm512_unpacklo_pd(b, d);
                fours[4 * i + 3] = f._mm512_unpackhi_pd(b, d);
            }
            let mut columns = rows;
            for i in 0..4 {
                let [a, b, c, d] = [0, 1, 2, 3].map(|four| cast(fours[4 * four + i]));
                let even = [f._mm512_shuffle_f32x4::<0x88>(a, b), f._mm512_shuffle_f32x4::<0x88>(c, d)];
                let odd = [f._mm512_shuffle_f32x4::<0xDD>(a, b), f._mm512_shuffle_f32x4::<0xDD>(c, d)];
                columns[i] = f._mm512_shuffle_f32x4::<0x88>(even[0], even[1]);
                columns[8 + i] = f._mm512_shuffle_f32x4::<0xDD>(even[0], even[1]);
                columns[4 + i] = f._mm512_shuffle_f32x4::<0x88>(odd[0], odd[1]);
                columns[12 + i] = f._mm512_shuffle_f32x4::<0xDD>(odd[0], odd[1]);
            }
            columns.map(cast)
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
            let rows = square.map(|row| cast(*row));
            let mut pairs = rows;
            for i in 0..4 {
                pairs[2 * i] = f._mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
                pairs[2 * i + 1] = f._mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
            }
            let mut fours = pairs.map(cast);
            let pairs = fours;
            for i in 0..2 {
                let [a, b, c, d] = [0, 1, 2, 3].map(|row| pairs[4 * i + row]);
                fours[4 * i] = f._mm256_unpacklo_pd(a, c);
                fours[4 * i + 1] = f._mm256_unpackhi_pd(a, c);
                fours[4 * i + 2] = f._mm256_unpacklo_pd(b, d);
                fours[4 * i + 3] = f._mm256_unpackhi_pd(b, d);
            }
            let mut columns = rows;
            for i in 0..4 {
                let [a, b] = [cast(fours[i]), cast(fours[4 + i])];
                columns[i] = f._mm256_permute2f128_ps::<0x20>(a, b);
                columns[4 + i] = f._mm256_permute2f128_ps::<0x31>(a, b);
            }
            columns.map(cast)
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
        let rows_of_x: [&[[f32; N]]; M] =
            std::array::from_fn(|i| x.numbers[i * padded..(i + 1) * padded].as_chunks().0);
        let n_rows = weight.len() / width;
        for first in (0..n_rows).step_by(N) {
            // In the place of rows that are missing the last one is multiplied, and nothing is made of it.
            let rows: [&[f32]; N] = std::array::from_fn(|row| {
                let row = (first + row).min(n_rows - 1);
                &weight[row * width..(row + 1) * width]
            });
            let whole: [&[[f32; N]]; N] = rows.map(|row| &row.as_chunks().0[..n_whole]);
            let mut sums = [simd.splat_f32s(0.0); M];
            for start in (0..n_squares).step_by(BLOCK / N) {
                let end = n_squares.min(start + BLOCK / N);
                let mut of_block = [simd.splat_f32s(0.0); M];
                // Slices of one known length, so that nothing is checked within the loop.
                let xs = rows_of_x.map(|x| &x[..n_whole.max(end)]);
                for at in start..end.min(n_whole) {
                    add(simd, whole.map(|row| &row[at]), xs.map(|x| &x[at]), &mut of_block);
                }
                for at in n_whole.max(start)..end {
                    let mut square = [[0.0; N]; N];
                    for (cells, row) in square.iter_mut().zip(rows) {
                        let rest = &row[(at * N).min(width)..];
                        cells[..rest.len()].copy_from_slice(rest);
                    }
                    add(simd, square.each_ref(), xs.map(|x| &x[at]), &mut of_block);
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

    /// Adds the products of a square of W.
    #[inline(always)]
    fn add<S: Turn<N>, const N: usize, const M: usize>(
        simd: S,
        square: [&[f32; N]; N],
        x: [&[f32; N]; M],
        sums: &mut [S::f32s; M],
    ) {
        let columns = simd.turned(square);
        for (x, sum) in x.into_iter().zip(sums) {
            for (column, number) in columns.iter().zip(x) {
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
