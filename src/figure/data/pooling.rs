//! Cells at the resolution of the pixels that show them.

use std::{cell::Cell, ops::Range};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::reduce::{Bin, Columns, Scratch, Unmasked};
use crate::{
    attention::{Keys, Mask, Pattern},
    figure::{Edges, Histogram, Keep, Measure, NormScale, Pooling, Quantity, Rows},
};

/// Below so many cells one thread is done before another has begun.
const LARGE: usize = 1 << 15;
/// Rows of pixels that one thread takes at a time. Causal rows are as long as their numbers: short pieces keep all
/// cores busy to the end.
const PIECE: usize = 8;

/// How closely the cells behind a pixel are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grain {
    /// Every cell counts.
    #[default]
    Fine,
    /// Of the rows of cells behind a row of pixels only the last: as many times faster, and each value that is shown is
    /// one of a cell behind its pixel.
    Coarse,
}

impl Grain {
    /// Of the queries behind a pixel those that are looked at.
    pub(in crate::figure) fn of(self, queries: &Range<usize>) -> Range<usize> {
        match self {
            Self::Fine => queries.clone(),
            Self::Coarse => queries.end.saturating_sub(1).max(queries.start)..queries.end,
        }
    }
}

thread_local! {
    /// Taken out while in use.
    static SCRATCH: Cell<Scratch> = Cell::default();
}

/// A part of a pattern in cells: x counts keys, y counts queries, so that cell (key, query) is the unit square from
/// `(key, query)` to `(key + 1, query + 1)`. It lies within the pattern; beyond it the outermost cells repeat.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Left edge, in keys: 0 is in front of key 0.
    pub x0: f64,
    /// Upper edge, in queries: 0 is above query 0.
    pub y0: f64,
    /// Right edge, in keys; above `x0`.
    pub x1: f64,
    /// Lower edge, in queries; above `y0`.
    pub y1: f64,
}

impl Window {
    /// All of a pattern of T positions.
    pub fn whole(n_positions: usize) -> Self {
        let n = n_positions as f64;
        Self { x0: 0.0, y0: 0.0, x1: n, y1: n }
    }
}

/// What every pixel shows. Neighbouring pixels that show the same cell are kept as one bin and a count, so that an
/// enlarged pattern costs its cells and not its pixels.
#[derive(Clone, Debug)]
pub struct Pooled {
    /// Pixels in each bin of keys, from the left.
    columns: Vec<usize>,
    /// Pixel rows in each bin of queries, from the top.
    repeats: Vec<usize>,
    /// `[row bin, column bin]`
    values: Vec<f32>,
    /// The bins of each row that hold an unmasked cell. Masks leave a range of every row, with holes in it; the values of
    /// the other bins mean nothing.
    unmasked: Vec<Unmasked>,
}

impl Pooled {
    /// In pixels.
    pub fn width(&self) -> usize {
        self.columns.iter().sum()
    }

    /// In pixels.
    pub fn height(&self) -> usize {
        self.repeats.iter().sum()
    }

    /// Pixels in each bin of a row.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The unmasked bins of every row from the top: how many pixels are masked in front of them, the bins' columns and
    /// values, and how many pixel rows show them.
    pub fn rows(&self) -> impl Iterator<Item = PooledRow<'_>> {
        let rows = self.values.chunks(self.columns.len().max(1)).zip(&self.unmasked);
        rows.zip(&self.repeats).map(|((row, unmasked), &repeat)| PooledRow {
            masked: self.columns[..unmasked.bins.start].iter().sum(),
            columns: &self.columns[unmasked.bins.clone()],
            values: &row[unmasked.bins.clone()],
            holes: &unmasked.holes,
            repeat,
        })
    }

    /// What the pixel shows; `None` where it is masked or outside.
    pub fn value(&self, x: usize, y: usize) -> Option<f32> {
        let (column, row) = (bin_at(&self.columns, x)?, bin_at(&self.repeats, y)?);
        self.unmasked[row].contains(column).then(|| self.values[row * self.columns.len() + column])
    }
}

/// The unmasked bins of one row.
pub struct PooledRow<'a> {
    /// Pixels in front of the first bin, all of them masked.
    pub masked: usize,
    /// Pixels in each bin.
    pub columns: &'a [usize],
    /// One for each bin.
    pub values: &'a [f32],
    /// Those of the bins that are masked all the same, counted from the first; their values mean nothing.
    pub holes: &'a [usize],
    /// Pixel rows that show them.
    pub repeat: usize,
}

