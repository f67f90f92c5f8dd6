//! Few rows of x with rows of W that lie one after another.

use ndarray::ArrayViewMut2;

use super::{operands::FewRows, squares::Turn};
use crate::model::weights::products::{lines::LINE, tiles::BLOCK};

/// `M` rows of x with all rows of W, `N` of them at a time.
#[inline(always)]
pub fn times<S: Turn<N>, const N: usize, const M: usize>(
    simd: S,
    x: &FewRows,
    weight: &[f32],
    mut out: ArrayViewMut2<'_, f32>,
) {
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
