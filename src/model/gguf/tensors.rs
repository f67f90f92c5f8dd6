//! The tensors of a file where they lie, under the names and in the order of the model's description.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    error::Defect,
    header::{Header, TensorInfo},
    metadata::short,
    names::{LONG_FACTORS, Names, Place, ROPE_FACTORS, SHORT_FACTORS},
    parts::Part,
    roles::Form,
};
use crate::{
    base::MappedFile,
    model::{
        ModelError,
        families::description::{Description, FeedForward, Layer, LowRank, Projections},
        weights::{
            TensorStore,
            matrix::{Interleaved, Matrix},
            rows_and_columns,
            stored::Stored,
        },
    },
};

/// The tensors of a file, or of all parts of a split one.
pub struct Tensors<'a> {
    parts: &'a [Part],
    by_name: BTreeMap<String, Location<'a>>,
    head_dim: usize,
}

/// Where a tensor of the description is.
#[derive(Clone, Copy)]
enum Location<'a> {
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
            let is_of_rotation = [ROPE_FACTORS, SHORT_FACTORS, LONG_FACTORS].contains(&info.name);
            if is_of_rotation || names.is_of_other_head(info.name) {
                continue;
            }
            let unknown =
                || Defect::UnknownTensor { name: short(info.name), architecture, n_layers: description.shape.n_layers };
            let Place { name, form } = names.place(info.name).ok_or_else(unknown)?;
            let location = match form {
                Form::AsTheyAre | Form::Whole(_) => Location::AsItIs(info),
                Form::Interleaved => Location::Interleaved(info),
                Form::OneRow => Location::OneRow(info),
                Form::Numbered(of) => {
                    if info.shape.len() < 2 || info.shape.first() != Some(&of) {
                        let (name, found) = (short(info.name), info.shape.clone());
                        return Err(Defect::Stacked { name, expected: of, found });
                    }
                    by_name.extend((0..of).map(|index| {
                        (name.replacen("{}", &index.to_string(), 1), Location::Numbered { info, index, of })
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
            by_name.insert(name, location);
        }
        for (name, key) in keys {
            let missing = || Defect::MissingTensor { name: key.name.replace("attn_k_b", "attn_v_b") };
            let value = values.remove(&name).ok_or_else(missing)?;
            check_parts(key, value, description)?;
            by_name.insert(name, Location::KeyValue { key, value });
        }
        if let Some(value) = values.into_values().next() {
            return Err(Defect::MissingTensor { name: value.name.replace("attn_v_b", "attn_k_b") });
        }
        Ok(Self { parts, by_name, head_dim: description.shape.head_dim })
    }

    /// One of `of` equal parts of a tensor, as the file has it.
    fn stored(&self, info: &TensorInfo<'_>, part: [usize; 2]) -> Result<Stored, ModelError> {
        stored(self.parts, info, part)
    }

    /// The rows of each head's two halves in the order that the model has them in.
    fn interleaved(&self, info: &TensorInfo<'_>) -> Result<Matrix, ModelError> {
        let (rows, stored) = (Interleaved { head_dim: self.head_dim }, self.stored(info, [0, 1])?);
        if info.shape.len() > 1 {
            return Ok(Matrix::interleaved(stored, rows));
        }
        // A bias, whose numbers are rows.
        let numbers = Matrix::stored(stored).to_vec()?;
        let in_order = (0..numbers.len()).map(|row| numbers.get(rows.row_in_file(row)).copied().unwrap_or_default());
        Matrix::held([1, numbers.len()], in_order.collect()).ok_or_else(|| misshapen(info))
    }

    /// Head by head the rows of `key [heads, rank, n_plain]`, turned, then those of `value [heads, value_dim, rank]`.
    fn joined(&self, key: &TensorInfo<'_>, value: &TensorInfo<'_>) -> Result<Matrix, ModelError> {
        let ([n_heads, rank, _], [_, value_dim, _]) = (&key.shape[..], &value.shape[..]) else {
            return Err(misshapen(key));
        };
        let [keys, values] = [key, value].map(|info| self.stored(info, [0, 1]).map(Matrix::stored));
        let (keys, values) = (keys?, values?);
        let mut parts = Vec::with_capacity(2 * n_heads);
        for head in 0..*n_heads {
            let key = keys.part(head * rank..(head + 1) * rank).ok_or_else(|| misshapen(key))?;
            parts.push(key.transposed()?);
            parts.push(values.part(head * value_dim..(head + 1) * value_dim).ok_or_else(|| misshapen(value))?);
        }
        Ok(Matrix::joined(parts))
    }
}

fn misshapen(info: &TensorInfo<'_>) -> ModelError {
    let cause = format!("its shape is {:?}", info.shape);
    ModelError::UnreadableTensor { name: info.name.to_owned(), cause }
}

/// The learned parameters of activation functions, which are tensors in a folder and lists by layer in the metadata.
///
/// # Errors
/// When a list is missing or not one number for each layer.
#[expect(clippy::cast_possible_truncation, reason = "the file has them as f32")]
fn parameters<'a>(header: &Header<'_>, description: &Description) -> Result<BTreeMap<String, Location<'a>>, Defect> {
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
            (name, Location::Number(number as f32))
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
    let factors = Matrix::stored(stored(parts, info, [0, 1])?).to_vec()?;
    if let Some(found) = factors.iter().find(|&&factor| factor <= 0.0) {
        let cause = format!("expected values above 0, found {found}");
        return Err(ModelError::UnreadableTensor { name: name.to_owned(), cause });
    }
    Ok(Some(factors))
}

