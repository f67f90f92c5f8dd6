//! Which keys a query may attend to.

use std::ops::Range;

use super::Cell;

/// The mask of a layer: the keys of every row are a range, of which some or all may be missing.
///
/// Starts from [`Self::CAUSAL`] or [`Self::BIDIRECTIONAL`], narrowed by [`Self::within`] a window, to the tokens that
/// are no [`padding`](Self::over), and to the queries [`from`](Self::from_query) one on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mask {
    direction: Direction,
    window: Option<usize>,
    /// The first token that is no padding, and the one behind the last.
    tokens: [usize; 2],
    /// The first position that has a query.
    first_query: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Direction {
    Causal,
    Bidirectional,
}

impl Mask {
    /// Key j ≤ query i: a token cannot attend to a later one.
    pub const CAUSAL: Self =
        Self { direction: Direction::Causal, window: None, tokens: [0, usize::MAX], first_query: 0 };

    /// Every key (an encoder such as BERT).
    pub const BIDIRECTIONAL: Self = Self { direction: Direction::Bidirectional, ..Self::CAUSAL };

    /// The mask within a window: |i − j| < `window`, so that the query itself is one of its keys (Beltagy et al. 2020,
    /// arXiv 2004.05150).
    #[must_use]
    pub const fn within(self, window: usize) -> Self {
        Self { window: Some(window), ..self }
    }

    /// The mask of a prompt of which only these positions are tokens. The others are padding: as keys they are masked
    /// for everyone, as queries they have no row.
    #[must_use]
    pub const fn over(self, tokens: Range<usize>) -> Self {
        Self { tokens: [tokens.start, tokens.end], ..self }
    }

    /// The mask where there are queries from this position on alone, as in a step with a cache of keys: the positions in
    /// front are keys without a row.
    #[must_use]
    pub const fn from_query(self, first_query: usize) -> Self {
        Self { first_query, ..self }
    }

    /// Whether no query attends to a later key.
    pub const fn is_causal(self) -> bool {
        matches!(self.direction, Direction::Causal)
    }

    /// The window's keys on one side of the query, its own among them; `None` where there is no window.
    pub const fn window(self) -> Option<usize> {
        self.window
    }

    /// The positions of a prompt of `n_positions` that are no padding.
    pub fn tokens(self, n_positions: usize) -> Range<usize> {
        let [first, end] = self.tokens.map(|position| position.min(n_positions));
        first..end.max(first)
    }

    /// The positions of a prompt of `n_positions` that have a row.
    pub fn queries(self, n_positions: usize) -> Range<usize> {
        let tokens = self.tokens(n_positions);
        self.first_query.clamp(tokens.start, tokens.end)..tokens.end
    }

    /// The keys that `query` may attend to out of `n_keys`; the rest is masked. Neither end of a later row's keys lies in
    /// front of an earlier row's.
    pub fn attended(self, query: usize, n_keys: usize) -> Range<usize> {
        let tokens = self.tokens(n_keys);
        if !tokens.contains(&query) || query < self.first_query {
            let beside = if query < tokens.end { tokens.start } else { tokens.end };
            return beside..beside;
        }
        let window = self.window.unwrap_or(n_keys);
        let end = if self.is_causal() { query + 1 } else { query.saturating_add(window) };
        let first = (query + 1).saturating_sub(window).max(tokens.start);
        first..end.clamp(first, tokens.end)
    }

    /// Whether the cell's query may attend to its key, out of `n_positions` queries and keys.
    pub fn allows(self, cell: Cell, n_positions: usize) -> bool {
        cell.query < n_positions && self.attended(cell.query, n_positions).contains(&cell.key)
    }

