//! The cell under the pointer, and its numbers.

use egui::{Pos2, Rect};

use crate::{attention::PanelId, figure::Keep, session::Cell, ui::numbers::CellNumbers};

/// The cell under the pointer.
#[derive(Clone, Copy, Debug)]
pub struct Hovered {
    pub panel: PanelId,
    pub cell: Cell,
    /// `None` where it is masked.
    pub numbers: Option<CellNumbers>,
    /// What the pixel under the pointer shows, of how many queries and keys.
    pub behind: (Keep, [usize; 2]),
    pub pointer: Pos2,
    /// The hovered row of cells on screen.
    pub row: Rect,
}
