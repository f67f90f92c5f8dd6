//! The tensors of a file, read one at a time and as f32, under the names and in the order of Hugging Face.

use std::{
    collections::BTreeMap,
    io::{Read as _, Seek as _, SeekFrom},
};

use rayon::prelude::*;

use super::{
    config::Architecture,
    error::Defect,
    header::{Header, TensorInfo},
    metadata::short,
    names::{ROPE_FACTORS, hugging_face},
    parts::Part,
};
use crate::model::{ModelError, transformer::ModelShape, weights::TensorStore};

/// Read from the file at once, and shared by threads in parts.
const PIECE: usize = 1 << 23;
const PART: usize = 1 << 17;

/// The tensors of a file, or of all parts of a split one.
pub struct Tensors<'a> {
    parts: &'a [Part],
    by_name: BTreeMap<String, Stored<'a>>,
    rope_factors: Option<&'a TensorInfo<'a>>,
}

struct Stored<'a> {
    info: &'a TensorInfo<'a>,
    order: RowOrder,
}

/// The order of a projection's rows.
#[derive(Clone, Copy)]
enum RowOrder {
    AsTheyAre,
    /// Head by head, row 2i of the file is row i of the head, row 2i + 1 is row `head_dim`/2 + i: the converter
    /// (`permute` in llama.cpp's `convert_hf_to_gguf.py`) puts dimensions that are rotated together side by side.
    Interleaved {
        head_dim: usize,
    },
}

impl<'a> Tensors<'a> {
    /// # Errors
    /// When a tensor has no place in the model.
    pub fn new(
        parts: &'a [Part],
        header: &'a Header<'a>,
        architecture: Architecture,
        shape: &ModelShape,
    ) -> Result<Self, Defect> {
        let (mut by_name, mut rope_factors) = (BTreeMap::new(), None);
        for info in &header.tensors {
            if info.name == ROPE_FACTORS {
                rope_factors = Some(info);
                continue;
            }
            let unknown = || Defect::UnknownTensor {
                name: short(info.name),
                architecture: architecture.name(),
                n_layers: shape.n_layers,
            };
            let name = hugging_face(info.name, shape.n_layers).ok_or_else(unknown)?;
            let rotated = name.contains(".q_proj.") || name.contains(".k_proj.");
            let order = if architecture.is_interleaved() && rotated {
                RowOrder::Interleaved { head_dim: shape.head_dim }
            } else {
                RowOrder::AsTheyAre
            };
            by_name.insert(name, Stored { info, order });
        }
        Ok(Self { parts, by_name, rope_factors })
    }

    /// What rotary frequencies are divided by, `[head_dim / 2]`, where the file says so.
    ///
    /// # Errors
    /// When they are not as many, or not all above 0.
    pub fn rope_factors(&self, head_dim: usize) -> Result<Option<Vec<f32>>, ModelError> {
        let Some(info) = self.rope_factors else { return Ok(None) };
        if info.shape != [head_dim / 2] {
            let (name, expected) = (ROPE_FACTORS.to_owned(), vec![head_dim / 2]);
            return Err(ModelError::TensorShape { name, expected, found: info.shape.clone() });
        }
        let factors = self.values(info)?;
        if let Some(found) = factors.iter().find(|&&factor| factor <= 0.0) {
            let cause = format!("expected values above 0, found {found}");
            return Err(ModelError::UnreadableTensor { name: ROPE_FACTORS.to_owned(), cause });
        }
        Ok(Some(factors))
    }

    /// All values, in the order of the file.
    fn values(&self, info: &TensorInfo<'_>) -> Result<Vec<f32>, ModelError> {
        let failed = |cause| ModelError::UnreadableTensor { name: info.name.to_owned(), cause };
        let (per_block, block_bytes) = (info.format.values_per_block(), info.format.bytes_per_block());
        // The header has made sure that the product fits, and that the file has the bytes for it.
        let mut values = vec![0.0; info.shape.iter().product()];
        let missing = || failed("its part of the file is not open".to_owned());
        let mut file = &self.parts.get(info.part).ok_or_else(missing)?.file;
        file.seek(SeekFrom::Start(info.start)).map_err(|cause| failed(cause.to_string()))?;
        let mut bytes = Vec::new();
        for piece in values.chunks_mut(PIECE / per_block * per_block) {
            bytes.resize(piece.len() / per_block * block_bytes, 0);
            file.read_exact(&mut bytes).map_err(|cause| failed(cause.to_string()))?;
            let blocks = PART / per_block;
            piece
                .par_chunks_mut(blocks * per_block)
                .zip(bytes.par_chunks(blocks * block_bytes))
                .try_for_each(|(values, bytes)| {
                    info.format.dequantize(bytes, values)?;
                    match values.iter().find(|value| !value.is_finite()) {
                        Some(found) => Err(format!("expected finite values, found {found}")),
                        None => Ok(()),
                    }
                })
                .map_err(failed)?;
        }
        Ok(values)
    }
}

impl TensorStore for Tensors<'_> {
    fn names(&self) -> Vec<&str> {
        self.by_name.keys().map(String::as_str).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.by_name.get(name).map(|stored| stored.info.shape.clone())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<f32>>, ModelError> {
        let Some(Stored { info, order }) = self.by_name.get(name) else { return Ok(None) };
        let mut values = self.values(info)?;
        if let &RowOrder::Interleaved { head_dim } = order {
            let n_rows = info.shape.first().copied().unwrap_or(1);
            let row = values.len() / n_rows;
            values.chunks_exact_mut(head_dim * row).for_each(|head| deinterleave(head, row));
        }
        Ok(Some(values))
    }
}

/// Rows 0, 2, 4, … of one head, then rows 1, 3, 5, ….
fn deinterleave(head: &mut [f32], row: usize) {
    let interleaved = head.to_vec();
    let rows = interleaved.chunks_exact(row);
    let even_then_odd = rows.clone().step_by(2).chain(rows.skip(1).step_by(2));
    head.chunks_exact_mut(row).zip(even_then_odd).for_each(|(to, from)| to.copy_from_slice(from));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the converter does it: `reshape(2, head_dim / 2).swapaxes(0, 1)` of each head's rows.
    #[test]
    fn the_converters_order_is_undone() {
        let rows = [[0.0, 0.5], [1.0, 1.5], [2.0, 2.5], [3.0, 3.5], [4.0, 4.5], [5.0, 5.5]];
        let mut head: Vec<f32> = [0, 3, 1, 4, 2, 5].iter().flat_map(|&row: &usize| rows[row]).collect();
        deinterleave(&mut head, 2);
        assert_eq!(head, rows.as_flattened());
    }
}
