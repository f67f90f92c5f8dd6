//! x·Wᵀ on one thread: tiles of sums that stay in registers.
//!
//! A lane of a vector is a row of x, which is turned for this once ([`TurnedRows`]), and each number of W is multiplied
//! with a vector of rows: W is never turned, it is only brought together by cache lines, twelve rows at a time, so that a
//! tile reads both operands from front to back. Every output is a sum of its own, in one lane from the first product to
//! the last, and each number of it is made by the same operations in the same order however many rows there are, however
//! many lanes the processor has, and whatever thread does it: a row's bits depend on that row alone.
//!
//! The order: products are added one after the other, each rounded once, in blocks of [`BLOCK`] numbers of a row; the
//! sums of the blocks are added from the first to the last. (A processor without fused multiplication rounds twice.)

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use ndarray::ArrayViewMut2;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::lines::{LINE, Line, turn_lines, turn_rows};

/// How many rows of W are multiplied at once; blocks of W had better have a multiple of it.
pub const GROUP: usize = 12;

/// Numbers of a row whose products are added in one go: two panels of so many are 16 kB, which stay in the smallest cache
/// beside their sums and a group of W. Another number here is another last digit in every product.
pub const BLOCK: usize = 128;

/// How many panels are multiplied at once.
const MOST_PANELS: usize = 2;

/// So many rows are multiplied as the first half of a panel, on vectors of half the length: half the work where a
/// processor makes two of each longer one.
const HALF: usize = LINE / 2;

/// The rows of x as lines, sixteen rows a panel; a panel has as many lines as a row has numbers, and more up to the next
/// sixteen.
pub struct TurnedRows {
    lines: Vec<Line>,
    width: usize,
}

/// Memory that a product needs beside its operands.
#[derive(Default)]
pub struct Scratch {
    weight: Vec<Line>,
    sums: Vec<Line>,
}

impl TurnedRows {
    /// Of `x`, row after row of `width` numbers.
    pub fn of(x: &[f32], width: usize, threads: Threads) -> Self {
        let per_panel = width.next_multiple_of(LINE);
        let mut lines = vec![Line::ZERO; (x.len() / width.max(1)).div_ceil(LINE) * per_panel];
        let turn = |(panel, lines): (usize, &mut [Line])| {
            let start = |row: usize| (panel * LINE + row) * width;
            turn_rows(std::array::from_fn(|row| x.get(start(row)..start(row + 1)).unwrap_or_default()), lines);
        };
        match threads {
            Threads::One => lines.chunks_exact_mut(per_panel.max(1)).enumerate().for_each(turn),
            Threads::All => lines.par_chunks_exact_mut(per_panel.max(1)).enumerate().for_each(turn),
        }
        Self { lines, width }
    }

    /// Writes x·Wᵀ to `out [m, n]`; `weight [n, width]` lies row after row. Rows of `out` that are not contiguous are left.
    pub fn times(&self, weight: &[f32], scratch: &mut Scratch, out: ArrayViewMut2<'_, f32>) {
        if self.width > 0 {
            Arch::new().dispatch(Product { x: self, weight, scratch, out });
        }
    }

    /// Lines of a panel.
    fn per_panel(&self) -> usize {
        self.width.next_multiple_of(LINE)
    }
}

/// Who does a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    One,
    All,
}

