//! Watching a run while it goes on.

use std::cell::Cell;

use super::Outcome;
use crate::attention::{Column, Component, Grid, PanelId, Shape};

/// How far a run has come, in layers of the model over all that it has to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub layers: usize,
    pub of: usize,
}

/// Which panels are there.
pub type Ready = Grid<bool>;

/// An outcome of which some panels are still to come: those that are not [`Ready`] stand as copies of the baseline.
#[derive(Clone, Copy, Debug)]
pub struct Partial<'a> {
    pub outcome: &'a Outcome,
    pub ready: &'a Ready,
}

/// Is told how a run goes, and asked whether it shall go on.
pub trait Observer {
    /// Asked before each layer; on yes the run ends with [`super::EngineError::Cancelled`].
    fn is_cancelled(&self) -> bool;

    /// The panel that is wanted first, and then its column.
    fn first(&self) -> PanelId {
        PanelId { component: Component::Query, column: Column::FIRST }
    }

    /// A layer begins.
    fn progress(&self, _progress: Progress) {}

    /// The next panel takes a run of layers; this is what is there until then.
    fn so_far(&self, _partial: Partial<'_>) {}
}

/// Only ever asked whether to go on.
pub(super) struct Unobserved<'a>(pub &'a dyn Fn() -> bool);

impl Observer for Unobserved<'_> {
    fn is_cancelled(&self) -> bool {
        (self.0)()
    }
}

/// Counts the layers of a run: each of them asks once, before it begins, whether it shall.
pub(super) struct Layers<'a> {
    observer: &'a dyn Observer,
    begun: Cell<usize>,
    of: Cell<usize>,
}

impl<'a> Layers<'a> {
    pub fn new(observer: &'a dyn Observer) -> Self {
        Self { observer, begun: Cell::new(0), of: Cell::new(0) }
    }

    /// More layers are known to be needed.
    pub fn expect(&self, layers: usize) {
        self.of.set(self.of.get() + layers);
    }

    /// A layer is about to begin. Returns whether it shall not.
    pub fn begin(&self) -> bool {
        let layers = self.begun.get();
        self.begun.set(layers + 1);
        self.observer.progress(Progress { layers, of: self.of.get().max(layers + 1) });
        self.observer.is_cancelled()
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
