//! Number formats of tensors, and from their blocks to f32.
//!
//! Reference: `ggml_type` in <https://github.com/ggml-org/ggml/blob/master/include/ggml.h>.

use std::borrow::Cow;

use candle_core::{CpuStorage, quantized::GgmlDType};
use half::{bf16, f16, slice::HalfFloatSliceExt};

/// A number format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    format: GgmlDType,
    name: &'static str,
}

/// By code, with the name that people know.
const READ: [(u32, GgmlDType, &str); 13] = [
    (0, GgmlDType::F32, "F32"),
    (1, GgmlDType::F16, "F16"),
    (2, GgmlDType::Q4_0, "Q4_0"),
    (3, GgmlDType::Q4_1, "Q4_1"),
    (6, GgmlDType::Q5_0, "Q5_0"),
    (7, GgmlDType::Q5_1, "Q5_1"),
    (8, GgmlDType::Q8_0, "Q8_0"),
    (10, GgmlDType::Q2K, "Q2_K"),
    (11, GgmlDType::Q3K, "Q3_K"),
    (12, GgmlDType::Q4K, "Q4_K"),
    (13, GgmlDType::Q5K, "Q5_K"),
    (14, GgmlDType::Q6K, "Q6_K"),
    (30, GgmlDType::BF16, "BF16"),
];

/// What else may be met.
const KNOWN: [(u32, &str); 21] = [
    (9, "Q8_1"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
    (4, "Q4_2"),
    (5, "Q4_3"),
];

impl NumberFormat {
    pub const SUPPORTED: &'static str = "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 and Q2_K to Q6_K are";

    /// # Errors
    /// The format's name, or its code where it has none, when it cannot be read.
    pub fn from_code(code: u32) -> Result<Self, String> {
        match READ.iter().find(|&&(known, ..)| known == code) {
            Some(&(_, format, name)) => Ok(Self { format, name }),
            None => Err(KNOWN
                .iter()
                .find(|&&(known, _)| known == code)
                .map_or_else(|| code.to_string(), |&(_, name)| name.to_owned())),
        }
    }

    pub fn name(self) -> &'static str {
        self.name
    }

    /// Values of a row that share a scale.
    pub fn values_per_block(self) -> usize {
        self.format.block_size()
    }

    pub fn bytes_per_block(self) -> usize {
        self.format.type_size()
    }

    /// The values of whole blocks, as many as `values` takes.
    ///
    /// # Errors
    /// When there are fewer or more, or they cannot be read.
    pub fn dequantize(self, blocks: &[u8], values: &mut [f32]) -> Result<(), String> {
        let expected = values.len() / self.values_per_block() * self.bytes_per_block();
        if blocks.len() != expected || !values.len().is_multiple_of(self.values_per_block()) {
            return Err(format!("expected {expected} bytes, found {}", blocks.len()));
        }
        match self.format {
            GgmlDType::F32 => {
                let (numbers, _) = blocks.as_chunks();
                values.iter_mut().zip(numbers).for_each(|(value, &bytes)| *value = f32::from_le_bytes(bytes));
            }
            GgmlDType::F16 => {
                let (numbers, _) = blocks.as_chunks();
                let numbers: Vec<f16> = numbers.iter().map(|&bytes| f16::from_le_bytes(bytes)).collect();
                numbers.convert_to_f32_slice(values);
            }
            GgmlDType::BF16 => {
                let (numbers, _) = blocks.as_chunks();
                let numbers: Vec<bf16> = numbers.iter().map(|&bytes| bf16::from_le_bytes(bytes)).collect();
                numbers.convert_to_f32_slice(values);
            }
            quantized => match with_alignment(blocks, |blocks| {
                quantized.from_data(Cow::Borrowed(blocks)).dequantize(values.len())
            }) {
                Ok(CpuStorage::F32(numbers)) => values.copy_from_slice(&numbers),
                Ok(_) => return Err(format!("{} is not dequantized to F32", self.name)),
                Err(cause) => return Err(cause.to_string()),
            },
        }
        Ok(())
    }
}

