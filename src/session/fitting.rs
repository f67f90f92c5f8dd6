//! What of a view does not fit another source.

use super::{Command, Session};
use crate::{attention::Cell, figure::Window};

impl Session {
    /// What sets the view right on a source of so many positions: nothing stays pinned or in view that is not there.
    pub fn beyond(&self, n_positions: usize) -> Vec<Command> {
        let is_pin_beyond = |cell: &Cell| cell.query.max(cell.key) >= n_positions;
        let is_view_beyond = |window: &Window| window.x1.max(window.y1) > n_positions as f64;
        let unpin = self.pinned().filter(is_pin_beyond).map(|_| Command::Unpin);
        let whole = self.view().window.filter(is_view_beyond).map(|_| Command::SetWindow(None));
        unpin.into_iter().chain(whole).collect()
    }
}
