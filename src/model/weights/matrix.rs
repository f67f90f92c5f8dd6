//! Matrices of weights, where the file has them.
//!
//! One rule says what is decoded when: tensors of a mapped file stay in the file and are decoded to f32 by blocks of rows,
//! anew in each product; the bundled model, whose bytes are part of the program, is decoded once, when it is loaded.
//! Decoding costs little beside the product (BF16 is as fast as f32, for half as many bytes come from memory).

use std::{ops::Range, sync::Arc};

use ndarray::Array2;

use super::{encoding::Encoding, low_rank::LowRank, products::EncodedRows, stored::Stored};
use crate::model::ModelError;

/// A matrix of weights, `[rows, columns]`. Cheap to clone: the numbers are shared.
#[derive(Clone, Debug)]
pub struct Matrix {
    n_rows: usize,
    n_columns: usize,
    numbers: Numbers,
    /// The first row of those of `numbers`; of turned ones, the first column.
    first: usize,
}

#[derive(Clone, Debug)]
enum Numbers {
    /// Row after row.
    Held(Arc<Vec<f32>>),
    Stored(Arc<Stored>, Order),
    /// The rows of one behind those of another.
    Joined(Arc<[Matrix]>),
    /// A row of one, a row of the other.
    InTurns(Arc<[Matrix; 2]>),
    /// The rows of one, and what is added to each.
    Adapted(Arc<(Matrix, LowRank)>),
}

/// Which row of a file a row of the matrix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Rows,
    /// Rows are the file's columns.
    Columns,
    Interleaved(Interleaved),
}

/// The rows of the two halves of each head in turns, as llama.cpp's converter writes queries and keys that it rotates:
/// `reshape(2, head_dim / 2).swapaxes(0, 1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interleaved {
    /// Rows of a head.
    pub head_dim: usize,
}

impl Interleaved {
    /// Where the file has the row `row` of the matrix.
    pub fn row_in_file(self, row: usize) -> usize {
        let Self { head_dim } = self;
        let (head, row) = (row / head_dim, row % head_dim);
        let half = head_dim.div_ceil(2);
        head * head_dim + if row < half { 2 * row } else { 2 * (row - half) + 1 }
    }
}

impl Matrix {
    /// Row after row. `None` where `numbers` are not as many as the shape says.
    pub fn held([n_rows, n_columns]: [usize; 2], numbers: Vec<f32>) -> Option<Self> {
        let fits = n_rows.checked_mul(n_columns) == Some(numbers.len());
        fits.then(|| Self { n_rows, n_columns, numbers: Numbers::Held(Arc::new(numbers)), first: 0 })
    }

    /// The rows as the file has them.
    pub fn stored(numbers: Stored) -> Self {
        Self::in_order(numbers, Order::Rows)
    }

    /// With the file's rows put back in their places.
    pub fn interleaved(numbers: Stored, rows: Interleaved) -> Self {
        Self::in_order(numbers, Order::Interleaved(rows))
    }

    fn in_order(numbers: Stored, order: Order) -> Self {
        let (n_rows, n_columns) = (numbers.n_rows(), numbers.n_columns());
        Self { n_rows, n_columns, numbers: Numbers::Stored(Arc::new(numbers), order), first: 0 }
    }

    /// The rows of all `parts`, which have as many columns as the first.
    pub fn joined(parts: Vec<Self>) -> Self {
        let n_columns = parts.first().map_or(0, Self::n_columns);
        let n_rows = parts.iter().map(Self::n_rows).sum();
        Self { n_rows, n_columns, numbers: Numbers::Joined(parts.into()), first: 0 }
    }

    /// Row 0 of `a`, row 0 of `b`, row 1 of `a`, …; they have one shape.
    pub fn in_turns(a: Self, b: Self) -> Self {
        let (n_rows, n_columns) = (a.n_rows + b.n_rows, a.n_columns);
        Self { n_rows, n_columns, numbers: Numbers::InTurns(Arc::new([a, b])), first: 0 }
    }