fn bin_at(pixels: &[usize], index: usize) -> Option<usize> {
    let mut end = 0;
    pixels.iter().position(|count| {
        end += count;
        index < end
    })
}

/// Cells and the pixels that show them.
struct Grid {
    columns: Vec<Bin>,
    rows: Vec<Bin>,
    step: Option<usize>,
}

impl Grid {
    fn new(window: Window, [width, height]: [usize; 2], n_positions: usize) -> Self {
        let columns = bins(window.x0, window.x1, width, n_positions);
        let rows = bins(window.y0, window.y1, height, n_positions);
        let widths = || columns.iter().map(|bin| bin.cells.len());
        let step = widths().min().and_then(usize::checked_ilog2).map(|log2| 1 << log2);
        let step = step.filter(|step| widths().all(|width| width <= 2 * step));
        Self { columns, rows, step }
    }

    fn columns(&self) -> Columns<'_> {
        Columns { bins: &self.columns, step: self.step }
    }

    fn n_columns(&self) -> usize {
        self.columns.len().max(1)
    }

    fn empty(&self) -> (Vec<f32>, Vec<Unmasked>) {
        (vec![0.0; self.columns.len() * self.rows.len()], vec![Unmasked::default(); self.rows.len()])
    }

    fn filled(self, values: Vec<f32>, unmasked: Vec<Unmasked>) -> Pooled {
        let pixels = |bins: Vec<Bin>| bins.into_iter().map(|bin| bin.pixels).collect();
        Pooled { columns: pixels(self.columns), repeats: pixels(self.rows), values, unmasked }
    }
}

/// Brings the cells in `window` to `[width, height]` pixels.
///
/// Enlarged, a pixel shows the cell that its centre lies in. Reduced, it shows of its cells, those whose centres lie in
/// it, what `keep` says: unless that is the mean, none that matters is lost, and a sink of one column never vanishes. A
/// pixel is masked only if all of its cells are, and a NaN among them shows.
///
/// `row(query, buffer)` writes the unmasked values of one row to their keys' places in `buffer`, which has room for
/// `n_positions` of them, and returns the keys: a range, or one with holes. It is called once for each visible row, from
/// the top.
pub fn pool<'m, K: Into<Keys<'m>>>(
    mut row: impl FnMut(usize, &mut [f32]) -> K,
    n_positions: usize,
    window: Window,
    size: [usize; 2],
    keep: Keep,
) -> Pooled {
    let grid = Grid::new(window, size, n_positions);
    let (mut values, mut unmasked) = grid.empty();
    let (columns, mut scratch) = (grid.columns(), SCRATCH.take());
    let mut row = |query: usize, buffer: &mut [f32]| row(query, buffer).into();
    for ((bin, into), unmasked) in grid.rows.iter().zip(values.chunks_mut(grid.n_columns())).zip(&mut unmasked) {
        *unmasked = scratch.reduce(keep, bin.cells.clone(), &columns, n_positions, &mut row, into);
    }
    SCRATCH.set(scratch);
    grid.filled(values, unmasked)
}

/// [`pool`] of a pattern's weights.
pub fn pool_pattern(pattern: &Pattern, window: Window, size: [usize; 2]) -> Pooled {
    let keep = Keep::of(Quantity::Weight, Pooling::Max);
    let row = |query: usize, buffer: &mut [f32]| {
        pattern.row_into(query, buffer);
        pattern.keys(query)
    };
    pool(row, pattern.n_positions(), window, size, keep)
}

/// [`pool`] of a measure's values, counting those in view by their places on `scale`.
pub fn pool_measure(measure: &Measure, window: Window, size: [usize; 2], scale: NormScale) -> (Pooled, Histogram) {
    pool_counted(measure, window, size, &Edges::of(scale), Grain::Fine)
}

