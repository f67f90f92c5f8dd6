//! What ticking heads keeps between frames.

/// What ticking remembers besides the session, whose scope has the heads that are ticked.
pub struct Ticks {
    /// Whether there are boxes.
    pub are_shown: bool,
    /// The head that was clicked last, and whether it joined.
    pub last: Option<(usize, bool)>,
    /// How many are ticked as the first of the list.
    pub first: usize,
}

impl Default for Ticks {
    fn default() -> Self {
        Self { are_shown: false, last: None, first: 5 }
    }
}
