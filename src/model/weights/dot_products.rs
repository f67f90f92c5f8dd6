//! x·Wᵀ in f32 on one thread: dot products of the rows of x with the rows of W, several of each at a time.
//!
//! Both operands lie row after row in memory, so that a dot product reads both from front to back and neither is
//! brought into another layout first. A tile of 4×4 (with 16 registers 2×4) dot products is accumulated at once, in as
//! many lanes as the processor has; at the end the lanes of all of them are added together, which takes as long as a
//! few dozen further columns would. The order of the additions depends on the number of lanes, so that the last bits of a
//! product may differ between processors, and on nothing else: a row's bits are the same wherever it stands among others.
//!
//! Measured on one core of an AMD EPYC with AVX-512, GFLOP/s, the best of many runs; W of another layer each time, as
//! in a model; this module with W as f32 and as BF16, of which 48 rows at a time are converted:
//!
//! | x · Wᵀ        | matrixmultiply 0.3 | gemm 0.19 | here, f32 | here, BF16 |
//! | ------------- | ------------------ | --------- | --------- | ---------- |
//! | 64×576 · 1536 |                 68 |        81 |        86 |         95 |
//! | 64×576 · 576  |                 69 |        83 |        87 |         92 |
//! | 64×1536 · 576 |                 73 |        85 |        91 |         94 |
//! | 64×128 · 352  |                 84 |        90 |        92 |         89 |
//! | 64×352 · 128  |                 81 |        92 |       107 |        102 |
//! | 20×128 · 384  |                 56 |        60 |        91 |         82 |
//!
//! Beyond being slower at these sizes, `gemm` would have W converted to f32 in one place and packed in another, and
//! can be called through raw pointers only.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use ndarray::ArrayViewMut2;
use pulp::{Arch, Simd, WithSimd};

/// How many rows of W are multiplied at once; blocks of W had better have a multiple of it.
pub const GROUP: usize = 4;

/// Accumulators of the largest tile, 4×4.
const MOST_ACCUMULATORS: usize = 16;

/// log₂ of the most lanes there are, 16.
const MOST_LANE_BITS: usize = 4;

/// Writes x·Wᵀ to `out [m, n]`; `x [m, width]` and `weight [n, width]` lie row after row.
///
/// Rows that are not whole are left out, and nothing is written where `width` is 0 or the rows of `out` are not
/// contiguous.
pub fn dot_products(width: usize, x: &[f32], weight: &[f32], out: ArrayViewMut2<'_, f32>) {
    if width > 0 {
        Arch::new().dispatch(Product { width, x, weight, out });
    }
}

struct Product<'a> {
    width: usize,
    x: &'a [f32],
    weight: &'a [f32],
    out: ArrayViewMut2<'a, f32>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 { self.by_rows::<S, 4>(simd) } else { self.by_rows::<S, 2>(simd) }
    }
}

impl Product<'_> {
    /// `ROWS` rows of x at a time, then the rest one by one.
    #[inline(always)]
    fn by_rows<S: Simd, const ROWS: usize>(mut self, simd: S) {
        let masks = lane_masks(simd);
        let mut out = self.out.outer_iter_mut().filter_map(ndarray::ArrayViewMut1::into_slice);
        let mut tall = self.x.chunks_exact(ROWS * self.width);
        for x in &mut tall {
            let out: [&mut [f32]; ROWS] = std::array::from_fn(|_| out.next().unwrap_or_default());
            times_weight::<S, ROWS>(simd, masks, self.width, x, self.weight, out);
        }
        for (x, out) in tall.remainder().chunks_exact(self.width).zip(out) {
            times_weight::<S, 1>(simd, masks, self.width, x, self.weight, [out]);
        }
    }
}

