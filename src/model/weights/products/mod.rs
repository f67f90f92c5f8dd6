//! x·Wᵀ in f32, for rows of W that lie one after the other, as the file has them or as they were decoded.
//!
//! A row's bits depend on nothing but that row, so that runs can be stacked and threads be as many as there are.

mod few_rows;
mod lines;
mod tiles;

use few_rows::FewRows;
pub use few_rows::{EncodedRows, Weight};
use ndarray::ArrayViewMut2;
use tiles::TurnedRows;
pub use tiles::{GROUP, Scratch, Threads};

use super::encoding::Encoding;

/// The rows of x as a product wants them.
pub enum Rows {
    Few(FewRows),
    Turned(TurnedRows),
}

impl Rows {
    /// Of `x`, row after row of `width` numbers.
    pub fn of(x: &[f32], width: usize, threads: Threads) -> Self {
        FewRows::of(x, width).map_or_else(|| Self::Turned(TurnedRows::of(x, width, threads)), Self::Few)
    }

    /// Whether rows of W in this encoding need not be decoded.
    pub fn take(&self, encoding: Encoding) -> bool {
        match self {
            Self::Few(rows) => rows.takes(encoding),
            Self::Turned(_) => false,
        }
    }

    /// Writes x·Wᵀ to `out [m, n]`, whose rows are contiguous; encoded rows only where it [takes](Self::take) them.
    pub fn times(&self, weight: Weight<'_>, scratch: &mut Scratch, out: ArrayViewMut2<'_, f32>) {
        match (self, weight) {
            (Self::Few(rows), weight) => few_rows::multiply(rows, weight, out),
            (Self::Turned(rows), Weight::Numbers(weight)) => rows.times(weight, scratch, out),
            (Self::Turned(_), Weight::Encoded(_)) => {}
        }
    }
}

/// Whether a product of `m` rows of x with `n` rows of W, of `width` numbers each, is worth more than one thread.
pub fn threads(m: usize, width: usize, n: usize) -> Threads {
    /// Multiplications below which handing work to another thread takes longer than it spares.
    const WORTH: usize = 1 << 23;

    // Rows are multiplied a panel at a time; the last may be half of one.
    let multiplications = m.next_multiple_of(lines::LINE).saturating_mul(width).saturating_mul(n);
    if multiplications < WORTH { Threads::One } else { Threads::All }
}
