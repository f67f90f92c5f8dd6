//! Grids of ε: those that a session may have, and those of the figure.

use std::ops::RangeInclusive;

use crate::attention::{Components, Epsilon, Grid, Shape};

/// How many columns of ε a session has.
pub const COLUMNS: RangeInclusive<usize> = 2..=6;

/// ε of the figure in every row.
pub fn figure_grid() -> Grid<Epsilon> {
    repeated(&Epsilon::FIGURE)
}

/// The same ε in the rows of all components; the figure's where there are none, or more than a grid has.
pub fn repeated(columns: &[Epsilon]) -> Grid<Epsilon> {
    let figure = || Grid::from_fn(Shape::FIGURE, |panel| Epsilon::FIGURE[panel.column.index()]);
    Grid::repeated(Components::FIGURE, columns).unwrap_or_else(figure)
}
