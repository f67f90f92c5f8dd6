//! Which of the nine panels a figure shows.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::FigureError;
use crate::attention::Component;

/// Some of three, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Subset([bool; 3]);

impl Subset {
    const ALL: Self = Self([true; 3]);

    fn new(members: impl IntoIterator<Item = usize>) -> Option<Self> {
        let mut chosen = [false; 3];
        for member in members {
            *chosen.get_mut(member)? = true;
        }
        chosen.contains(&true).then_some(Self(chosen))
    }

    fn contains(self, member: usize) -> bool {
        self.0.get(member).copied().unwrap_or_default()
    }

    fn members(self) -> impl Iterator<Item = usize> {
        (0..3).filter(move |&member| self.0[member])
    }

    fn toggled(mut self, member: usize) -> Option<Self> {
        let chosen = self.0.get_mut(member)?;
        *chosen = !*chosen;
        self.0.contains(&true).then_some(self)
    }
}

/// Components whose rows a figure shows, in the grid's order; at least one. Default: all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Component>", into = "Vec<Component>")]
pub struct PanelRows(Subset);

/// Columns that a figure shows, 0 to 2, in the grid's order; at least one. Default: all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<usize>", into = "Vec<usize>")]
pub struct PanelColumns(Subset);

/// As on the command line.
const COLUMN_NAMES: [&str; 3] = ["left", "middle", "right"];

impl PanelRows {
    pub const ALL: Self = Self(Subset::ALL);

    /// `None` without any.
    pub fn new(components: impl IntoIterator<Item = Component>) -> Option<Self> {
        Subset::new(components.into_iter().map(Component::row)).map(Self)
    }

    pub fn iter(self) -> impl Iterator<Item = Component> {
        Component::ALL.into_iter().filter(move |&component| self.contains(component))
    }

    pub fn contains(self, component: Component) -> bool {
        self.0.contains(component.row())
    }

    /// With the component where it is without it, and the other way round; `None` where nothing would be left.
    pub fn toggled(self, component: Component) -> Option<Self> {
        self.0.toggled(component.row()).map(Self)
    }
}

impl PanelColumns {
    pub const ALL: Self = Self(Subset::ALL);

    /// `None` without any, or with one beyond 2.
    pub fn new(columns: impl IntoIterator<Item = usize>) -> Option<Self> {
        Subset::new(columns).map(Self)
    }

    pub fn iter(self) -> impl Iterator<Item = usize> {
        self.0.members()
    }

    pub fn contains(self, column: usize) -> bool {
        self.0.contains(column)
    }

    /// With the column where it is without it, and the other way round; `None` where nothing would be left.
    pub fn toggled(self, column: usize) -> Option<Self> {
        self.0.toggled(column).map(Self)
    }
}

impl Default for PanelRows {
    fn default() -> Self {
        Self::ALL
    }
}

impl Default for PanelColumns {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for PanelRows {
    /// `query,value`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(|component| component.name().to_lowercase()).collect();
        f.write_str(&names.join(","))
    }
}

impl fmt::Display for PanelColumns {
    /// `0,2`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(|column| column.to_string()).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for PanelRows {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let components: Result<Vec<Component>, _> = text.split(',').map(str::parse).collect();
        components.ok().and_then(Self::new).ok_or_else(|| FigureError::Rows(text.to_owned()))
    }
}

impl FromStr for PanelColumns {
    type Err = FigureError;

    /// `0,2` or `left,right`
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let column = |word: &str| {
            let word = word.trim();
            COLUMN_NAMES.iter().position(|name| name.eq_ignore_ascii_case(word)).or_else(|| word.parse().ok())
        };
        let columns: Option<Vec<usize>> = text.split(',').map(column).collect();
        columns.and_then(Self::new).ok_or_else(|| FigureError::Columns(text.to_owned()))
    }
}

impl TryFrom<Vec<Component>> for PanelRows {
    type Error = FigureError;

    fn try_from(components: Vec<Component>) -> Result<Self, Self::Error> {
        Self::new(components).ok_or_else(|| FigureError::Rows(String::new()))
    }
}

impl TryFrom<Vec<usize>> for PanelColumns {
    type Error = FigureError;

    fn try_from(columns: Vec<usize>) -> Result<Self, Self::Error> {
        let found = || columns.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        Self::new(columns.iter().copied()).ok_or_else(|| FigureError::Columns(found()))
    }
}

impl From<PanelRows> for Vec<Component> {
    fn from(rows: PanelRows) -> Self {
        rows.iter().collect()
    }
}

impl From<PanelColumns> for Vec<usize> {
    fn from(columns: PanelColumns) -> Self {
        columns.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_are_named_in_any_order_and_kept_in_the_grids() {
        let rows: PanelRows = "value, Query".parse().unwrap();
        assert_eq!(rows.iter().collect::<Vec<_>>(), [Component::Query, Component::Value]);
        assert_eq!(
            (rows.to_string().as_str(), PanelRows::default().to_string().as_str()),
            ("query,value", "query,key,value")
        );
        let columns: PanelColumns = "right,0".parse().unwrap();
        assert_eq!(columns.iter().collect::<Vec<_>>(), [0, 2]);
        assert_eq!(columns, "left,2".parse().unwrap());
        for text in ["", ",", "3", "0,", "first", "-1", "query"] {
            assert!(text.parse::<PanelColumns>().is_err(), "{text}");
        }
        for text in ["", "query,", "0", "rows"] {
            assert!(text.parse::<PanelRows>().is_err(), "{text}");
        }
    }

    #[test]
    fn something_is_always_left() {
        let one = PanelRows::new([Component::Key]).unwrap();
        assert_eq!(one.toggled(Component::Key), None);
        assert_eq!(one.toggled(Component::Value), PanelRows::new([Component::Key, Component::Value]));
        assert_eq!(PanelColumns::ALL.toggled(1), PanelColumns::new([0, 2]));
        assert_eq!(PanelColumns::new([1]).unwrap().toggled(1), None);
    }

    #[test]
    fn a_choice_survives_being_written_and_read() {
        let (rows, columns) = (PanelRows::new([Component::Value]).unwrap(), PanelColumns::new([0, 2]).unwrap());
        assert_eq!(serde_json::to_string(&rows).unwrap(), r#"["value"]"#);
        assert_eq!(serde_json::from_str::<PanelRows>(r#"["value"]"#).unwrap(), rows);
        assert_eq!(serde_json::to_string(&columns).unwrap(), "[0,2]");
        assert_eq!(serde_json::from_str::<PanelColumns>("[0,2]").unwrap(), columns);
        assert!(
            serde_json::from_str::<PanelRows>("[]").is_err() && serde_json::from_str::<PanelColumns>("[3]").is_err()
        );
    }
}
