//! Which keys a query may attend to.

mod excluded;
mod keys;

use std::{ops::Range, sync::Arc};

use self::excluded::Excluded;
pub use self::keys::Keys;
use super::Cell;

/// The mask of a layer: the keys of every row are a range, of which some or all may be missing.
///
/// Starts from [`Self::CAUSAL`] or [`Self::BIDIRECTIONAL`], narrowed by [`Self::within`] a window, to the tokens that
/// are no padding ([`Self::over`], [`Self::over_tokens`]), to the queries [`from`](Self::from_query) one on, and
/// [`without`](Self::without) some cells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mask {
    direction: Direction,
    window: Option<usize>,
    /// The first token that is no padding, and the one behind the last.
    tokens: [usize; 2],
    /// The first position that has a query.
    first_query: usize,
    /// What is missing from the ranges; `None` in almost all masks.
    excluded: Option<Arc<Excluded>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Direction {
    Causal,
    Bidirectional,
}

impl Mask {
    /// Key j ≤ query i: a token cannot attend to a later one.
    pub const CAUSAL: Self =
        Self { direction: Direction::Causal, window: None, tokens: [0, usize::MAX], first_query: 0, excluded: None };

    /// Every key (an encoder such as BERT).
    pub const BIDIRECTIONAL: Self = Self { direction: Direction::Bidirectional, ..Self::CAUSAL };

    /// The mask within a window: |i − j| < `window`, so that the query itself is one of its keys (Beltagy et al. 2020,
    /// arXiv 2004.05150).
    #[must_use]
    pub fn within(self, window: usize) -> Self {
        Self { window: Some(window), ..self }
    }

    /// The mask of a prompt of which only these positions are tokens. The others are padding: as keys they are masked
    /// for everyone, as queries they have no row.
    #[must_use]
    pub fn over(self, tokens: Range<usize>) -> Self {
        Self { tokens: [tokens.start, tokens.end], ..self }
    }

    /// [`Self::over`] the positions that are tokens, `[T]`, wherever padding stands between them. Without a token nothing
    /// is left.
    #[must_use]
    pub fn over_tokens(self, is_token: &[bool]) -> Self {
        let ends = is_token.iter().position(|&is| is).zip(is_token.iter().rposition(|&is| is));
        let (first, end) = ends.map_or((0, 0), |(first, last)| (first, last + 1));
        let gaps: Vec<usize> = (first..end).filter(|&position| !is_token[position]).collect();
        let excluded = (!gaps.is_empty()).then(|| Arc::new(Excluded::gaps(gaps, [first, end])));
        Self { excluded, ..self.over(first..end) }
    }

    /// The mask without these cells: their queries do not see their keys. What is left of a row may be nothing; the
    /// query has a row all the same.
    #[must_use]
    pub fn without(self, cells: impl IntoIterator<Item = Cell>) -> Self {
        let excluded = self.excluded.as_deref().cloned().unwrap_or_default().without(cells);
        Self { excluded: Some(Arc::new(excluded)), ..self }
    }

    /// The mask where there are queries from this position on alone, as in a step with a cache of keys: the positions in
    /// front are keys without a row.
    #[must_use]
    pub fn from_query(self, first_query: usize) -> Self {
        Self { first_query, ..self }
    }

    /// Whether keys between the first and the last of a row's may be masked.
    pub const fn may_have_holes(&self) -> bool {
        self.excluded.is_some()
    }

    /// Whether no query attends to a later key.
    pub const fn is_causal(&self) -> bool {
        matches!(self.direction, Direction::Causal)
    }

    /// The window's keys on one side of the query, its own among them; `None` where there is no window.
    pub const fn window(&self) -> Option<usize> {
        self.window
    }

    /// The positions of a prompt of `n_positions` from the first that is no padding to the last.
    pub fn tokens(&self, n_positions: usize) -> Range<usize> {
        let [first, end] = self.tokens.map(|position| position.min(n_positions));
        first..end.max(first)
    }

    /// Whether the position is a token, and no padding.
    pub fn is_token(&self, position: usize) -> bool {
        let [first, end] = self.tokens;
        (first..end).contains(&position) && self.excluded.as_ref().is_none_or(|excluded| !excluded.is_gap(position))
    }

    /// How many tokens are in front of a position.
    pub fn place(&self, position: usize) -> usize {
        let gaps = self.excluded.as_ref().map_or(0, |excluded| excluded.gaps_before(position));
        position.saturating_sub(self.tokens[0] + gaps)
    }

    /// The positions of a prompt of `n_positions` that have a row.
    pub fn queries(&self, n_positions: usize) -> impl Iterator<Item = usize> + Clone {
        let tokens = self.tokens(n_positions);
        let queries = self.first_query.clamp(tokens.start, tokens.end)..tokens.end;
        queries.filter(|&query| self.is_token(query))
    }

    /// Whether the position has a row, of however many keys.
    pub fn has_row(&self, query: usize) -> bool {
        query >= self.first_query && self.is_token(query)
    }

