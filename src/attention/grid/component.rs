use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Which vectors of a head an intervention changes; the rows of the grid, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Component {
    /// What a position looks for.
    Query,
    /// What a position offers to be found by.
    Key,
    /// What a position passes on when it is attended to.
    Value,
    /// What the head makes of it: the sum of the values that a position attends to, by their weights, before the output
    /// projection (`z` of `TransformerLens`). It is the *query's* position at which it is changed.
    Output,
}

impl Component {
    /// All components in the order of the grid's rows.
    pub const ALL: [Self; 4] = [Self::Query, Self::Key, Self::Value, Self::Output];

    /// The rows of the paper's figure.
    pub const FIGURE: [Self; 3] = [Self::Query, Self::Key, Self::Value];

    /// The place among all rows, 0 to 3.
    pub const fn row(self) -> usize {
        self as usize
    }

    /// Whether scores are made of its vectors, so that changing them changes their own layer's pattern.
    pub const fn makes_scores(self) -> bool {
        matches!(self, Self::Query | Self::Key)
    }

    /// Whether its vectors belong to the positions that look, and not to those that are looked at.
    pub const fn is_of_queries(self) -> bool {
        matches!(self, Self::Query | Self::Output)
    }

    /// The name on screen: `Query`, `Key`, `Value` or `Output`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Key => "Key",
            Self::Value => "Value",
            Self::Output => "Output",
        }
    }

    /// The name in files, on the command line and within sentences: `query`, `key`, `value` or `output`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Key => "key",
            Self::Value => "value",
            Self::Output => "output",
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected query, key, value or output, found “{0}”")]
pub struct ParseComponentError(String);

impl FromStr for Component {
    type Err = ParseComponentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|component| component.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| ParseComponentError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_the_figure_and_names_parse_back() {
        for (row, component) in Component::ALL.into_iter().enumerate() {
            assert_eq!(component.row(), row);
            assert_eq!(component.to_string().parse(), Ok(component));
            assert_eq!(component.to_string().to_lowercase(), component.word());
        }
        assert!("outputs".parse::<Component>().is_err());
    }
}
