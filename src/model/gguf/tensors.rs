//! The tensors of a file, read one at a time and as f32, under the names and in the order of the model's description.

use std::{
    collections::BTreeMap,
    io::{Read as _, Seek as _, SeekFrom},
};

use rayon::prelude::*;

use super::{
    error::Defect,
    header::{Header, TensorInfo},
    metadata::short,
    names::{LONG_FACTORS, Names, Place, ROPE_FACTORS, SHORT_FACTORS},
    parts::Part,
    roles::Form,
};
use crate::model::{
    ModelError,
    families::description::{Description, FeedForward, Layer, LowRank, Projections},
    weights::TensorStore,
};

/// Read from the file at once, and shared by threads in parts.
const PIECE: usize = 1 << 23;
const PART: usize = 1 << 17;

/// The tensors of a file, or of all parts of a split one.
pub struct Tensors<'a> {
    parts: &'a [Part],
    by_name: BTreeMap<String, Stored<'a>>,
    head_dim: usize,
}

/// Where a tensor of the description is.
#[derive(Clone, Copy)]
enum Stored<'a> {
    AsItIs(&'a TensorInfo<'a>),
    /// The rows of each head's two halves alternate.
    Interleaved(&'a TensorInfo<'a>),
    /// One of `of` tensors in one.
    Numbered {
        info: &'a TensorInfo<'a>,
        index: usize,
        of: usize,
    },
    /// A matrix of one row.
    OneRow(&'a TensorInfo<'a>),
    /// A projection to keys and values in two, that of the keys turned: `[heads, rank, n_plain]` and
    /// `[heads, value_dim, rank]`.
    KeyValue {
        key: &'a TensorInfo<'a>,
        value: &'a TensorInfo<'a>,
    },
    /// Of the metadata.
    Number(f32),
}

impl<'a> Tensors<'a> {
    /// # Errors
    /// When a tensor has no place in the model.
    pub fn new(
        parts: &'a [Part],
        header: &'a Header<'a>,
        description: &Description,
        names: &Names<'_>,
        architecture: &'static str,
    ) -> Result<Self, Defect> {
        let mut by_name = parameters(header, description)?;
        let (mut keys, mut values) = (BTreeMap::new(), BTreeMap::new());
        for info in &header.tensors {
            if [ROPE_FACTORS, SHORT_FACTORS, LONG_FACTORS].contains(&info.name) {
                continue;
            }
            let unknown =
                || Defect::UnknownTensor { name: short(info.name), architecture, n_layers: description.shape.n_layers };
            let Place { name, form } = names.place(info.name).ok_or_else(unknown)?;
            let stored = match form {
                Form::AsTheyAre | Form::Whole(_) => Stored::AsItIs(info),
                Form::Interleaved => Stored::Interleaved(info),
                Form::OneRow => Stored::OneRow(info),
                Form::Numbered(of) => {
                    if info.shape.len() < 2 || info.shape.first() != Some(&of) {
                        let (name, found) = (short(info.name), info.shape.clone());
                        return Err(Defect::Stacked { name, expected: of, found });
                    }
                    by_name.extend((0..of).map(|index| {
                        (name.replacen("{}", &index.to_string(), 1), Stored::Numbered { info, index, of })
                    }));
                    continue;
                }
                Form::KeyPart => {
                    keys.insert(name, info);
                    continue;
                }
                Form::ValuePart => {
                    values.insert(name, info);
                    continue;
                }
            };
            by_name.insert(name, stored);
        }
        for (name, key) in keys {
            let missing = || Defect::MissingTensor { name: key.name.replace("attn_k_b", "attn_v_b") };
            let value = values.remove(&name).ok_or_else(missing)?;
            check_parts(key, value, description)?;
            by_name.insert(name, Stored::KeyValue { key, value });
        }
        if let Some(value) = values.into_values().next() {
            return Err(Defect::MissingTensor { name: value.name.replace("attn_v_b", "attn_k_b") });
        }
        Ok(Self { parts, by_name, head_dim: description.shape.head_dim })
    }

    /// All values, in the order of the file.
    fn values(&self, info: &TensorInfo<'_>) -> Result<Vec<f32>, ModelError> {
        values(self.parts, info, [0, 1])
    }
}

/// The learned parameters of activation functions, which are tensors in a folder and lists by layer in the metadata.
///
/// # Errors
/// When a list is missing or not one number for each layer.
#[expect(clippy::cast_possible_truncation, reason = "the file has them as f32")]
fn parameters<'a>(header: &Header<'_>, description: &Description) -> Result<BTreeMap<String, Stored<'a>>, Defect> {
    let names = description.names;
    let mut numbers = BTreeMap::new();
    let of_layer = |layer: &Layer| match layer.feed_forward {
        FeedForward::Xielu { name, .. } => Some(name),
        _ => None,
    };
    let Some(name) = description.layers.first().and_then(of_layer) else { return Ok(numbers) };
    for parameter in ["alpha_n", "alpha_p", "beta", "eps"] {
        let list = header.metadata.numbers(&format!("xielu.{parameter}"), description.shape.n_layers)?;
        numbers.extend(list.into_iter().enumerate().map(|(layer, number)| {
            let name = format!("{}{}{layer}.{name}.{parameter}", names.prefix, names.layers);
            (name, Stored::Number(number as f32))
        }));
    }
    Ok(numbers)
}

