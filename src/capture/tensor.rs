//! Stored tensors: numbers in a file's own format, converted to f32 a layer at a time.

use std::{fmt, ops::Range, sync::Arc};

use half::{bf16, f16};
use ndarray::{Array3, ArrayViewMut3};

use super::axes::Shape;
use crate::base::MappedFile;

/// The bytes of a capture or of an unpacked array, shared by what reads them: embedded, in memory, or a mapped file.
#[derive(Clone)]
pub struct Bytes(Arc<dyn AsRef<[u8]> + Send + Sync>);

impl Bytes {
    pub fn new(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self(Arc::new(bytes))
    }

    pub fn as_slice(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl From<Arc<MappedFile>> for Bytes {
    fn from(file: Arc<MappedFile>) -> Self {
        Self(file)
    }
}

/// How a file stores its numbers, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FloatType {
    F16,
    BF16,
    F32,
    F64,
}

impl FloatType {
    /// Bytes of one number.
    const fn size(self) -> usize {
        match self {
            Self::F16 | Self::BF16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Fills `numbers` from the front of `bytes`. What f32 cannot hold becomes infinite; NaN stays NaN.
    fn decode<'a>(self, bytes: &[u8], numbers: impl Iterator<Item = &'a mut f32>) {
        fn fill<'a, const N: usize>(
            bytes: &[u8],
            numbers: impl Iterator<Item = &'a mut f32>,
            decode: impl Fn([u8; N]) -> f32,
        ) {
            for (number, &bytes) in numbers.zip(bytes.as_chunks().0) {
                *number = decode(bytes);
            }
        }
        match self {
            Self::F16 => fill(bytes, numbers, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Self::BF16 => fill(bytes, numbers, |bytes| bf16::from_le_bytes(bytes).to_f32()),
            Self::F32 => fill(bytes, numbers, f32::from_le_bytes),
            #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of vectors in the program")]
            Self::F64 => fill(bytes, numbers, |bytes| f64::from_le_bytes(bytes) as f32),
        }
    }
}

/// A tensor of numbers in the file's own format, converted a layer at a time.
#[derive(Clone)]
pub(super) struct StoredTensor {
    bytes: Bytes,
    /// Where in `bytes` the tensor lies.
    range: Range<usize>,
    float_type: FloatType,
    shape: Shape,
}

impl StoredTensor {
    /// `None` where `range` is not in `bytes`, or is not as long as the shape says.
    pub(super) fn new(bytes: Bytes, range: Range<usize>, float_type: FloatType, shape: Shape) -> Option<Self> {
        let length = shape.dimensions.into_iter().try_fold(float_type.size(), usize::checked_mul)?;
        let found = bytes.as_slice().get(range.clone())?.len();
        (found == length).then_some(Self { bytes, range, float_type, shape })
    }

    /// `[layers, heads, positions, dimensions]`
    pub(super) fn dimensions(&self) -> [usize; 4] {
        self.shape.dimensions
    }

    /// Whether the positions stand in front of the heads.
    pub(super) fn has_positions_first(&self) -> bool {
        self.shape.positions_first
    }

    /// `[heads, positions, dimensions]` of one layer; all zero where there is no such layer.
    pub(super) fn layer(&self, layer: usize) -> Array3<f32> {
        let [n_layers, heads, positions, dimensions] = self.dimensions();
        let mut numbers = Array3::zeros((heads, positions, dimensions));
        let all = self.bytes.as_slice().get(self.range.clone()).unwrap_or_default();
        let length = all.len() / n_layers.max(1);
        if let Some(bytes) = all.chunks_exact(length.max(1)).nth(layer) {
            let mut in_file: ArrayViewMut3<'_, f32> = numbers.view_mut();
            if self.shape.positions_first {
                in_file.swap_axes(0, 1);
            }
            self.float_type.decode(bytes, in_file.iter_mut());
        }
        numbers
    }
}

impl fmt::Debug for StoredTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} at {:?}", self.float_type, self.dimensions(), self.range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(bytes: Vec<u8>, float_type: FloatType, dimensions: [usize; 4]) -> Option<StoredTensor> {
        let range = 0..bytes.len();
        StoredTensor::new(Bytes::new(bytes), range, float_type, Shape { dimensions, positions_first: false })
    }

    #[test]
    fn every_float_type_is_read() {
        // 1.5 and -2 in each format, by their bit patterns.
        let cases = [
            (FloatType::F16, vec![0x00, 0x3e, 0x00, 0xc0]),
            (FloatType::BF16, vec![0xc0, 0x3f, 0x00, 0xc0]),
            (FloatType::F32, vec![0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]),
            (FloatType::F64, vec![0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0]),
        ];
        for (float_type, bytes) in cases {
            let tensor = tensor(bytes, float_type, [1, 1, 1, 2]).unwrap();
            assert_eq!(tensor.layer(0).into_raw_vec_and_offset().0, [1.5, -2.0], "{float_type:?}");
        }
    }

    #[test]
    fn layers_lie_one_after_the_other() {
        let bytes = [1.0_f32, 2.0, 3.0, f32::NAN].map(f32::to_le_bytes).concat();
        let tensor = tensor(bytes, FloatType::F32, [2, 1, 2, 1]).unwrap();
        assert_eq!(tensor.layer(0).into_raw_vec_and_offset().0, [1.0, 2.0]);
        let second = tensor.layer(1);
        assert_eq!(second[[0, 0, 0]], 3.0);
        assert!(second[[0, 1, 0]].is_nan(), "NaN is kept");
    }

    #[test]
    fn positions_may_stand_in_front_of_heads() {
        let bytes: Vec<u8> = (0..12).flat_map(|x| (x as f32).to_le_bytes()).collect();
        // [layers 2, T 3, heads 2, d 1]
        let shape = Shape { dimensions: [2, 2, 3, 1], positions_first: true };
        let tensor = StoredTensor::new(Bytes::new(bytes), 0..48, FloatType::F32, shape).unwrap();
        assert_eq!(tensor.layer(1).into_raw_vec_and_offset().0, [6.0, 8.0, 10.0, 7.0, 9.0, 11.0]);
    }

    #[test]
    fn a_tensor_must_be_as_long_as_it_says() {
        assert!(tensor(vec![0; 8], FloatType::F32, [1, 1, 1, 3]).is_none());
        assert!(tensor(vec![0; 8], FloatType::F16, [usize::MAX, 2, 2, 2]).is_none());
        let shape = Shape { dimensions: [1, 1, 1, 2], positions_first: false };
        assert!(StoredTensor::new(Bytes::new(vec![0; 8]), 4..12, FloatType::F32, shape).is_none());
    }
}