struct Product<'a> {
    x: &'a TurnedRows,
    weight: &'a [f32],
    scratch: &'a mut Scratch,
    out: ArrayViewMut2<'a, f32>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, weight, scratch, mut out } = self;
        let n = weight.len() / x.width;
        let n_sums = n.next_multiple_of(GROUP);
        bring_together(x.width, weight, &mut scratch.weight);
        scratch.sums.resize(MOST_PANELS * n_sums, Line::ZERO);
        let n_rows = out.nrows();
        let mut rows = out.outer_iter_mut().filter_map(ndarray::ArrayViewMut1::into_slice);
        // Two panels at a time where there are registers for twice as many sums.
        let at_once = if S::REGISTER_COUNT >= 32 && S::F32_LANES == LINE { MOST_PANELS } else { 1 };
        let half_simd = half_vectors().filter(|_| S::F32_LANES == LINE);
        let per_panel = x.per_panel();
        let n_whole = match half_simd {
            Some(_) if (1..=HALF).contains(&(n_rows % LINE)) => n_rows / LINE,
            _ => n_rows.div_ceil(LINE),
        };
        let (whole, half) = x.lines.split_at((n_whole * per_panel).min(x.lines.len()));
        let whole = whole.chunks(at_once * per_panel).map(|panels| (panels, None));
        let half = half.chunks(per_panel).map(|panel| (panel, half_simd));
        for (panels, half_simd) in whole.chain(half) {
            let operands = Operands { x: panels, per_panel: x.per_panel(), weight: &scratch.weight };
            let n_panels = panels.len() / x.per_panel();
            let sums = &mut scratch.sums[..n_panels * n_sums];
            sums.fill(Line::ZERO);
            match (S::F32_LANES, n_panels) {
                _ if let Some(half_simd) = half_simd => operands.add_to::<_, 1, 1, 12>(half_simd, sums),
                (16, 2) => operands.add_to::<S, 2, 1, 12>(simd, sums),
                (16, _) => operands.add_to::<S, 1, 1, 12>(simd, sums),
                (8, _) => operands.add_to::<S, 1, 2, 6>(simd, sums),
                (4, _) => operands.add_to::<S, 1, 4, 6>(simd, sums),
                _ => operands.add_to::<S, 1, 16, 1>(simd, sums),
            }
            for sums in sums.chunks_exact(n_sums.max(1)) {
                let of_panel: [&mut [f32]; LINE] = std::array::from_fn(|_| rows.next().unwrap_or_default());
                turn_lines(&sums[..n], of_panel);
            }
        }
    }
}

/// Vectors of half a line, for processors that have those of a whole one too.
#[cfg(target_arch = "x86_64")]
fn half_vectors() -> Option<pulp::x86::V3> {
    pulp::x86::V3::try_new()
}

#[cfg(not(target_arch = "x86_64"))]
fn half_vectors() -> Option<pulp::Scalar> {
    None
}

/// The rows of W by groups, a line of each row of a group after the other: `[groups, width / 16, GROUP]`. What is missing
/// from the last group or the last line is 0.
#[inline(always)]
fn bring_together(width: usize, weight: &[f32], together: &mut Vec<Line>) {
    let per_row = width.div_ceil(LINE);
    let n_groups = (weight.len() / width).div_ceil(GROUP);
    together.resize(n_groups * per_row * GROUP, Line::ZERO);
    for (group, rows) in together.chunks_exact_mut(per_row * GROUP).zip(weight.chunks(GROUP * width)) {
        let mut of_group = [(&[] as &[[f32; LINE]], &[] as &[f32]); GROUP];
        for (row, numbers) in of_group.iter_mut().zip(rows.chunks_exact(width)) {
            *row = numbers.as_chunks();
        }
        // Line after line, so that what is written is read from many rows and not the other way round.
        for (at, lines) in group.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
            for (line, (whole, rest)) in lines.iter_mut().zip(&of_group) {
                if let Some(numbers) = whole.get(at) {
                    line.0 = *numbers;
                } else {
                    line.0 = [0.0; LINE];
                    if at == whole.len() {
                        line.0[..rest.len()].copy_from_slice(rest);
                    }
                }
            }
        }
    }
}

struct Operands<'a> {
    /// Some panels.
    x: &'a [Line],
    per_panel: usize,
    /// Groups.
    weight: &'a [Line],
}

