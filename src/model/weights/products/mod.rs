//! x·Wᵀ in f32, for rows of W that lie one after the other, as the file has them or as they were decoded.
//!
//! A row's bits depend on nothing but that row, so that runs can be stacked and threads be as many as there are.

mod few_rows;
mod lines;
mod tiles;

use ndarray::ArrayViewMut2;

use few_rows::FewRows;
pub use tiles::Threads;
use tiles::TurnedRows;

/// Rows of x, made ready to be multiplied with many rows of W.
pub enum Rows<'a> {
    /// A few, as generation has them: whatever is done with W is done for them alone.
    Few(FewRows<'a>),
    /// As many as are worth tiles.
    Many(TurnedRows),
}

/// Memory that a product needs beside its operands.
#[derive(Default)]
pub struct Scratch {
    of_few: Vec<lines::Line>,
    of_many: tiles::Scratch,
}

impl<'a> Rows<'a> {
    /// Of `x`, row after row of `width` numbers.
    pub fn of(x: &'a [f32], width: usize, threads: Threads) -> Self {
        match FewRows::of(x, width) {
            Some(few) => Self::Few(few),
            None => Self::Many(TurnedRows::of(x, width, threads)),
        }
    }

    /// Blocks of W had better have a multiple of so many rows.
    pub fn group(&self) -> usize {
        match self {
            Self::Few(_) => few_rows::GROUP,
            Self::Many(_) => tiles::GROUP,
        }
    }

    /// Writes x·Wᵀ to `out [m, n]`; `weight [n, width]` lies row after row. Rows of `out` that are not contiguous are left.
    pub fn times(&self, weight: &[f32], scratch: &mut Scratch, out: ArrayViewMut2<'_, f32>) {
        match self {
            Self::Few(few) => few.times(weight, &mut scratch.of_few, out),
            Self::Many(turned) => turned.times(weight, &mut scratch.of_many, out),
        }
    }
}

/// Whether more than one thread is worth it for a product of `m` rows of x with `n` rows of W, of `width` numbers.
pub fn threads(m: usize, width: usize, n: usize) -> Threads {
    /// Multiplications below which handing work to another thread takes longer than it spares.
    const WORTH: usize = 1 << 23;
    /// The same of numbers of W where these are what takes time.
    const WORTH_OF_FEW: usize = 1 << 19;

    let numbers = width.saturating_mul(n);
    let is_worth = if m <= few_rows::FEW { numbers >= WORTH_OF_FEW } else { numbers.saturating_mul(m) >= WORTH };
    if is_worth { Threads::All } else { Threads::One }
}
