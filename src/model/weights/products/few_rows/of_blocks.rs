//! Few rows of x with rows of W as their file encodes them.

use std::hint::black_box;

use ndarray::ArrayViewMut2;

use super::{operands::FewRows, squares::Turn};
use crate::model::weights::{
    encoding::lanes::{ByLanes, Lanes},
    products::{lines::LINE, tiles::BLOCK},
};

/// Vectors of rows that are multiplied in turns: each waits for its last sum.
const GROUPS: usize = 2;

/// `M` rows of x with all rows of W.
#[inline(always)]
pub fn times<S: Turn<N> + Lanes<N>, E: ByLanes<BYTES>, const BYTES: usize, const N: usize, const M: usize>(
    simd: S,
    x: &FewRows,
    weight: &[&[u8]],
    mut out: ArrayViewMut2<'_, f32>,
) {
    let padded = x.width.next_multiple_of(LINE);
    let per_block = E::NUMBERS * E::STRETCHES;
    let n_blocks = x.width / per_block;
    let mut xs = [&[] as &[f32]; M];
    for (numbers, row) in xs.iter_mut().zip(x.numbers.chunks_exact(padded)) {
        *numbers = row;
    }
    for first in (0..weight.len()).step_by(GROUPS * N) {
        let mut rows = [[&[] as &[[u8; BYTES]]; N]; GROUPS];
        for (i, row) in rows.as_flattened_mut().iter_mut().enumerate() {
            // In the place of rows that are missing the last one is multiplied, and nothing is made of it.
            *row = weight[(first + i).min(weight.len() - 1)].as_chunks().0;
        }
        read_ahead(rows.as_flattened());
        let mut sums = [[simd.splat_f32s(0.0); M]; GROUPS];
        let mut of_block = sums;
        for at in 0..n_blocks * E::STRETCHES {
            let stretches =
                [of_rows::<S, E, BYTES, N>(simd, &rows[0], at), of_rows::<S, E, BYTES, N>(simd, &rows[1], at)];
            let start = at * E::NUMBERS;
            let mut fours = [&[] as &[[f32; 4]]; M];
            for (fours, x) in fours.iter_mut().zip(xs) {
                *fours = x[start..start + E::NUMBERS].as_chunks().0;
            }
            for i in 0..E::NUMBERS / 4 {
                let columns = [E::four(simd, &stretches[0], i), E::four(simd, &stretches[1], i)];
                for j in 0..4 {
                    for (m, x) in fours.iter().enumerate() {
                        let x = simd.splat_f32s(x[..E::NUMBERS / 4][i][j]);
                        of_block[0][m] = simd.mul_add_e_f32s(columns[0][j], x, of_block[0][m]);
                        of_block[1][m] = simd.mul_add_e_f32s(columns[1][j], x, of_block[1][m]);
                    }
                }
            }
            if (start + E::NUMBERS).is_multiple_of(BLOCK) || start + E::NUMBERS == x.width {
                for (sum, more) in sums.as_flattened_mut().iter_mut().zip(of_block.as_flattened_mut()) {
                    *sum = simd.add_f32s(*sum, *more);
                    *more = simd.splat_f32s(0.0);
                }
            }
        }
        for (group, sums) in sums.iter().enumerate() {
            for (mut out, sum) in out.outer_iter_mut().zip(sums) {
                let cells = out.iter_mut().skip(first + group * N);
                cells.zip(S::numbers(*sum)).for_each(|(cell, number)| *cell = number);
            }
        }
    }
}

/// Stretch `at` of each row.
#[inline(always)]
fn of_rows<S: Lanes<N>, E: ByLanes<BYTES>, const BYTES: usize, const N: usize>(
    simd: S,
    rows: &[&[[u8; BYTES]]; N],
    at: usize,
) -> E::Stretch<S> {
    let mut blocks = [const { &[0; BYTES] }; N];
    for (block, row) in blocks.iter_mut().zip(rows) {
        *block = &row[at / E::STRETCHES];
    }
    E::stretch::<S, N>(simd, blocks, at % E::STRETCHES)
}

/// Brings rows near, one after another: a processor sees ahead in a few of them, not in as many as are multiplied in turns.
#[inline(always)]
fn read_ahead<const BYTES: usize>(rows: &[&[[u8; BYTES]]]) {
    /// Bytes of a cache line.
    const LINE: usize = 64;
    let mut sum = 0;
    for row in rows {
        for byte in row.as_flattened().iter().step_by(LINE) {
            sum |= byte;
        }
    }
    black_box(sum);
}
