//! Several cells as one: rows first, where neighbours are independent, then along what is left.

use std::{fmt, ops::Range, str::FromStr};

use pulp::Arch;
use serde::{Deserialize, Serialize};

use crate::{attention::Keys, figure::Quantity};

/// What a pixel shows of the cells that it covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The one that matters most: the largest, or of a signed quantity the one farthest from its centre. A sink of one
    /// column never vanishes.
    #[default]
    Max,
    /// The mean of the unmasked ones.
    Mean,
}

impl Pooling {
    /// All of them, in the order of menus and lists.
    pub const ALL: [Self; 2] = [Self::Max, Self::Mean];

    /// As written on the command line and in sessions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Mean => "mean",
        }
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no pooling.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected max or mean, found “{0}”")]
pub struct ParsePoolingError(String);

impl FromStr for Pooling {
    type Err = ParsePoolingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|pooling| pooling.name().eq_ignore_ascii_case(text.trim()));
        named.ok_or_else(|| ParsePoolingError(text.to_owned()))
    }
}

/// What several cells become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keep {
    /// The largest.
    Largest,
    /// The one farthest from this centre, whichever the direction; of two equally far the larger.
    Farthest(f32),
    /// The mean of the unmasked ones.
    Mean,
}

impl Keep {
    /// What a pixel of `quantity` shows. A ratio's distance from 1 is |ratio − 1|, not that of its logarithm: a sink
    /// that draws twenty times its share must win over a neighbour that draws a millionth.
    pub fn of(quantity: Quantity, pooling: Pooling) -> Self {
        match pooling {
            Pooling::Max => quantity.center().map_or(Self::Largest, Self::Farthest),
            Pooling::Mean => Self::Mean,
        }
    }
}

impl fmt::Display for Keep {
    /// What a pixel shows of the cells behind it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Largest => f.write_str("the largest"),
            Self::Farthest(center) => write!(f, "the one farthest from {center}"),
            Self::Mean => f.write_str("the mean"),
        }
    }
}

/// Neighbouring pixels along one axis that show the same cells.
pub struct Bin {
    pub cells: Range<usize>,
    pub pixels: usize,
}

/// Bins along the rows.
pub struct Columns<'a> {
    pub bins: &'a [Bin],
    /// A number of cells that every bin has, and none more than twice as many; a power of two. `None` where there is no
    /// such number, as bins at the border of a pattern may be narrow.
    pub step: Option<usize>,
}

/// Memory to work in, kept from row to row.
#[derive(Debug, Default)]
pub struct Scratch {
    row: Vec<f32>,
    merged: Vec<f32>,
    windows: [Vec<f32>; 2],
    rows: MergedRows,
}

/// The keys of each row that was merged.
#[derive(Debug, Default)]
struct MergedRows {
    spans: Vec<Range<usize>>,
    /// Of all rows, one after the other until [`Self::sort`].
    holes: Vec<usize>,
}

impl MergedRows {
    fn push(&mut self, keys: &Keys<'_>) {
        self.spans.push(keys.span());
        self.holes.extend(keys.holes());
    }

    /// How many unmasked cells of any row a bin has. Holes are sorted.
    fn n_cells(&self, bin: &Bin) -> usize {
        let in_row = |keys: &Range<usize>| bin.cells.end.min(keys.end).saturating_sub(bin.cells.start.max(keys.start));
        let before = |key: usize| self.holes.partition_point(|&hole| hole < key);
        self.spans.iter().map(in_row).sum::<usize>() - (before(bin.cells.end) - before(bin.cells.start))
    }
}

/// The bins of a row of pixels that hold an unmasked cell.
#[derive(Clone, Debug, Default)]
pub struct Unmasked {
    pub bins: Range<usize>,
    /// Those of `bins` that hold none, counted from the first.
    pub holes: Vec<usize>,
}

impl Unmasked {
    pub fn contains(&self, bin: usize) -> bool {
        self.bins.contains(&bin) && self.holes.binary_search(&(bin - self.bins.start)).is_err()
    }
}

