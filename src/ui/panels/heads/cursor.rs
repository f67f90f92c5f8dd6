//! Which head of the list the keyboard is at.

/// Where the keyboard is.
#[derive(Default)]
pub struct Cursor {
    /// Layer · `n_heads` + head; `None` until the browser opens.
    pub at: Option<usize>,
    /// It has moved: the list scrolls to it and gives it the focus.
    pub moved: bool,
    /// The list has to show it, as when the browser opens.
    pub wanted: bool,
    pub has_focus: bool,
    /// Heads beside each other, as laid out last.
    pub columns: usize,
    /// Rows of heads in view, as laid out last.
    pub rows: usize,
}

impl Cursor {
    /// Whether the list has to scroll to it now.
    pub fn is_called(&mut self) -> bool {
        std::mem::take(&mut self.wanted) || self.moved
    }
}
