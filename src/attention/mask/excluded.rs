//! Cells that are missing from a mask beside its shape: padding between tokens, and blocked edges.

use std::collections::BTreeMap;

use super::super::Cell;

/// Cells that are masked within the ranges of a mask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Excluded {
    /// Positions between the tokens that are none: no key of anyone, and a query without a row. Sorted.
    gaps: Vec<usize>,
    /// Every position from the first to the last token, where there are gaps: what a query without a row does not see.
    all: Vec<usize>,
    /// By query the keys that it does not see, the gaps among them; sorted. The other queries do not see the gaps alone.
    rows: BTreeMap<usize, Vec<usize>>,
}

impl Excluded {
    /// Padding at `gaps`, which are sorted, between the tokens from `first` to `end`.
    pub(super) fn gaps(gaps: Vec<usize>, [first, end]: [usize; 2]) -> Self {
        Self { gaps, all: (first..end).collect(), rows: BTreeMap::new() }
    }

    /// The same without these cells.
    pub(super) fn without(&self, cells: impl IntoIterator<Item = Cell>) -> Self {
        let mut excluded = self.clone();
        for Cell { query, key } in cells {
            let row = excluded.rows.entry(query).or_insert_with(|| self.gaps.clone());
            if let Err(place) = row.binary_search(&key) {
                row.insert(place, key);
            }
        }
        excluded
    }

    /// The keys that `query` does not see, in ascending order.
    pub(super) fn of(&self, query: usize) -> &[usize] {
        if self.is_gap(query) {
            return &self.all;
        }
        self.rows.get(&query).unwrap_or(&self.gaps)
    }

    /// Whether the position is padding between tokens.
    pub(super) fn is_gap(&self, position: usize) -> bool {
        self.gaps.binary_search(&position).is_ok()
    }

    /// How many gaps are in front of a position.
    pub(super) fn gaps_before(&self, position: usize) -> usize {
        self.gaps.partition_point(|&gap| gap < position)
    }
}