    /// How many cells of a pattern of `n_positions` are not masked.
    pub fn n_cells(self, n_positions: usize) -> usize {
        if self.first_query > 0 {
            return self.queries(n_positions).map(|query| self.attended(query, n_positions).len()).sum();
        }
        let n = self.tokens(n_positions).len() as u128;
        let window = self.window.map_or(n, |window| n.min(window as u128));
        // Rows of 1, 2, … keys, and then of as many as the window has.
        let on_one_side = window * (window + 1) / 2 + (n - window) * window;
        let n_cells = if self.is_causal() { on_one_side } else { 2 * on_one_side - n };
        usize::try_from(n_cells).unwrap_or(usize::MAX)
    }

    /// Why the cell is masked, in words that follow "masked:"; `None` where it is not.
    pub fn reason(self, query: usize, key: usize) -> Option<String> {
        let [first, end] = self.tokens;
        if !(first..end).contains(&query) {
            return Some("this query is padding".to_owned());
        }
        if !(first..end).contains(&key) {
            return Some("this key is padding".to_owned());
        }
        if query < self.first_query {
            return Some("the source has no query of this position".to_owned());
        }
        match self.window {
            _ if self.is_causal() && key > query => Some("a token cannot attend to a later one".to_owned()),
            Some(window) if query.abs_diff(key) >= window => Some(format!("outside this layer’s window of {window}")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_row_are_those_that_the_definition_allows() {
        const N: usize = 7;
        for window in [None, Some(1), Some(3), Some(N), Some(2 * N), Some(usize::MAX)] {
            for tokens in [0..usize::MAX, 2..N, 0..4, 3..3, 9..12] {
                for (base, first_query) in [(Mask::CAUSAL, 0), (Mask::BIDIRECTIONAL, 0), (Mask::CAUSAL, 3)] {
                    let mask = window.map_or(base, |window| base.within(window)).over(tokens.clone());
                    let mask = mask.from_query(first_query);
                    let allowed = |i: usize, j: usize| {
                        tokens.contains(&i)
                            && i >= first_query
                            && tokens.contains(&j)
                            && (j <= i || base == Mask::BIDIRECTIONAL)
                            && i.abs_diff(j) < window.unwrap_or(N)
                    };
                    let mut last = 0..0;
                    for query in 0..N {
                        let expected: Vec<usize> = (0..N).filter(|&key| allowed(query, key)).collect();
                        let attended = mask.attended(query, N);
                        assert!(attended.start >= last.start && attended.end >= last.end, "{mask:?} {query}");
                        last = attended.clone();
                        assert_eq!(attended.collect::<Vec<_>>(), expected, "{mask:?} {query}");
                        for key in 0..N {
                            assert_eq!(mask.allows(Cell { query, key }, N), allowed(query, key));
                            assert_eq!(mask.reason(query, key).is_none(), allowed(query, key));
                        }
                        assert!(!mask.allows(Cell { query, key: N }, N), "outside");
                        assert!(!mask.allows(Cell { query: N, key: query }, N), "outside");
                    }
                    let n_cells: usize = (0..N).map(|query| mask.attended(query, N).len()).sum();
                    assert_eq!(mask.n_cells(N), n_cells, "{mask:?}");
                }
            }
        }
    }

    #[test]
    fn masked_cells_say_why() {
        let mask = Mask::CAUSAL.within(2);
        assert_eq!(mask.reason(1, 3).unwrap(), "a token cannot attend to a later one");
        assert_eq!(mask.reason(3, 1).unwrap(), "outside this layer’s window of 2");
        assert_eq!(Mask::BIDIRECTIONAL.within(2).reason(1, 3).unwrap(), "outside this layer’s window of 2");
        assert_eq!(mask.over(2..4).reason(3, 1).unwrap(), "this key is padding");
        assert_eq!(mask.over(2..4).reason(1, 0).unwrap(), "this query is padding");
    }

    #[test]
    fn absurd_lengths_are_counted_without_a_panic() {
        for mask in [Mask::CAUSAL, Mask::BIDIRECTIONAL, Mask::BIDIRECTIONAL.within(usize::MAX - 1)] {
            assert_eq!(mask.n_cells(usize::MAX), usize::MAX, "{mask:?}");
        }
    }
}
