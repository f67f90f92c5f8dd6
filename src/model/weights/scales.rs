//! Scales that are tensors by themselves, in safetensors files: FP8 matrices (`weight_scale_inv`, `weight_scale`) and
//! gpt-oss's MXFP4 (`…_blocks`, `…_scales`).
//!
//! References: `_dequantize_fp8_weight` in `finegrained_fp8.py` and `convert_moe_packed_tensors` in `mxfp4.py`, both in
//! <https://github.com/huggingface/transformers/tree/main/src/transformers/integrations>.

use safetensors::Dtype;

use super::{encoding::Encoding, stored::Stored};
use crate::model::ModelError;

/// Rows and columns of an FP8 matrix that have one scale, where there are several.
const F8_BLOCK: usize = 128;
/// Numbers of a row that have one scale in MXFP4, two in a byte.
const MX_BLOCK: usize = 32;

/// How a tensor's numbers are scaled.
#[derive(Debug, PartialEq, Eq)]
pub struct Scaling {
    /// The tensor of the scales.
    pub scales: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    F8,
    Mx,
}

impl Scaling {
    /// Of the tensor `name`; `dtype` knows those of all tensors.
    pub fn of(name: &str, dtype: impl Fn(&str) -> Option<Dtype>) -> Option<Self> {
        match dtype(name)? {
            Dtype::F8_E4M3 => {
                let names = ["_scale_inv", "_scale"].map(|ending| format!("{name}{ending}"));
                let scales = names.into_iter().find(|name| dtype(name).is_some())?;
                Some(Self { scales, kind: Kind::F8 })
            }
            Dtype::U8 => {
                let scales = format!("{}_scales", name.strip_suffix("_blocks")?);
                (dtype(&scales)? == Dtype::U8).then_some(Self { scales, kind: Kind::Mx })
            }
            _ => None,
        }
    }

    /// Whether the tensor `name` is the scales of another.
    pub fn is_scales(name: &str, dtype: impl Fn(&str) -> Option<Dtype>) -> bool {
        [("_scale_inv", ""), ("_scale", ""), ("_scales", "_blocks")]
            .into_iter()
            .filter_map(|(ending, other)| Some(format!("{}{other}", name.strip_suffix(ending)?)))
            .any(|scaled| Self::of(&scaled, &dtype).is_some_and(|scaling| scaling.scales == name))
    }

    /// Of the numbers, where the tensor has the shape `stored`.
    pub fn shape(&self, stored: &[usize]) -> Vec<usize> {
        match (self.kind, stored) {
            (Kind::Mx, [rows @ .., blocks, bytes]) => {
                [rows, &[blocks.saturating_mul(2).saturating_mul(*bytes)]].concat()
            }
            _ => stored.to_vec(),
        }
    }

    /// Of the numbers and of the scales, a tensor of this type.
    ///
    /// # Errors
    /// When scales of this type are not read.
    pub fn encodings(&self, scales: Option<Dtype>) -> Result<(Encoding, Encoding), ModelError> {
        Ok(match (self.kind, scales) {
            (Kind::Mx, _) => (Encoding::F4E2M1, Encoding::F8E8M0),
            (Kind::F8, Some(Dtype::F8_E8M0)) => (Encoding::F8E4M3, Encoding::F8E8M0),
            (Kind::F8, other) => (Encoding::F8E4M3, Encoding::of(&self.scales, other.unwrap_or(Dtype::U8))?),
        })
    }

    /// Rows and columns that have one scale of those in `factors`, of a tensor of the shape `stored`.
    ///
    /// # Errors
    /// When there is no telling.
    pub fn block(&self, stored: &[usize], factors: &Stored) -> Result<[usize; 2], ModelError> {
        match (self.kind, stored) {
            (Kind::Mx, [.., bytes]) if 2 * bytes == MX_BLOCK => Ok([1, MX_BLOCK]),
            (Kind::F8, &[n_rows, n_columns]) if factors.n_rows() * factors.n_columns() == 1 => {
                Ok([n_rows.max(1), n_columns.max(1)])
            }
            (Kind::F8, [_, _]) => Ok([F8_BLOCK; 2]),
            _ => {
                let cause = format!("it scales a tensor of shape {stored:?}, which is not supported");
                Err(ModelError::UnreadableTensor { name: self.scales.clone(), cause })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dtype(name: &str) -> Option<Dtype> {
        match name {
            "a.weight" | "b.weight" | "c.weight" => Some(Dtype::F8_E4M3),
            "a.weight_scale_inv" | "b.weight_scale" | "d.weight_scale" => Some(Dtype::F32),
            "d.weight" => Some(Dtype::BF16),
            "e_blocks" | "e_scales" | "f_blocks" => Some(Dtype::U8),
            _ => None,
        }
    }

    #[test]
    fn scales_are_found_beside_what_they_scale() {
        let scales = |name| Scaling::of(name, dtype).map(|scaling| scaling.scales);
        assert_eq!(scales("a.weight").as_deref(), Some("a.weight_scale_inv"));
        assert_eq!(scales("b.weight").as_deref(), Some("b.weight_scale"));
        assert_eq!(scales("e_blocks").as_deref(), Some("e_scales"));
        for name in ["c.weight", "d.weight", "f_blocks", "e_scales", "nothing"] {
            assert_eq!(scales(name), None, "{name}");
        }
        for name in ["a.weight_scale_inv", "b.weight_scale", "e_scales"] {
            assert!(Scaling::is_scales(name, dtype), "{name}");
        }
        for name in ["a.weight", "d.weight_scale", "e_blocks", "f_scales", "_scale"] {
            assert!(!Scaling::is_scales(name, dtype), "{name}");
        }
    }

    #[test]
    fn two_numbers_are_in_a_byte() {
        let scaling = Scaling::of("e_blocks", dtype).unwrap();
        assert_eq!(scaling.shape(&[4, 10, 3, 16]), [4, 10, 96]);
        assert_eq!(scaling.shape(&[7]), [7]);
    }
}
