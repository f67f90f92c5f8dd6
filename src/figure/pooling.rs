//! Cells at the resolution of the pixels that show them.

use std::{cell::Cell, ops::Range};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Edges, Histogram, Keep, Measure, NormScale, Pooling, Quantity, Rows,
    reduce::{Bin, Columns, Scratch},
};
use crate::attention::{Mask, Pattern};

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
    pub(super) fn of(self, queries: &Range<usize>) -> Range<usize> {
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
    pub x0: f64,
    pub y0: f64,
    pub x1: f64,
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
    /// How many bins of a row, from the left, hold an unmasked cell. Masks leave a prefix of every row, so that the
    /// bins behind are masked; their values mean nothing.
    unmasked: Vec<usize>,
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

    /// The unmasked bins of every row from the top, and how many pixel rows show them.
    pub fn rows(&self) -> impl Iterator<Item = (&[f32], usize)> {
        let rows = self.values.chunks(self.columns.len().max(1)).zip(&self.unmasked);
        rows.zip(&self.repeats).map(|((row, &unmasked), &repeat)| (&row[..unmasked], repeat))
    }

    /// What the pixel shows; `None` where it is masked or outside.
    pub fn value(&self, x: usize, y: usize) -> Option<f32> {
        let (column, row) = (bin_at(&self.columns, x)?, bin_at(&self.repeats, y)?);
        (column < self.unmasked[row]).then(|| self.values[row * self.columns.len() + column])
    }
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

    fn empty(&self) -> (Vec<f32>, Vec<usize>) {
        (vec![0.0; self.columns.len() * self.rows.len()], vec![0; self.rows.len()])
    }

    fn filled(self, values: Vec<f32>, unmasked: Vec<usize>) -> Pooled {
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
/// `row(query, buffer)` hands out the unmasked values of one row, which start at key 0; `buffer` has room for
/// `n_positions` of them. It is called once for each visible row, from the top.
pub fn pool(
    mut row: impl for<'a> FnMut(usize, &'a mut [f32]) -> &'a [f32],
    n_positions: usize,
    window: Window,
    size: [usize; 2],
    keep: Keep,
) -> Pooled {
    let grid = Grid::new(window, size, n_positions);
    let (mut values, mut unmasked) = grid.empty();
    let (columns, mut scratch) = (grid.columns(), SCRATCH.take());
    for ((bin, into), unmasked) in grid.rows.iter().zip(values.chunks_mut(grid.n_columns())).zip(&mut unmasked) {
        *unmasked = scratch.reduce(keep, bin.cells.clone(), &columns, n_positions, &mut row, into);
    }
    SCRATCH.set(scratch);
    grid.filled(values, unmasked)
}

/// [`pool`] of a pattern's weights.
pub fn pool_pattern(pattern: &Pattern, window: Window, size: [usize; 2]) -> Pooled {
    let keep = Keep::of(Quantity::Weight, Pooling::Max);
    pool(|query, buffer| pattern.row_into(query, buffer), pattern.n_positions(), window, size, keep)
}

/// [`pool`] of a measure's values, counting those in view by their places on `scale`.
pub fn pool_measure(measure: &Measure, window: Window, size: [usize; 2], scale: NormScale) -> (Pooled, Histogram) {
    pool_counted(measure, window, size, &Edges::of(scale), Grain::Fine)
}

/// [`pool_measure`] on the scale that `edges` belong to; on all cores where there is enough to do. Of a coarse picture
/// the cells that were looked at are counted.
pub(super) fn pool_counted(
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
    let pool_rows = |rows: &[Bin], values: &mut [f32], unmasked: &mut [usize]| {
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
pub(super) fn n_cells(n_positions: usize, mask: Mask, window: Window, height: usize) -> usize {
    let rows = bins(window.y0, window.y1, height, n_positions);
    rows.into_iter().flat_map(|bin| bin.cells).map(|query| mask.attended(query, n_positions)).sum()
}

/// Reads rows, counting those of their cells that are in `view`.
fn counted(
    reader: &mut Rows<'_>,
    view: Range<usize>,
    edges: &Edges,
    histogram: &mut Histogram,
) -> impl for<'a> FnMut(usize, &'a mut [f32]) -> &'a [f32] {
    move |query, buffer| {
        let row = reader.row_into(query, buffer);
        let last = view.end.min(row.len());
        histogram.count(&row[view.start.min(last)..last], edges);
        row
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
mod tests {
    use super::*;

    const NAN: f32 = f32::NAN;
    /// A causal pattern of four positions.
    const CAUSAL: [&[f32]; 4] = [&[1.0], &[0.75, 0.25], &[0.5, 0.125, 0.375], &[0.625, 0.0, 0.125, 0.25]];

    /// Pixel rows; masked pixels are missing from their ends.
    fn pixels(rows: &[&'static [f32]], window: Window, size: [usize; 2]) -> Vec<Vec<f32>> {
        let pooled = pool(|query, _| rows[query], rows.len(), window, size, Keep::Largest);
        assert_eq!([pooled.width(), pooled.height()], size);
        (0..size[1]).map(|y| (0..size[0]).map_while(|x| pooled.value(x, y)).collect()).collect()
    }

    #[test]
    fn reduced_takes_the_maximum_of_the_unmasked_cells() {
        // Top right: cells (2, 0), (3, 0), (2, 1) and (3, 1) are masked.
        assert_eq!(pixels(&CAUSAL, Window::whole(4), [2, 2]), [vec![1.0], vec![0.625, 0.375]]);
        assert_eq!(pixels(&CAUSAL, Window::whole(4), [1, 1]), [[1.0]]);
        assert_eq!(pixels(&CAUSAL, Window::whole(4), [4, 1]), [[1.0, 0.25, 0.375, 0.25]]);
    }

    #[test]
    fn reduced_about_a_centre_takes_the_cell_farthest_from_it() {
        const SIGNED: [&[f32]; 4] = [&[0.1], &[-0.6, 0.2], &[-0.1, 0.3, -0.2], &[0.0, 0.25, -0.25, 0.125]];
        let value = |size: [usize; 2], x, y, center| {
            pool(|query, _| SIGNED[query], 4, Window::whole(4), size, Keep::Farthest(center)).value(x, y)
        };
        // The whole in one pixel: -0.6 is farther from 0 than 0.3; seen from -1 it is the nearest.
        assert_eq!((value([1, 1], 0, 0, 0.0), value([1, 1], 0, 0, -1.0)), (Some(-0.6), Some(0.3)));
        assert_eq!([0, 1].map(|x| value([2, 2], x, 1, 0.0)), [Some(0.3), Some(-0.25)]);
        assert_eq!(value([2, 2], 1, 0, 0.0), None, "all masked");
        // Down the columns alone: 0.25 and 0.3; of -0.2 and -0.25 the latter; of equally far ones the larger.
        assert_eq!([0, 1, 2, 3].map(|x| value([4, 1], x, 0, 0.0)), [Some(-0.6), Some(0.3), Some(-0.25), Some(0.125)]);
    }

    #[test]
    fn a_ratio_of_twenty_is_not_hidden_by_a_millionth() {
        const RATIOS: [&[f32]; 1] = [&[20.0, 1e-6, 0.9, 1.1]];
        let window = Window { y1: 1.0, ..Window::whole(4) };
        let pooled = pool(|query, _| RATIOS[query], 4, window, [2, 1], Keep::of(Quantity::UniformRatio, Pooling::Max));
        assert_eq!((pooled.value(0, 0), pooled.value(1, 0)), (Some(20.0), Some(1.1)));
    }

    #[test]
    fn every_cell_is_in_some_pixel_at_any_reduction() {
        for (n, keep) in [(7, Keep::Largest), (64, Keep::Largest), (301, Keep::Largest), (64, Keep::Farthest(0.0))] {
            for size in [1, 2, 3, 5, 7, 40, 63, 64, 189, 300].into_iter().filter(|&size| size <= n) {
                for hot in 0..n {
                    let pooled = pool(
                        |_, buffer| {
                            buffer.fill(0.0);
                            buffer[hot] = 1.0;
                            buffer
                        },
                        n,
                        Window { y1: 1.0, ..Window::whole(n) },
                        [size, 1],
                        keep,
                    );
                    let shown = (0..size).filter(|&x| pooled.value(x, 0) == Some(1.0)).count();
                    assert_eq!(shown, 1, "key {hot} of {n} in {size} pixels");
                }
            }
        }
    }

    #[test]
    fn enlarged_shows_the_cell_that_a_pixel_lies_in() {
        let expected =
            [&[1.0; 3][..], &[1.0; 3], &[0.75, 0.75, 0.75, 0.25, 0.25, 0.25], &[0.75, 0.75, 0.75, 0.25, 0.25, 0.25]];
        assert_eq!(pixels(&CAUSAL[..2], Window::whole(2), [6, 4]), expected);
        assert_eq!(pixels(&CAUSAL, Window::whole(4), [4, 4]), CAUSAL);
        // Pixel centres of three pixels over two cells: 1/3, 1, 5/3.
        let second_row = Window { y0: 1.0, ..Window::whole(2) };
        assert_eq!(pixels(&CAUSAL[..2], second_row, [3, 1]), [[0.75, 0.25, 0.25]]);
    }

    #[test]
    fn a_window_crops() {
        let window = Window { x0: 1.0, y0: 2.0, x1: 3.0, y1: 4.0 };
        assert_eq!(pixels(&CAUSAL, window, [2, 2]), [[0.125, 0.375], [0.0, 0.125]]);
        assert_eq!(pixels(&CAUSAL, window, [1, 1]), [[0.375]]);
        // Half a cell further: centres at 1.75 and 2.25.
        let window = Window { x0: 1.5, x1: 2.5, y0: 3.0, y1: 4.0 };
        assert_eq!(pixels(&CAUSAL, window, [2, 1]), [[0.0, 0.125]]);
    }

    #[test]
    fn masked_needs_all_cells_masked_and_nan_needs_one() {
        const ROWS: [&[f32]; 2] = [&[NAN, 0.5], &[0.75, 0.25]];
        for keep in [Keep::Largest, Keep::Farthest(0.25)] {
            let pooled = pool(|query, _| ROWS[query], 2, Window::whole(2), [2, 1], keep);
            assert!(pooled.value(0, 0).is_some_and(f32::is_nan));
            assert_eq!(pooled.value(1, 0), Some(0.5));
            let pooled = pool(|query, _| ROWS[query], 2, Window::whole(2), [1, 1], keep);
            assert!(pooled.value(0, 0).is_some_and(f32::is_nan), "a later number does not hide it");
        }
        let pooled = pool(|query, _| CAUSAL[query], 4, Window::whole(4), [4, 4], Keep::Largest);
        assert_eq!(pooled.value(1, 0), None);
        assert_eq!((pooled.value(4, 0), pooled.value(0, 4)), (None, None), "outside");
    }

    #[test]
    fn a_pixel_tells_how_many_cells_are_behind_it() {
        let whole = Window::whole(1000);
        // 1000 cells in 300 pixels: three or four, those whose centres lie within.
        assert_eq!(cells_behind(whole, [300, 250], 1000, [0, 0]), [4, 3]);
        assert_eq!(cells_behind(whole, [300, 250], 1000, [999, 3]), [4, 4]);
        let behind = |key| cells_behind(whole, [300, 1000], 1000, [7, key]);
        let mut all = 0;
        while all < 1000 {
            let [queries, keys] = behind(all);
            assert!(queries == 1 && (3..=4).contains(&keys), "{all}: {keys}");
            all += keys;
        }
        assert_eq!(all, 1000, "every key is behind one pixel");
        let zoomed = Window { x0: 10.0, x1: 60.0, y0: 10.0, y1: 60.0 };
        assert_eq!(cells_behind(zoomed, [200, 200], 1000, [30, 20]), [1, 1]);
    }

    #[test]
    fn each_visible_row_is_asked_for_once() {
        for size in [2, 4, 50] {
            let mut asked = Vec::new();
            pool(
                |query, buffer| {
                    asked.push(query);
                    buffer
                },
                8,
                Window { x0: 0.0, y0: 2.0, x1: 8.0, y1: 6.0 },
                [size, size],
                Keep::Largest,
            );
            assert_eq!(asked, [2, 3, 4, 5]);
        }
    }

    #[test]
    fn an_empty_window_or_pattern_is_no_panic() {
        assert_eq!(pixels(&[], Window::whole(0), [0, 0]), Vec::<Vec<f32>>::new());
        assert_eq!(pixels(&CAUSAL, Window::whole(4), [0, 0]), Vec::<Vec<f32>>::new());
        let beyond = Window { x0: -4.0, y0: 3.0, x1: 8.0, y1: 4.0 };
        assert_eq!(pixels(&CAUSAL, beyond, [3, 1]), [[0.625, 0.625, 0.25]]);
    }
}
