//! A head with its numbers, and which comes first.

use std::{cmp::Ordering, str::FromStr};

use serde::{Deserialize, Serialize};

use super::metric::HeadMetric;
use crate::engine::{HeadSummary, PartWrites, TargetChange};

/// A word that names no metric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected layer, sink, entropy, diagonal, previous, induction, ships, target-change, rival-change, writes or \
     writes-over-rival, found “{0}”"
)]
pub struct ParseMetricError(String);

/// One head with everything that it is compared by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadRow {
    /// Which head it is, and its metrics.
    pub summary: HeadSummary,
    /// What it does to the output; nothing where that was not computed.
    pub effect: HeadEffect,
}

/// What a head does to the output, as far as it was computed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeadEffect {
    /// See [`crate::engine::HeadShips`].
    pub ships: Option<f64>,
    /// See [`crate::engine::HeadShips`].
    pub change: Option<TargetChange>,
    /// See [`crate::engine::Writes`].
    pub writes: Option<PartWrites>,
}

impl HeadRow {
    /// `None` where the prompt is too short for it, nothing repeats, or it was not computed.
    pub fn get(&self, metric: HeadMetric) -> Option<f64> {
        let HeadSummary { metrics, previous_token, induction, .. } = self.summary;
        match metric {
            HeadMetric::SinkMass => metrics.sink_mass,
            HeadMetric::Entropy => metrics.normalized_entropy,
            HeadMetric::Diagonal => Some(metrics.diagonal),
            HeadMetric::PreviousToken => previous_token,
            HeadMetric::Induction => induction,
            HeadMetric::Ships => self.effect.ships,
            HeadMetric::Writes => self.effect.writes.map(|writes| writes.to_target),
            HeadMetric::WritesOverRival => self.effect.writes?.over_rival,
            HeadMetric::TargetChange => self.effect.change.map(|change| change.log_probability),
            HeadMetric::RivalChange => self.effect.change?.over_rival,
        }
    }

    pub(super) fn place(&self) -> (usize, usize) {
        (self.summary.layer, self.summary.head)
    }
}

/// The order of heads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ranking {
    /// By layer, then by head.
    #[default]
    ByLayer,
    /// From the highest value down.
    Highest(HeadMetric),
    /// From the lowest value up.
    Lowest(HeadMetric),
}

impl Ranking {
    /// Which comes first. What has no value, or one that is no number, comes last either way; equal values by layer.
    pub fn compare(self, a: &HeadRow, b: &HeadRow) -> Ordering {
        let by_value = |metric: HeadMetric, turn: fn(Ordering) -> Ordering| {
            let value = |row: &HeadRow| row.get(metric).filter(|value| !value.is_nan());
            match (value(a), value(b)) {
                (Some(a), Some(b)) => turn(a.total_cmp(&b)),
                (a, b) => a.is_none().cmp(&b.is_none()),
            }
        };
        let order = match self {
            Self::ByLayer => Ordering::Equal,
            Self::Highest(metric) => by_value(metric, Ordering::reverse),
            Self::Lowest(metric) => by_value(metric, |order| order),
        };
        order.then_with(|| a.place().cmp(&b.place()))
    }
}

impl FromStr for Ranking {
    type Err = ParseMetricError;

    /// `layer`, or a metric: the highest first; of changes of a target's chances what lowers them most.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let metric = match text.trim().to_ascii_lowercase().replace('-', "_").as_str() {
            "layer" => return Ok(Self::ByLayer),
            "sink" | "sink_mass" => HeadMetric::SinkMass,
            "entropy" => HeadMetric::Entropy,
            "diagonal" => HeadMetric::Diagonal,
            "previous" | "previous_token" => HeadMetric::PreviousToken,
            "induction" => HeadMetric::Induction,
            "ships" => HeadMetric::Ships,
            "writes" => HeadMetric::Writes,
            "writes_over_rival" => HeadMetric::WritesOverRival,
            "target_change" => return Ok(Self::Lowest(HeadMetric::TargetChange)),
            "rival_change" => return Ok(Self::Lowest(HeadMetric::RivalChange)),
            _ => return Err(ParseMetricError(text.to_owned())),
        };
        Ok(Self::Highest(metric))
    }
}
