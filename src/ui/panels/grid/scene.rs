//! What one frame of the grid shows.

use crate::{
    attention::{Grid, PanelId},
    session::{Cell, Session},
    ui::{
        jobs::pictures::{Details, Frame},
        widgets::{CellWindow, Freshness},
    },
};

/// How the panels of one frame are drawn.
pub struct Scene<'a> {
    pub session: &'a Session,
    pub frame: &'a Frame,
    pub details: Option<&'a Details>,
    pub window: CellWindow,
    pub freshness: Grid<Freshness>,
    /// The cell under the pointer, in the last frame.
    pub crosshair: Option<Cell>,
}

impl Scene<'_> {
    /// The cell that is spoken of: the one under the pointer, else the pinned one.
    pub fn cell(&self) -> Option<Cell> {
        self.crosshair.or(self.session.pinned())
    }

    /// The panels on screen, row by row: those of the frame, or the one that is shown alone.
    pub fn panels(&self) -> Vec<Vec<PanelId>> {
        let shape = self.frame.outcome.shape();
        if let Some(panel) = self.session.view().solo {
            return vec![vec![shape.nearest(panel)]];
        }
        let row = |component| shape.columns().map(move |column| PanelId { component, column }).collect();
        shape.rows().iter().map(row).collect()
    }

    /// Whether the slider moves it.
    pub fn is_selected(&self, panel: PanelId) -> bool {
        self.session.column() == panel.column && self.session.rows().contains(panel.component)
    }
}
