//! What is written beside the tensors of a capture: texts, and numbers of any shape.

use std::collections::HashMap;

use serde_json::Value;

/// What stands beside the tensors, by name.
pub(super) type Entries = HashMap<String, Entry>;

/// An entry of safetensors metadata is a text; an array of an NPZ file or a tensor beside the others may be numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entry {
    Text(String),
    Numbers(Numbers),
    /// An array of a name that says nothing to a capture; it is not looked at.
    Other,
}

/// Numbers in rows, the last index running fastest. True and false are 1 and 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Numbers {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
}

impl Entry {
    /// The numbers; of a text those that it says in JSON (`True` and `False` are how Python writes them). `None` where it
    /// says something else, or lists of different lengths.
    pub(super) fn numbers(&self) -> Option<Numbers> {
        match self {
            Self::Numbers(numbers) => Some(numbers.clone()),
            Self::Text(text) => Numbers::parse(text.trim()),
            Self::Other => None,
        }
    }

    /// The entry for a message: a text as it is, numbers by their shape, a single one as such.
    pub(super) fn found(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Other => "an array".to_owned(),
            Self::Numbers(Numbers { values, .. }) if values.len() == 1 => values[0].to_string(),
            Self::Numbers(Numbers { shape, .. }) => format!("numbers of the shape {shape:?}"),
        }
    }
}

impl Numbers {
    fn parse(text: &str) -> Option<Self> {
        let value = match text {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            _ => serde_json::from_str(text).ok()?,
        };
        Self::of(&value)
    }

    fn of(value: &Value) -> Option<Self> {
        let one = |number| Some(Self { shape: Vec::new(), values: vec![number] });
        match value {
            Value::Bool(is_true) => one(f64::from(u8::from(*is_true))),
            Value::Number(number) => one(number.as_f64()?),
            Value::Array(items) => {
                let mut shape = None;
                let mut values = Vec::new();
                for item in items {
                    let item = Self::of(item)?;
                    if *shape.get_or_insert_with(|| item.shape.clone()) != item.shape {
                        return None;
                    }
                    values.extend(item.values);
                }
                Some(Self { shape: [vec![items.len()], shape.unwrap_or_default()].concat(), values })
            }
            Value::Null | Value::String(_) | Value::Object(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_json_in_any_shape() {
        let read = |text: &str| Entry::Text(text.to_owned()).numbers().map(|Numbers { shape, values }| (shape, values));
        assert_eq!(read(" 1e-1 "), Some((vec![], vec![0.1])));
        assert_eq!(read("[0, 4]"), Some((vec![2], vec![0.0, 4.0])));
        assert_eq!(read("[[1, 2, 3], [4, 5, 6]]"), Some((vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])));
        assert_eq!(read("False"), Some((vec![], vec![0.0])));
        assert_eq!(read("[true, false]"), Some((vec![2], vec![1.0, 0.0])));
        assert_eq!(read("[]"), Some((vec![0], vec![])));
        for text in ["", "yes", "inf", "NaN", "[[1], [2, 3]]", "[1, [2]]", "[1, null]", "{\"a\": 1}", "1e999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
