//! Numbers as files have them, and as f32.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use half::{f16, slice::HalfFloatSliceExt};
use pulp::{Arch, Simd, WithSimd};
use safetensors::Dtype;

use crate::model::ModelError;

/// How a number is written, the lowest byte first. Each of them is an f32 without rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberFormat {
    F32,
    F16,
    Bf16,
}

impl NumberFormat {
    /// The format of the tensor `name`.
    ///
    /// # Errors
    /// When it is not read here.
    pub fn of(name: &str, dtype: Dtype) -> Result<Self, ModelError> {
        match dtype {
            Dtype::F32 => Ok(Self::F32),
            Dtype::F16 => Ok(Self::F16),
            Dtype::BF16 => Ok(Self::Bf16),
            other => Err(ModelError::Unsupported {
                what: "number format",
                found: format!("{other:?} of tensor {name}"),
                supported: "F32, F16 and BF16 are",
            }),
        }
    }

    /// Bytes of one number.
    pub fn width(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// The numbers of `bytes`, as many as fit in both, into the front of `numbers`.
    pub fn widen(self, bytes: &[u8], numbers: &mut [f32]) {
        match self {
            Self::F32 => {
                for (number, &bytes) in numbers.iter_mut().zip(bytes.as_chunks().0) {
                    *number = f32::from_le_bytes(bytes);
                }
            }
            Self::F16 => widen_f16(bytes.as_chunks().0, numbers),
            Self::Bf16 => Arch::new().dispatch(WidenBf16(bytes.as_chunks().0, numbers)),
        }
    }

    /// All numbers of `bytes`.
    pub fn numbers(self, bytes: &[u8]) -> Vec<f32> {
        let mut numbers = vec![0.0; bytes.len() / self.width()];
        self.widen(bytes, &mut numbers);
        numbers
    }
}

/// Many at once: one by one, each would ask again what the processor can do.
fn widen_f16(bytes: &[[u8; 2]], numbers: &mut [f32]) {
    const AT_ONCE: usize = 64;
    for (bytes, numbers) in bytes.chunks(AT_ONCE).zip(numbers.chunks_mut(AT_ONCE)) {
        let mut halves = [f16::ZERO; AT_ONCE];
        for (half, &bytes) in halves.iter_mut().zip(bytes) {
            *half = f16::from_le_bytes(bytes);
        }
        let n = bytes.len().min(numbers.len());
        halves[..n].convert_to_f32_slice(&mut numbers[..n]);
    }
}

/// The bits of a bf16 are the upper half of an f32's: a shift, which the compiler vectorizes for the processor that is
/// there.
struct WidenBf16<'a>(&'a [[u8; 2]], &'a mut [f32]);

impl WithSimd for WidenBf16<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (number, &bytes) in self.1.iter_mut().zip(self.0) {
            *number = f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16);
        }
    }
}

#[cfg(test)]
mod tests {
    use half::bf16;

    use super::*;

    #[test]
    fn every_half_is_the_same_f32() {
        let all: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        for (format, exact) in [
            (NumberFormat::F16, (|bits| f16::from_bits(bits).to_f32()) as fn(u16) -> f32),
            (NumberFormat::Bf16, |bits| bf16::from_bits(bits).to_f32()),
        ] {
            for (bits, number) in (0..=u16::MAX).zip(format.numbers(&all)) {
                let exact = exact(bits);
                assert!(number.to_bits() == exact.to_bits() || (number.is_nan() && exact.is_nan()), "{bits:#x}");
            }
        }
    }

    #[test]
    fn what_fits_in_both_is_converted() {
        let bytes: Vec<u8> = [1.0_f32, 2.0, 3.0].iter().flat_map(|number| number.to_le_bytes()).collect();
        let mut numbers = [0.0; 2];
        NumberFormat::F32.widen(&bytes, &mut numbers);
        assert_eq!(numbers, [1.0, 2.0]);
        assert_eq!(NumberFormat::F32.numbers(&bytes[..7]), [1.0]);
        let mut more = [5.0; 3];
        NumberFormat::F16.widen(&f16::from_f32(-0.5).to_le_bytes(), &mut more);
        assert_eq!(more, [-0.5, 5.0, 5.0]);
    }
}