    /// With what an adapter adds; `None` where that has another shape.
    pub fn adapted(self, change: LowRank) -> Option<Self> {
        let (n_rows, n_columns) = (self.n_rows, self.n_columns);
        let fits = [change.left.nrows(), change.right.ncols()] == [n_rows, n_columns];
        fits.then(|| Self { n_rows, n_columns, numbers: Numbers::Adapted(Arc::new((self, change))), first: 0 })
    }

    /// A number by itself.
    pub fn number(number: f32) -> Self {
        Self { n_rows: 1, n_columns: 1, numbers: Numbers::Held(Arc::new(vec![number])), first: 0 }
    }

    /// Some of the rows as a matrix by itself; `None` where it has no such rows or is not made of whole ones.
    pub fn part(&self, rows: Range<usize>) -> Option<Self> {
        let has_whole_rows = match self.numbers {
            Numbers::Held(_) | Numbers::Adapted(_) => true,
            Numbers::Stored(_, order) => order != Order::Columns,
            Numbers::Joined(_) | Numbers::InTurns(_) => false,
        };
        let is_there = rows.start <= rows.end && rows.end <= self.n_rows;
        (has_whole_rows && is_there).then(|| Self {
            n_rows: rows.len(),
            first: self.first + rows.start,
            ..self.clone()
        })
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Rows as columns. What is in a file is read in that order; what is held is brought into it, once.
    ///
    /// # Errors
    /// When it has to be read, and cannot.
    pub fn transposed(self) -> Result<Self, ModelError> {
        let Self { n_rows, n_columns, numbers, first } = self;
        let turned = |numbers, first| Self { n_rows: n_columns, n_columns: n_rows, numbers, first };
        Ok(match numbers {
            Numbers::Stored(stored, Order::Rows) => turned(Numbers::Stored(stored, Order::Columns), first),
            Numbers::Stored(stored, Order::Columns) => turned(Numbers::Stored(stored, Order::Rows), first),
            numbers => {
                let mut buffer = Vec::new();
                let matrix = Self { n_rows, n_columns, numbers, first };
                let rows = matrix.rows(0..n_rows, &mut buffer)?;
                let columns = (0..n_columns).flat_map(|column| rows.iter().skip(column).step_by(n_columns).copied());
                turned(Numbers::Held(Arc::new(columns.collect())), 0)
            }
        })
    }

    /// Call it before [`Self::rows`].
    ///
    /// # Errors
    /// When the file was changed since it was opened.
    pub fn check(&self) -> Result<(), ModelError> {
        match &self.numbers {
            Numbers::Held(_) => Ok(()),
            Numbers::Stored(stored, _) => stored.check_file(),
            Numbers::Joined(parts) => parts.iter().try_for_each(Self::check),
            Numbers::InTurns(both) => both.iter().try_for_each(Self::check),
            Numbers::Adapted(both) => both.0.check(),
        }
    }

    /// The rows `range`, which must exist, one after the other: where they are, or else decoded into `buffer`.
    ///
    /// # Errors
    /// When a number of them is not finite.
    pub fn rows<'a>(&'a self, range: Range<usize>, buffer: &'a mut Vec<f32>) -> Result<&'a [f32], ModelError> {
        let of_file = self.first + range.start..self.first + range.end;
        match &self.numbers {
            Numbers::Held(numbers) => {
                let cells = of_file.start * self.n_columns..of_file.end * self.n_columns;
                return Ok(numbers.get(cells).unwrap_or_default());
            }
            Numbers::Stored(stored, Order::Rows) => {
                if let Some(in_place) = stored.in_place(of_file.clone())? {
                    return Ok(in_place);
                }
                self.decode(stored, of_file, buffer)?;
            }
            Numbers::Stored(stored, Order::Interleaved(rows)) => {
                self.decode(stored, of_file.map(|row| rows.row_in_file(row)), buffer)?;
            }
            Numbers::Stored(stored, Order::Columns) => {
                buffer.resize(range.len() * self.n_columns, 0.0);
                self.turn(stored, range, buffer)?;
            }
            Numbers::Joined(parts) => {
                buffer.clear();
                let (mut start, mut of_part) = (0, Vec::new());
                for part in &**parts {
                    let rows =
                        range.start.clamp(start, start + part.n_rows)..range.end.clamp(start, start + part.n_rows);
                    buffer.extend(part.rows(rows.start - start..rows.end - start, &mut of_part)?);
                    start += part.n_rows;
                }
            }
            Numbers::Adapted(both) => {
                let (base, change) = &**both;
                let mut of_base = Vec::new();
                let rows = base.rows(of_file.clone(), &mut of_base)?;
                buffer.clear();
                buffer.extend(rows);
                for (row, cells) in of_file.zip(buffer.chunks_exact_mut(self.n_columns.max(1))) {
                    change.add_row(row, cells);
                }
            }
            Numbers::InTurns(both) => {
                buffer.clear();
                let mut row_of_one = Vec::new();
                for row in range {
                    buffer.extend(both[row % 2].rows(row / 2..row / 2 + 1, &mut row_of_one)?);
                }
            }
        }
        Ok(buffer)
    }

    /// The encoding of rows that lie in a file as they are.
    pub fn encoding(&self) -> Option<Encoding> {
        match &self.numbers {
            Numbers::Stored(stored, Order::Rows | Order::Interleaved(_)) => stored.plain_encoding(),
            _ => None,
        }
    }

    /// The rows `range` as the file has them; `None` where it has other ones, or one was not [read](Self::rows) before:
    /// then each number is looked at, once.
    pub fn encoded_rows(&self, range: Range<usize>) -> Option<EncodedRows<'_>> {
        let encoding = self.encoding()?;
        let Numbers::Stored(stored, order) = &self.numbers else { return None };
        let of_file = |row: usize| match order {
            Order::Interleaved(rows) => rows.row_in_file(self.first + row),
            Order::Rows | Order::Columns => self.first + row,
        };
        let rows: Option<Vec<&[u8]>> = range.map(|row| stored.bytes_of(of_file(row))).collect();
        Some(EncodedRows { encoding, rows: rows? })
    }