    /// The keys that `query` may attend to out of `n_keys`; the rest is masked.
    pub fn keys(&self, query: usize, n_keys: usize) -> Keys<'_> {
        let span = self.span(query, n_keys);
        match &self.excluded {
            None => span.into(),
            Some(excluded) => Keys::new(span, excluded.of(query)),
        }
    }

    /// The keys between the first and the last that `query` may attend to out of `n_keys`, as far as the mask's shape
    /// says: [`Self::keys`] tells which of them are missing. Neither end of a later row's lies in front of an earlier
    /// row's.
    pub fn span(&self, query: usize, n_keys: usize) -> Range<usize> {
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
    pub fn allows(&self, cell: Cell, n_positions: usize) -> bool {
        cell.query < n_positions && self.keys(cell.query, n_positions).contains(cell.key)
    }

    /// How many cells of a pattern of `n_positions` are in the rows' ranges: those that are not masked, and the holes
    /// between them.
    pub fn n_cells(&self, n_positions: usize) -> usize {
        if self.first_query > 0 {
            return (0..n_positions).map(|query| self.span(query, n_positions).len()).sum();
        }
        let n = self.tokens(n_positions).len() as u128;
        let window = self.window.map_or(n, |window| n.min(window as u128));
        // Rows of 1, 2, … keys, and then of as many as the window has.
        let on_one_side = window * (window + 1) / 2 + (n - window) * window;
        let n_cells = if self.is_causal() { on_one_side } else { 2 * on_one_side - n };
        usize::try_from(n_cells).unwrap_or(usize::MAX)
    }

    /// Why the cell is masked, in words that follow "masked:"; `None` where it is not.
    pub fn reason(&self, query: usize, key: usize) -> Option<String> {
        if !self.is_token(query) {
            return Some("this query is padding".to_owned());
        }
        if !self.is_token(key) {
            return Some("this key is padding".to_owned());
        }
        if query < self.first_query {
            return Some("the source has no query of this position".to_owned());
        }
        match self.window {
            _ if self.is_causal() && key > query => Some("a token cannot attend to a later one".to_owned()),
            Some(window) if query.abs_diff(key) >= window => Some(format!("outside this layer’s window of {window}")),
            _ => {
                let is_blocked = self.excluded.as_ref().is_some_and(|excluded| excluded.of(query).contains(&key));
                is_blocked.then(|| "this edge is blocked".to_owned())
            }
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
                    let mask = window.map_or(base.clone(), |window| base.clone().within(window)).over(tokens.clone());
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
                        let attended = mask.span(query, N);
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
                    let n_cells: usize = (0..N).map(|query| mask.span(query, N).len()).sum();
                    assert_eq!(mask.n_cells(N), n_cells, "{mask:?}");
                }
            }
        }
    }

    #[test]
    fn padding_between_tokens_and_blocked_cells_are_holes() {
        let is_token = [false, true, true, false, true, true, false, true, false];
        let blocked = [[4, 2], [5, 5], [2, 2], [2, 1], [7, 0]].map(|[query, key]| Cell { query, key });
        for base in [Mask::CAUSAL, Mask::BIDIRECTIONAL, Mask::CAUSAL.within(3), Mask::BIDIRECTIONAL.within(3)] {
            let mask = base.clone().over_tokens(&is_token).without(blocked);
            let n = is_token.len();
            let mut last = 0..0;
            for query in 0..n {
                let allowed = |&key: &usize| {
                    let in_base = base.allows(Cell { query, key }, n);
                    in_base && is_token[query] && is_token[key] && !blocked.contains(&Cell { query, key })
                };
                let expected: Vec<usize> = (0..n).filter(allowed).collect();
                assert_eq!(mask.keys(query, n).iter().collect::<Vec<_>>(), expected, "{mask:?} {query}");
                let span = mask.span(query, n);
                assert!(span.start >= last.start && span.end >= last.end, "{mask:?} {query}");
                last = span;
                for key in 0..n {
                    assert_eq!(mask.allows(Cell { query, key }, n), expected.contains(&key));
                    assert_eq!(mask.reason(query, key).is_none(), expected.contains(&key), "{query} {key}");
                }
            }
            assert_eq!(mask.queries(n).collect::<Vec<_>>(), [1, 2, 4, 5, 7]);
            assert_eq!([1, 2, 4, 5, 7].map(|query| mask.place(query)), [0, 1, 2, 3, 4]);
            assert!(mask.has_row(2) && !mask.has_row(3) && !mask.has_row(0));
        }
        let mask = Mask::CAUSAL.without([Cell { query: 0, key: 0 }]);
        assert!(mask.has_row(0) && mask.keys(0, 4).is_empty());
        assert_eq!(mask.reason(0, 0).unwrap(), "this edge is blocked");
        let mask = Mask::CAUSAL.over_tokens(&is_token);
        assert_eq!(mask.reason(4, 3).unwrap(), "this key is padding");
        assert_eq!(mask.reason(3, 1).unwrap(), "this query is padding");
        assert!(Mask::CAUSAL.over_tokens(&[false; 4]).queries(4).next().is_none());
    }

    #[test]
    fn masked_cells_say_why() {
        let mask = Mask::CAUSAL.within(2);
        assert_eq!(mask.reason(1, 3).unwrap(), "a token cannot attend to a later one");
        assert_eq!(mask.reason(3, 1).unwrap(), "outside this layer’s window of 2");
        assert_eq!(Mask::BIDIRECTIONAL.within(2).reason(1, 3).unwrap(), "outside this layer’s window of 2");
        assert_eq!(mask.clone().over(2..4).reason(3, 1).unwrap(), "this key is padding");
        assert_eq!(mask.over(2..4).reason(1, 0).unwrap(), "this query is padding");
    }

    #[test]
    fn absurd_lengths_are_counted_without_a_panic() {
        for mask in [Mask::CAUSAL, Mask::BIDIRECTIONAL, Mask::BIDIRECTIONAL.within(usize::MAX - 1)] {
            assert_eq!(mask.n_cells(usize::MAX), usize::MAX, "{mask:?}");
        }
    }
}