/// candle takes bytes for blocks where they lie, and panics where blocks cannot lie: they begin with a number of two
/// bytes.
fn with_alignment<T>(blocks: &[u8], read: impl FnOnce(&[u8]) -> T) -> T {
    const ALIGNMENT: usize = 4;
    if blocks.as_ptr().align_offset(ALIGNMENT) == 0 {
        return read(blocks);
    }
    let mut copy = vec![0; blocks.len() + ALIGNMENT];
    let start = copy.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
    let aligned = &mut copy[start..start + blocks.len()];
    aligned.copy_from_slice(blocks);
    read(aligned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(name: &str) -> NumberFormat {
        let (code, ..) = READ.iter().find(|(_, _, known)| *known == name).unwrap();
        NumberFormat::from_code(*code).unwrap()
    }

    fn values(name: &str, blocks: &[u8], n: usize) -> Vec<f32> {
        let mut values = vec![f32::NAN; n];
        format(name).dequantize(blocks, &mut values).unwrap();
        values
    }

    /// Scale 0.5 and, where the format has one, minimum 2.
    fn half_and_two() -> [u8; 4] {
        let [a, b] = f16::from_f32(0.5).to_le_bytes();
        let [c, d] = f16::from_f32(2.0).to_le_bytes();
        [a, b, c, d]
    }

    /// Low nibbles are the first half of a block, high nibbles the second.
    #[test]
    fn blocks_are_what_their_definition_says() {
        let nibbles: Vec<u8> = (0..16).map(|i| i | (15 - i) << 4).collect();
        let by_hand = |value: fn(f32) -> f32| -> Vec<f32> {
            let low = (0..16_u8).map(f32::from);
            low.clone().chain(low.rev()).map(value).collect()
        };
        let q4_1 = [&half_and_two()[..], &nibbles].concat();
        assert_eq!(values("Q4_1", &q4_1, 32), by_hand(|q| q * 0.5 + 2.0));
        let q4_0 = [&half_and_two()[..2], &nibbles].concat();
        assert_eq!(values("Q4_0", &q4_0, 32), by_hand(|q| (q - 8.0) * 0.5));
        let bytes: Vec<u8> = (0..32_u8).map(|i| i.wrapping_sub(16)).collect();
        let q8_0 = [&half_and_two()[..2], &bytes].concat();
        let expected: Vec<f32> = (0..32_u8).map(|i| (f32::from(i) - 16.0) * 0.5).collect();
        assert_eq!(values("Q8_0", &q8_0, 32), expected);
        // The fifth bits, one of 32 each, all set.
        let q5_0 = [&half_and_two()[..2], &[0xFF; 4], &nibbles].concat();
        assert_eq!(values("Q5_0", &q5_0, 32), by_hand(|q| q * 0.5));
        let q5_1 = [&half_and_two()[..], &[0xFF; 4], &nibbles].concat();
        assert_eq!(values("Q5_1", &q5_1, 32), by_hand(|q| (q + 16.0) * 0.5 + 2.0));
    }

    #[test]
    fn blocks_may_lie_anywhere() {
        let block: Vec<u8> = half_and_two()[..2].iter().copied().chain(0..32).collect();
        let expected = values("Q8_0", &block, 32);
        for shift in 0..8 {
            let bytes = [&vec![0xAA; shift][..], &block, &[0xAA; 3]].concat();
            assert_eq!(values("Q8_0", &bytes[shift..shift + block.len()], 32), expected, "{shift}");
        }
    }

    /// Within half a step of the coarsest block, both ways through candle.
    #[test]
    fn every_format_reads_back_what_was_quantized() {
        let original: Vec<f32> = (0..512_u16).map(|i| (f32::from(i) * 0.37).sin()).collect();
        for (code, quantized, name) in READ {
            let format = NumberFormat::from_code(code).unwrap();
            let tensor = candle_core::Tensor::new(&original[..], &candle_core::Device::Cpu).unwrap();
            let blocks =
                candle_core::quantized::QTensor::quantize(&tensor, quantized).unwrap().data().unwrap().to_vec();
            let mut read = vec![f32::NAN; original.len()];
            format.dequantize(&blocks, &mut read).unwrap();
            let worst = original.iter().zip(&read).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // Steps between −1 and 1: 2^bits of them, those of the k formats uneven.
            let tolerance = match name {
                "F32" => 0.0,
                "F16" => 2_f32.powi(-11),
                "BF16" => 2_f32.powi(-8),
                "Q8_0" => 1.0 / 127.0,
                "Q6_K" => 1.0 / 16.0,
                "Q5_0" | "Q5_1" | "Q5_K" => 1.0 / 12.0,
                "Q4_0" | "Q4_1" | "Q4_K" => 1.0 / 6.0,
                "Q3_K" => 1.0 / 3.0,
                _ => 0.6,
            };
            assert!(worst <= tolerance, "{name}: {worst}");
        }
    }

    #[test]
    fn a_wrong_number_of_bytes_is_no_panic() {
        for (code, ..) in READ {
            let format = NumberFormat::from_code(code).unwrap();
            let mut values = vec![0.0; format.values_per_block()];
            let too_many = vec![0; format.bytes_per_block() + 1];
            for length in [0, format.bytes_per_block() - 1, too_many.len()] {
                assert!(format.dequantize(&too_many[..length], &mut values).is_err());
            }
        }
        let mut part = vec![0.0; 31];
        assert!(format("Q8_0").dequantize(&[0; 34], &mut part).is_err());
    }

    #[test]
    fn what_cannot_be_read_has_a_name() {
        assert_eq!(NumberFormat::from_code(23).unwrap_err(), "IQ4_XS");
        assert_eq!(NumberFormat::from_code(4_000_000_000).unwrap_err(), "4000000000");
    }
}
