//! How far a run is: its layers, and the panels that are there.

use std::cell::Cell;

use super::{Job, Outcome, Progress};
use crate::attention::{Grid, PanelId, Shape};

/// Which panels are there.
pub type Ready = Grid<bool>;

/// An outcome of which some panels are still to come: those that are not [`Ready`] stand as copies of the baseline.
#[derive(Clone, Copy, Debug)]
pub struct Partial<'a> {
    /// What is there, and copies of the baseline.
    pub outcome: &'a Outcome,
    /// Which panels are there.
    pub ready: &'a Ready,
}

/// Counts the layers of a run: each of them asks once, before it begins, whether it shall.
pub(super) struct Layers<'a> {
    job: &'a Job<'a>,
    begun: Cell<usize>,
    of: Cell<usize>,
}

impl<'a> Layers<'a> {
    pub fn new(job: &'a Job<'a>) -> Self {
        Self { job, begun: Cell::new(0), of: Cell::new(0) }
    }

    /// More layers are known to be needed.
    pub fn expect(&self, layers: usize) {
        self.of.set(self.of.get() + layers);
    }

    /// A layer is about to begin. Returns whether it shall not.
    pub fn begin(&self) -> bool {
        let layers = self.begun.get();
        self.begun.set(layers + 1);
        self.job.progress(Progress { done: layers, of: self.of.get().max(layers + 1) });
        self.job.is_cancelled()
    }
}

/// All panels of a grid, those of the column of `first` before the others, and `first` before all.
pub(super) fn order(shape: Shape, first: PanelId) -> Vec<PanelId> {
    let mut panels: Vec<_> = shape.panels().collect();
    panels.sort_by_key(|&panel| (panel.column != first.column, panel.column, panel != first, panel.component));
    panels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::Component;

    #[test]
    fn the_wanted_panel_comes_first_and_then_its_column() {
        use Component::{Key, Query, Value};
        let [left, middle] = [0, 1].map(|index| Shape::FIGURE.column(index).unwrap());
        let order = order(Shape::FIGURE, (Value, middle).into());
        let expected = [(Value, middle), (Query, middle), (Key, middle), (Query, left), (Key, left)];
        assert_eq!(order[..5], expected.map(PanelId::from));
        assert_eq!(order.len(), 9);
        assert!(order.iter().enumerate().all(|(index, panel)| !order[..index].contains(panel)));
    }
}
