//! A quantity of one panel, evaluated row by row when asked.

use std::sync::Arc;

use crate::{
    attention::{ExactCell, Grid, Keys, Pattern},
    engine::{Outcome, Panel},
    figure::{Pooling, Quantity},
};

/// One quantity of every cell of one panel. Cheap to clone; holds no cells.
///
/// Two evaluations of the same definition, as for a [`Pattern`]: [`Rows::row_into`] in f32 for pictures, and
/// [`Measure::exact_row`] in f64 for every number that is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pattern: Pattern,
    kind: Kind,
    pooling: Pooling,
}

/// The quantity, and what it needs besides the pattern.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Weight,
    Difference {
        baseline: Pattern,
    },
    UniformRatio,
    Score,
    WeightedValue {
        /// `[T]`, one for each key position.
        norms: Arc<[f64]>,
    },
}

impl Measure {
    /// `quantity` of `panel`, a difference from `baseline`; `None` where it needs vectors that are not there.
    pub fn new(quantity: Quantity, panel: &Panel, baseline: &Panel) -> Option<Self> {
        let kind = match quantity {
            Quantity::Weight => Kind::Weight,
            Quantity::Difference => Kind::Difference { baseline: baseline.pattern.clone() },
            Quantity::UniformRatio => Kind::UniformRatio,
            Quantity::Score if !quantity.is_in(panel) => return None,
            Quantity::Score => Kind::Score,
            Quantity::WeightedValue => Kind::WeightedValue { norms: panel.value_norms()? },
        };
        Some(Self { pattern: panel.pattern.clone(), kind, pooling: Pooling::default() })
    }

    /// `quantity` of all panels. Where it needs vectors that are not there, the weights instead.
    pub fn of_panels(quantity: Quantity, outcome: &Outcome) -> Grid<Self> {
        Grid::from_fn(outcome.shape(), |id| {
            let panel = &outcome.panels[id];
            let weight = || Self { pattern: panel.pattern.clone(), kind: Kind::Weight, pooling: Pooling::default() };
            Self::new(quantity, panel, outcome.compared_with(id)).unwrap_or_else(weight)
        })
    }

    /// The same, of which a pixel that covers several cells shows what `pooling` says.
    #[must_use]
    pub fn pooled(self, pooling: Pooling) -> Self {
        Self { pooling, ..self }
    }

    /// How several of its cells become one pixel.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// What is measured.
    pub fn quantity(&self) -> Quantity {
        match self.kind {
            Kind::Weight => Quantity::Weight,
            Kind::Difference { .. } => Quantity::Difference,
            Kind::UniformRatio => Quantity::UniformRatio,
            Kind::Score => Quantity::Score,
            Kind::WeightedValue { .. } => Quantity::WeightedValue,
        }
    }

    /// The pattern that is measured.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// T, the number of queries and of keys.
    pub fn n_positions(&self) -> usize {
        self.pattern.n_positions()
    }

    /// Reads rows in f32.
    pub fn rows(&self) -> Rows<'_> {
        Rows { measure: self, scratch: Vec::new() }
    }

    /// The keys of a row that have a value. Another layer may mask other cells: what is masked in either is so in the
    /// difference.
    pub fn keys(&self, query: usize) -> Keys<'_> {
        let keys = self.pattern.keys(query);
        match &self.kind {
            Kind::Difference { baseline } => keys.and(&baseline.keys(query)),
            _ => keys,
        }
    }

    /// One row in f64, one value for each key of the span of [`Self::keys`]; those in its holes mean nothing.
    pub fn exact_row(&self, query: usize) -> Vec<f64> {
        if let Kind::Score = self.kind {
            return self.pattern.exact_scores(query);
        }
        let mut row = self.pattern.exact_row(query);
        match &self.kind {
            Kind::Weight | Kind::Score => {}
            Kind::Difference { baseline } => {
                let keys = self.keys(query).span();
                let part = |pattern: &Pattern| {
                    let first = pattern.span(query).start;
                    keys.start.saturating_sub(first)..keys.end.saturating_sub(first)
                };
                let other = baseline.exact_row(query);
                let pairs = row[part(&self.pattern)].iter().zip(&other[part(baseline)]);
                return pairs.map(|(&value, &compared)| difference(value, compared)).collect();
            }
            Kind::UniformRatio => {
                let n_attended = self.pattern.keys(query).len();
                for value in &mut row {
                    *value = ratio_to_uniform(*value, n_attended);
                }
            }
            Kind::WeightedValue { norms } => {
                for (value, &norm) in row.iter_mut().zip(norms.iter().skip(self.pattern.span(query).start)) {
                    *value = weighted_value(*value, norm);
                }
            }
        }
        row
    }

    /// One cell in f64; `None` where it is masked or outside.
    pub fn exact(&self, query: usize, key: usize) -> Option<f64> {
        let keys = (query < self.n_positions()).then(|| self.keys(query)).filter(|keys| keys.contains(key))?;
        self.exact_row(query).get(key - keys.span().start).copied()
    }
}

