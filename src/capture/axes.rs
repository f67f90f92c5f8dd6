//! Which axis of a capture's tensors is which: layers, heads, positions, dimensions.

use super::{entry::Entries, error::Problem};
use crate::base::Excerpt;

/// What an axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axis {
    Layers,
    Batch,
    Heads,
    Positions,
    Dimensions,
}

/// The axes of query, key and value, all of which have the same. Made for one number of axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Axes(Vec<Axis>);

/// A shape as it is read: `[layers, heads, positions, dimensions]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) dimensions: [usize; 4],
    /// In the file the positions stand in front of the heads.
    pub(super) positions_first: bool,
}

impl Axes {
    /// The axes of a tensor of this shape: those that the entry `axes` names, else `[T, d]`, `[heads, T, d]`,
    /// `[layers, heads, T, d]` or the last with a batch of one. An axis as long as there are tokens is T.
    ///
    /// # Errors
    /// When `axes` does not fit, or there are too few axes or too many.
    pub(super) fn of(
        tensor: &'static str,
        shape: &[usize],
        entries: &Entries,
        n_tokens: Option<usize>,
    ) -> Result<Self, Problem> {
        use Axis::{Batch, Dimensions, Heads, Layers, Positions};
        if let Some(axes) = named(entries, shape)? {
            return Ok(axes);
        }
        // Where the axis of the heads is not as long as there are tokens and the one in front is, that one is T.
        let positions_first = |axis: usize| n_tokens == Some(shape[axis]) && n_tokens != Some(shape[axis + 1]);
        let inner = |axis: usize| if positions_first(axis) { [Positions, Heads] } else { [Heads, Positions] };
        let axes = match *shape {
            [_, _] => vec![Positions, Dimensions],
            [_, _, _] => [&inner(0)[..], &[Dimensions]].concat(),
            [_, _, _, _] => [&[Layers], &inner(1)[..], &[Dimensions]].concat(),
            [_, 1, _, _, _] => [&[Layers, Batch], &inner(2)[..], &[Dimensions]].concat(),
            [1, _, _, _, _] => [&[Batch, Layers], &inner(2)[..], &[Dimensions]].concat(),
            [_, batch, _, _, _] => return Err(Problem::Batch { tensor, found: shape.to_vec(), batch }),
            _ => return Err(Problem::Rank { tensor, found: shape.to_vec() }),
        };
        Ok(Self(axes))
    }

    /// The axes of attention weights of this shape: `[T, T]`, `[heads, T, T]`, `[layers, heads, T, T]` or the last with a
    /// batch of one. The keys are where vectors have their dimensions.
    ///
    /// # Errors
    /// When there are too few axes or too many, or several prompts.
    pub(super) fn of_weights(tensor: &'static str, shape: &[usize]) -> Result<Self, Problem> {
        use Axis::{Batch, Dimensions, Heads, Layers, Positions};
        let axes = match *shape {
            [_, _] => vec![Positions, Dimensions],
            [_, _, _] => vec![Heads, Positions, Dimensions],
            [_, _, _, _] => vec![Layers, Heads, Positions, Dimensions],
            [_, 1, _, _, _] => vec![Layers, Batch, Heads, Positions, Dimensions],
            [1, _, _, _, _] => vec![Batch, Layers, Heads, Positions, Dimensions],
            [_, batch, _, _, _] => return Err(Problem::Batch { tensor, found: shape.to_vec(), batch }),
            _ => return Err(Problem::WeightsRank { tensor, found: shape.to_vec() }),
        };
        Ok(Self(axes))
    }

    /// A tensor's shape in the order in which it is read.
    ///
    /// # Errors
    /// When the tensor has another number of axes, or a batch of more than one.
    pub(super) fn read(&self, tensor: &'static str, shape: &[usize]) -> Result<Shape, Problem> {
        if shape.len() != self.0.len() {
            let expected = format!("{} dimensions like the query", self.0.len());
            return Err(Problem::Shape { tensor, expected, found: shape.to_vec() });
        }
        let length = |axis| self.0.iter().position(|&found| found == axis).map(|index| shape[index]);
        if let Some(batch) = length(Axis::Batch).filter(|&batch| batch != 1) {
            return Err(Problem::Batch { tensor, found: shape.to_vec(), batch });
        }
        let place = |axis| self.0.iter().position(|&found| found == axis);
        Ok(Shape {
            dimensions: [Axis::Layers, Axis::Heads, Axis::Positions, Axis::Dimensions]
                .map(|axis| length(axis).unwrap_or(1)),
            positions_first: place(Axis::Heads).is_some_and(|heads| place(Axis::Positions) < Some(heads)),
        })
    }
}