/// One of `of` equal parts of a tensor, as the file has it.
fn stored(parts: &[Part], info: &TensorInfo<'_>, [index, of]: [usize; 2]) -> Result<Stored, ModelError> {
    let failed = |cause: &str| ModelError::UnreadableTensor { name: info.name.to_owned(), cause: cause.to_owned() };
    let part = parts.get(info.part).ok_or_else(|| failed("its part of the file is not open"))?;
    let [n_rows, n_columns] = rows_and_columns(&info.shape);
    let n_bytes = info.n_bytes / of as u64;
    // The header has made sure that the file has these bytes.
    let start = info.start + n_bytes * index as u64;
    let [start, end] = [start, start + n_bytes].map(|place| usize::try_from(place).unwrap_or(usize::MAX));
    Stored::new(info.name, part.file.clone(), start..end, info.encoding, [n_rows / of, n_columns])
}

impl TensorStore for Tensors<'_> {
    fn names(&self) -> Vec<&str> {
        self.by_name.keys().map(String::as_str).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(match *self.by_name.get(name)? {
            Location::OneRow(info) if info.shape.len() == 1 => [&[1], &info.shape[..]].concat(),
            Location::AsItIs(info) | Location::Interleaved(info) | Location::OneRow(info) => info.shape.clone(),
            Location::Numbered { info, .. } => info.shape.get(1..)?.to_vec(),
            Location::Number(_) => Vec::new(),
            Location::KeyValue { key, value } => match (&key.shape[..], &value.shape[..]) {
                (&[n_heads, rank, n_plain], &[_, value_dim, _]) => vec![n_heads * (n_plain + value_dim), rank],
                _ => return None,
            },
        })
    }

    fn matrix(&self, name: &str) -> Result<Option<Matrix>, ModelError> {
        let Some(&location) = self.by_name.get(name) else { return Ok(None) };
        Ok(Some(match location {
            Location::AsItIs(info) | Location::OneRow(info) => Matrix::stored(self.stored(info, [0, 1])?),
            Location::Numbered { info, index, of } => Matrix::stored(self.stored(info, [index, of])?),
            Location::Number(number) => Matrix::number(number),
            Location::Interleaved(info) => self.interleaved(info)?,
            Location::KeyValue { key, value } => self.joined(key, value)?,
        }))
    }

    fn files(&self) -> Vec<Arc<MappedFile>> {
        self.parts.iter().map(|part| part.file.clone()).collect()
    }
}
