//! Matrices of weights, where the file has them.
//!
//! One rule says what is converted when: tensors of a mapped file stay in the file and are converted to f32 by blocks,
//! anew in each product; what is not mapped (the bundled model, whose bytes are part of the program, and quantized
//! weights) is converted once, when it is loaded. Converting by blocks costs little beside the product (the figures are
//! in [`super::dot_products`]: BF16 is as fast as f32, for half as many bytes come from memory).

use std::{ops::Range, sync::Arc};

use ndarray::Array2;

use super::number_format::NumberFormat;
use crate::{base::MappedFile, model::ModelError};

/// Numbers in a mapped file.
#[derive(Clone, Debug)]
pub struct MappedNumbers {
    pub file: Arc<MappedFile>,
    /// Their bytes, within the file.
    pub bytes: Range<usize>,
    pub format: NumberFormat,
}

/// A matrix of weights, `[rows, columns]`. Cheap to clone: the numbers are shared.
#[derive(Clone, Debug)]
pub struct Matrix {
    n_rows: usize,
    n_columns: usize,
    order: Order,
    numbers: Numbers,
}

/// What lies next to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Rows,
    Columns,
}

#[derive(Clone, Debug)]
enum Numbers {
    Held(Arc<Vec<f32>>),
    Mapped(MappedNumbers),
}

impl MappedNumbers {
    fn bytes(&self) -> &[u8] {
        self.file.bytes().get(self.bytes.clone()).unwrap_or_default()
    }

    /// All of them as f32.
    pub fn to_vec(&self) -> Vec<f32> {
        self.format.numbers(self.bytes())
    }

    fn len(&self) -> usize {
        self.bytes.len() / self.format.width()
    }

    /// The numbers `range` in place, where they are f32 already.
    fn in_place(&self, range: Range<usize>) -> Option<&[f32]> {
        if self.format != NumberFormat::F32 || cfg!(target_endian = "big") {
            return None;
        }
        let width = self.format.width();
        // Not aligned where a file's header has an odd length.
        bytemuck::try_cast_slice(self.bytes().get(range.start * width..range.end * width)?).ok()
    }

    fn widen(&self, range: Range<usize>, numbers: &mut [f32]) {
        let width = self.format.width();
        if let Some(bytes) = self.bytes().get(range.start * width..range.end * width) {
            self.format.widen(bytes, numbers);
        }
    }
}

impl Matrix {
    /// Row after row. `None` where `numbers` are not as many as the shape says.
    pub fn held([n_rows, n_columns]: [usize; 2], numbers: Vec<f32>) -> Option<Self> {
        Self::checked([n_rows, n_columns], numbers.len(), Numbers::Held(Arc::new(numbers)))
    }

    /// Row after row. `None` where `numbers` are not as many as the shape says.
    pub fn mapped([n_rows, n_columns]: [usize; 2], numbers: MappedNumbers) -> Option<Self> {
        Self::checked([n_rows, n_columns], numbers.len(), Numbers::Mapped(numbers))
    }

    fn checked([n_rows, n_columns]: [usize; 2], length: usize, numbers: Numbers) -> Option<Self> {
        let fits = n_rows.checked_mul(n_columns) == Some(length);
        fits.then_some(Self { n_rows, n_columns, order: Order::Rows, numbers })
    }