/// The axes that the entry `axes` names, in words between commas or as a JSON list.
fn named(entries: &Entries, shape: &[usize]) -> Result<Option<Axes>, Problem> {
    const EXPECTED: &str =
        "a name for each axis of the query, in the order layers, batch, heads and T (or T and heads), d";
    let Some(entry) = entries.get("axes") else { return Ok(None) };
    let text = entry.found();
    let words: Vec<String> =
        serde_json::from_str(&text).unwrap_or_else(|_| text.split(',').map(|word| word.trim().to_owned()).collect());
    let axes: Option<Vec<Axis>> = words.iter().map(|word| axis(word)).collect();
    let fits = |axes: &Vec<Axis>| {
        let place = |axis| axes.iter().position(|&found| found == axis);
        let is_once = axes.iter().all(|&axis| axes.iter().filter(|&&other| other == axis).count() == 1);
        let ends = axes.last() == Some(&Axis::Dimensions) && place(Axis::Positions).is_some();
        // Layers are read one after the other: only a batch of one stands in front of them.
        let layers_lead =
            place(Axis::Layers).is_none_or(|layers| axes[..layers].iter().all(|&axis| axis == Axis::Batch));
        axes.len() == shape.len() && is_once && ends && layers_lead
    };
    match axes.filter(fits) {
        Some(axes) => Ok(Some(Axes(axes))),
        None => Err(Problem::Metadata { key: "axes", expected: EXPECTED, found: Excerpt::new(&text) }),
    }
}

fn axis(word: &str) -> Option<Axis> {
    Some(match word.to_ascii_lowercase().as_str() {
        "layers" | "layer" => Axis::Layers,
        "batch" => Axis::Batch,
        "heads" | "head" => Axis::Heads,
        "t" | "positions" | "position" | "tokens" | "token" => Axis::Positions,
        "d" | "head_dim" => Axis::Dimensions,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{super::entry::Entry, *};

    fn read(shape: &[usize], axes: Option<&str>, n_tokens: Option<usize>) -> Result<([usize; 4], bool), String> {
        let entries: Entries =
            axes.map(|text| ("axes".to_owned(), Entry::Text(text.to_owned()))).into_iter().collect::<HashMap<_, _>>();
        let shape = Axes::of("q", shape, &entries, n_tokens).and_then(|axes| axes.read("q", shape));
        shape.map(|shape| (shape.dimensions, shape.positions_first)).map_err(|problem| problem.to_string())
    }

    #[test]
    fn axes_are_the_documented_ones_unless_the_tokens_say_otherwise() {
        for (shape, n_tokens, expected) in [
            (&[5, 8][..], None, ([1, 1, 5, 8], false)),
            (&[2, 5, 8], None, ([1, 2, 5, 8], false)),
            (&[5, 2, 8], Some(5), ([1, 2, 5, 8], true)),
            (&[5, 5, 8], Some(5), ([1, 5, 5, 8], false)),
            (&[3, 2, 5, 8], Some(5), ([3, 2, 5, 8], false)),
            (&[3, 5, 2, 8], Some(5), ([3, 2, 5, 8], true)),
            (&[3, 1, 2, 5, 8], None, ([3, 2, 5, 8], false)),
            (&[1, 3, 5, 2, 8], Some(5), ([3, 2, 5, 8], true)),
        ] {
            assert_eq!(read(shape, None, n_tokens).unwrap(), expected, "{shape:?}");
        }
        let message = read(&[3, 2, 2, 5, 8], None, None).unwrap_err();
        assert_eq!(
            message,
            "tensor q: expected a batch of one prompt, found [3, 2, 2, 5, 8] with 2: save one prompt a file"
        );
        assert!(read(&[8], None, None).is_err() && read(&[1, 1, 1, 1, 5, 8], None, None).is_err());
    }

    #[test]
    fn axes_can_be_named() {
        assert_eq!(read(&[1, 2, 5, 8], Some("batch, heads, T, d"), None).unwrap(), ([1, 2, 5, 8], false));
        assert_eq!(read(&[5, 2, 8], Some(r#"["T", "heads", "d"]"#), None).unwrap(), ([1, 2, 5, 8], true));
        assert_eq!(read(&[3, 5, 8], Some("layers,T,d"), None).unwrap(), ([3, 1, 5, 8], false));
        for (shape, axes) in [
            (&[5, 8][..], "heads,T,d"),
            (&[5, 8], "T"),
            (&[5, 8], "d,T"),
            (&[2, 5, 8], "heads,heads,d"),
            (&[2, 3, 5, 8], "heads,layers,T,d"),
            (&[2, 5, 8], "heads,rows,d"),
        ] {
            let message = read(shape, Some(axes), None).unwrap_err();
            assert!(message.starts_with("metadata axes: expected a name for each axis"), "{message}");
        }
        assert!(read(&[2, 4, 5, 8], Some("batch,heads,T,d"), None).unwrap_err().contains("a batch of one prompt"));
    }
}
