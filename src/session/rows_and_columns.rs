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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::Reference,
        session::{Command, figure_grid, repeated},
    };

    #[test]
    fn a_grid_has_two_to_six_columns() {
        let tiny = Epsilon::new(1e-10).unwrap();
        let third = Session::default().shape().column(2).unwrap();
        let with = |columns: &[Epsilon]| {
            Session::default().with([Command::ChooseColumn(third), Command::SetGrid(repeated(columns))])
        };
        for n_columns in COLUMNS {
            let session = with(&[tiny; 6][..n_columns]);
            assert_eq!(session.shape().n_columns(), n_columns);
            assert!(session.shape().contains(session.selected()) && session.column.index() < n_columns);
        }
        assert_eq!(*with(&[tiny]).epsilon(), figure_grid(), "too few");
        let kept = Session::default().with([Command::KeepView, Command::SetGrid(repeated(&[tiny; 5]))]);
        assert_eq!(kept.reference, Reference::Baseline, "a kept view of other columns has no panel in its place");
    }
}
