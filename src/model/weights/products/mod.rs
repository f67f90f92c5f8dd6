//! x·Wᵀ in f32, for rows of W that lie one after the other, as the file has them or as they were decoded.
//!
//! A row's bits depend on nothing but that row, so that runs can be stacked and threads be as many as there are.

mod lines;
mod tiles;

pub use tiles::{GROUP, Scratch, Threads, TurnedRows};

/// Whether a product of `m` rows of x with `n` rows of W, of `width` numbers each, is worth more than one thread.
pub fn threads(m: usize, width: usize, n: usize) -> Threads {
    /// Multiplications below which handing work to another thread takes longer than it spares.
    const WORTH: usize = 1 << 23;

    // One row takes as long as a whole panel of them.
    let multiplications = m.next_multiple_of(lines::LINE).saturating_mul(width).saturating_mul(n);
    if multiplications < WORTH { Threads::One } else { Threads::All }
}
