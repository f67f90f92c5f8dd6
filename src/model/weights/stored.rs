//! A tensor in a mapped file: rows of numbers that are decoded, and looked at for what is not finite, when they are read.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::encoding::Encoding;
use crate::{base::MappedFile, model::ModelError};

/// `[rows, columns]`, row after row; of a tensor with more axes, all but the last are rows.
#[derive(Debug)]
pub struct Stored {
    /// As the file calls it.
    name: String,
    file: Arc<MappedFile>,
    /// Where it is in the file.
    bytes: Range<usize>,
    encoding: Encoding,
    n_rows: usize,
    n_columns: usize,
    scales: Option<Scales>,
    finite: FiniteRows,
}

/// Factors on the numbers of a tensor, a tensor by themselves.
#[derive(Debug)]
struct Scales {
    factors: Box<Stored>,
    /// Rows and columns that have one factor.
    block: [usize; 2],
}

/// Rows that were looked at: in them every number is finite.
#[derive(Debug)]
struct FiniteRows(Vec<AtomicU64>);

impl Stored {
    /// # Errors
    /// When the numbers are not as many as the shape says, or a block would be in two rows.
    pub fn new(
        name: &str,
        file: Arc<MappedFile>,
        bytes: Range<usize>,
        encoding: Encoding,
        [n_rows, n_columns]: [usize; 2],
    ) -> Result<Self, ModelError> {
        let failed = |cause| ModelError::UnreadableTensor { name: name.to_owned(), cause };
        let per_block = encoding.numbers_per_block();
        if !n_columns.is_multiple_of(per_block) {
            let encoding = encoding.name();
            return Err(failed(format!("expected rows of a multiple of {per_block} in {encoding}, found {n_columns}")));
        }
        let expected = (n_columns / per_block)
            .checked_mul(n_rows)
            .and_then(|n_blocks| n_blocks.checked_mul(encoding.bytes_per_block()))
            .filter(|&expected| expected == bytes.len() && bytes.end <= file.bytes().len());
        if expected.is_none() {
            return Err(failed(format!("{n_rows} × {n_columns} in {} are not {} bytes", encoding.name(), bytes.len())));
        }
        let finite = FiniteRows::of(n_rows);
        Ok(Self { name: name.to_owned(), file, bytes, encoding, n_rows, n_columns, scales: None, finite })
    }

