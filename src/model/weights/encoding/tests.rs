use std::{collections::BTreeMap, fs, path::Path};

use half::{bf16, f16};
use safetensors::SafeTensors;

use super::*;

const ALL: [Encoding; 19] = [
    Encoding::F32,
    Encoding::F16,
    Encoding::Bf16,
    Encoding::F8E4M3,
    Encoding::F8E8M0,
    Encoding::F4E2M1,
    Encoding::Q4_0,
    Encoding::Q4_1,
    Encoding::Q5_0,
    Encoding::Q5_1,
    Encoding::Q8_0,
    Encoding::Q2K,
    Encoding::Q3K,
    Encoding::Q4K,
    Encoding::Q5K,
    Encoding::Q6K,
    Encoding::Iq4Nl,
    Encoding::Iq4Xs,
    Encoding::Mxfp4,
];

/// Bytes and what the references make of them, by the name of the encoding: `tests/goldens/encodings`.
fn references() -> BTreeMap<String, (Vec<u8>, Vec<f32>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/encodings/blocks.safetensors");
    let file = fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let of = |name: &str| {
        let bytes = tensors.tensor(&format!("{name}.bytes")).unwrap().data().to_vec();
        let numbers = tensors.tensor(&format!("{name}.numbers")).unwrap();
        let numbers = numbers.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        (bytes, numbers)
    };
    ALL.iter().map(|encoding| (encoding.name().to_owned(), of(encoding.name()))).collect()
}

#[track_caller]
fn same_bits(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
        assert!(same, "{what}, number {i}: {found:e}, expected {expected:e}");
    }
}

#[test]
fn every_encoding_is_its_references_to_the_last_bit() {
    let references = references();
    for encoding in ALL {
        let (bytes, expected) = &references[encoding.name()];
        assert!(bytes.len() >= 4 * encoding.bytes_per_block(), "{encoding:?}");
        same_bits(&encoding.numbers(bytes), expected, encoding.name());
    }
}

#[test]
fn narrower_processors_decode_the_same() {
    for (encoding, (bytes, expected)) in ALL.map(|encoding| (encoding, references().remove(encoding.name()).unwrap())) {
        let check = |decode: &dyn Fn(Decode<'_>)| {
            let mut numbers = vec![f32::NAN; expected.len()];
            decode(Decode { encoding, bytes: &bytes, numbers: &mut numbers });
            same_bits(&numbers, &expected, encoding.name());
        };
        check(&|decode| Arch::Scalar.dispatch(decode));
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            check(&|decode| Simd::vectorize(avx2, decode));
        }
    }
}

#[test]
fn every_half_is_the_same_f32() {
    let all: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    let exact = |exact: fn(u16) -> f32| (0..=u16::MAX).map(exact).collect::<Vec<f32>>();
    let [of_f16, of_bf16] = [exact(|bits| f16::from_bits(bits).to_f32()), exact(|bits| bf16::from_bits(bits).to_f32())];
    same_bits(&Encoding::F16.numbers(&all), &of_f16, "F16");
    same_bits(&Encoding::Bf16.numbers(&all), &of_bf16, "BF16");
    let scales: Vec<f32> = all.as_chunks().0.iter().map(|&[low, high]| floats::scale(low, high)).collect();
    same_bits(&scales, &of_f16, "scales");
}

/// Low nibbles are the first half of a block, high nibbles the second. Scale 0.5 and, where there is one, minimum 2.
#[test]
fn blocks_are_what_their_definition_says() {
    let [half, two] = [0.5, 2.0].map(|number| f16::from_f32(number).to_le_bytes());
    let nibbles: Vec<u8> = (0..16).map(|i| i | (15 - i) << 4).collect();
    let by_hand = |value: fn(f32) -> f32| -> Vec<f32> {
        let low = (0..16_u8).map(f32::from);
        low.clone().chain(low.rev()).map(value).collect()
    };
    assert_eq!(Encoding::Q4_0.numbers(&[&half[..], &nibbles].concat()), by_hand(|q| (q - 8.0) * 0.5));
    assert_eq!(Encoding::Q4_1.numbers(&[&half[..], &two, &nibbles].concat()), by_hand(|q| q * 0.5 + 2.0));
    // The fifth bits, one of 32 each, all set.
    assert_eq!(Encoding::Q5_0.numbers(&[&half[..], &[0xFF; 4], &nibbles].concat()), by_hand(|q| q * 0.5));
    let q5_1 = [&half[..], &two, &[0xFF; 4], &nibbles].concat();
    assert_eq!(Encoding::Q5_1.numbers(&q5_1), by_hand(|q| (q + 16.0) * 0.5 + 2.0));
    let bytes: Vec<u8> = (0..32_u8).map(|i| i.wrapping_sub(16)).collect();
    let expected: Vec<f32> = (0..32_u8).map(|i| (f32::from(i) - 16.0) * 0.5).collect();
    assert_eq!(Encoding::Q8_0.numbers(&[&half[..], &bytes].concat()), expected);
}

#[test]
fn as_many_as_fit_in_both_are_decoded() {
    let references = references();
    for encoding in ALL {
        let (bytes, expected) = &references[encoding.name()];
        let (per_block, width) = (encoding.numbers_per_block(), encoding.bytes_per_block());
        let mut short = vec![7.0; per_block + 1];
        encoding.decode(&bytes[..3 * width], &mut short);
        same_bits(&short[..per_block], &expected[..per_block], encoding.name());
        let mut long = vec![7.0; 3 * per_block];
        encoding.decode(&bytes[..2 * width - 1], &mut long);
        same_bits(&long[..per_block], &expected[..per_block], encoding.name());
        assert!(long[per_block..].iter().all(|&number| number == 7.0), "{encoding:?}");
    }
}
