//! Rows and columns of the grid that come and go, with their ε.

use super::{COLUMNS, Session};
use crate::attention::{Column, Components, Epsilon, Grid};

impl Session {
    pub(super) fn set_rows(&mut self, rows: Components) {
        let old = &self.experiment.epsilon;
        let row = |component| match old.row(component) {
            [] => old.row(old.shape().rows().first()).to_vec(),
            row => row.to_vec(),
        };
        if let Some(grid) = Grid::from_rows(rows.iter().map(|component| (component, row(component)))) {
            self.set_grid(grid);
        }
    }

    pub(super) fn add_column(&mut self) {
        let rows = self.experiment.epsilon.rows();
        let wider = rows.map(|(component, row)| (component, row.iter().chain(row.last()).copied().collect()));
        if let Some(grid) = Grid::from_rows(wider).filter(|grid| COLUMNS.contains(&grid.shape().n_columns())) {
            self.set_grid(grid);
            if let Some(last) = self.shape().columns().next_back() {
                self.choose(self.rows, last);
            }
        }
    }

    pub(super) fn remove_column(&mut self, column: Column) {
        let rows = self.experiment.epsilon.rows();
        let kept = |row: &[Epsilon]| {
            let others = row.iter().enumerate().filter(|(index, _)| *index != column.index());
            others.map(|(_, epsilon)| *epsilon).collect()
        };
        let narrower = Grid::from_rows(rows.map(|(component, row)| (component, kept(row))));
        if let Some(grid) = narrower.filter(|grid| COLUMNS.contains(&grid.shape().n_columns())) {
            let chosen = self.column.index() - usize::from(column < self.column);
            self.set_grid(grid);
            if let Some(chosen) = self.shape().column(chosen) {
                self.choose(self.rows, chosen);
            }
        }
    }
}