    /// With a factor on each block of rows and columns.
    ///
    /// # Errors
    /// When there are more or fewer factors than blocks.
    pub fn scaled(self, factors: Self, block: [usize; 2]) -> Result<Self, ModelError> {
        let expected = [self.n_rows.div_ceil(block[0].max(1)), self.n_columns.div_ceil(block[1].max(1))];
        let found = [factors.n_rows, factors.n_columns];
        if found != expected {
            let (name, expected, found) = (factors.name, expected.to_vec(), found.to_vec());
            return Err(ModelError::TensorShape { name, expected, found });
        }
        Ok(Self { scales: Some(Scales { factors: Box::new(factors), block }), ..self })
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Call it before reading.
    ///
    /// # Errors
    /// When the file was changed since it was opened.
    pub fn check_file(&self) -> Result<(), ModelError> {
        Ok(self.file.check()?)
    }

    /// How its numbers are written, where that is all: no factors on them.
    pub fn plain_encoding(&self) -> Option<Encoding> {
        self.scales.is_none().then_some(self.encoding)
    }

    /// A row as the file has it; `None` until it was looked at, or where the file has no such row.
    pub fn bytes_of(&self, row: usize) -> Option<&[u8]> {
        let width = self.bytes.len().checked_div(self.n_rows)?;
        let start = self.bytes.start + row * width;
        self.finite.has(row).then(|| self.file.bytes().get(start..start + width))?
    }

    /// Some columns of a row that must exist.
    ///
    /// # Errors
    /// When a number of the row is not finite.
    pub fn cells(&self, row: usize, columns: Range<usize>, cells: &mut [f32]) -> Result<(), ModelError> {
        self.decode(row, columns.clone(), cells)?;
        if self.finite.has(row) {
            return Ok(());
        }
        if columns.len() == self.n_columns {
            self.look_at(row, cells)
        } else {
            let mut whole = vec![0.0; self.n_columns];
            self.decode(row, 0..self.n_columns, &mut whole)?;
            self.look_at(row, &whole)
        }
    }

    /// The rows `rows` in place, where they are f32 already.
    ///
    /// # Errors
    /// When a number of them is not finite.
    pub fn in_place(&self, rows: Range<usize>) -> Result<Option<&[f32]>, ModelError> {
        if self.encoding != Encoding::F32 || self.scales.is_some() || cfg!(target_endian = "big") {
            return Ok(None);
        }
        let width = self.n_columns * self.encoding.bytes_per_block();
        let range = self.bytes.start + rows.start * width..self.bytes.start + rows.end * width;
        let Some(bytes) = self.file.bytes().get(range) else { return Ok(None) };
        // Not aligned where a file's header has an odd length.
        let Ok(numbers) = bytemuck::try_cast_slice(bytes) else { return Ok(None) };
        for (row, numbers) in rows.zip(numbers.chunks_exact(self.n_columns.max(1))) {
            if !self.finite.has(row) {
                self.look_at(row, numbers)?;
            }
        }
        Ok(Some(numbers))
    }

    fn decode(&self, row: usize, columns: Range<usize>, cells: &mut [f32]) -> Result<(), ModelError> {
        let (per_block, width) = (self.encoding.numbers_per_block(), self.encoding.bytes_per_block());
        let blocks = columns.start / per_block..columns.end.div_ceil(per_block);
        let start = self.bytes.start + row * (self.n_columns / per_block) * width;
        let bytes = self.file.bytes().get(start + blocks.start * width..start + blocks.end * width).unwrap_or_default();
        if blocks.start * per_block == columns.start && blocks.end * per_block == columns.end {
            self.encoding.decode(bytes, cells);
        } else {
            let whole_blocks = self.encoding.numbers(bytes);
            let wanted = whole_blocks.iter().skip(columns.start - blocks.start * per_block);
            cells.iter_mut().zip(wanted).for_each(|(cell, &number)| *cell = number);
        }
        match &self.scales {
            Some(scales) => scales.multiply(row, columns.start, cells),
            None => Ok(()),
        }
    }

    fn look_at(&self, row: usize, numbers: &[f32]) -> Result<(), ModelError> {
        // All of them first: that is one comparison for many.
        if !numbers.iter().fold(true, |finite, number| finite & number.is_finite())
            && let Some(found) = numbers.iter().find(|number| !number.is_finite())
        {
            let file = self.file.path().map_or_else(String::new, |path| format!(" in {}", path.display()));
            let cause = format!("expected finite values, found {found}{file}");
            return Err(ModelError::UnreadableTensor { name: self.name.clone(), cause });
        }
        self.finite.remember(row);
        Ok(())
    }
}

impl Scales {
    /// Multiplies numbers of a row from `first` on.
    fn multiply(&self, row: usize, first: usize, mut cells: &mut [f32]) -> Result<(), ModelError> {
        let [height, width] = self.block;
        let columns = first / width..(first + cells.len()).div_ceil(width);
        let mut factors = vec![0.0; columns.len()];
        self.factors.cells(row / height, columns, &mut factors)?;
        let mut left = width - first % width;
        for factor in factors {
            let (these, behind) = cells.split_at_mut(left.min(cells.len()));
            for cell in these {
                *cell *= factor;
            }
            (cells, left) = (behind, width);
        }
        Ok(())
    }
}

impl FiniteRows {
    const BITS: usize = u64::BITS as usize;

    fn of(n_rows: usize) -> Self {
        Self((0..n_rows.div_ceil(Self::BITS)).map(|_| AtomicU64::new(0)).collect())
    }

    fn has(&self, row: usize) -> bool {
        self.0.get(row / Self::BITS).is_some_and(|word| word.load(Ordering::Relaxed) >> (row % Self::BITS) & 1 == 1)
    }

