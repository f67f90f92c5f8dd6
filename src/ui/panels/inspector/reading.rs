//! The pinned cell's numbers, evaluated when what they come from has changed.

use std::sync::Arc;

use crate::{
    attention::{Grid, PanelId, Pattern, Why},
    session::Cell,
    ui::{jobs::pictures::Frame, memo::Revision},
};

/// The weights of one row in f64, one for each attended key. Panels with equal patterns share one.
pub type Row = Arc<[f64]>;

/// Everything that is said about the pinned cell of one frame.
pub struct Reading {
    /// The frame that it was last found to hold for.
    frame: Revision,
    origin: Origin,
    /// The cell in the selected panel; `None` while that panel is awaited, and where weights are given.
    pub why: Option<Why>,
    /// `None` where weights are given.
    pub baseline: Option<Why>,
    pub baseline_row: Row,
    /// The key of every row's first weight.
    pub first_key: usize,
    /// Keys behind it that are masked: their weights in the rows mean nothing.
    pub holes: Vec<usize>,
    /// `None` while a panel is awaited.
    pub rows: Grid<Option<Row>>,
}

/// What a reading depends on. Patterns are compared by what they are made of, which costs nothing.
#[derive(PartialEq)]
struct Origin {
    cell: Cell,
    selected: PanelId,
    baseline: Pattern,
    panels: Grid<Option<Pattern>>,
}

impl Reading {
    /// `last` again where it still holds. `None` where the cell is masked or outside.
    pub fn renewed(last: Option<Self>, frame: &Frame, cell: Cell, selected: PanelId) -> Option<Self> {
        let is_of = |last: &Self| (last.frame, last.cell(), last.selected()) == (frame.revision, cell, selected);
        if last.as_ref().is_some_and(is_of) {
            return last;
        }
        let pattern = |panel| frame.panel(panel).map(|panel| panel.pattern.clone());
        let origin = Origin {
            cell,
            selected,
            baseline: frame.outcome.baseline.pattern.clone(),
            panels: Grid::from_fn(frame.outcome.shape(), pattern),
        };
        match last {
            Some(last) if last.origin == origin => Some(Self { frame: frame.revision, ..last }),
            _ => Self::of(origin, frame.revision),
        }
    }

    fn of(origin: Origin, frame: Revision) -> Option<Self> {
        let Cell { query, key } = origin.cell;
        origin.baseline.place(query, key)?;
        let baseline = Why::of(&origin.baseline, query, key);
        let baseline_row: Row = origin.baseline.exact_row(query).into();
        let mut known = vec![(&origin.baseline, baseline_row.clone())];
        let rows = origin.panels.each_ref().map(|pattern| {
            let pattern = pattern.as_ref()?;
            if let Some((_, row)) = known.iter().find(|(other, _)| *other == pattern) {
                return Some(row.clone());
            }
            let row: Row = pattern.exact_row(query).into();
            known.push((pattern, row.clone()));
            Some(row)
        });
        let selected = origin.panels.get(origin.selected).and_then(Option::as_ref);
        let why = selected.and_then(|pattern| Why::of(pattern, query, key));
        let keys = origin.baseline.keys(query);
        let (first_key, holes) = (keys.span().start, keys.holes().to_vec());
        Some(Self { frame, origin, why, baseline, baseline_row, first_key, holes, rows })
    }

    /// Keys and weights of a row, without those that are masked.
    pub fn unmasked(&self, row: &Row) -> impl Iterator<Item = (usize, f64)> {
        (self.first_key..).zip(row.iter().copied()).filter(|(key, _)| self.holes.binary_search(key).is_err())
    }

    pub fn cell(&self) -> Cell {
        self.origin.cell
    }

    pub fn selected(&self) -> PanelId {
        self.origin.selected
    }

    /// The selected panel's, if it is there.
    pub fn selected_pattern(&self) -> Option<&Pattern> {
        self.origin.panels.get(self.origin.selected)?.as_ref()
    }

    /// Whether what is changed upstream makes other scores than the baseline's, in the selected panel.
    pub fn is_upstream_changed(&self) -> bool {
        self.selected_pattern().is_some_and(|pattern| !Arc::ptr_eq(pattern.scores(), self.origin.baseline.scores()))
    }

    pub fn baseline_weight(&self) -> f32 {
        self.rounded(&self.baseline_row)
    }

    /// The cell in one panel; `None` while that is awaited.
    pub fn weight(&self, panel: PanelId) -> Option<f32> {
        self.rows.get(panel)?.as_ref().map(|row| self.rounded(row))
    }

    /// The pinned cell's weight in a row.
    pub fn in_row(&self, row: &Row) -> Option<f64> {
        row.get(self.origin.cell.key.checked_sub(self.first_key)?).copied()
    }

    /// As files and the card at the pointer have it.
    #[expect(clippy::cast_possible_truncation, reason = "the one rounding from f64 to the weights of files")]
    fn rounded(&self, row: &Row) -> f32 {
        self.in_row(row).map_or(f32::NAN, |weight| weight as f32)
    }
}
