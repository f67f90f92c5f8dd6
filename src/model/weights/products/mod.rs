//! x·Wᵀ in f32, for rows of W that lie one after the other, as the file has them or as they were decoded.
//!
//! A row's bits depend on nothing but that row, so that runs can be stacked and threads be as many as there are.

mod lines;
mod tiles;

pub use tiles::{GROUP, Scratch, Threads, TurnedRows};