/// [`pool_measure`] on the scale that `edges` belong to; on all cores where there is enough to do. Of a coarse picture
/// the cells that were looked at are counted.
pub fn pool_counted(
    measure: &Measure,
    window: Window,
    size: [usize; 2],
    edges: &Edges,
    grain: Grain,
) -> (Pooled, Histogram) {
    let n_positions = measure.n_positions();
    let keep = Keep::of(measure.quantity(), measure.pooling());
    let (first, last) = (cell_index(window.x0.floor()), cell_index(window.x1.ceil()));
    let grid = Grid::new(window, size, n_positions);
    let (mut values, mut unmasked) = grid.empty();
    let columns = grid.columns();
    let pool_rows = |rows: &[Bin], values: &mut [f32], unmasked: &mut [Unmasked]| {
        let (mut histogram, mut reader, mut scratch) = (Histogram::default(), measure.rows(), SCRATCH.take());
        for ((bin, into), unmasked) in rows.iter().zip(values.chunks_mut(grid.n_columns())).zip(unmasked) {
            let mut row = counted(&mut reader, first..last, edges, &mut histogram);
            *unmasked = scratch.reduce(keep, grain.of(&bin.cells), &columns, n_positions, &mut row, into);
        }
        SCRATCH.set(scratch);
        histogram
    };
    let n_rows: usize = grid.rows.iter().map(|bin| grain.of(&bin.cells).len()).sum();
    let histogram = if n_rows * n_positions < LARGE {
        pool_rows(&grid.rows, &mut values, &mut unmasked)
    } else {
        let pieces = grid.rows.par_chunks(PIECE).zip(values.par_chunks_mut(PIECE * grid.n_columns()));
        let pieces = pieces.zip(unmasked.par_chunks_mut(PIECE)).with_max_len(1);
        let histograms = pieces.map(|((rows, values), unmasked)| pool_rows(rows, values, unmasked));
        histograms.reduce(Histogram::default, |mut all, piece| {
            all.include(&piece);
            all
        })
    };
    (grid.filled(values, unmasked), histogram)
}

/// How many queries and keys stand behind the pixel that shows `[query, key]`, as [`pool`] divides them: one of each
/// where a cell covers a pixel or more.
pub fn cells_behind(window: Window, size: [usize; 2], n_positions: usize, [query, key]: [usize; 2]) -> [usize; 2] {
    let behind = |from, to, n_pixels, cell| {
        let bins = bins(from, to, n_pixels, n_positions);
        bins.into_iter().find(|bin| bin.cells.contains(&cell)).map_or(1, |bin| bin.cells.len())
    };
    [behind(window.y0, window.y1, size[1], query), behind(window.x0, window.x1, size[0], key)]
}

/// How many cells a picture of a pattern under `mask` looks at.
pub fn n_cells(n_positions: usize, mask: &Mask, window: Window, height: usize) -> usize {
    let rows = bins(window.y0, window.y1, height, n_positions);
    rows.into_iter().flat_map(|bin| bin.cells).map(|query| mask.span(query, n_positions).len()).sum()
}

/// Reads rows, counting those of their cells that are in `view`.
fn counted<'m>(
    reader: &mut Rows<'m>,
    view: Range<usize>,
    edges: &Edges,
    histogram: &mut Histogram,
) -> impl FnMut(usize, &mut [f32]) -> Keys<'m> {
    move |query, buffer| {
        let keys = reader.row_into(query, buffer);
        for segment in keys.segments() {
            let (first, last) = (view.start.max(segment.start), view.end.min(segment.end));
            histogram.count(buffer.get(first..last).unwrap_or_default(), edges);
        }
        keys
    }
}

/// The bins of `n_pixels` equal steps from `from` to `to`.
fn bins(from: f64, to: f64, n_pixels: usize, n_cells: usize) -> Vec<Bin> {
    let mut bins: Vec<Bin> = Vec::with_capacity(n_pixels.min(n_cells));
    if n_cells == 0 {
        return bins;
    }
    let step = (to - from) / n_pixels as f64;
    // The first cell whose centre lies at or behind the pixel's left edge.
    let first_behind = |pixel: usize| cell_index((from + step * pixel as f64 - 0.5).ceil());
    for pixel in 0..n_pixels {
        let cells = if step > 1.0 {
            // Every cell belongs to one pixel, and every pixel has at least one.
            let first = first_behind(pixel).min(n_cells - 1);
            first..first_behind(pixel + 1).min(n_cells).max(first + 1)
        } else {
            let cell = cell_index(from + step * (pixel as f64 + 0.5)).min(n_cells - 1);
            cell..cell + 1
        };
        match bins.last_mut() {
            Some(last) if last.cells == cells => last.pixels += 1,
            _ => bins.push(Bin { cells, pixels: 1 }),
        }
    }
    bins
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn cell_index(point: f64) -> usize {
    point as usize
}

#[cfg(test)]
mod tests;
