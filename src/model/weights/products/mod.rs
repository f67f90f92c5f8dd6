//! x·Wᵀ in f32, for rows of W that lie one after the other, as the file has them or as they were decoded.
//!
//! One row reads W once and does little with it: `one_row` takes dot products as fast as memory gives the rows. Of two
//! rows and more `tiles` keeps blocks of sums in registers. The last digits of the two differ; within each of them a row's
//! bits depend on nothing but that row, so that runs can be stacked and threads be as many as there are.

mod lines;
mod one_row;
mod tiles;

use ndarray::ArrayViewMut2;

pub use tiles::{GROUP, Scratch, Threads};

/// x, made ready for products with many blocks of W.
pub enum Input<'a> {
    Row(&'a [f32]),
    Rows(tiles::TurnedRows),
}

impl<'a> Input<'a> {
    /// Of `x`, row after row of `width` numbers.
    pub fn new(x: &'a [f32], width: usize, threads: Threads) -> Self {
        if x.len() == width { Self::Row(x) } else { Self::Rows(tiles::TurnedRows::of(x, width, threads)) }
    }

    /// Writes x·Wᵀ to `out [m, n]`; `weight [n, width]` lies row after row.
    ///
    /// Rows of W that are not whole are left out, and nothing is written where the width is 0 or the rows of `out` are not
    /// contiguous.
    pub fn times(&self, weight: &[f32], scratch: &mut Scratch, mut out: ArrayViewMut2<'_, f32>) {
        match self {
            Self::Row(x) => {
                if let Some(out) = out.as_slice_mut() {
                    one_row::dot_products(x, weight, out);
                }
            }
            Self::Rows(x) => x.times(weight, scratch, out),
        }
    }
}
