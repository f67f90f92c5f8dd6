use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Which of a head's three projections an intervention changes; the rows of the grid, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Component {
    /// What a position looks for.
    Query,
    /// What a position offers to be found by.
    Key,
    /// What a position passes on when it is attended to.
    Value,
}

impl Component {
    /// The three components in the order of the grid's rows.
    pub const ALL: [Self; 3] = [Self::Query, Self::Key, Self::Value];

    /// The row of the grid, 0 to 2.
    pub const fn row(self) -> usize {
        self as usize
    }

    /// The name on screen: `Query`, `Key` or `Value`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Key => "Key",
            Self::Value => "Value",
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
#[error("expected query, key or value, found “{0}”")]
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
            assert_eq!(component.to_string().to_lowercase().parse(), Ok(component));
        }
        assert!("output".parse::<Component>().is_err());
    }
}
