//! W·x for one row x, as generation needs it: dot products with the rows of W, several at a time.
//!
//! Each number of W is used once, so that memory has the say: rows are read from front to back where they lie. Eight sums
//! are accumulated at once, in as many lanes as the processor has; at the end the lanes of all of them are added
//! together. The order of the additions depends on the number of lanes, so that the last bits differ between processors.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use pulp::{Arch, Simd, WithSimd};

/// How many rows of W are multiplied at once.
const GROUP: usize = 8;

/// log₂ of the most lanes there are, 16.
const MOST_LANE_BITS: usize = 4;

/// Writes the dot products of `x` with the rows of `weight`, which lie one after the other, to `out`.
///
/// Rows that are not whole are left out.
pub fn dot_products(x: &[f32], weight: &[f32], out: &mut [f32]) {
    if !x.is_empty() {
        Arch::new().dispatch(Product { x, weight, out });
    }
}

struct Product<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, weight, out } = self;
        let width = x.len();
        let masks = lane_masks(simd);
        let groups = weight.chunks(GROUP * width);
        for (weight, out) in groups.zip(out.chunks_mut(GROUP)) {
            let n_rows = weight.len() / width;
            if n_rows > 0 {
                // The last row stands in for those that are missing from the group.
                let at = |row: usize| row.min(n_rows - 1) * width;
                let weight = std::array::from_fn(|row| &weight[at(row)..at(row) + width]);
                let products = dots(simd, masks, x, weight);
                out.iter_mut().zip(products).take(n_rows).for_each(|(out, product)| *out = product);
            }
        }
    }
}

/// The dot products of `x` with the rows of `weight`, which are as long.
#[inline(always)]
fn dots<S: Simd>(simd: S, masks: [S::m32s; MOST_LANE_BITS], x: &[f32], weight: [&[f32]; GROUP]) -> [f32; GROUP] {
    let (x, weight) = (S::as_simd_f32s(x), weight.map(S::as_simd_f32s));
    let n = x.0.len();
    // Slices of one known length, so that nothing is checked within the loop.
    let whole: [&[S::f32s]; GROUP] = std::array::from_fn(|row| &weight[row].0[..n]);
    let mut sums = [simd.splat_f32s(0.0); GROUP];
    for (at, &x) in x.0.iter().enumerate() {
        for (sum, row) in sums.iter_mut().zip(whole) {
            *sum = simd.mul_add_e_f32s(x, row[at], *sum);
        }
    }
    if !x.1.is_empty() {
        let x = simd.partial_load_f32s(x.1);
        for (sum, row) in sums.iter_mut().zip(weight) {
            *sum = simd.mul_add_e_f32s(x, simd.partial_load_f32s(row.1), *sum);
        }
    }
    add_lanes(simd, masks, sums)
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
fn add_lanes<S: Simd>(simd: S, masks: [S::m32s; MOST_LANE_BITS], mut list: [S::f32s; GROUP]) -> [f32; GROUP] {
    let mut length = GROUP;
    let mut step = 1;
    for first in masks {
        if step == S::F32_LANES {
            break;
        }
        if length > 1 {
            length /= 2;
            for i in 0..length {
                let (a, b) = (list[2 * i], list[2 * i + 1]);
                let others = simd.rotate_right_f32s(simd.select_f32s(first, b, a), step);
                list[i] = simd.add_f32s(simd.select_f32s(first, a, b), others);
            }
        } else {
            list[0] = simd.add_f32s(list[0], simd.rotate_right_f32s(list[0], step));
        }
        step *= 2;
    }
    let flat: &[f32] = bytemuck::cast_slice(&list);
    std::array::from_fn(|row| flat[row])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small whole numbers, so that sums are exact in any order.
    fn whole_numbers(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 31 + i / 7) % 7) as f32 - 3.0).collect()
    }

    fn expected(x: &[f32], weight: &[f32]) -> Vec<f32> {
        weight.chunks_exact(x.len()).map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
    }

    #[test]
    fn products_are_right_at_every_edge_of_groups_and_lanes() {
        for width in (1..=18).chain([31, 32, 33, 100]) {
            for n in 0..=19 {
                let (x, weight) = (whole_numbers(width), whole_numbers(n * width));
                let mut out = vec![99.0; n + 1];
                dot_products(&x, &weight, &mut out[..n]);
                assert_eq!(out[..n], expected(&x, &weight), "{width} · {n}");
                assert_eq!(out[n], 99.0, "{width} · {n}: outside");
            }
        }
    }

    #[test]
    fn narrower_processors_get_the_same() {
        let (x, weight) = (whole_numbers(37), whole_numbers(37 * 11));
        let check = |multiply: &dyn Fn(Product<'_>)| {
            let mut out = vec![0.0; 11];
            multiply(Product { x: &x, weight: &weight, out: &mut out });
            assert_eq!(out, expected(&x, &weight));
        };
        check(&|product| Arch::Scalar.dispatch(product));
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            check(&|product| Simd::vectorize(avx2, product));
        }
    }

    #[test]
    fn nothing_is_written_without_width() {
        let mut out = [5.0; 2];
        dot_products(&[], &[], &mut out);
        assert_eq!(out, [5.0; 2]);
    }
}
