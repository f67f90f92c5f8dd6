//! Arrays of an NPZ file beside the tensors (tokens, scale, …), as what a safetensors file has for them.

use serde_json::json;

use super::{
    super::{
        entry::{Entries, Entry, Numbers},
        error::{ArrayProblem, Problem},
        parts::is_vectors,
        rules,
    },
    archive::Archive,
    array::Array,
};

type ToText = fn(Array) -> Result<String, ArrayProblem>;

/// What is read as a text, or made one.
const TEXTS: [(&str, ToText); 6] = [
    ("tokens", tokens),
    ("query_tokens", tokens),
    ("token_ids", token_ids),
    ("axes", tokens),
    ("model", text),
    ("prompt", text),
];

/// All that are there, by name. Each may also be one text, written as in safetensors metadata.
pub(super) fn read(archive: &mut Archive<'_>) -> Result<Entries, Problem> {
    let mut entries = Entries::new();
    for name in archive.array_names().filter(|name| !is_vectors(name)) {
        entries.insert(name, Entry::Other);
    }
    for (name, to_text) in TEXTS {
        let in_array = |problem| Problem::Array { array: name, problem };
        if let Some(array) = archive.array(name).map_err(in_array)? {
            entries.insert(name.to_owned(), Entry::Text(to_text(array).map_err(in_array)?));
        }
    }
    for name in rules::NAMES {
        let in_array = |problem| Problem::Array { array: name, problem };
        if let Some(array) = archive.array(name).map_err(in_array)? {
            entries.insert(name.to_owned(), entry(array).map_err(in_array)?);
        }
    }
    Ok(entries)
}

/// Numbers of any shape, or one text.
fn entry(array: Array) -> Result<Entry, ArrayProblem> {
    let shape = array.shape.clone();
    let values = match array.kind() {
        'U' | 'S' => return text(array).map(Entry::Text),
        #[expect(clippy::cast_precision_loss, reason = "counts and flags, far below 2^53")]
        'i' | 'u' => array.integers()?.into_iter().map(|number| number as f64).collect(),
        'b' => array.bools()?.into_iter().map(|is_true| f64::from(u8::from(is_true))).collect(),
        _ => array.floats()?,
    };
    Ok(Entry::Numbers(Numbers { shape, values }))
}

/// `[T]` texts as a JSON list.
fn tokens(array: Array) -> Result<String, ArrayProblem> {
    let texts = array.texts()?;
    if array.shape.is_empty() {
        return Ok(texts.concat());
    }
    check_is_list(&array)?;
    Ok(json!(texts).to_string())
}

/// `[T]` integers as a JSON list.
fn token_ids(array: Array) -> Result<String, ArrayProblem> {
    if is_one_text(&array) {
        return text(array);
    }
    let numbers = array.integers()?;
    check_is_list(&array)?;
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    Ok(format!("[{}]", numbers.join(",")))
}

fn text(array: Array) -> Result<String, ArrayProblem> {
    one(&array.shape, array.texts()?)
}

fn is_one_text(array: &Array) -> bool {
    matches!(array.kind(), 'U' | 'S')
}

/// A batch of one, `[1, T]`, is a list too.
fn check_is_list(array: &Array) -> Result<(), ArrayProblem> {
    match array.shape[..] {
        [_] | [1, _] => Ok(()),
        _ => Err(ArrayProblem::Shape { expected: "one dimension, [T]", found: array.shape.clone() }),
    }
}

fn one<T>(shape: &[usize], items: Vec<T>) -> Result<T, ArrayProblem> {
    let refused = || ArrayProblem::Shape { expected: "one item, of the shape []", found: shape.to_vec() };
    if items.len() > 1 {
        return Err(refused());
    }
    items.into_iter().next().ok_or_else(refused)
}