impl Scratch {
    /// Brings the rows of `queries` to one value for each bin, into `into`; returns the bins that hold an unmasked cell.
    /// `row(query, buffer)` writes unmasked values to their keys' places and returns the keys; from row to row their
    /// spans neither begin nor end earlier.
    pub fn reduce<'m>(
        &mut self,
        keep: Keep,
        queries: Range<usize>,
        columns: &Columns<'_>,
        n_positions: usize,
        row: &mut impl FnMut(usize, &mut [f32]) -> Keys<'m>,
        into: &mut [f32],
    ) -> Unmasked {
        self.row.resize(n_positions, 0.0);
        match keep {
            Keep::Largest => self.reduce_by(max_or_nan, f32::NEG_INFINITY, queries, columns, row, into),
            Keep::Farthest(center) => {
                self.reduce_by(move |a, b| farther_or_nan(center, a, b), center, queries, columns, row, into)
            }
            Keep::Mean => self.mean(queries, columns, row, into),
        }
    }

    /// `better` picks one of two, whatever the order and however often it meets either; nothing is worse than `worst`.
    fn reduce_by<'m>(
        &mut self,
        better: impl Fn(f32, f32) -> f32 + Copy,
        worst: f32,
        queries: Range<usize>,
        columns: &Columns<'_>,
        row: &mut impl FnMut(usize, &mut [f32]) -> Keys<'m>,
        into: &mut [f32],
    ) -> Unmasked {
        let Self { row: buffer, merged, windows, rows } = self;
        let cells = merge(better, worst, queries, row, buffer, merged, rows);
        let unmasked = columns.unmasked(rows);
        let (bins, into) = (&columns.bins[unmasked.bins.clone()], &mut into[unmasked.bins.clone()]);
        let Some(step) = columns.step else {
            for (value, bin) in into.iter_mut().zip(bins) {
                *value = best(better, cells, bin);
            }
            return unmasked;
        };
        let best_of_step = windows_of(better, cells, step, windows);
        // A window that begins where the bin does and one that ends there meet or overlap.
        let n_whole = bins.partition_point(|bin| bin.cells.end <= cells.len());
        let (whole, cut) = into.split_at_mut(n_whole);
        for (value, bin) in whole.iter_mut().zip(bins) {
            *value = better(best_of_step[bin.cells.start], best_of_step[bin.cells.end - step]);
        }
        for (value, bin) in cut.iter_mut().zip(&bins[n_whole..]) {
            *value = best(better, cells, bin);
        }
        unmasked
    }

    fn mean<'m>(
        &mut self,
        queries: Range<usize>,
        columns: &Columns<'_>,
        row: &mut impl FnMut(usize, &mut [f32]) -> Keys<'m>,
        into: &mut [f32],
    ) -> Unmasked {
        let Self { row: buffer, merged, rows, .. } = self;
        let sums = merge(|a, b| a + b, 0.0, queries, row, buffer, merged, rows);
        let unmasked = columns.unmasked(rows);
        let bins = unmasked.bins.clone();
        for (value, bin) in into[bins.clone()].iter_mut().zip(&columns.bins[bins]) {
            let sum: f32 = sums[bin.cells.start..bin.cells.end.min(sums.len())].iter().sum();
            *value = sum / rows.n_cells(bin) as f32;
        }
        unmasked
    }
}

impl Columns<'_> {
    /// The bins that hold a cell of any of the rows.
    fn unmasked(&self, rows: &mut MergedRows) -> Unmasked {
        let MergedRows { spans, holes } = rows;
        let first = spans.iter().map(|keys| keys.start).min().unwrap_or_default();
        let end = spans.iter().map(|keys| keys.end).max().unwrap_or_default();
        let first_bin = self.bins.partition_point(|bin| bin.cells.end <= first);
        let bins = first_bin..self.bins.partition_point(|bin| bin.cells.start < end).max(first_bin);
        if holes.is_empty() {
            return Unmasked { bins, holes: Vec::new() };
        }
        holes.sort_unstable();
        let is_masked = |&place: &usize| rows.n_cells(&self.bins[bins.start + place]) == 0;
        let holes = (0..bins.len()).filter(is_masked).collect();
        Unmasked { bins, holes }
    }
}

