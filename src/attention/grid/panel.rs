//! The panels of a grid: a row for each component, a column for each ε.

use std::{
    fmt,
    marker::PhantomData,
    ops::{Index, IndexMut},
    slice,
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

use crate::attention::{Component, Components};

/// Number of a column of a grid, 0-based.
///
/// A [`Shape`] hands out the columns that it has; one from another, wider grid is brought back by [`Shape::nearest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Column(u8);

impl Column {
    /// The column that every grid has.
    pub const FIRST: Self = Self(0);

    /// 0-based.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One panel of a grid: the component that is modified, and the column whose ε is in force.
///
/// In files `["key", 1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(Component, Column)", into = "(Component, Column)")]
pub struct PanelId {
    /// The row: what is changed.
    pub component: Component,
    /// The column: with which ε.
    pub column: Column,
}

impl PanelId {
    /// Query in the column that every grid has.
    pub const FIRST: Self = Self { component: Component::Query, column: Column::FIRST };
}

impl From<(Component, Column)> for PanelId {
    fn from((component, column): (Component, Column)) -> Self {
        Self { component, column }
    }
}

impl From<PanelId> for (Component, Column) {
    fn from(panel: PanelId) -> Self {
        (panel.component, panel.column)
    }
}

/// Rows and number of columns of a grid; at least one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    rows: Components,
    n_columns: u8,
}

impl Shape {
    /// Three rows and three columns, as in the figure.
    pub const FIGURE: Self = Self { rows: Components::FIGURE, n_columns: 3 };

    /// A single panel.
    pub const ONE: Self = Self { rows: Components::QUERY, n_columns: 1 };

    /// `None` without a column, or with more than 255.
    pub fn new(rows: Components, n_columns: usize) -> Option<Self> {
        let n_columns = u8::try_from(n_columns).ok().filter(|&n_columns| n_columns > 0)?;
        Some(Self { rows, n_columns })
    }

    /// The components that have a row.
    pub const fn rows(self) -> Components {
        self.rows
    }

    /// Number of columns, the same in every row.
    pub const fn n_columns(self) -> usize {
        self.n_columns as usize
    }

    /// The number of panels.
    pub fn n_panels(self) -> usize {
        self.rows.count() * self.n_columns()
    }

    /// The column of a 0-based number; `None` beyond the last.
    pub fn column(self, index: usize) -> Option<Column> {
        u8::try_from(index).ok().filter(|&index| index < self.n_columns).map(Column)
    }

    /// From left to right.
    pub fn columns(self) -> impl DoubleEndedIterator<Item = Column> + ExactSizeIterator + Clone {
        (0..self.n_columns).map(Column)
    }

    /// All panels, row by row.
    pub fn panels(self) -> impl Iterator<Item = PanelId> + Clone {
        self.rows.iter().flat_map(move |component| self.columns().map(move |column| PanelId { component, column }))
    }

    /// Whether the grid has this panel.
    pub fn contains(self, panel: PanelId) -> bool {
        self.rows.contains(panel.component) && panel.column.0 < self.n_columns
    }

    /// `panel`, or where the grid has no such panel one in its first row or last column instead.
    #[must_use]
    pub fn nearest(self, panel: PanelId) -> PanelId {
        PanelId {
            component: if self.rows.contains(panel.component) { panel.component } else { self.rows.first() },
            column: Column(panel.column.0.min(self.n_columns - 1)),
        }
    }

    /// Where a panel stands among all, row by row.
    fn place(self, panel: PanelId) -> Option<usize> {
        let row = self.rows.iter().position(|component| component == panel.component)?;
        (panel.column.0 < self.n_columns).then(|| row * self.n_columns() + panel.column.index())
    }
}

/// One value for each panel: any components as rows, any number of columns.
///
/// In files lists of rows, `[[…], […], […]]`, where every component has its row, else rows by their names,
/// `{"query": […], "value": […]}`.
///
/// ```
/// use attenuate::attention::{Column, Component, Components, Epsilon, Grid, PanelId};
///
/// let mut epsilon = Grid::repeated(Components::FIGURE, &Epsilon::FIGURE).unwrap();
/// epsilon[PanelId { component: Component::Key, column: Column::FIRST }] = Epsilon::ONE;
/// assert_eq!(epsilon.row(Component::Query), Epsilon::FIGURE);
/// assert_eq!(epsilon.row(Component::Key)[0], Epsilon::ONE);
/// assert_eq!(epsilon.shape().panels().count(), 9);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grid<T> {
    shape: Shape,
    /// Row by row.
    cells: Vec<T>,
}

