//! x·Wᵀ in f32, for rows of W that lie one after the other, as the file has them or as they were decoded.
//!
//! A row's bits depend on nothing but that row, so that runs can be stacked and threads be as many as there are.

mod few_rows;
mod lines;
mod tiles;

use few_rows::FewRows;
use ndarray::ArrayViewMut2;
use tiles::TurnedRows;
pub use tiles::{GROUP, Scratch, Threads};

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

    /// Writes x·Wᵀ to `out [m, n]`, whose rows are contiguous; `weight [n, width]` lies row after row.
    pub fn times(&self, weight: &[f32], scratch: &mut Scratch, out: ArrayViewMut2<'_, f32>) {
        match self {
            Self::Few(rows) => rows.times(weight, out),
            Self::Turned(rows) => rows.times(weight, scratch, out),
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
