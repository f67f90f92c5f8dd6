//! One number for each cell of the rows' spans.

use std::ops::Range;

use super::Mask;

/// Rows of cells one after the other, as many numbers as their spans have keys: T·(T + 1)/2 of all rows under a causal
/// mask.
#[derive(Clone, Debug)]
pub(super) struct Packed<T> {
    cells: Vec<T>,
    /// The first row.
    first: usize,
    /// Where each row begins, and the end of the last.
    starts: Vec<usize>,
}

impl<T: Clone + Default> Packed<T> {
    /// Of the rows `queries` of a pattern of `n_positions`.
    pub fn new(mask: &Mask, n_positions: usize, queries: Range<usize>) -> Self {
        let first = queries.start;
        let mut end = 0;
        let ends = queries.map(|query| {
            end += mask.span(query, n_positions).len();
            end
        });
        let starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        Self { cells: vec![T::default(); starts.last().copied().unwrap_or_default()], first, starts }
    }

    /// One number for each key of the row's span. `query` is one of the rows.
    pub fn row(&self, query: usize) -> &[T] {
        let row = query - self.first;
        &self.cells[self.starts[row]..self.starts[row + 1]]
    }

    /// Bytes of all cells.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.cells)
    }

    /// The cells of `n_rows` rows at a time, from the top; each row has the cells of its span alone.
    pub fn row_blocks_mut(&mut self, n_rows: usize) -> Vec<(usize, &mut [T])> {
        let all = self.starts.len() - 1;
        let mut rest = self.cells.as_mut_slice();
        let mut blocks = Vec::with_capacity(all.div_ceil(n_rows.max(1)));
        for start in (0..all).step_by(n_rows.max(1)) {
            let end = (start + n_rows).min(all);
            let (block, behind) = rest.split_at_mut(self.starts[end] - self.starts[start]);
            blocks.push((self.first + start, block));
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
                let mut packed = Packed::<usize>::new(&mask, 7, 0..7);
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
                let mut some = Packed::<usize>::new(&mask, 7, 3..6);
                some.row_blocks_mut(n_rows).into_iter().for_each(|(first, block)| block.fill(first));
                let first_of_block = |query: usize| 3 + (query - 3) / n_rows * n_rows;
                for query in 3..6 {
                    assert_eq!(some.row(query), vec![first_of_block(query); mask.span(query, 7).len()]);
                }
            }
        }
        assert!(Packed::<f32>::new(&Mask::CAUSAL, 0, 0..0).row_blocks_mut(64).is_empty());
    }
}
