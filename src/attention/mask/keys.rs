//! The keys of one row: a range with holes.

use std::{borrow::Cow, ops::Range};

/// The keys that a query may attend to: a range, less the holes in it. In most rows there are none.
#[derive(Clone, Debug, Eq)]
pub struct Keys<'m> {
    span: Range<usize>,
    /// Sorted, all within `span`.
    holes: Cow<'m, [usize]>,
}

impl PartialEq for Keys<'_> {
    /// Of no holes nothing is compared: that of two empty slices, which lie nowhere, takes a processor with AVX-512 as long
    /// as a short row.
    fn eq(&self, other: &Self) -> bool {
        let holes_are_same = || match (self.holes(), other.holes()) {
            ([], []) => true,
            (holes, others) => holes == others,
        };
        self.span == other.span && holes_are_same()
    }
}

impl From<Range<usize>> for Keys<'_> {
    fn from(span: Range<usize>) -> Self {
        Self { span, holes: Cow::Borrowed(&[]) }
    }
}

impl<'m> Keys<'m> {
    /// `span` less those of `holes`, which are sorted, that lie in it.
    pub(super) fn new(span: Range<usize>, holes: &'m [usize]) -> Self {
        let within = holes.partition_point(|&key| key < span.start)..holes.partition_point(|&key| key < span.end);
        let holes = Cow::Borrowed(holes.get(within).unwrap_or_default());
        Self { span, holes }
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let start = self.span.start.max(other.span.start);
        let span = start..self.span.end.min(other.span.end).max(start);
        if self.holes.is_empty() && other.holes.is_empty() {
            return span.into();
        }
        let mut holes: Vec<usize> = self.holes.iter().chain(&*other.holes).copied().collect();
        holes.retain(|hole| span.contains(hole));
        holes.sort_unstable();
        holes.dedup();
        Self { span, holes: Cow::Owned(holes) }
    }

    /// The range that they lie in: a row has a number for each key of it, which means nothing in the holes.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The keys of the range that are masked, in ascending order.
    pub fn holes(&self) -> &[usize] {
        &self.holes
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.span.len() - self.holes.len()
    }

    /// Whether the query sees no key at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this is one of them.
    pub fn contains(&self, key: usize) -> bool {
        self.span.contains(&key) && self.holes.binary_search(&key).is_err()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.segments().flatten()
    }

    /// Ranges of neighbours, in ascending order; none is empty.
    pub fn segments(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = std::iter::once(self.span.start).chain(self.holes.iter().map(|hole| hole + 1));
        let ends = self.holes.iter().copied().chain([self.span.end]);
        starts.zip(ends).map(|(start, end)| start..end).filter(|segment| !segment.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_with_holes_is_what_is_left() {
        for (span, holes) in [(2..9, &[0, 2, 3, 6, 8, 9][..]), (0..4, &[0, 1, 2, 3]), (3..3, &[3]), (1..4, &[])] {
            let keys = Keys::new(span.clone(), holes);
            let expected: Vec<usize> = span.clone().filter(|key| !holes.contains(key)).collect();
            assert_eq!(keys.iter().collect::<Vec<_>>(), expected);
            assert_eq!((keys.len(), keys.is_empty()), (expected.len(), expected.is_empty()));
            assert_eq!(keys.segments().flatten().collect::<Vec<_>>(), expected);
            assert!(keys.segments().all(|segment| !segment.is_empty()));
            assert!((0..12).all(|key| keys.contains(key) == expected.contains(&key)));
        }
    }

    #[test]
    fn rows_are_equal_whose_keys_are() {
        let rows = [Keys::from(1..8), Keys::new(1..8, &[9]), Keys::new(1..8, &[3]), Keys::from(1..9)];
        let expected = |a: usize, b: usize| a == b || a + b == 1;
        for (a, row) in rows.iter().enumerate() {
            assert!(rows.iter().enumerate().all(|(b, other)| (row == other) == expected(a, b)), "{row:?}");
        }
    }

    #[test]
    fn of_two_rows_the_common_keys_are_left() {
        let (a, b) = (Keys::new(1..8, &[2, 5]), Keys::new(3..12, &[5, 6, 10]));
        assert_eq!(a.and(&b).iter().collect::<Vec<_>>(), [3, 4, 7]);
        assert_eq!(a.and(&Keys::from(20..30)).len(), 0);
    }
}
