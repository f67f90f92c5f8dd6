use std::{collections::BTreeSet, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::attention::{Cell, Heads, ScopeError};

const EXPECTED: &str = "edges such as 5->0,7->0 (QUERY->KEY) or *->0 (of every query)";

/// Edges from queries to keys that are blocked, `5->0,7->0`: their scores are masked (attention knockout). `*` stands for
/// every position. At least one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Edges(Arc<BTreeSet<[Option<usize>; 2]>>);

impl Edges {
    /// The cells of a prompt of so many positions; those behind the mask's are among them.
    pub fn cells(&self, n_positions: usize) -> impl Iterator<Item = Cell> {
        let range = move |position: Option<usize>| match position {
            Some(position) => position.min(n_positions)..position.saturating_add(1).min(n_positions),
            None => 0..n_positions,
        };
        let of_edge = move |&[query, key]: &[Option<usize>; 2]| {
            range(query).flat_map(move |query| range(key).map(move |key| Cell { query, key }))
        };
        self.0.iter().flat_map(of_edge)
    }

    /// The last position that is named.
    pub fn last_position(&self) -> Option<usize> {
        self.0.iter().flatten().copied().flatten().max()
    }
}

impl From<Cell> for Edges {
    fn from(cell: Cell) -> Self {
        Self(Arc::new([[Some(cell.query), Some(cell.key)]].into()))
    }
}

impl fmt::Display for Edges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |position: Option<usize>| position.map_or_else(|| "*".to_owned(), |position| position.to_string());
        let edges = self.0.iter().map(|&[query, key]| format!("{}->{}", end(query), end(key)));
        f.write_str(&edges.collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Edges {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ScopeError::new(EXPECTED, text);
        let end = |text: &str| match text.trim() {
            "*" => Ok(None),
            number => number.parse().map(Some).map_err(|_| error()),
        };
        let edge = |text: &str| -> Result<[Option<usize>; 2], ScopeError> {
            let (query, key) = text.split_once("->").ok_or_else(error)?;
            Ok([end(query)?, end(key)?])
        };
        text.split(',').map(edge).collect::<Result<_, _>>().map(|edges| Self(Arc::new(edges)))
    }
}

impl TryFrom<String> for Edges {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Edges> for String {
    fn from(edges: Edges) -> Self {
        edges.to_string()
    }
}

/// Edges that are blocked in some heads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Blocked {
    /// From which queries to which keys.
    pub edges: Edges,
    /// In which heads of which layers.
    pub heads: Heads,
}

impl Blocked {
    /// Whether some head of `layer` is among the heads.
    pub(super) fn is_in(&self, layer: usize) -> bool {
        self.heads.in_layer(layer).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_read_written_and_spelled_out() {
        for (text, written, last, cells) in [
            ("5->0", "5->0", Some(5), &[][..]),
            (" 2 -> 0 ,1->0", "1->0,2->0", Some(2), &[[1, 0], [2, 0]]),
            ("*->1", "*->1", Some(1), &[[0, 1], [1, 1], [2, 1]]),
            ("2->*,2->1", "2->*,2->1", Some(2), &[[2, 0], [2, 1], [2, 2], [2, 1]]),
        ] {
            let edges: Edges = text.parse().unwrap();
            assert_eq!((edges.to_string().as_str(), edges.last_position()), (written, last));
            let found: Vec<[usize; 2]> = edges.cells(3).map(|cell| [cell.query, cell.key]).collect();
            assert_eq!(found, cells, "{text}");
            let json = serde_json::to_string(&edges).unwrap();
            assert_eq!(serde_json::from_str::<Edges>(&json).unwrap(), edges);
        }
        for text in ["", "5", "5-0", "5->", "->0", "5->0->1", "x->0", "5->0,", "-1->0"] {
            assert!(text.parse::<Edges>().is_err(), "{text}");
        }
    }
}