/// A weight less the one that it is compared with.
fn difference(weight: f64, compared: f64) -> f64 {
    weight - compared
}

/// A weight over the uniform weight of its row, 1/(attended keys).
fn ratio_to_uniform(weight: f64, n_attended: usize) -> f64 {
    weight * n_attended as f64
}

/// A weight times the length of the key position's value vector.
fn weighted_value(weight: f64, norm: f64) -> f64 {
    weight * norm
}

/// Every quantity of one cell in f64, from one evaluation of its row and of the row that it is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellValues {
    /// Score and weight of the cell in the panel.
    pub panel: ExactCell,
    /// Of what differences are taken from.
    pub compared: ExactCell,
    n_attended: usize,
    norm: Option<f64>,
}

impl CellValues {
    /// `None` where the cell is masked or outside.
    pub fn of(panel: &Panel, compared: &Panel, [query, key]: [usize; 2]) -> Option<Self> {
        Some(Self {
            panel: panel.pattern.exact_cell(query, key)?,
            compared: compared.pattern.exact_cell(query, key)?,
            n_attended: panel.pattern.keys(query).len(),
            norm: panel.value_norms().and_then(|norms| norms.get(key).copied()),
        })
    }

    /// What [`Measure::exact`] gives for `quantity`; `None` where it needs vectors that are not there.
    pub fn value(&self, quantity: Quantity) -> Option<f64> {
        let weight = self.panel.weight_f64;
        Some(match quantity {
            Quantity::Weight => weight,
            Quantity::Difference => difference(weight, self.compared.weight_f64),
            Quantity::UniformRatio => ratio_to_uniform(weight, self.n_attended),
            Quantity::Score => self.panel.score?,
            Quantity::WeightedValue => weighted_value(weight, self.norm?),
        })
    }
}

/// Reads the rows of a [`Measure`], keeping room for what it has to compare.
#[derive(Debug)]
pub struct Rows<'a> {
    measure: &'a Measure,
    scratch: Vec<f32>,
}

impl<'a> Rows<'a> {
    /// One row in f32, one value for each key of the span of [`Measure::keys`], at their keys' places in `row`
    /// (length ≥ T), and those keys. What stands in the holes means nothing.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of pictures")]
    pub fn row_into(&mut self, query: usize, row: &mut [f32]) -> Keys<'a> {
        let Measure { pattern, kind, .. } = self.measure;
        let keys = self.measure.keys(query);
        let attended = keys.span();
        if let Kind::Score = kind {
            pattern.scores_into(query, row);
            return keys;
        }
        pattern.row_into(query, row);
        let row = &mut row[attended.clone()];
        match kind {
            Kind::Weight | Kind::Score => {}
            Kind::Difference { baseline } => {
                self.scratch.resize(pattern.n_positions(), 0.0);
                baseline.row_into(query, &mut self.scratch);
                for (value, baseline) in row.iter_mut().zip(&self.scratch[attended]) {
                    *value -= baseline;
                }
            }
            Kind::UniformRatio => {
                let n_keys = keys.len() as f32;
                for value in &mut *row {
                    *value *= n_keys;
                }
            }
            Kind::WeightedValue { norms } => {
                for (value, norm) in row.iter_mut().zip(&norms[attended]) {
                    *value = (f64::from(*value) * norm) as f32;
                }
            }
        }
        keys
    }
}
