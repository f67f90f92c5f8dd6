//! Cache lines of numbers, and rows turned into them: sixteen rows, number by number.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use pulp::{Arch, Simd, WithSimd};

/// Numbers of a line.
pub const LINE: usize = 16;

/// Numbers of one cache line, where one begins: a vector that lies in two of them is read at half the speed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub struct Line(pub [f32; LINE]);

impl Line {
    pub const ZERO: Self = Self([0.0; LINE]);
}

/// Sixteen rows as lines: number `i` of each row in line `i`. Of rows that are missing the numbers are 0, and so they are
/// in lines behind the end of the rows, which are of one length.
pub fn turn_rows(rows: [&[f32]; LINE], lines: &mut [Line]) {
    Arch::new().dispatch(TurnRows { rows, lines });
}

/// The number `row` of each line into a row, side by side.
#[inline(always)]
pub fn turn_lines(lines: &[Line], rows: [&mut [f32]; LINE]) {
    let mut at = 0;
    let mut rows = rows;
    let (squares, rest) = lines.as_chunks::<SIDE>();
    for square in squares {
        for half in 0..LINE / SIDE {
            let from: [[f32; SIDE]; SIDE] = part(square, half);
            for (row, cells) in rows.iter_mut().skip(half * SIDE).zip(turned(&from)) {
                if let Some(row) = row.get_mut(at..at + SIDE) {
                    row.copy_from_slice(&cells);
                }
            }
        }
        at += SIDE;
    }
    for line in rest {
        for (row, &number) in rows.iter_mut().zip(&line.0) {
            if let Some(cell) = row.get_mut(at) {
                *cell = number;
            }
        }
        at += 1;
    }
}

/// Side of the squares that are turned in registers.
const SIDE: usize = 8;

struct TurnRows<'a> {
    rows: [&'a [f32]; LINE],
    lines: &'a mut [Line],
}

impl WithSimd for TurnRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { rows, lines } = self;
        let mut at = 0;
        let (squares, rest) = lines.as_chunks_mut::<SIDE>();
        for square in squares {
            for half in 0..LINE / SIDE {
                let mut from = [[0.0; SIDE]; SIDE];
                for (cells, row) in from.iter_mut().zip(&rows[half * SIDE..]) {
                    if let Some(row) = row.get(at..at + SIDE) {
                        cells.copy_from_slice(row);
                    } else {
                        cells.iter_mut().zip(row.iter().skip(at)).for_each(|(cell, &number)| *cell = number);
                    }
                }
                for (line, cells) in square.iter_mut().zip(turned(&from)) {
                    line.0[half * SIDE..][..SIDE].copy_from_slice(&cells);
                }
            }
            at += SIDE;
        }
        for line in rest {
            for (cell, row) in line.0.iter_mut().zip(rows) {
                *cell = row.get(at).copied().unwrap_or_default();
            }
            at += 1;
        }
    }
}

#[inline(always)]
fn part(lines: &[Line; SIDE], half: usize) -> [[f32; SIDE]; SIDE] {
    let mut part = [[0.0; SIDE]; SIDE];
    for (cells, line) in part.iter_mut().zip(lines) {
        cells.copy_from_slice(&line.0[half * SIDE..][..SIDE]);
    }
    part
}

#[inline(always)]
fn turned(square: &[[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
    let mut turned = [[0.0; SIDE]; SIDE];
    for (i, row) in turned.iter_mut().enumerate() {
        for (cell, from) in row.iter_mut().zip(square) {
            *cell = from[i];
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_turned_are_the_rows_again() {
        for (n_rows, length) in [(16, 16), (16, 1), (3, 7), (16, 21), (9, 24), (0, 0)] {
            let numbers: Vec<f32> = (0..n_rows * length).map(|i| i as f32 + 1.0).collect();
            let row = |row: usize| numbers.get(row * length..(row + 1) * length).unwrap_or_default();
            // Longer than the rows, and full of something else.
            let mut lines = vec![Line([7.0; LINE]); length + 9];
            turn_rows(std::array::from_fn(row), &mut lines);
            for (i, line) in lines.iter().enumerate() {
                for (j, &number) in line.0.iter().enumerate() {
                    assert_eq!(number, row(j).get(i).copied().unwrap_or_default(), "{n_rows} {length}");
                }
            }
            let mut again = vec![0.0; numbers.len()];
            let mut rows = again.chunks_exact_mut(length.max(1));
            turn_lines(&lines[..length], std::array::from_fn(|_| rows.next().unwrap_or_default()));
            assert_eq!(again, numbers);
        }
    }
}
