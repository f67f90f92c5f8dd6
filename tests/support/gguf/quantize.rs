//! Number formats by their definitions, so that the program's decoding is compared with something else.

use half::{bf16, f16};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    F32,
    F16,
    BF16,
    Q8_0,
}

pub fn f32s(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

impl Format {
    pub fn code(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::BF16 => 30,
            Self::Q8_0 => 8,
        }
    }

    /// A file's bytes for these values; rows of whole blocks.
    pub fn bytes(self, values: &[f32]) -> Vec<u8> {
        match self {
            Self::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::F16 => values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect(),
            Self::BF16 => values.iter().flat_map(|&value| bf16::from_f32(value).to_le_bytes()).collect(),
            Self::Q8_0 => values
                .chunks_exact(32)
                .flat_map(|block| {
                    let (scale, steps) = steps(block);
                    scale.to_le_bytes().into_iter().chain(steps.map(|step| step as u8))
                })
                .collect(),
        }
    }

    /// What is left of these values.
    pub fn rounded(self, values: &[f32]) -> Vec<f32> {
        match self {
            Self::F32 => values.to_vec(),
            Self::F16 => values.iter().map(|&value| f16::from_f32(value).to_f32()).collect(),
            Self::BF16 => values.iter().map(|&value| bf16::from_f32(value).to_f32()).collect(),
            Self::Q8_0 => values
                .chunks_exact(32)
                .flat_map(|block| {
                    let (scale, steps) = steps(block);
                    steps.map(move |step| f32::from(step) * scale.to_f32())
                })
                .collect(),
        }
    }

    /// Largest error of a value, relative to the largest of its block (`Q8_0`) or to itself: half a unit in the last of
    /// 11 or 8 binary digits; half of a 127th, and as much again because the scale is a F16.
    pub fn relative_error(self) -> f32 {
        match self {
            Self::F32 => 0.0,
            Self::F16 => 2_f32.powi(-11),
            Self::BF16 => 2_f32.powi(-8),
            Self::Q8_0 => 0.5 / 127.0 + 2_f32.powi(-11),
        }
    }
}

/// The scale of a block of `Q8_0` and its values in units of that.
fn steps(block: &[f32]) -> (f16, impl Iterator<Item = i8>) {
    let largest = block.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = largest / 127.0;
    let step = move |value: f32| if scale == 0.0 { 0 } else { (value / scale).round() as i8 };
    (f16::from_f32(scale), block.iter().copied().map(step))
}