    /// Some of the rows as a matrix by itself, of one that lies row after row; `None` where it does not or has no such
    /// rows.
    pub fn part(&self, rows: Range<usize>) -> Option<Self> {
        if self.order != Order::Rows || rows.start > rows.end || rows.end > self.n_rows {
            return None;
        }
        let cells = rows.start * self.n_columns..rows.end * self.n_columns;
        let shape = [rows.len(), self.n_columns];
        match &self.numbers {
            Numbers::Held(numbers) => Self::held(shape, numbers.get(cells)?.to_vec()),
            Numbers::Mapped(MappedNumbers { file, bytes, format }) => {
                let (start, width) = (bytes.start, format.width());
                let bytes = start + cells.start * width..start + cells.end * width;
                Self::mapped(shape, MappedNumbers { file: file.clone(), bytes, format: *format })
            }
        }
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Rows as columns. What is held is brought into the other order, once; what is mapped is read in that order.
    pub fn transposed(self) -> Self {
        let Self { n_rows, n_columns, order, numbers } = self;
        let turned = Self { n_rows: n_columns, n_columns: n_rows, order: order.other(), numbers };
        match turned.numbers {
            Numbers::Mapped(_) => turned,
            Numbers::Held(_) => {
                let mut numbers = Vec::new();
                turned.rows(0..n_columns, &mut numbers);
                Self { order: Order::Rows, numbers: Numbers::Held(Arc::new(numbers)), ..turned }
            }
        }
    }

    /// Call it before [`Self::rows`].
    ///
    /// # Errors
    /// When the file was changed since it was opened.
    pub fn check(&self) -> Result<(), ModelError> {
        match &self.numbers {
            Numbers::Held(_) => Ok(()),
            Numbers::Mapped(numbers) => Ok(numbers.file.check()?),
        }
    }

    /// The rows `range`, which must exist, one after the other: where they are, or else converted into `buffer`.
    pub fn rows<'a>(&'a self, range: Range<usize>, buffer: &'a mut Vec<f32>) -> &'a [f32] {
        let cells = range.start * self.n_columns..range.end * self.n_columns;
        match (&self.numbers, self.order) {
            (Numbers::Held(numbers), Order::Rows) => numbers.get(cells).unwrap_or_default(),
            (Numbers::Mapped(numbers), Order::Rows) => {
                if let Some(in_place) = numbers.in_place(cells.clone()) {
                    return in_place;
                }
                buffer.resize(cells.len(), 0.0);
                numbers.widen(cells, buffer);
                buffer
            }
            (numbers, Order::Columns) => {
                buffer.resize(cells.len(), 0.0);
                self.turn(numbers, range, buffer);
                buffer
            }
        }
    }

    /// The rows `range` of a matrix that lies column after column, into `turned`, which has room for them.
    fn turn(&self, numbers: &Numbers, range: Range<usize>, turned: &mut [f32]) {
        /// Columns at a time: what is written to a row of `turned` fills a cache line.
        const AT_ONCE: usize = 16;
        let height = range.len();
        let mut columns = vec![0.0; AT_ONCE * height];
        for first in (0..self.n_columns).step_by(AT_ONCE) {
            let n = AT_ONCE.min(self.n_columns - first);
            for (i, column) in columns.chunks_exact_mut(height).take(n).enumerate() {
                let start = (first + i) * self.n_rows;
                let cells = start + range.start..start + range.end;
                match numbers {
                    Numbers::Held(numbers) => column.copy_from_slice(&numbers[cells]),
                    Numbers::Mapped(numbers) => numbers.widen(cells, column),
                }
            }
            for (row, cells) in turned.chunks_exact_mut(self.n_columns).enumerate() {
                for (i, cell) in cells[first..first + n].iter_mut().enumerate() {
                    *cell = columns[i * height + row];
                }
            }
        }
    }

    /// The rows `indices`, `[indices, columns]`; one that does not exist is zero.
    ///
    /// # Errors
    /// When the file was changed since it was opened.
    pub fn select(&self, indices: impl ExactSizeIterator<Item = usize>) -> Result<Array2<f32>, ModelError> {
        self.check()?;
        let mut buffer = Vec::new();
        let mut selected = Array2::zeros((indices.len(), self.n_columns));
        for (index, mut row) in indices.zip(selected.outer_iter_mut()) {
            if index < self.n_rows {
                row.assign(&ndarray::ArrayView1::from(self.rows(index..index + 1, &mut buffer)));
            }
        }
        Ok(selected)
    }
}

impl Order {
    fn other(self) -> Self {
        match self {
            Self::Rows => Self::Columns,
            Self::Columns => Self::Rows,
        }
    }
}

#[cfg(test)]
pub mod tests {
    use half::{bf16, f16};
    use ndarray::array;

    use super::*;