    fn decode(
        &self,
        stored: &Stored,
        rows: impl ExactSizeIterator<Item = usize>,
        buffer: &mut Vec<f32>,
    ) -> Result<(), ModelError> {
        buffer.resize(rows.len() * self.n_columns, 0.0);
        for (row, cells) in rows.zip(buffer.chunks_exact_mut(self.n_columns.max(1))) {
            stored.cells(row, 0..self.n_columns, cells)?;
        }
        Ok(())
    }

    /// The rows `range` of a matrix that lies column after column, into `turned`, which has room for them.
    fn turn(&self, stored: &Stored, range: Range<usize>, turned: &mut [f32]) -> Result<(), ModelError> {
        /// Columns at a time: what is written to a row of `turned` fills a cache line.
        const AT_ONCE: usize = 16;
        let height = range.len();
        if turned.is_empty() {
            return Ok(());
        }
        let mut columns = vec![0.0; AT_ONCE * height];
        for first in (0..self.n_columns).step_by(AT_ONCE) {
            let n = AT_ONCE.min(self.n_columns - first);
            for (i, column) in columns.chunks_exact_mut(height).take(n).enumerate() {
                stored.cells(self.first + first + i, range.clone(), column)?;
            }
            for (row, cells) in turned.chunks_exact_mut(self.n_columns).enumerate() {
                for (i, cell) in cells[first..first + n].iter_mut().enumerate() {
                    *cell = columns[i * height + row];
                }
            }
        }
        Ok(())
    }

    /// All numbers, row after row.
    ///
    /// # Errors
    /// When the file was changed since it was opened, or a number is not finite.
    pub fn to_vec(&self) -> Result<Vec<f32>, ModelError> {
        self.check()?;
        let mut buffer = Vec::new();
        let rows = self.rows(0..self.n_rows, &mut buffer)?.to_vec();
        Ok(rows)
    }

