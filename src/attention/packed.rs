//! One number for each cell of the rows' spans.

use super::Mask;

/// Rows of cells one after the other, as many numbers as their spans have keys: T·(T + 1)/2 under a causal mask.
#[derive(Clone, Debug)]
pub(super) struct Packed<T> {
    cells: Vec<T>,
    /// Where each row begins, and the end of the last.
    starts: Vec<usize>,
}

impl<T: Clone + Default> Packed<T> {
    pub fn new(mask: &Mask, n_positions: usize) -> Self {
        let mut end = 0;
        let ends = (0..n_positions).map(|query| {
            end += mask.span(query, n_positions).len();
            end
        });
        let starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        Self { cells: vec![T::default(); starts.last().copied().unwrap_or_default()], starts }
    }

    /// One number for each key of the row's span. `query` is below T.
    pub fn row(&self, query: usize) -> &[T] {
        &self.cells[self.starts[query]..self.starts[query + 1]]
    }

    /// Bytes of all cells.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.cells)
    }

    /// The cells of `n_rows` rows at a time, from the top; each row has the cells of its span alone.
    pub fn row_blocks_mut(&mut self, n_rows: usize) -> Vec<(usize, &mut [T])> {
        let n_positions = self.starts.len() - 1;
        let mut rest = self.cells.as_mut_slice();
        let mut blocks = Vec::with_capacity(n_positions.div_ceil(n_rows.max(1)));
        for first in (0..n_positions).step_by(n_rows.max(1)) {
            let end = (first + n_rows).min(n_positions);
            let (block, behind) = rest.split_at_mut(self.starts[end] - self.starts[first]);
            blocks.push((first, block));
            rest = behind;
        }
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_the_unmasked_cells_and_no_others() {
        for (mask, n_cells) in [
            (Mask::CAUSAL, 28),
            (Mask::BIDIRECTIONAL, 49),
            (Mask::CAUSAL.within(2), 13),
            (Mask::BIDIRECTIONAL.within(2), 19),
        ] {
            for n_rows in [1, 3, 7, 100] {
                let mut packed = Packed::<usize>::new(&mask, 7);
                assert_eq!(packed.cells.len(), n_cells);
                for (first, block) in packed.row_blocks_mut(n_rows) {
                    let mut rest = block;
                    for query in first..(first + n_rows).min(7) {
                        let (row, below) = std::mem::take(&mut rest).split_at_mut(mask.span(query, 7).len());
                        row.fill(query);
                        rest = below;
                    }
                    assert!(rest.is_empty());
                }
                for query in 0..7 {
                    assert_eq!(packed.row(query), vec![query; mask.span(query, 7).len()]);
                }
            }
        }
        assert!(Packed::<f32>::new(&Mask::CAUSAL, 0).row_blocks_mut(64).is_empty());
    }
}
