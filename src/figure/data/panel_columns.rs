//! Which columns of the grid a figure shows.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    attention::{Column, Shape},
    figure::FigureError,
};

/// Columns that a figure shows, in the grid's order; at least one. Default: all that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Option<Vec<usize>>", into = "Option<Vec<usize>>")]
pub struct PanelColumns(Option<u8>);

/// More columns than any grid has whose figure is drawn.
const MOST: usize = u8::BITS as usize;
/// What the three columns of the paper's figure may be called.
const NAMES: [&str; 3] = ["left", "middle", "right"];
const ALL: &str = "all";

impl PanelColumns {
    /// Whatever columns there are.
    pub const ALL: Self = Self(None);

    /// `None` without any, or with one beyond 7.
    pub fn new(columns: impl IntoIterator<Item = usize>) -> Option<Self> {
        let mut members = 0;
        for column in columns {
            members |= u8::try_from(1_usize.checked_shl(u32::try_from(column).ok()?)?).ok()?;
        }
        (members != 0).then_some(Self(Some(members)))
    }

    /// Whether the column is shown.
    pub fn contains(self, column: Column) -> bool {
        self.0.is_none_or(|members| column.index() < MOST && members & (1 << column.index()) != 0)
    }

    /// The columns that are named, 0-based; `None` for all.
    pub fn named(self) -> Option<impl Iterator<Item = usize>> {
        self.0.map(|members| (0..MOST).filter(move |column| members & (1 << column) != 0))
    }

    /// With the column of a grid where it is without it, and the other way round; `None` where nothing would be left.
    pub fn toggled(self, column: Column, shape: Shape) -> Option<Self> {
        let is_shown = |other: &Column| self.contains(*other) != (*other == column);
        let shown: Vec<_> = shape.columns().filter(is_shown).map(Column::index).collect();
        if shown.len() == shape.n_columns() { Some(Self::ALL) } else { Self::new(shown) }
    }
}

impl fmt::Display for PanelColumns {
    /// `all`, or `0,2`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.named() {
            None => f.write_str(ALL),
            Some(columns) => f.write_str(&columns.map(|column| column.to_string()).collect::<Vec<_>>().join(",")),
        }
    }
}

impl FromStr for PanelColumns {
    type Err = FigureError;

    /// `all`, `0,2`, or `left,right`
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().eq_ignore_ascii_case(ALL) {
            return Ok(Self::ALL);
        }
        let column = |word: &str| {
            let word = word.trim();
            NAMES.iter().position(|name| name.eq_ignore_ascii_case(word)).or_else(|| word.parse().ok())
        };
        let columns: Option<Vec<usize>> = text.split(',').map(column).collect();
        columns.and_then(Self::new).ok_or_else(|| FigureError::Columns(text.to_owned()))
    }
}

impl TryFrom<Option<Vec<usize>>> for PanelColumns {
    type Error = FigureError;

    fn try_from(columns: Option<Vec<usize>>) -> Result<Self, Self::Error> {
        let Some(columns) = columns else { return Ok(Self::ALL) };
        let found = || columns.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        Self::new(columns.iter().copied()).ok_or_else(|| FigureError::Columns(found()))
    }
}

impl From<PanelColumns> for Option<Vec<usize>> {
    fn from(columns: PanelColumns) -> Self {
        columns.named().map(Iterator::collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(columns: PanelColumns) -> Vec<usize> {
        Shape::FIGURE.columns().filter(|column| columns.contains(*column)).map(Column::index).collect()
    }

    #[test]
    fn columns_are_named_in_any_order_and_kept_in_the_grids() {
        let columns: PanelColumns = "right,0".parse().unwrap();
        assert_eq!((shown(columns), columns.to_string().as_str()), (vec![0, 2], "0,2"));
        assert_eq!(columns, "left,2".parse().unwrap());
        assert_eq!((shown(PanelColumns::ALL), PanelColumns::default().to_string().as_str()), (vec![0, 1, 2], "all"));
        assert_eq!("all".parse::<PanelColumns>().unwrap(), PanelColumns::ALL);
        assert!(shown("7".parse().unwrap()).is_empty(), "a wider grid has it");
        for text in ["", ",", "8", "0,", "first", "-1", "query"] {
            assert!(text.parse::<PanelColumns>().is_err(), "{text}");
        }
    }

    #[test]
    fn something_is_always_left() {
        let toggled =
            |columns: PanelColumns, column| columns.toggled(Shape::FIGURE.column(column).unwrap(), Shape::FIGURE);
        assert_eq!(toggled(PanelColumns::ALL, 1), PanelColumns::new([0, 2]));
        assert_eq!(toggled(PanelColumns::new([0, 2]).unwrap(), 1), Some(PanelColumns::ALL));
        assert_eq!(toggled(PanelColumns::new([1]).unwrap(), 1), None);
    }

    #[test]
    fn a_choice_survives_being_written_and_read() {
        for (columns, json) in [(PanelColumns::new([0, 2]).unwrap(), "[0,2]"), (PanelColumns::ALL, "null")] {
            assert_eq!(serde_json::to_string(&columns).unwrap(), json);
            assert_eq!(serde_json::from_str::<PanelColumns>(json).unwrap(), columns);
        }
        assert!(
            serde_json::from_str::<PanelColumns>("[8]").is_err() && serde_json::from_str::<PanelColumns>("[]").is_err()
        );
    }
}