    /// The rows `indices`, `[indices, columns]`; one that does not exist is zero.
    ///
    /// # Errors
    /// When the file was changed since it was opened, or a number of these rows is not finite.
    pub fn select(&self, indices: impl ExactSizeIterator<Item = usize>) -> Result<Array2<f32>, ModelError> {
        self.check()?;
        let mut buffer = Vec::new();
        let mut selected = Array2::zeros((indices.len(), self.n_columns));
        for (index, mut row) in indices.zip(selected.outer_iter_mut()) {
            if index < self.n_rows {
                row.assign(&ndarray::ArrayView1::from(self.rows(index..index + 1, &mut buffer)?));
            }
        }
        Ok(selected)
    }
}

#[cfg(test)]
pub mod tests {
    use half::{bf16, f16};
    use ndarray::array;

    use super::*;
    use crate::model::weights::{encoding::Encoding, stored};

    /// Maps small whole numbers, which every encoding here can hold; `shift` bytes stand in front of them.
    pub fn mapped(shape: [usize; 2], numbers: &[f32], encoding: Encoding, shift: usize) -> Matrix {
        Matrix::stored(in_file(shape, numbers, encoding, shift))
    }

    fn in_file(shape: [usize; 2], numbers: &[f32], encoding: Encoding, shift: usize) -> Stored {
        let mut bytes = Vec::new();
        for &number in numbers {
            match encoding {
                Encoding::F16 => bytes.extend(f16::from_f32(number).to_le_bytes()),
                Encoding::Bf16 => bytes.extend(bf16::from_f32(number).to_le_bytes()),
                _ => bytes.extend(number.to_le_bytes()),
            }
        }
        stored::tests::stored(encoding, shape, &bytes, shift)
    }

    /// The same matrix in every way that there is to keep it.
    pub fn all_kinds([n_rows, n_columns]: [usize; 2], numbers: &[f32]) -> Vec<Matrix> {
        let shape = [n_rows, n_columns];
        let mut kinds = vec![Matrix::held(shape, numbers.to_vec()).unwrap()];
        for encoding in [Encoding::F32, Encoding::F16, Encoding::Bf16] {
            kinds.extend([0, 1, 4].map(|shift| mapped(shape, numbers, encoding, shift)));
        }
        // Its rows in another order, put back.
        let order = Interleaved { head_dim: n_rows };
        let mut shuffled = vec![0.0; numbers.len()];
        for (row, cells) in numbers.chunks_exact(n_columns).enumerate() {
            shuffled[order.row_in_file(row) * n_columns..][..n_columns].copy_from_slice(cells);
        }
        kinds.push(Matrix::interleaved(in_file(shape, &shuffled, Encoding::F32, 0), order));
        // In three parts, one of them empty.
        let half = mapped(shape, numbers, Encoding::Bf16, 2);
        let cuts = [0..n_rows / 2, n_rows / 2..n_rows / 2, n_rows / 2..n_rows];
        kinds.push(Matrix::joined(cuts.map(|rows| half.part(rows).unwrap()).into()));
        // Even rows and odd rows.
        if n_rows.is_multiple_of(2) {
            let rows = numbers.chunks_exact(n_columns);
            let half = |first: usize| {
                let rows: Vec<f32> = rows.clone().skip(first).step_by(2).flatten().copied().collect();
                mapped([n_rows / 2, n_columns], &rows, Encoding::F16, 1)
            };
            kinds.push(Matrix::in_turns(half(0), half(1)));
        }
        kinds
    }

    #[test]
    fn rows_are_the_same_in_every_encoding_and_at_every_address() {
        let numbers: Vec<f32> = (0..200).map(|i| i as f32 - 100.0).collect();
        for matrix in all_kinds([40, 5], &numbers) {
            let mut buffer = Vec::new();
            assert_eq!(matrix.rows(0..40, &mut buffer).unwrap(), numbers, "{matrix:?}");
            assert_eq!(matrix.rows(19..22, &mut buffer).unwrap(), &numbers[95..110], "{matrix:?}");
            assert!(matrix.rows(40..40, &mut buffer).unwrap().is_empty());
            assert_eq!(matrix.select([39, 0].into_iter()).unwrap().row(0).to_vec(), &numbers[195..]);
            assert_eq!(matrix.to_vec().unwrap(), numbers);
        }
    }