/// `ROWS` rows of x with all rows of the weight.
#[inline(always)]
fn times_weight<S: Simd, const ROWS: usize>(
    simd: S,
    masks: [S::m32s; MOST_LANE_BITS],
    width: usize,
    x: &[f32],
    weight: &[f32],
    out: [&mut [f32]; ROWS],
) {
    let x = std::array::from_fn(|row| &x[row * width..(row + 1) * width]);
    let mut groups = weight.chunks_exact(GROUP * width);
    for (group, weight) in (&mut groups).enumerate() {
        let weight = std::array::from_fn(|row| &weight[row * width..(row + 1) * width]);
        let products = tile::<S, ROWS>(simd, masks, x, weight);
        for (row, products) in products.iter().enumerate() {
            if let Some(out) = out[row].get_mut(group * GROUP..(group + 1) * GROUP) {
                out.copy_from_slice(products);
            }
        }
    }
    let rest = groups.remainder();
    let n_rest = rest.len() / width;
    if n_rest > 0 {
        let written = weight.len() / width - n_rest;
        // The last row stands in for those that are missing from the group.
        let at = |row: usize| row.min(n_rest - 1) * width;
        let weight = std::array::from_fn(|row| &rest[at(row)..at(row) + width]);
        for (out, products) in out.into_iter().zip(tile::<S, ROWS>(simd, masks, x, weight)) {
            for (out, product) in out.iter_mut().skip(written).zip(products) {
                *out = product;
            }
        }
    }
}

/// All dot products of the rows of `x` with the rows of `weight`, which have one length.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize>(
    simd: S,
    masks: [S::m32s; MOST_LANE_BITS],
    x: [&[f32]; ROWS],
    weight: [&[f32]; GROUP],
) -> [[f32; GROUP]; ROWS] {
    let (x, weight) = (x.map(S::as_simd_f32s), weight.map(S::as_simd_f32s));
    let n = weight[0].0.len();
    // Slices of one known length, so that nothing is checked within the loop.
    let whole_x: [&[S::f32s]; ROWS] = std::array::from_fn(|row| &x[row].0[..n]);
    let whole_weight: [&[S::f32s]; GROUP] = std::array::from_fn(|row| &weight[row].0[..n]);
    let mut sums = [[simd.splat_f32s(0.0); GROUP]; ROWS];
    for at in 0..n {
        accumulate(simd, &mut sums, whole_x.map(|row| row[at]), whole_weight.map(|row| row[at]));
    }
    if !weight[0].1.is_empty() {
        let tail = |row: (&[S::f32s], &[f32])| simd.partial_load_f32s(row.1);
        accumulate(simd, &mut sums, x.map(tail), weight.map(tail));
    }
    add_lanes(simd, masks, &sums)
}

#[inline(always)]
fn accumulate<S: Simd, const ROWS: usize>(
    simd: S,
    sums: &mut [[S::f32s; GROUP]; ROWS],
    x: [S::f32s; ROWS],
    weight: [S::f32s; GROUP],
) {
    for (sums, x) in sums.iter_mut().zip(x) {
        for (sum, weight) in sums.iter_mut().zip(weight) {
            *sum = simd.mul_add_e_f32s(x, weight, *sum);
        }
    }
}

/// For each bit of a lane's index the lanes where it is 0.
#[inline(always)]
fn lane_masks<S: Simd>(simd: S) -> [S::m32s; MOST_LANE_BITS] {
    const LANES: [u32; 1 << MOST_LANE_BITS] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    let lanes = simd.partial_load_u32s(&LANES[..S::F32_LANES.min(LANES.len())]);
    let bit_is_0 =
        |bit: usize| simd.equal_u32s(simd.and_u32s(lanes, simd.splat_u32s(1_u32 << bit)), simd.splat_u32s(0));
    std::array::from_fn(bit_is_0)
}

/// The sum over its lanes of each accumulator.
///
/// Two accumulators become one that holds half-sums of the first in its even lanes and of the second in its odd ones;
/// two of those become one with four in turn; and so on: half as many additions as summing each by itself.
#[inline(always)]
fn add_lanes<S: Simd, const ROWS: usize>(
    simd: S,
    masks: [S::m32s; MOST_LANE_BITS],
    sums: &[[S::f32s; GROUP]; ROWS],
) -> [[f32; GROUP]; ROWS] {
    let mut list = [simd.splat_f32s(0.0); MOST_ACCUMULATORS];
    for (listed, &sum) in list.iter_mut().zip(sums.as_flattened()) {
        *listed = sum;
    }
    let mut length = ROWS * GROUP;
    let mut step = 1;
    for first in masks {
        if step == S::F32_LANES {
            break;
        }
        if length > 1 {
            length /= 2;
            for i in 0..length {
                list[i] = add_partners(simd, first, step, list[2 * i], list[2 * i + 1]);
            }
        } else {
            list[0] = add_partners(simd, first, step, list[0], list[0]);
        }
        step *= 2;
    }
    let flat: &[f32] = bytemuck::cast_slice(&list);
    std::array::from_fn(|row| std::array::from_fn(|column| flat[row * GROUP + column]))
}

