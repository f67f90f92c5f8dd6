//! The product for the vectors that the processor has. For each number of rows and each encoding it is a function by
//! itself, as what it calls is compiled into it.

use std::marker::PhantomData;

use ndarray::ArrayViewMut2;
use pulp::{
    NullaryFnOnce,
    x86::{V3, V4},
};

use super::{
    of_blocks, of_numbers,
    operands::{EncodedRows, FewRows, Weight},
    squares::Turn,
};
use crate::model::weights::encoding::{
    Encoding,
    lanes::{Bf16, ByLanes, F16, Lanes, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0},
};

pub fn multiply(x: &FewRows, weight: Weight<'_>, out: ArrayViewMut2<'_, f32>) {
    if let Some(simd) = V4::try_new() {
        multiply_with(simd, x, weight, out);
    } else if let Some(simd) = V3::try_new() {
        multiply_with(simd, x, weight, out);
    }
}

/// On vectors of `N` numbers.
pub fn multiply_with<S: Turn<N> + Lanes<N>, const N: usize>(
    simd: S,
    x: &FewRows,
    weight: Weight<'_>,
    out: ArrayViewMut2<'_, f32>,
) {
    const { assert!(FewRows::MOST == 4) };
    match x.n_rows {
        1 => of_rows::<S, N, 1>(simd, x, weight, out),
        2 => of_rows::<S, N, 2>(simd, x, weight, out),
        3 => of_rows::<S, N, 3>(simd, x, weight, out),
        _ => of_rows::<S, N, 4>(simd, x, weight, out),
    }
}

/// `M` rows of x.
fn of_rows<S: Turn<N> + Lanes<N>, const N: usize, const M: usize>(
    simd: S,
    x: &FewRows,
    weight: Weight<'_>,
    out: ArrayViewMut2<'_, f32>,
) {
    let EncodedRows { encoding, rows } = match weight {
        Weight::Numbers(weight) => return simd.vectorize(OfNumbers::<S, N, M> { simd, x, weight, out }),
        Weight::Encoded(weight) => weight,
    };
    let product = Operands { x, rows: &rows, out };
    match encoding {
        Encoding::F16 => of_encoding::<S, F16, 64, N, M>(simd, product),
        Encoding::Bf16 => of_encoding::<S, Bf16, 64, N, M>(simd, product),
        Encoding::Q4_0 => of_encoding::<S, Q4_0, 18, N, M>(simd, product),
        Encoding::Q4_1 => of_encoding::<S, Q4_1, 20, N, M>(simd, product),
        Encoding::Q5_0 => of_encoding::<S, Q5_0, 22, N, M>(simd, product),
        Encoding::Q5_1 => of_encoding::<S, Q5_1, 24, N, M>(simd, product),
        Encoding::Q8_0 => of_encoding::<S, Q8_0, 34, N, M>(simd, product),
        Encoding::Q4K => of_encoding::<S, Q4K, 144, N, M>(simd, product),
        Encoding::Q5K => of_encoding::<S, Q5K, 176, N, M>(simd, product),
        Encoding::Q6K => of_encoding::<S, Q6K, 210, N, M>(simd, product),
        // Nobody hands over others: `FewRows::takes`.
        _ => {}
    }
}

struct Operands<'a> {
    x: &'a FewRows,
    rows: &'a [&'a [u8]],
    out: ArrayViewMut2<'a, f32>,
}

fn of_encoding<S: Turn<N> + Lanes<N>, E: ByLanes<BYTES>, const BYTES: usize, const N: usize, const M: usize>(
    simd: S,
    product: Operands<'_>,
) {
    simd.vectorize(OfBlocks::<S, E, BYTES, N, M> { simd, product, encoding: PhantomData });
}

struct OfNumbers<'a, S, const N: usize, const M: usize> {
    simd: S,
    x: &'a FewRows,
    weight: &'a [f32],
    out: ArrayViewMut2<'a, f32>,
}

impl<S: Turn<N>, const N: usize, const M: usize> NullaryFnOnce for OfNumbers<'_, S, N, M> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        of_numbers::times::<S, N, M>(self.simd, self.x, self.weight, self.out);
    }
}

struct OfBlocks<'a, S, E, const BYTES: usize, const N: usize, const M: usize> {
    simd: S,
    product: Operands<'a>,
    encoding: PhantomData<E>,
}

impl<S: Turn<N> + Lanes<N>, E: ByLanes<BYTES>, const BYTES: usize, const N: usize, const M: usize> NullaryFnOnce
    for OfBlocks<'_, S, E, BYTES, N, M>
{
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Operands { x, rows, out } = self.product;
        of_blocks::times::<S, E, BYTES, N, M>(self.simd, x, rows, out);
    }
}
