//! One number for each unmasked cell.

use super::Mask;

/// Rows of unmasked cells one after the other, as many numbers as there are such cells: T·(T + 1)/2 under a causal mask.
#[derive(Clone, Debug)]
pub(super) struct Packed<T> {
    cells: Vec<T>,
    mask: Mask,
    n_positions: usize,
}

impl<T: Clone + Default> Packed<T> {
    pub fn new(mask: Mask, n_positions: usize) -> Self {
        Self { cells: vec![T::default(); mask.n_cells(n_positions)], mask, n_positions }
    }

    /// One number for each key that `query` may attend to. `query` is below T.
    pub fn row(&self, query: usize) -> &[T] {
        let start = start(self.mask, query, self.n_positions);
        &self.cells[start..start + self.mask.attended(query, self.n_positions)]
    }

    /// Bytes of all cells.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.cells)
    }

    /// The cells of `n_rows` rows at a time, from the top; each row has its unmasked cells alone.
    pub fn row_blocks_mut(&mut self, n_rows: usize) -> Vec<(usize, &mut [T])> {
        let (mask, n_positions) = (self.mask, self.n_positions);
        let mut rest = self.cells.as_mut_slice();
        let mut blocks = Vec::with_capacity(n_positions.div_ceil(n_rows.max(1)));
        for first in (0..n_positions).step_by(n_rows.max(1)) {
            let end = (first + n_rows).min(n_positions);
            let length = start(mask, end, n_positions) - start(mask, first, n_positions);
            let (block, behind) = rest.split_at_mut(length);
            blocks.push((first, block));
            rest = behind;
        }
        blocks
    }
}

/// How many cells lie in front of a row.
fn start(mask: Mask, query: usize, n_positions: usize) -> usize {
    match mask {
        Mask::Causal => Mask::Causal.n_cells(query),
        Mask::Bidirectional => query * n_positions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_the_unmasked_cells_and_no_others() {
        for (mask, n_cells) in [(Mask::Causal, 28), (Mask::Bidirectional, 49)] {
            for n_rows in [1, 3, 7, 100] {
                let mut packed = Packed::<usize>::new(mask, 7);
                assert_eq!(packed.cells.len(), n_cells);
                for (first, block) in packed.row_blocks_mut(n_rows) {
                    let mut rest = block;
                    for query in first..(first + n_rows).min(7) {
                        let (row, below) = std::mem::take(&mut rest).split_at_mut(mask.attended(query, 7));
                        row.fill(query);
                        rest = below;
                    }
                    assert!(rest.is_empty());
                }
                for query in 0..7 {
                    assert_eq!(packed.row(query), vec![query; mask.attended(query, 7)]);
                }
            }
        }
        assert!(Packed::<f32>::new(Mask::Causal, 0).row_blocks_mut(64).is_empty());
    }
}