/// Each lane of `a` where the bit `step` of its index is 0, of `b` where it is 1, with the lane that differs in this bit.
#[inline(always)]
fn add_partners<S: Simd>(simd: S, first: S::m32s, step: usize, a: S::f32s, b: S::f32s) -> S::f32s {
    let partners = simd.select_f32s(first, simd.rotate_left_f32s(a, step), simd.rotate_right_f32s(b, step));
    simd.add_f32s(simd.select_f32s(first, a, b), partners)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::*;

    /// Small whole numbers, so that sums are exact in any order.
    fn whole_numbers(rows: usize, columns: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 7) as f32 - 3.0)
    }

    fn check(m: usize, width: usize, n: usize) {
        let (x, weight) = (whole_numbers(m, width), whole_numbers(n, width));
        // Of a wider array, as blocks of a product are.
        let mut out = Array2::from_elem((m, n + 2), 99.0);
        dot_products(width, x.as_slice().unwrap(), weight.as_slice().unwrap(), out.slice_mut(s![.., 1..=n]));
        assert_eq!(out.slice(s![.., 1..=n]), x.dot(&weight.t()), "{m}×{width} · {n}");
        assert!(out.column(0).iter().chain(out.column(n + 1)).all(|&x| x == 99.0), "{m}×{width} · {n}: outside");
    }

    #[test]
    fn products_are_right_at_every_edge_of_tiles_and_lanes() {
        for m in 1..=9 {
            for width in (1..=18).chain([31, 32, 33, 100]) {
                for n in 1..=9 {
                    check(m, width, n);
                }
            }
        }
        check(70, 300, 401);
    }

    #[test]
    fn narrower_processors_get_the_same() {
        let (x, weight) = (whole_numbers(7, 37), whole_numbers(6, 37));
        let check = |multiply: &dyn Fn(Product<'_>)| {
            let (x_values, weight_values) = (x.as_slice().unwrap(), weight.as_slice().unwrap());
            let mut out = Array2::zeros((7, 6));
            multiply(Product { width: 37, x: x_values, weight: weight_values, out: out.view_mut() });
            assert_eq!(out, x.dot(&weight.t()));
        };
        check(&|product| Arch::Scalar.dispatch(product));
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            check(&|product| Simd::vectorize(avx2, product));
        }
    }

    #[test]
    fn a_rows_bits_do_not_depend_on_the_rows_around_it() {
        for (width, n) in [(1, 1), (13, 6), (128, 9), (577, 4)] {
            let number = |i: usize, j: usize| (i as f32 * 0.37 + j as f32 * 1.713).sin();
            let x = Array2::from_shape_fn((11, width), |(i, j)| number(i, j));
            let weight = Array2::from_shape_fn((n, width), |(i, j)| number(i + 100, j));
            let multiply = |rows: std::ops::Range<usize>| {
                let mut out = Array2::<f32>::zeros((rows.len(), n));
                let x = x.slice(s![rows, ..]).to_owned();
                dot_products(width, x.as_slice().unwrap(), weight.as_slice().unwrap(), out.view_mut());
                out.mapv(f32::to_bits)
            };
            let all = multiply(0..11);
            for rows in (0..11).flat_map(|first| (first + 1..=11).map(move |end| first..end)) {
                assert_eq!(multiply(rows.clone()), all.slice(s![rows, ..]));
            }
        }
    }

    #[test]
    fn nothing_is_written_without_width() {
        let mut out = Array2::from_elem((2, 2), 5.0);
        dot_products(0, &[], &[], out.view_mut());
        assert_eq!(out, Array2::from_elem((2, 2), 5.0));
    }

    #[test]
    fn what_is_not_a_number_stays_in_its_row() {
        let mut x = whole_numbers(5, 20);
        x[[2, 3]] = f32::NAN;
        let weight = whole_numbers(6, 20);
        let mut out = Array2::zeros((5, 6));
        dot_products(20, x.as_slice().unwrap(), weight.as_slice().unwrap(), out.view_mut());
        for (row, out) in out.outer_iter().enumerate() {
            assert!(out.iter().all(|y| y.is_nan() == (row == 2)), "row {row}");
        }
    }
}
