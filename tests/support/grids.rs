//! Panels and grids of ε by their places, `[row][column]`.

use attenuate::attention::{Column, Component, Components, Epsilon, Grid, PanelId, Shape};

/// The column of a 0-based number, of any grid.
pub fn column(index: usize) -> Column {
    Shape::new(Components::FIGURE, index + 1).unwrap().column(index).unwrap()
}

pub fn at(component: Component, index: usize) -> PanelId {
    PanelId { component, column: column(index) }
}

/// The same ε in every row.
pub fn columns(epsilon: &[Epsilon]) -> Grid<Epsilon> {
    Grid::repeated(Components::FIGURE, epsilon).unwrap()
}

/// The same ε in every panel of the figure.
pub fn all_at(epsilon: Epsilon) -> Grid<Epsilon> {
    Grid::filled(Shape::FIGURE, epsilon)
}

/// Of Query, Key and Value.
pub fn rows<const N: usize>(rows: [[Epsilon; N]; 3]) -> Grid<Epsilon> {
    Grid::from_rows(Component::FIGURE.into_iter().zip(rows.map(Vec::from))).unwrap()
}
