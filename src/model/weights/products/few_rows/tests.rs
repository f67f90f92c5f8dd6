use ndarray::Array2;
use pulp::x86::V3;

use super::{
    product::{multiply, multiply_with},
    *,
};
use crate::model::weights::{
    encoding::Encoding,
    products::{Scratch, Threads, TurnedRows},
};

/// Numbers whose sums are rounded.
fn fractions(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919 + seed) % 1009) as f32 / 1009.0 - 0.5).collect()
}

#[test]
fn rows_have_the_bits_that_they_have_among_many() {
    for width in [1, 2, 7, 8, 9, 15, 16, 17, 33, 120, 128, 129, 136, 300, 576] {
        for n in [1, 2, 7, 8, 9, 15, 16, 17, 31, 48] {
            let (x, weight) = (fractions(FewRows::MOST * width, 104_729), fractions(n * width, 3));
            let mut expected = Array2::zeros((FewRows::MOST, n));
            let turned = TurnedRows::of(&x, width, Threads::One);
            turned.times(&weight, &mut Scratch::default(), expected.view_mut());
            for m in 1..=FewRows::MOST {
                let few = FewRows::of(&x[..m * width], width);
                let Some(few) = few else { return };
                let product =
                    |out: &mut Array2<f32>, multiply: &dyn Fn(&FewRows, Weight<'_>, ArrayViewMut2<'_, f32>)| {
                        out.fill(99.0);
                        multiply(&few, Weight::Numbers(&weight), out.view_mut());
                    };
                let mut out = Array2::zeros((m, n));
                let check = |out: &Array2<f32>| {
                    assert_eq!(out, expected.slice(ndarray::s![..m, ..]), "{m}×{width} · {n}");
                };
                product(&mut out, &multiply);
                check(&out);
                if let Some(simd) = V3::try_new() {
                    product(&mut out, &|x, weight, out| multiply_with(simd, x, weight, out));
                    check(&out);
                }
            }
            assert!(FewRows::of(&fractions((FewRows::MOST + 1) * width, 1), width).is_none());
        }
    }
    assert!(FewRows::of(&[], 3).is_none() && FewRows::of(&[], 0).is_none());
}

/// Blocks of any bytes, but for scales: a quarter of each encoding's are small.
fn blocks(encoding: Encoding, n: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32).to_le_bytes()[0]
    };
    // Where halves of 16 bits are; of numbers, all of them.
    let halves: &[usize] = match encoding {
        Encoding::Q4_1 | Encoding::Q5_1 | Encoding::Q4K | Encoding::Q5K => &[0, 2],
        Encoding::Q6K => &[208],
        _ => &[0],
    };
    let mut bytes = Vec::new();
    for block in 0..n {
        let start = bytes.len();
        bytes.extend((0..encoding.bytes_per_block()).map(|_| next()));
        for half in halves {
            // The exponent of an f16 or a bf16 that is not the greatest; every fourth one is below the least normal number.
            let high = &mut bytes[start + half + 1];
            *high &= if block % 4 == 0 { 0x83 } else { 0xBB };
        }
    }
    bytes
}

#[test]
fn encoded_rows_have_the_bits_of_decoded_ones() {
    let encodings = [
        Encoding::F16,
        Encoding::Bf16,
        Encoding::Q4_0,
        Encoding::Q4_1,
        Encoding::Q5_0,
        Encoding::Q5_1,
        Encoding::Q8_0,
        Encoding::Q4K,
        Encoding::Q5K,
        Encoding::Q6K,
    ];
    for encoding in encodings {
        for width in [256, 512, 768] {
            for n in [1, 8, 15, 16, 31, 33, 64, 70] {
                let per_row = width / encoding.numbers_per_block();
                let bytes = blocks(encoding, n * per_row);
                let numbers = encoding.numbers(&bytes);
                assert!(numbers.iter().all(|number| number.is_finite()), "{}", encoding.name());
                let x = fractions(FewRows::MOST * width, 104_729);
                for m in 1..=FewRows::MOST {
                    let Some(few) = FewRows::of(&x[..m * width], width) else { return };
                    assert!(few.takes(encoding));
                    let encoded = || {
                        let rows = bytes.chunks_exact(per_row * encoding.bytes_per_block()).collect();
                        Weight::Encoded(EncodedRows { encoding, rows })
                    };
                    let product = |weight, multiply: &dyn Fn(&FewRows, Weight<'_>, ArrayViewMut2<'_, f32>)| {
                        let mut out = Array2::from_elem((m, n), 99.0);
                        multiply(&few, weight, out.view_mut());
                        out.mapv(f32::to_bits)
                    };
                    let expected = product(Weight::Numbers(&numbers), &multiply);
                    let name = encoding.name();
                    assert_eq!(product(encoded(), &multiply), expected, "{name}: {m}×{width} · {n}");
                    if let Some(simd) = V3::try_new() {
                        let on_avx2 = product(encoded(), &|x, weight, out| multiply_with(simd, x, weight, out));
                        assert_eq!(on_avx2, expected, "{name}, AVX2: {m}×{width} · {n}");
                    }
                }
            }
        }
    }
}

#[test]
fn rows_of_other_widths_and_encodings_are_decoded() {
    let few = |width| FewRows::of(&vec![1.0; width], width);
    let Some(narrow) = few(40) else { return };
    assert!(!narrow.takes(Encoding::Q4_1) && !narrow.takes(Encoding::F16));
    assert!(
        few(64).is_some_and(|few| few.takes(Encoding::Q4_1) && few.takes(Encoding::Bf16) && !few.takes(Encoding::Q4K))
    );
    assert!(few(256).is_some_and(|few| !few.takes(Encoding::F32) && !few.takes(Encoding::Q2K)));
}
