use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    attention::{Comparison, Metrics, Pattern},
    engine::TargetChange,
};

/// What a sweep measures of one pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepMetrics {
    /// See [`crate::attention::sink_mass`].
    pub sink_mass: Option<f64>,
    /// See [`crate::attention::normalized_entropy`].
    pub normalized_entropy: Option<f64>,
    /// KL from baseline in nats.
    pub kl: f64,
    /// Jensen–Shannon divergence from baseline in nats, at most ln 2.
    pub js: f64,
    /// See [`crate::attention::max_weight`].
    pub max_weight: Option<f64>,
    /// Weight of the cell that was asked for, as files have it; `None` without one, and where it is masked.
    pub weight: Option<f64>,
    /// How the chances of the token change that was asked for; `None` without one.
    pub target: Option<TargetChange>,
}

impl SweepMetrics {
    /// Of `pattern`, without a target; `cell` is `[query, key]`.
    pub(super) fn of(baseline: &Pattern, pattern: &Pattern, cell: Option<[usize; 2]>) -> Self {
        let Comparison { metrics: Metrics { sink_mass, normalized_entropy, .. }, max_weight, kl, js } =
            Comparison::of(baseline, pattern);
        let weight = |[query, key]: [usize; 2]| Some(f64::from(pattern.exact_cell(query, key)?.weight));
        let weight = cell.and_then(weight);
        Self { sink_mass, normalized_entropy, kl, js, max_weight, weight, target: None }
    }
}

/// One of the [`SweepMetrics`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SweepMetric {
    /// Mean weight on the first visible key over the queries from the fourth on, 0 to 1.
    #[default]
    SinkMass,
    /// Entropy of a row over ln n of its n keys, 0 to 1, mean over rows.
    NormalizedEntropy,
    /// Kullback–Leibler divergence of the baseline's rows from the modified ones, in nats, mean over rows.
    Kl,
    /// Jensen–Shannon divergence from the baseline's rows, in nats, mean over rows.
    Js,
    /// Largest weight of a row, mean over rows.
    MaxWeight,
    /// Of one cell.
    Weight,
    /// Of the log-probability of the target, in nats.
    TargetChange,
    /// Of the target's log-probability less the rival's, in nats.
    RivalChange,
}

impl SweepMetric {
    /// All of them, in the order of menus and lists.
    pub const ALL: [Self; 8] = [
        Self::SinkMass,
        Self::NormalizedEntropy,
        Self::Kl,
        Self::Js,
        Self::MaxWeight,
        Self::Weight,
        Self::TargetChange,
        Self::RivalChange,
    ];

    /// Whether it is measured of a target alone.
    pub const fn is_of_target(self) -> bool {
        matches!(self, Self::TargetChange | Self::RivalChange)
    }

    /// The name on screen, with its unit.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SinkMass => "sink mass",
            Self::NormalizedEntropy => "normalized entropy",
            Self::Kl => "KL from baseline (nats)",
            Self::Js => "Jensen–Shannon divergence (nats)",
            Self::MaxWeight => "max weight",
            Self::Weight => "weight of the cell",
            Self::TargetChange => "change of the target’s log-probability (nats)",
            Self::RivalChange => "change of target − rival (nats)",
        }
    }

    /// The name where there is little room.
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::SinkMass => "sink",
            Self::NormalizedEntropy => "entropy",
            Self::Kl => "KL (nats)",
            Self::Js => "JS (nats)",
            Self::MaxWeight => "max",
            Self::Weight => "weight",
            Self::TargetChange => "target (nats)",
            Self::RivalChange => "target − rival (nats)",
        }
    }

    /// The word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SinkMass => "sink-mass",
            Self::NormalizedEntropy => "normalized-entropy",
            Self::Kl => "kl",
            Self::Js => "js",
            Self::MaxWeight => "max-weight",
            Self::Weight => "weight",
            Self::TargetChange => "target-change",
            Self::RivalChange => "rival-change",
        }
    }

    /// `None` where there are too few tokens for it, or no cell, or no target.
    pub fn of(self, metrics: &SweepMetrics) -> Option<f64> {
        match self {
            Self::SinkMass => metrics.sink_mass,
            Self::NormalizedEntropy => metrics.normalized_entropy,
            Self::Kl => Some(metrics.kl),
            Self::Js => Some(metrics.js),
            Self::MaxWeight => metrics.max_weight,
            Self::Weight => metrics.weight,
            Self::TargetChange => metrics.target.map(|change| change.log_probability),
            Self::RivalChange => metrics.target?.over_rival,
        }
    }
}

impl fmt::Display for SweepMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that names no metric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected sink-mass, normalized-entropy, kl, js, max-weight, weight, target-change or rival-change, found “{0}”"
)]
pub struct ParseSweepMetricError(String);

impl FromStr for SweepMetric {
    type Err = ParseSweepMetricError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|metric| metric.word() == text.trim());
        known.ok_or_else(|| ParseSweepMetricError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for metric in SweepMetric::ALL {
            assert_eq!(metric.to_string().parse(), Ok(metric));
        }
        assert_eq!("sink".parse::<SweepMetric>(), Err(ParseSweepMetricError("sink".to_owned())));
    }
}