impl<T> Grid<T> {
    /// What `value` says of each panel, asked row by row.
    pub fn from_fn(shape: Shape, value: impl FnMut(PanelId) -> T) -> Self {
        Self { shape, cells: shape.panels().map(value).collect() }
    }

    /// Rows with their components, each with a value for each column; `None` where there is none, where two have the
    /// same component, or not all are of one length.
    pub fn from_rows(rows: impl IntoIterator<Item = (Component, Vec<T>)>) -> Option<Self> {
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by_key(|(component, _)| *component);
        let shape = Shape::new(Components::new(rows.iter().map(|(component, _)| *component))?, rows.first()?.1.len())?;
        let is_whole = rows.len() == shape.rows.count() && rows.iter().all(|(_, row)| row.len() == shape.n_columns());
        is_whole.then(|| Self { shape, cells: rows.into_iter().flat_map(|(_, row)| row).collect() })
    }

    /// Which panels there are.
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// `None` for a panel that another grid has and this one not.
    pub fn get(&self, panel: PanelId) -> Option<&T> {
        self.cells.get(self.shape.place(panel)?)
    }

    /// As [`Self::get`].
    pub fn get_mut(&mut self, panel: PanelId) -> Option<&mut T> {
        let place = self.shape.place(panel)?;
        self.cells.get_mut(place)
    }

    /// The values of one row from left to right; empty for a component without a row.
    pub fn row(&self, component: Component) -> &[T] {
        self.shape
            .place(PanelId { component, column: Column::FIRST })
            .map_or(&[], |start| &self.cells[start..start + self.shape.n_columns()])
    }

    /// Rows with their components, from top to bottom.
    pub fn rows(&self) -> impl Iterator<Item = (Component, &[T])> {
        self.shape.rows.iter().zip(self.cells.chunks(self.shape.n_columns()))
    }

    /// Panels and their values, row by row.
    pub fn iter(&self) -> impl Iterator<Item = (PanelId, &T)> + Clone {
        self.shape.panels().zip(&self.cells)
    }

    /// As [`Self::iter`].
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (PanelId, &mut T)> {
        self.shape.panels().zip(&mut self.cells)
    }

    /// The values row by row.
    pub fn values(&self) -> slice::Iter<'_, T> {
        self.cells.iter()
    }

    /// The values row by row.
    pub fn as_slice(&self) -> &[T] {
        &self.cells
    }

    /// The values row by row.
    pub fn into_values(self) -> impl Iterator<Item = T> {
        self.cells.into_iter()
    }

    /// `change` of each value.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Grid<U> {
        Grid { shape: self.shape, cells: self.cells.into_iter().map(change).collect() }
    }

    /// A grid of references to the values.
    pub fn each_ref(&self) -> Grid<&T> {
        Grid { shape: self.shape, cells: self.cells.iter().collect() }
    }

    /// The values of two grids side by side; `None` where their shapes differ.
    pub fn zip<U>(self, other: Grid<U>) -> Option<Grid<(T, U)>> {
        (self.shape == other.shape)
            .then(|| Grid { shape: self.shape, cells: self.cells.into_iter().zip(other.cells).collect() })
    }
}

impl<T: Clone> Grid<T> {
    /// The same value in every panel.
    pub fn filled(shape: Shape, value: T) -> Self {
        Self { shape, cells: vec![value; shape.n_panels()] }
    }

    /// The same values in every row; `None` without any column, or with more than 255.
    pub fn repeated(rows: Components, columns: &[T]) -> Option<Self> {
        let shape = Shape::new(rows, columns.len())?;
        Some(Self { shape, cells: rows.iter().flat_map(|_| columns.iter().cloned()).collect() })
    }
}

impl<T> Index<PanelId> for Grid<T> {
    type Output = T;

    /// # Panics
    /// For a panel that another grid has and this one not: ask [`Grid::get`] where it may be of another.
    fn index(&self, panel: PanelId) -> &T {
        &self.cells[self.shape.place(panel).unwrap_or(usize::MAX)]
    }
}

impl<T> IndexMut<PanelId> for Grid<T> {
    /// # Panics
    /// As [`Index`].
    fn index_mut(&mut self, panel: PanelId) -> &mut T {
        &mut self.cells[self.shape.place(panel).unwrap_or(usize::MAX)]
    }
}

impl<T: Serialize> Serialize for Grid<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.shape.rows == Components::FIGURE {
            serializer.collect_seq(self.rows().map(|(_, row)| row))
        } else {
            serializer.collect_map(self.rows())
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Grid<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GridVisitor(PhantomData))
    }
}

