//! Work on each row of a matrix by itself, on all cores where there is enough of it.

use ndarray::Array2;
use rayon::prelude::*;

/// Numbers below which handing rows to other threads takes longer than it spares.
const WORTH_THREADS: usize = 1 << 16;

/// Numbers that a thread takes at once.
const AT_ONCE: usize = 1 << 14;

/// Calls `each` with the index and the numbers of every row.
pub fn for_each_row(matrix: &mut Array2<f32>, each: impl Fn(usize, &mut [f32]) + Send + Sync) {
    let (width, n_numbers) = (matrix.ncols(), matrix.len());
    if n_numbers == 0 {
        return;
    }
    if !matrix.is_standard_layout() {
        *matrix = matrix.as_standard_layout().into_owned();
    }
    let Some(numbers) = matrix.as_slice_mut() else { return };
    if n_numbers < WORTH_THREADS {
        numbers.chunks_exact_mut(width).enumerate().for_each(|(at, row)| each(at, row));
    } else {
        let rows = numbers.par_chunks_exact_mut(width).with_min_len((AT_ONCE / width).max(1));
        rows.enumerate().for_each(|(at, row)| each(at, row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_met_once_under_its_index_in_any_layout_and_size() {
        for (n_rows, width) in [(0, 3), (3, 0), (1, 1), (7, 5), (700, 129)] {
            let in_order = Array2::zeros((n_rows, width));
            let turned = Array2::zeros((width, n_rows)).reversed_axes();
            for mut matrix in [in_order, turned] {
                for_each_row(&mut matrix, |at, row| {
                    for number in row {
                        *number += at as f32;
                    }
                });
                assert_eq!(matrix, Array2::from_shape_fn((n_rows, width), |(row, _)| row as f32));
            }
        }
    }
}