    fn remember(&self, row: usize) {
        if let Some(word) = self.0.get(row / Self::BITS) {
            word.fetch_or(1 << (row % Self::BITS), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
pub mod tests {
    use std::fs;

    use super::*;

    /// A tensor alone in a file, behind `shift` other bytes.
    pub fn stored(encoding: Encoding, shape: [usize; 2], numbers: &[u8], shift: usize) -> Stored {
        let file = tempfile::NamedTempFile::new().unwrap();
        let bytes = [&vec![0xEE; shift], numbers].concat();
        fs::write(file.path(), &bytes).unwrap();
        let file = Arc::new(MappedFile::open(file.path()).unwrap());
        Stored::new("t.weight", file, shift..bytes.len(), encoding, shape).unwrap()
    }

    fn row(stored: &Stored, row: usize) -> Result<Vec<f32>, String> {
        let mut cells = vec![0.0; stored.n_columns()];
        stored.cells(row, 0..stored.n_columns(), &mut cells).map_err(|error| error.to_string())?;
        Ok(cells)
    }

    /// Two rows of two blocks, scale 0.5: −16, −15, … of 64 steps.
    fn q8_0() -> Stored {
        let blocks = (0..4_u8).flat_map(|block| {
            let steps = (0..32_u8).map(move |i| (block % 2 * 32 + i).wrapping_sub(16 + block / 2));
            [0x00, 0x38].into_iter().chain(steps)
        });
        stored(Encoding::Q8_0, [2, 64], &blocks.collect::<Vec<u8>>(), 3)
    }

    #[test]
    fn some_columns_are_those_of_the_row() {
        let stored = q8_0();
        let whole = row(&stored, 1).unwrap();
        assert_eq!((whole[0], whole[63]), (-8.5, 23.0));
        for columns in [0..32, 32..64, 0..5, 31..33, 40..64, 7..7] {
            let mut cells = vec![0.0; columns.len()];
            q8_0().cells(1, columns.clone(), &mut cells).unwrap();
            assert_eq!(cells, whole[columns.clone()], "{columns:?}");
        }
    }

    #[test]
    fn scales_multiply_their_blocks() {
        // E4M3: 0x38 is 1. Five rows of seven in blocks of 2×3, whose last ones are cut.
        let ones = stored(Encoding::F8E4M3, [5, 7], &[0x38; 35], 1);
        let factors: Vec<u8> = (1..=9_u8).flat_map(|factor| f32::from(factor).to_le_bytes()).collect();
        let scaled = ones.scaled(stored(Encoding::F32, [3, 3], &factors, 0), [2, 3]).unwrap();
        for (index, [a, b, c]) in [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
            .into_iter()
            .enumerate()
        {
            assert_eq!(row(&scaled, index).unwrap(), [a, a, a, b, b, b, c], "{index}");
            let mut some = [0.0; 3];
            scaled.cells(index, 2..5, &mut some).unwrap();
            assert_eq!(some, [a, b, b]);
        }
        assert!(scaled.in_place(0..5).unwrap().is_none());
        let ones = stored(Encoding::F8E4M3, [5, 7], &[0x38; 35], 1);
        let error = ones.scaled(stored(Encoding::F32, [3, 3], &factors, 0), [2, 4]).unwrap_err().to_string();
        assert_eq!(error, "tensor t.weight: expected shape [3, 2], found [3, 3]");
    }

    #[test]
    fn what_is_not_finite_is_named_where_it_is_first_read() {
        let mut numbers: Vec<u8> =
            [1.0_f32, 2.0, 3.0, 4.0, f32::NAN, 6.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let expected = "tensor t.weight cannot be read: expected finite values, found NaN in ";
        for shift in [4, 3] {
            let stored = stored(Encoding::F32, [3, 2], &numbers, shift);
            assert_eq!(row(&stored, 1).unwrap(), [3.0, 4.0]);
            let path = stored.file.path().unwrap().display().to_string();
            let expected = format!("{expected}{path}");
            assert_eq!(row(&stored, 2).unwrap_err(), expected);
            // The other columns of the row alone.
            assert_eq!(stored.cells(2, 1..2, &mut [0.0]).unwrap_err().to_string(), expected);
            assert!(stored.in_place(0..2).is_ok());
            assert_eq!(stored.in_place(1..3).is_err(), shift == 4);
        }
        numbers[16..20].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
        let infinite = stored(Encoding::F32, [3, 2], &numbers, 0);
        assert!(row(&infinite, 2).unwrap_err().contains("found -inf in "));
    }

    #[test]
    fn a_shape_with_other_bytes_is_refused() {
        let file = Arc::new(MappedFile::open(tempfile::NamedTempFile::new().unwrap().path()).unwrap());
        let refusal =
            |bytes, encoding, shape| Stored::new("t", file.clone(), bytes, encoding, shape).unwrap_err().to_string();
        assert_eq!(
            refusal(0..34, Encoding::Q8_0, [1, 33]),
            "tensor t cannot be read: expected rows of a multiple of 32 in Q8_0, found 33"
        );
        assert_eq!(refusal(0..34, Encoding::Q8_0, [2, 32]), "tensor t cannot be read: 2 × 32 in Q8_0 are not 34 bytes");
        assert!(refusal(0..4, Encoding::F32, [1, 1]).contains("are not 4 bytes"), "beyond the end of the file");
        assert!(refusal(0..4, Encoding::F32, [usize::MAX, 2]).contains("are not 4 bytes"));
    }
}