struct GridVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for GridVisitor<T> {
    type Value = Grid<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("three rows of equal length, or rows of equal length by their components’ names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Grid<T>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = list.next_element()? {
            rows.push(row);
        }
        let found = rows.len();
        let is_whole = found == Component::FIGURE.len();
        let grid = if is_whole { Grid::from_rows(Component::FIGURE.into_iter().zip(rows)) } else { None };
        grid.ok_or_else(|| A::Error::invalid_length(found, &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Grid<T>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = map.next_entry()? {
            rows.push(row);
        }
        let found = rows.len();
        Grid::from_rows(rows).ok_or_else(|| A::Error::invalid_length(found, &self))
    }
}

/// A panel of some grid, for tests.
#[cfg(test)]
pub(crate) fn panel(component: Component, column: u8) -> PanelId {
    PanelId { component, column: Column(column) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_by_five() -> Shape {
        Shape::new(Components::new([Component::Query, Component::Value]).unwrap(), 5).unwrap()
    }

    #[test]
    fn panels_go_row_by_row_and_index_the_grid() {
        let shape = two_by_five();
        let places: Vec<_> = shape.panels().map(|panel| (panel.component, panel.column.index())).collect();
        assert_eq!((places[4], places[5]), ((Component::Query, 4), (Component::Value, 0)));
        let grid = Grid::from_fn(shape, |panel| 10 * panel.component.row() + panel.column.index());
        assert_eq!(grid.as_slice(), [0, 1, 2, 3, 4, 20, 21, 22, 23, 24]);
        assert!(grid.iter().all(|(panel, value)| grid[panel] == *value && grid.get(panel) == Some(value)));
        assert_eq!((grid.row(Component::Value), grid.row(Component::Key)), (&[20, 21, 22, 23, 24][..], &[][..]));
        assert_eq!(
            grid.rows().map(|(component, _)| component).collect::<Vec<_>>(),
            [Component::Query, Component::Value]
        );
    }

    #[test]
    fn a_panel_of_another_grid_is_absent_and_brought_back() {
        let (wide, figure) = (two_by_five(), Shape::FIGURE);
        let last = PanelId { component: Component::Value, column: wide.column(4).unwrap() };
        assert!(wide.contains(last) && !figure.contains(last));
        assert_eq!(Grid::filled(figure, 0).get(last), None);
        assert_eq!(figure.nearest(last), PanelId { column: figure.column(2).unwrap(), ..last });
        let key = PanelId { component: Component::Key, column: Column::FIRST };
        assert_eq!(wide.nearest(key).component, Component::Query);
        assert_eq!((figure.column(3), wide.column(usize::MAX)), (None, None));
    }

    #[test]
    fn grids_are_whole() {
        assert_eq!(Shape::new(Components::FIGURE, 0), None);
        assert_eq!(Grid::from_rows([(Component::Query, vec![1, 2]), (Component::Key, vec![3])]), None);
        assert_eq!(Grid::from_rows([(Component::Query, vec![1]), (Component::Query, vec![3])]), None);
        let any_order = Grid::from_rows([(Component::Value, vec![3]), (Component::Query, vec![1])]).unwrap();
        assert_eq!(any_order.as_slice(), [1, 3]);
        let pairs = any_order.clone().zip(any_order.clone().map(|x| 2 * x)).unwrap();
        assert_eq!(pairs.as_slice(), [(1, 2), (3, 6)]);
        assert_eq!(any_order.zip(Grid::filled(Shape::FIGURE, 0)), None);
    }

    #[test]
    fn files_hold_lists_of_rows_or_rows_by_their_names() {
        let figure = Grid::repeated(Components::FIGURE, &[1, 2]).unwrap();
        assert_eq!(serde_json::to_string(&figure).unwrap(), "[[1,2],[1,2],[1,2]]");
        let some = Grid::repeated(two_by_five().rows(), &[1, 2]).unwrap();
        assert_eq!(serde_json::to_string(&some).unwrap(), r#"{"query":[1,2],"value":[1,2]}"#);
        for grid in [figure, some] {
            let text = serde_json::to_string(&grid).unwrap();
            assert_eq!(serde_json::from_str::<Grid<i32>>(&text).unwrap(), grid);
        }
        for text in ["[]", "[[1],[2]]", "[[1],[2],[3,4]]", "[[],[],[]]", "{}", r#"{"query":[]}"#, r#"{"x":[1]}"#] {
            assert!(serde_json::from_str::<Grid<i32>>(text).is_err(), "{text}");
        }
    }
}