/// # Errors
/// When the two parts of a projection have not the shapes that the model's dimensions ask for.
fn check_parts(key: &TensorInfo<'_>, value: &TensorInfo<'_>, description: &Description) -> Result<(), Defect> {
    let low_rank = description.layers.first().and_then(|layer| match layer.attention.projections {
        Projections::LowRank(low_rank) => Some(low_rank),
        _ => None,
    });
    let Some(LowRank { rank, n_plain, value_dim, .. }) = low_rank else { return Ok(()) };
    let n_heads = description.shape.n_heads;
    for (info, expected) in [(key, [n_heads, rank, n_plain]), (value, [n_heads, value_dim, rank])] {
        if info.shape != expected {
            let (name, found) = (short(info.name), info.shape.clone());
            return Err(Defect::Shape { name, expected: expected.to_vec(), found });
        }
    }
    Ok(())
}

/// The factors of a rotation, `[n]`, in the tensor of this name, where there is one.
///
/// # Errors
/// When they are not as many, or not all above 0.
pub fn rope_factors(parts: &[Part], header: &Header<'_>, name: &str, n: usize) -> Result<Option<Vec<f32>>, ModelError> {
    let Some(info) = header.tensors.iter().find(|info| info.name == name) else { return Ok(None) };
    if info.shape != [n] {
        let (name, expected) = (name.to_owned(), vec![n]);
        return Err(ModelError::TensorShape { name, expected, found: info.shape.clone() });
    }
    let factors = values(parts, info, [0, 1])?;
    if let Some(found) = factors.iter().find(|&&factor| factor <= 0.0) {
        let cause = format!("expected values above 0, found {found}");
        return Err(ModelError::UnreadableTensor { name: name.to_owned(), cause });
    }
    Ok(Some(factors))
}

/// The values of one of `of` equal parts of a tensor, in the order of the file.
fn values(parts: &[Part], info: &TensorInfo<'_>, [index, of]: [usize; 2]) -> Result<Vec<f32>, ModelError> {
    let failed = |cause| ModelError::UnreadableTensor { name: info.name.to_owned(), cause };
    let (per_block, block_bytes) = (info.format.values_per_block(), info.format.bytes_per_block());
    // The header has made sure that the product fits, and that the file has the bytes for it.
    let mut values = vec![0.0; info.shape.iter().product::<usize>() / of];
    let start = info.start + info.n_bytes / of as u64 * index as u64;
    let missing = || failed("its part of the file is not open".to_owned());
    let mut file = &parts.get(info.part).ok_or_else(missing)?.file;
    file.seek(SeekFrom::Start(start)).map_err(|cause| failed(cause.to_string()))?;
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

impl TensorStore for Tensors<'_> {
    fn names(&self) -> Vec<&str> {
        self.by_name.keys().map(String::as_str).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(match *self.by_name.get(name)? {
            Stored::OneRow(info) if info.shape.len() == 1 => [&[1], &info.shape[..]].concat(),
            Stored::AsItIs(info) | Stored::Interleaved(info) | Stored::OneRow(info) => info.shape.clone(),
            Stored::Numbered { info, .. } => info.shape.get(1..)?.to_vec(),
            Stored::Number(_) => Vec::new(),
            Stored::KeyValue { key, value } => match (&key.shape[..], &value.shape[..]) {
                (&[n_heads, rank, n_plain], &[_, value_dim, _]) => vec![n_heads * (n_plain + value_dim), rank],
                _ => return None,
            },
        })
    }

    fn read(&self, name: &str) -> Result<Option<Vec<f32>>, ModelError> {
        let Some(&stored) = self.by_name.get(name) else { return Ok(None) };
        Ok(Some(match stored {
            Stored::AsItIs(info) | Stored::OneRow(info) => self.values(info)?,
            Stored::Numbered { info, index, of } => values(self.parts, info, [index, of])?,
            Stored::Number(number) => vec![number],
            Stored::Interleaved(info) => {
                let mut values = self.values(info)?;
                let n_rows = info.shape.first().copied().unwrap_or(1);
                let row = values.len() / n_rows;
                values.chunks_exact_mut(self.head_dim * row).for_each(|head| deinterleave(head, row));
                values
            }
            Stored::KeyValue { key, value } => {
                joined(&self.values(key)?, &self.values(value)?, [key, value].map(|info| &info.shape[..]))
            }
        }))
    }
}

/// Rows 0, 2, 4, … of one head, then rows 1, 3, 5, ….
fn deinterleave(head: &mut [f32], row: usize) {
    let interleaved = head.to_vec();
    let rows = interleaved.chunks_exact(row);
    let even_then_odd = rows.clone().step_by(2).chain(rows.skip(1).step_by(2));
    head.chunks_exact_mut(row).zip(even_then_odd).for_each(|(to, from)| to.copy_from_slice(from));
}

/// Head by head the rows of `key [heads, rank, n_plain]`, turned, then those of `value [heads, value_dim, rank]`.
fn joined(key: &[f32], value: &[f32], shapes: [&[usize]; 2]) -> Vec<f32> {
    let [&[_, rank, n_plain], &[_, value_dim, _]] = shapes else { return Vec::new() };
    let heads = key.chunks_exact(rank * n_plain).zip(value.chunks_exact(value_dim * rank));
    heads
        .flat_map(|(key, value)| {
            let turned = (0..n_plain).flat_map(move |row| key.iter().skip(row).step_by(n_plain).copied());
            turned.chain(value.iter().copied())
        })
        .collect()
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

    /// Two heads, rank 2, two dimensions of a key and one of a value.
    #[test]
    fn keys_are_turned_back_and_joined_with_values() {
        let key = [0.0, 10.0, 1.0, 11.0, 100.0, 110.0, 101.0, 111.0];
        let value = [5.0, 6.0, 105.0, 106.0];
        let expected = [0.0, 1.0, 10.0, 11.0, 5.0, 6.0, 100.0, 101.0, 110.0, 111.0, 105.0, 106.0];
        assert_eq!(joined(&key, &value, [&[2, 2, 2], &[2, 1, 2]]), expected);
    }
}
