//! x·Wᵀ of a few rows of x, as generation needs it: a lane of a vector is a row of W.
//!
//! A tile has a lane for each of sixteen rows of x, and of one row fifteen would be idle. Here W is turned instead, a
//! block of it at a time, in the smallest cache. Every output is made by the operations of a tile in their order: its bits
//! are the same.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use ndarray::ArrayViewMut2;
use pulp::{Arch, Simd, WithSimd};

use super::{
    lines::{LINE, Line, turn_rows_of},
    tiles::BLOCK,
};

/// Above so many rows tiles are faster.
pub const FEW: usize = 4;

/// How many lines of sums are made at once: as many as hide how long a sum takes.
const PANELS: usize = 3;

/// How many rows of W are multiplied at once; blocks of W had better have a multiple of it.
pub const GROUP: usize = PANELS * LINE;

/// Rows of x, at most [`FEW`], one after the other.
#[derive(Clone, Copy)]
pub struct FewRows<'a> {
    x: &'a [f32],
    width: usize,
}

impl<'a> FewRows<'a> {
    /// Of `x`, row after row of `width` numbers; `None` where there are more than a few.
    pub fn of(x: &'a [f32], width: usize) -> Option<Self> {
        (x.len() <= FEW * width).then_some(Self { x, width })
    }

    /// As [`super::TurnedRows::times`]; `turned` is memory.
    pub fn times(self, weight: &[f32], turned: &mut Vec<Line>, out: ArrayViewMut2<'_, f32>) {
        if self.width > 0 {
            turned.resize(PANELS * BLOCK, Line::ZERO);
            Arch::new().dispatch(Product { x: self, weight, turned, out });
        }
    }
}

struct Product<'a> {
    x: FewRows<'a>,
    weight: &'a [f32],
    turned: &'a mut [Line],
    out: ArrayViewMut2<'a, f32>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, weight, turned, mut out } = self;
        let mut rows = out.outer_iter_mut().filter_map(ndarray::ArrayViewMut1::into_slice);
        let mut out: [&mut [f32]; FEW] = std::array::from_fn(|_| rows.next().unwrap_or_default());
        for (group, weight) in weight.chunks(GROUP * x.width).enumerate() {
            let mut sums = [[Line::ZERO; PANELS]; FEW];
            for start in (0..x.width).step_by(BLOCK) {
                let block = start..x.width.min(start + BLOCK);
                let (panels, _) = turned.as_chunks_mut::<BLOCK>();
                for (panel, lines) in panels.iter_mut().enumerate() {
                    let row = |row: usize| weight.get((panel * LINE + row) * x.width..)?.get(block.clone());
                    turn_rows_of(std::array::from_fn(|at| row(at).unwrap_or_default()), &mut lines[..block.len()]);
                }
                for (x, sums) in x.x.chunks_exact(x.width).zip(&mut sums) {
                    match S::F32_LANES {
                        16 => add_block::<S, 1>(simd, &x[block.clone()], panels, sums),
                        8 => add_block::<S, 2>(simd, &x[block.clone()], panels, sums),
                        4 => add_block::<S, 4>(simd, &x[block.clone()], panels, sums),
                        _ => add_block::<S, 16>(simd, &x[block.clone()], panels, sums),
                    }
                }
            }
            for (out, sums) in out.iter_mut().zip(&sums) {
                let cells = out.iter_mut().skip(group * GROUP);
                cells.zip(sums.iter().flat_map(|line| &line.0)).for_each(|(cell, &sum)| *cell = sum);
            }
        }
    }
}

/// Adds the products of a block of one row of x to its sums. A line is `VECTORS` vectors.
#[inline(always)]
fn add_block<S: Simd, const VECTORS: usize>(simd: S, x: &[f32], panels: &[[Line; BLOCK]], sums: &mut [Line; PANELS]) {
    let Some(panels) = panels.first_chunk::<PANELS>() else { return };
    let lines = panels.each_ref().map(|lines| &lines[..x.len()]);
    let mut of_block = [[simd.splat_f32s(0.0); VECTORS]; PANELS];
    for (at, &x) in x.iter().enumerate() {
        let x = simd.splat_f32s(x);
        for (sums, lines) in of_block.iter_mut().zip(lines) {
            for (sum, &weight) in sums.iter_mut().zip(S::as_simd_f32s(&lines[at].0).0) {
                *sum = simd.mul_add_e_f32s(weight, x, *sum);
            }
        }
    }
    for (sums, more) in sums.iter_mut().zip(of_block) {
        for (sum, more) in S::as_mut_simd_f32s(&mut sums.0).0.iter_mut().zip(more) {
            *sum = simd.add_f32s(*sum, more);
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::{super::tiles, *};

    /// Numbers whose sums are rounded.
    fn fractions(rows: usize, columns: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 7919 + j * 104_729) % 1009) as f32 / 1009.0 - 0.5)
    }

    #[test]
    fn a_few_rows_have_the_bits_of_tiles() {
        let mut turned = Vec::new();
        for m in 1..=FEW {
            for width in [1, 7, 16, 127, 128, 129, 300] {
                for n in [1, 15, 16, 17, 47, 48, 49, 101] {
                    let (x, weight) = (fractions(m, width), fractions(n, width));
                    let (x, weight) = (x.as_slice().unwrap(), weight.as_slice().unwrap());
                    let mut expected = Array2::zeros((m, n));
                    tiles::TurnedRows::of(x, width, tiles::Threads::One).times(
                        weight,
                        &mut tiles::Scratch::default(),
                        expected.view_mut(),
                    );
                    // Of a wider array, as blocks of a product are.
                    let mut out = Array2::from_elem((m, n + 2), 99.0);
                    let few = FewRows::of(x, width).unwrap();
                    few.times(weight, &mut turned, out.slice_mut(s![.., 1..=n]));
                    assert_eq!(out.slice(s![.., 1..=n]), expected, "{m}×{width} · {n}");
                    assert!(out.column(0).iter().chain(out.column(n + 1)).all(|&x| x == 99.0), "outside");
                }
            }
        }
        assert!(FewRows::of(&[0.0; 5 * FEW], 4).is_none(), "more are not a few");
    }

    #[test]
    fn every_kind_of_processor_gets_the_same_bits() {
        let (x, weight) = (fractions(2, 301), fractions(50, 301));
        let few = FewRows::of(x.as_slice().unwrap(), 301).unwrap();
        let check = |multiply: &dyn Fn(Product<'_>)| {
            let (mut out, mut turned) = (Array2::zeros((2, 50)), vec![Line::ZERO; PANELS * BLOCK]);
            multiply(Product { x: few, weight: weight.as_slice().unwrap(), turned: &mut turned, out: out.view_mut() });
            out
        };
        let expected = check(&|product| Arch::new().dispatch(product));
        let scalar = check(&|product| Arch::Scalar.dispatch(product));
        assert!(scalar.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-4), "but for how often it rounds");
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            assert_eq!(check(&|product| Simd::vectorize(avx2, product)), expected);
        }
    }

    #[test]
    fn nothing_is_written_without_width() {
        let mut out = Array2::from_elem((2, 2), 5.0);
        FewRows::of(&[], 0).unwrap().times(&[], &mut Vec::new(), out.view_mut());
        assert_eq!(out, Array2::from_elem((2, 2), 5.0));
    }
}
