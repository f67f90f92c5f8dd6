//! Sums of many rows at once, each equal to the bit to that of a plain loop.

/// Rows that are summed side by side: within one row an addition waits for the one before it.
const LANES: usize = 8;

/// Σ `term(row, column, cell)` over each row of `cells`, `[rows, n_columns]` in row-major order.
///
/// The terms of a row are added one after the other, from the first to the last, so that a sum does not depend on how
/// many rows there are.
pub fn sums_of_rows<T: Copy>(
    cells: &[T],
    n_columns: usize,
    term: impl Fn(usize, usize, T) -> f64,
) -> impl Iterator<Item = f64> {
    let n_columns = n_columns.max(1);
    cells.chunks(LANES * n_columns).enumerate().flat_map(move |(chunk, cells)| {
        let row_of = |lane: usize| chunk * LANES + lane;
        // As `Iterator::sum` begins.
        let mut sums = [-0.0; LANES];
        if cells.len() == LANES * n_columns {
            let rows: [&[T]; LANES] = std::array::from_fn(|lane| &cells[lane * n_columns..(lane + 1) * n_columns]);
            for column in 0..n_columns {
                for (lane, (sum, row)) in sums.iter_mut().zip(rows).enumerate() {
                    *sum += term(row_of(lane), column, row[column]);
                }
            }
        } else {
            for (lane, (sum, row)) in sums.iter_mut().zip(cells.chunks_exact(n_columns)).enumerate() {
                *sum = row.iter().enumerate().map(|(column, &cell)| term(row_of(lane), column, cell)).sum();
            }
        }
        sums.into_iter().take(cells.len() / n_columns)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sum_is_that_of_a_plain_loop_to_the_bit() {
        for (n_rows, n_columns) in [(0, 3), (1, 1), (7, 5), (8, 64), (9, 64), (30, 7)] {
            let cells: Vec<f32> = (0..n_rows * n_columns).map(|i| (i as f32 * 0.37).sin().powi(3)).collect();
            let term = |row: usize, column: usize, x: f32| f64::from(x) * (0.1 + row as f64) / (1.0 + column as f64);
            let found: Vec<u64> = sums_of_rows(&cells, n_columns, term).map(f64::to_bits).collect();
            let plain = cells.chunks(n_columns).enumerate().map(|(row, cells)| {
                cells.iter().enumerate().map(|(column, &x)| term(row, column, x)).sum::<f64>().to_bits()
            });
            assert_eq!(found, plain.collect::<Vec<_>>(), "{n_rows}×{n_columns}");
        }
        let zeros: Vec<u64> = sums_of_rows(&[-0.0_f64; 16], 2, |_, _, x| x).map(f64::to_bits).collect();
        assert_eq!(zeros, [[-0.0_f64, -0.0].iter().sum::<f64>().to_bits(); 8]);
    }
}