    #[test]
    fn transposed_matrices_have_columns_as_rows() {
        let numbers: Vec<f32> = (0..40 * 21).map(|i| (i % 251) as f32).collect();
        let array = Array2::from_shape_vec((40, 21), numbers.clone()).unwrap();
        for matrix in all_kinds([40, 21], &numbers) {
            let turned = matrix.clone().transposed().unwrap();
            assert_eq!((turned.n_rows(), turned.n_columns()), (21, 40));
            assert_eq!(turned.select(0..21).unwrap(), array.t(), "{matrix:?}");
            let mut buffer = Vec::new();
            let some: Vec<f32> = array.slice(ndarray::s![.., 3..20]).t().iter().copied().collect();
            assert_eq!(turned.rows(3..20, &mut buffer).unwrap(), some, "{matrix:?}");
            assert!(turned.rows(3..3, &mut buffer).unwrap().is_empty());
            assert_eq!(turned.transposed().unwrap().select(0..40).unwrap(), array);
        }
    }

    #[test]
    fn a_part_has_the_rows_of_the_whole() {
        let numbers: Vec<f32> = (0..200).map(|i| i as f32 - 100.0).collect();
        for matrix in all_kinds([40, 5], &numbers) {
            let Some(part) = matrix.part(7..19) else {
                assert!(matches!(matrix.numbers, Numbers::Joined(_) | Numbers::InTurns(_)));
                continue;
            };
            assert_eq!((part.n_rows(), part.n_columns()), (12, 5));
            assert_eq!(part.rows(0..2, &mut Vec::new()).unwrap(), &numbers[35..45], "{matrix:?}");
            let part_of_part = part.part(1..3).unwrap();
            assert_eq!(part_of_part.to_vec().unwrap(), &numbers[40..50], "{matrix:?}");
            let turned = part_of_part.transposed().unwrap();
            assert_eq!(turned.to_vec().unwrap()[..4], [numbers[40], numbers[45], numbers[41], numbers[46]]);
            assert!(matrix.part(39..41).is_none());
        }
        assert!(mapped([4, 1], &[1.0; 4], Encoding::F16, 0).transposed().unwrap().part(0..1).is_none());
    }

    /// As the converter does it: `reshape(2, head_dim / 2).swapaxes(0, 1)` of each head's rows.
    #[test]
    fn the_converters_order_is_undone() {
        let order = Interleaved { head_dim: 6 };
        let of_file = [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11];
        let rows: Vec<usize> = (0..12).map(|row| of_file[order.row_in_file(row)]).collect();
        assert_eq!(rows, (0..12).collect::<Vec<_>>());
    }

    #[test]
    fn f32_is_read_in_place_where_it_is_aligned() {
        let numbers = [1.0, 2.0, 3.0, 4.0];
        let mut buffer = Vec::new();
        assert_eq!(mapped([2, 2], &numbers, Encoding::F32, 4).rows(1..2, &mut buffer).unwrap(), [3.0, 4.0]);
        assert!(buffer.is_empty());
        assert_eq!(mapped([2, 2], &numbers, Encoding::F32, 3).rows(1..2, &mut buffer).unwrap(), [3.0, 4.0]);
        assert_eq!(buffer, [3.0, 4.0]);
    }

    #[test]
    fn a_shape_with_other_numbers_is_none() {
        assert!(Matrix::held([2, 3], vec![0.0; 5]).is_none());
        assert!(Matrix::held([usize::MAX, 2], vec![0.0; 4]).is_none());
        let missing = Matrix::held([1, 2], vec![1.0, 2.0]).unwrap().select([0, 1].into_iter()).unwrap();
        assert_eq!(missing, array![[1.0, 2.0], [0.0, 0.0]]);
    }
}
