//! Few rows of x, and the rows of a weight that they are multiplied with.

use crate::model::weights::{
    encoding::{Encoding, lanes::FLOATS_AT_ONCE},
    products::lines::LINE,
};

/// Some rows of x, each with zeros behind it up to a whole line.
pub struct FewRows {
    pub(super) numbers: Vec<f32>,
    pub(super) width: usize,
    pub(super) n_rows: usize,
}

/// Rows of a weight, `[n, width]`.
pub enum Weight<'a> {
    /// Row after row.
    Numbers(&'a [f32]),
    Encoded(EncodedRows<'a>),
}

/// Rows of numbers as a file has them, all of them finite.
pub struct EncodedRows<'a> {
    pub encoding: Encoding,
    /// One after another, or wherever each is.
    pub rows: Vec<&'a [u8]>,
}

impl FewRows {
    /// Of more rows it is sooner to turn x.
    pub const MOST: usize = 4;

    /// Of `x`, row after row of `width` numbers. `None` where there are too many, or the processor has no such registers.
    pub fn of(x: &[f32], width: usize) -> Option<Self> {
        let n_rows = x.len().checked_div(width)?;
        if n_rows == 0 || n_rows > Self::MOST || !is_supported() {
            return None;
        }
        let padded = width.next_multiple_of(LINE);
        let mut numbers = vec![0.0; n_rows * padded];
        for (cells, row) in numbers.chunks_exact_mut(padded).zip(x.chunks_exact(width)) {
            cells[..width].copy_from_slice(row);
        }
        Some(Self { numbers, width, n_rows })
    }

    /// Whether rows of W need not be decoded for it: blocks of that encoding are read by lanes, and rows are made of them.
    pub fn takes(&self, encoding: Encoding) -> bool {
        let per_block = match encoding {
            Encoding::F16 | Encoding::Bf16 => FLOATS_AT_ONCE,
            Encoding::Q4_0
            | Encoding::Q4_1
            | Encoding::Q5_0
            | Encoding::Q5_1
            | Encoding::Q8_0
            | Encoding::Q4K
            | Encoding::Q5K
            | Encoding::Q6K => encoding.numbers_per_block(),
            _ => return false,
        };
        self.width.is_multiple_of(per_block)
    }
}

#[cfg(target_arch = "x86_64")]
fn is_supported() -> bool {
    pulp::x86::V3::is_available()
}

#[cfg(not(target_arch = "x86_64"))]
fn is_supported() -> bool {
    false
}
