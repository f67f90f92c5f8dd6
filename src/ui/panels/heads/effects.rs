//! What each head does to the output: what was asked of it, and what is there.

use super::{ranking::Ships, written::Written};
use crate::engine::{HeadEffect, HeadMetric, Service, SourceKind};

/// What each head does when it alone is changed, and what it writes.
pub struct Effects {
    pub ships: Ships,
    pub written: Written,
}

impl Effects {
    pub fn new(service: &Service) -> Self {
        Self { ships: Ships::new(service), written: Written::new(service) }
    }

    pub fn get(&self, index: usize) -> HeadEffect {
        let of_ships = self.ships.get(index);
        HeadEffect {
            ships: of_ships.map(|found| found.ships),
            change: of_ships.and_then(|found| found.target),
            writes: self.written.get(index),
        }
    }

    /// Counts the changes of either.
    pub fn revisions(&self) -> [u64; 2] {
        [self.ships.revision(), self.written.revision()]
    }

    pub fn is_busy(&self) -> bool {
        self.ships.is_busy() || self.written.is_busy()
    }

    /// Whether there are values of a metric, or will be.
    pub fn has(&self, metric: HeadMetric) -> bool {
        match metric {
            HeadMetric::Ships | HeadMetric::TargetChange | HeadMetric::RivalChange => self.ships.of().is_some(),
            HeadMetric::Writes | HeadMetric::WritesOverRival => self.written.writes().is_some(),
            _ => true,
        }
    }

    /// Why there are none.
    pub fn missing(&self, metric: HeadMetric) -> String {
        let of_written = || self.written.failure().unwrap_or_else(|| "Not computed, or not of a capture".to_owned());
        match metric {
            HeadMetric::Writes | HeadMetric::WritesOverRival => of_written(),
            _ => "Rank by effect first".to_owned(),
        }
    }
}

/// The metrics that a table of a source's heads has, from the left: without a model behind them heads write nothing.
pub fn columns(kind: SourceKind) -> &'static [HeadMetric] {
    const WITHOUT_MODEL: usize = 6;
    let all: &'static [HeadMetric] = &HeadMetric::ALL;
    if kind.is_model() { all } else { &all[..WITHOUT_MODEL] }
}
