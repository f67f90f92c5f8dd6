//! The cell under the pointer, and its numbers.

use std::sync::Arc;

use egui::{Pos2, Rect};

use crate::{
    attention::{Grid, PanelId},
    engine::Outcome,
    figure::Keep,
    session::Cell,
    ui::numbers::CellNumbers,
};

/// The cell's weight in each panel; `None` where it is masked.
pub type Weights = Grid<Option<f32>>;

/// The weight of `cell` in all panels of `outcome`.
pub fn weights(outcome: &Outcome, cell: Cell) -> Arc<Weights> {
    let weight = |panel| outcome.panels[panel].pattern.exact_cell(cell.query, cell.key).map(|exact| exact.weight);
    Arc::new(Grid::from_fn(outcome.shape(), weight))
}

/// The cell under the pointer.
#[derive(Clone, Debug)]
pub struct Hovered {
    pub panel: PanelId,
    pub cell: Cell,
    /// `None` where it is masked.
    pub numbers: Option<CellNumbers>,
    /// In all panels.
    pub weights: Arc<Weights>,
    /// What the pixel under the pointer shows, of how many queries and keys.
    pub behind: (Keep, [usize; 2]),
    pub pointer: Pos2,
    /// The hovered row of cells on screen.
    pub row: Rect,
}