/// One row of the best of each column, up to the end of the longest row; where no row has a cell it is `worst`.
fn merge<'a, 'm>(
    better: impl Fn(f32, f32) -> f32 + Copy,
    worst: f32,
    queries: Range<usize>,
    row: &mut impl FnMut(usize, &mut [f32]) -> Keys<'m>,
    buffer: &'a mut [f32],
    merged: &'a mut Vec<f32>,
    rows: &mut MergedRows,
) -> &'a [f32] {
    rows.spans.clear();
    rows.holes.clear();
    let mut row = |query: usize, buffer: &mut [f32]| {
        let keys = row(query, buffer);
        keys.holes().iter().for_each(|&hole| buffer[hole] = worst);
        rows.push(&keys);
        keys.span()
    };
    if queries.len() == 1 {
        let keys = row(queries.start, buffer);
        buffer[..keys.start].fill(worst);
        return &buffer[..keys.end];
    }
    merged.clear();
    for query in queries {
        let keys = row(query, buffer);
        if merged.len() < keys.start {
            merged.resize(keys.start, worst);
        }
        let cells = &buffer[keys.clone()];
        let known = &mut merged[keys.start..];
        let (over, new) = cells.split_at(known.len().min(cells.len()));
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (merged, &cell) in known.iter_mut().zip(over) {
                    *merged = better(*merged, cell);
                }
            },
        );
        merged.extend_from_slice(new);
    }
    merged
}

/// The best of the cells of a bin, as far as they are there. A bin that begins within the cells has one.
fn best(better: impl Fn(f32, f32) -> f32, cells: &[f32], bin: &Bin) -> f32 {
    let end = bin.cells.end.min(cells.len());
    cells[bin.cells.start..end].iter().copied().reduce(better).unwrap_or_default()
}

/// For each cell the best of the `step` cells that begin with it, as far as there are so many: 1, 2, 4, … at a time.
fn windows_of<'a>(
    better: impl Fn(f32, f32) -> f32 + Copy,
    cells: &'a [f32],
    step: usize,
    [front, back]: &'a mut [Vec<f32>; 2],
) -> &'a [f32] {
    if step == 1 {
        return cells;
    }
    front.resize(cells.len().max(front.len()), 0.0);
    back.resize(cells.len().max(back.len()), 0.0);
    let (mut from, mut into) = (&mut front[..cells.len()], &mut back[..cells.len()]);
    pairs(better, cells, 1, into);
    let mut width = 2;
    while width < step {
        std::mem::swap(&mut from, &mut into);
        pairs(better, from, width, into);
        width *= 2;
    }
    into
}

/// The better of each cell and the one `distance` behind it.
fn pairs(better: impl Fn(f32, f32) -> f32, cells: &[f32], distance: usize, into: &mut [f32]) {
    let behind = cells.get(distance..).unwrap_or_default();
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for ((into, &a), &b) in into.iter_mut().zip(cells).zip(behind) {
                *into = better(a, b);
            }
        },
    );
}

/// The larger of the two, and NaN where either is.
#[inline]
fn max_or_nan(a: f32, b: f32) -> f32 {
    if b > a || b.is_nan() { b } else { a }
}

/// The one farther from `center`, the larger of two equally far, and NaN where either is.
#[inline]
fn farther_or_nan(center: f32, a: f32, b: f32) -> f32 {
    let (from_a, from_b) = ((a - center).abs(), (b - center).abs());
    if from_b > from_a || (from_b == from_a && b > a) || b.is_nan() { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_equally_far_the_larger_is_kept() {
        assert_eq!(farther_or_nan(0.0, -0.5, 0.5), 0.5);
        assert_eq!(farther_or_nan(0.0, 0.5, -0.5), 0.5);
    }

    #[test]
    fn poolings_parse_back_and_others_are_told_the_choice() {
        for pooling in Pooling::ALL {
            assert_eq!(pooling.to_string().parse(), Ok(pooling));
            assert_eq!(serde_json::to_string(&pooling).unwrap(), format!("\"{pooling}\""));
        }
        let message = "median".parse::<Pooling>().unwrap_err().to_string();
        assert_eq!(message, "expected max or mean, found “median”");
        for quantity in [Quantity::Weight, Quantity::Score, Quantity::WeightedValue] {
            assert_eq!(Keep::of(quantity, Pooling::Max), Keep::Largest);
        }
        assert_eq!(Keep::of(Quantity::UniformRatio, Pooling::Max), Keep::Farthest(1.0));
        assert_eq!(Keep::of(Quantity::Difference, Pooling::Max), Keep::Farthest(0.0));
        assert_eq!(Keep::of(Quantity::Difference, Pooling::Mean), Keep::Mean);
    }
}