impl Operands<'_> {
    /// Adds the products of all rows of `PANELS` panels and of all groups to `sums`, `[panels, groups, GROUP]`. Of a line the
    /// first `VECTORS` vectors count; `ROWS` rows of a group are multiplied at once.
    ///
    /// Panels on the outside, so that their sums and a block of them stay in the smallest cache.
    #[inline(always)]
    fn add_to<S: Simd, const PANELS: usize, const VECTORS: usize, const ROWS: usize>(
        &self,
        simd: S,
        sums: &mut [Line],
    ) {
        let n_sums = sums.len() / PANELS;
        for start in (0..self.per_panel).step_by(BLOCK) {
            let end = self.per_panel.min(start + BLOCK);
            let mut x = [&[] as &[[Line; LINE]]; PANELS];
            for (x, panel) in x.iter_mut().zip(self.x.chunks_exact(self.per_panel)) {
                *x = panel[start..end].as_chunks().0;
            }
            let groups = self.weight.chunks_exact(self.per_panel / LINE * GROUP);
            for (group, weight) in groups.enumerate() {
                let weight = weight[start / LINE * GROUP..end / LINE * GROUP].as_chunks::<GROUP>().0;
                for row in (0..GROUP).step_by(ROWS) {
                    let tile = tile::<S, PANELS, VECTORS, ROWS>(simd, x, weight, row);
                    for (panel, of_panel) in tile.iter().enumerate() {
                        let at = panel * n_sums + group * GROUP + row;
                        for (sum, more) in sums[at..at + ROWS].iter_mut().zip(of_panel) {
                            let sum = S::as_mut_simd_f32s(&mut sum.0).0;
                            for (sum, &more) in sum.iter_mut().zip(more) {
                                *sum = simd.add_f32s(*sum, more);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The sums over a block, `[panels, rows, vectors]`.
#[inline(always)]
fn tile<S: Simd, const PANELS: usize, const VECTORS: usize, const ROWS: usize>(
    simd: S,
    x: [&[[Line; LINE]]; PANELS],
    weight: &[[Line; GROUP]],
    row: usize,
) -> [[[S::f32s; VECTORS]; ROWS]; PANELS] {
    let n = weight.len();
    let mut lines = [&[] as &[[Line; LINE]]; PANELS];
    for (lines, x) in lines.iter_mut().zip(x) {
        // Slices of one known length, so that nothing is checked within the loop.
        *lines = &x[..n];
    }
    let mut sums = [[[simd.splat_f32s(0.0); VECTORS]; ROWS]; PANELS];
    for (at, weight) in weight.iter().enumerate() {
        let Some(weight) = weight[row..].first_chunk::<ROWS>() else { break };
        for number in 0..LINE {
            let mut factors = [[simd.splat_f32s(0.0); VECTORS]; PANELS];
            for (factors, lines) in factors.iter_mut().zip(lines) {
                factors.copy_from_slice(&S::as_simd_f32s(&lines[at][number].0).0[..VECTORS]);
            }
            for of_row in 0..ROWS {
                let weight = simd.splat_f32s(weight[of_row].0[number]);
                for panel in 0..PANELS {
                    for vector in 0..VECTORS {
                        let sum = &mut sums[panel][of_row][vector];
                        *sum = simd.mul_add_e_f32s(factors[panel][vector], weight, *sum);
                    }
                }
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::*;

    /// Small whole numbers, so that sums are exact in any order.
    fn whole_numbers(rows: usize, columns: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 7) as f32 - 3.0)
    }

    /// Numbers whose sums are rounded.
    fn fractions(rows: usize, columns: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 7919 + j * 104_729) % 1009) as f32 / 1009.0 - 0.5)
    }

    fn product(x: &Array2<f32>, weight: &Array2<f32>) -> Array2<f32> {
        let turned = TurnedRows::of(x.as_slice().unwrap(), x.ncols(), Threads::One);
        let mut out = Array2::from_elem((x.nrows(), weight.nrows()), 99.0);
        turned.times(weight.as_slice().unwrap(), &mut Scratch::default(), out.view_mut());
        out
    }

    fn check(m: usize, width: usize, n: usize, scratch: &mut Scratch) {
        let (x, weight) = (whole_numbers(m, width), whole_numbers(n, width));
        // Of a wider array, as blocks of a product are.
        let mut out = Array2::from_elem((m, n + 2), 99.0);
        let turned = TurnedRows::of(x.as_slice().unwrap(), width, Threads::All);
        turned.times(weight.as_slice().unwrap(), scratch, out.slice_mut(s![.., 1..=n]));
        assert_eq!(out.slice(s![.., 1..=n]), x.dot(&weight.t()), "{m}×{width} · {n}");
        assert!(out.column(0).iter().chain(out.column(n + 1)).all(|&x| x == 99.0), "{m}×{width} · {n}: outside");
    }

    #[test]
    fn products_are_right_at_every_edge_of_panels_groups_and_lines() {
        // One scratch for all: what an earlier product left in it changes nothing.
        let mut scratch = Scratch::default();
        for m in [1, 2, 15, 16, 17, 31, 32, 33, 48, 63, 65] {
            for width in [1, 2, 15, 16, 17, 33, 300] {
                for n in [1, 2, 11, 12, 13, 24, 31] {
                    check(m, width, n, &mut scratch);
                }
            }
        }
        check(80, 600, 101, &mut scratch);
    }

    #[test]
    fn every_kind_of_processor_gets_the_same_bits() {
        let (x, weight) = (fractions(37, 301), fractions(14, 301));
        let turned = TurnedRows::of(x.as_slice().unwrap(), 301, Threads::One);
        let expected = product(&x, &weight);
        let check = |multiply: &dyn Fn(Product<'_>)| {
            let (mut out, mut scratch) = (Array2::zeros((37, 14)), Scratch::default());
            let weight = weight.as_slice().unwrap();
            multiply(Product { x: &turned, weight, scratch: &mut scratch, out: out.view_mut() });
            out
        };
        let scalar = product_of_scalars(&x, &weight);
        assert!(scalar.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-4), "but for how often it rounds");
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            assert_eq!(check(&|product| Simd::vectorize(avx2, product)), expected);
        }
    }

    #[test]
    fn the_order_of_the_sum_is_as_written() {
        let (x, weight) = (fractions(3, 600), fractions(5, 600));
        let in_order = |x: &[f32], weight: &[f32]| {
            let of_block = |(x, weight): (&[f32], &[f32])| {
                x.iter().zip(weight).fold(0.0_f32, |sum, (x, weight)| x.mul_add(*weight, sum))
            };
            x.chunks(BLOCK).zip(weight.chunks(BLOCK)).map(of_block).fold(0.0, |sum, block| sum + block)
        };
        let fused = cfg!(target_arch = "aarch64") || product(&x, &weight) != product_of_scalars(&x, &weight);
        if fused {
            for ((i, j), &found) in product(&x, &weight).indexed_iter() {
                assert_eq!(found, in_order(x.row(i).as_slice().unwrap(), weight.row(j).as_slice().unwrap()));
            }
        }
    }

    fn product_of_scalars(x: &Array2<f32>, weight: &Array2<f32>) -> Array2<f32> {
        let turned = TurnedRows::of(x.as_slice().unwrap(), x.ncols(), Threads::One);
        let (mut out, mut scratch) = (Array2::zeros((x.nrows(), weight.nrows())), Scratch::default());
        let weight = weight.as_slice().unwrap();
        Arch::Scalar.dispatch(Product { x: &turned, weight, scratch: &mut scratch, out: out.view_mut() });
        out
    }

    #[test]
    fn nothing_is_written_without_width() {
        let mut out = Array2::from_elem((2, 2), 5.0);
        TurnedRows::of(&[], 0, Threads::One).times(&[], &mut Scratch::default(), out.view_mut());
        assert_eq!(out, Array2::from_elem((2, 2), 5.0));
    }

    #[test]
    fn what_is_not_a_number_stays_in_its_row() {
        let (mut x, weight) = (whole_numbers(21, 20), whole_numbers(14, 20));
        x[[2, 3]] = f32::NAN;
        for (row, out) in product(&x, &weight).outer_iter().enumerate() {
            assert!(out.iter().all(|y| y.is_nan() == (row == 2)), "row {row}");
        }
    }
}