    /// Maps small whole numbers, which every format can hold; `shift` bytes stand in front of them.
    pub fn mapped(shape: [usize; 2], numbers: &[f32], format: NumberFormat, shift: usize) -> Matrix {
        let mut bytes = vec![0xEE; shift];
        for &number in numbers {
            match format {
                NumberFormat::F32 => bytes.extend(number.to_le_bytes()),
                NumberFormat::F16 => bytes.extend(f16::from_f32(number).to_le_bytes()),
                NumberFormat::Bf16 => bytes.extend(bf16::from_f32(number).to_le_bytes()),
            }
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let file = Arc::new(MappedFile::open(file.path()).unwrap());
        Matrix::mapped(shape, MappedNumbers { file, bytes: shift..bytes.len(), format }).unwrap()
    }

    /// The same matrix in every way that there is to keep it.
    pub fn all_kinds(shape: [usize; 2], numbers: &[f32]) -> Vec<Matrix> {
        let mut kinds = vec![Matrix::held(shape, numbers.to_vec()).unwrap()];
        for format in [NumberFormat::F32, NumberFormat::F16, NumberFormat::Bf16] {
            kinds.extend([0, 1, 4].map(|shift| mapped(shape, numbers, format, shift)));
        }
        kinds
    }

    #[test]
    fn rows_are_the_same_in_every_format_and_at_every_address() {
        let numbers: Vec<f32> = (0..200).map(|i| i as f32 - 100.0).collect();
        for matrix in all_kinds([40, 5], &numbers) {
            let mut buffer = Vec::new();
            assert_eq!(matrix.rows(0..40, &mut buffer), numbers, "{matrix:?}");
            assert_eq!(matrix.rows(7..9, &mut buffer), &numbers[35..45], "{matrix:?}");
            assert!(matrix.rows(40..40, &mut buffer).is_empty());
            assert_eq!(matrix.select([39, 0].into_iter()).unwrap().row(0).to_vec(), &numbers[195..]);
        }
    }

    #[test]
    fn transposed_matrices_have_columns_as_rows() {
        let numbers: Vec<f32> = (0..40 * 21).map(|i| (i % 251) as f32).collect();
        let array = Array2::from_shape_vec((40, 21), numbers.clone()).unwrap();
        for matrix in all_kinds([40, 21], &numbers) {
            let turned = matrix.clone().transposed();
            assert_eq!((turned.n_rows(), turned.n_columns()), (21, 40));
            assert_eq!(turned.select(0..21).unwrap(), array.t(), "{matrix:?}");
            let mut buffer = Vec::new();
            let some: Vec<f32> = array.slice(ndarray::s![.., 3..20]).t().iter().copied().collect();
            assert_eq!(turned.rows(3..20, &mut buffer), some, "{matrix:?}");
            assert_eq!(turned.transposed().select(0..40).unwrap(), array);
        }
    }

    #[test]
    fn a_part_has_the_rows_of_the_whole() {
        let numbers: Vec<f32> = (0..200).map(|i| i as f32 - 100.0).collect();
        for matrix in all_kinds([40, 5], &numbers) {
            let part = matrix.part(7..9).unwrap();
            assert_eq!((part.n_rows(), part.n_columns()), (2, 5));
            assert_eq!(part.rows(0..2, &mut Vec::new()), &numbers[35..45], "{matrix:?}");
            assert!(matrix.part(39..41).is_none());
        }
        assert!(mapped([4, 1], &[1.0; 4], NumberFormat::F16, 0).transposed().part(0..1).is_none());
    }

    #[test]
    fn f32_is_read_in_place_where_it_is_aligned() {
        let numbers = [1.0, 2.0, 3.0, 4.0];
        let mut buffer = Vec::new();
        assert_eq!(mapped([2, 2], &numbers, NumberFormat::F32, 4).rows(1..2, &mut buffer), [3.0, 4.0]);
        assert!(buffer.is_empty());
        assert_eq!(mapped([2, 2], &numbers, NumberFormat::F32, 3).rows(1..2, &mut buffer), [3.0, 4.0]);
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
