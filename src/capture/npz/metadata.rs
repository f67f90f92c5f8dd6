//! Metadata arrays of an NPZ file (tokens, scale, …) as the texts that a safetensors file has for them.

use std::collections::HashMap;

use serde_json::json;

use super::{
    super::error::{ArrayProblem, Problem},
    archive::Archive,
    array::Array,
};

type ToText = fn(Array) -> Result<String, ArrayProblem>;

/// Each may also be one text, written as in safetensors metadata.
const ENTRIES: [(&str, ToText); 6] = [
    ("tokens", tokens),
    ("token_ids", token_ids),
    ("scale", scale),
    ("causal", causal),
    ("model", text),
    ("prompt", text),
];

/// All that are there, by name.
pub(super) fn read(archive: &mut Archive<'_>) -> Result<HashMap<String, String>, Problem> {
    let mut entries = HashMap::new();
    for (name, to_text) in ENTRIES {
        let in_array = |problem| Problem::Array { array: name, problem };
        if let Some(array) = archive.array(name).map_err(in_array)? {
            entries.insert(name.to_owned(), to_text(array).map_err(in_array)?);
        }
    }
    Ok(entries)
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

fn scale(array: Array) -> Result<String, ArrayProblem> {
    match array.kind() {
        _ if is_one_text(&array) => text(array),
        'i' | 'u' => one(&array.shape, array.integers()?).map(|number| number.to_string()),
        _ => {
            let shape = array.shape.clone();
            one(&shape, array.floats()?).map(|number| number.to_string())
        }
    }
}

fn causal(array: Array) -> Result<String, ArrayProblem> {
    if is_one_text(&array) {
        return text(array);
    }
    one(&array.shape, array.bools()?).map(|causal| causal.to_string())
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
