//! What heads are compared by.

use serde::{Deserialize, Serialize};

/// What heads are compared by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadMetric {
    /// See [`crate::attention::sink_mass`].
    #[default]
    SinkMass,
    /// See [`crate::attention::normalized_entropy`].
    Entropy,
    /// Mean weight of a token on itself.
    Diagonal,
    /// See [`crate::attention::previous_token`].
    PreviousToken,
    /// See [`crate::attention::induction`].
    Induction,
    /// See [`crate::engine::HeadShips`].
    Ships,
    /// What the head adds to the target's logit ([`crate::engine::Writes`]).
    Writes,
    /// What the head adds to the target's logit less the rival's.
    WritesOverRival,
    /// How the target's log-probability changes when that head alone is changed ([`crate::engine::TargetChange`]).
    TargetChange,
    /// The same less that of the rival.
    RivalChange,
}

/// Between which bounds a metric lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricRange {
    /// 0 to 1.
    Share,
    /// 0 and more, in nats; most heads next to nothing.
    Nats,
    /// Above and below 0.
    Signed,
}

impl HeadMetric {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Self; 10] = [
        Self::SinkMass,
        Self::Entropy,
        Self::Diagonal,
        Self::PreviousToken,
        Self::Induction,
        Self::Ships,
        Self::TargetChange,
        Self::RivalChange,
        Self::Writes,
        Self::WritesOverRival,
    ];

    /// Whether it is of a target, the token whose logit is looked at.
    pub const fn is_of_target(self) -> bool {
        matches!(self.range(), MetricRange::Signed)
    }

    /// Between which bounds it lies.
    pub const fn range(self) -> MetricRange {
        match self {
            Self::SinkMass | Self::Entropy | Self::Diagonal | Self::PreviousToken | Self::Induction => {
                MetricRange::Share
            }
            Self::Ships => MetricRange::Nats,
            Self::Writes | Self::WritesOverRival | Self::TargetChange | Self::RivalChange => MetricRange::Signed,
        }
    }

    /// On screen, as it reads in the middle of a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SinkMass => "sink mass",
            Self::Entropy => "entropy",
            Self::Diagonal => "diagonal",
            Self::PreviousToken => "previous token",
            Self::Induction => "induction",
            Self::Ships => "Ships",
            Self::Writes => "writes",
            Self::WritesOverRival => "writes − rival",
            Self::TargetChange => "change of target",
            Self::RivalChange => "change − rival",
        }
    }

    /// In files, and the column of a table.
    pub const fn key(self) -> &'static str {
        match self {
            Self::SinkMass => "sink_mass",
            Self::Entropy => "entropy",
            Self::Diagonal => "diagonal",
            Self::PreviousToken => "previous_token",
            Self::Induction => "induction",
            Self::Ships => "ships",
            Self::Writes => "writes",
            Self::WritesOverRival => "writes_over_rival",
            Self::TargetChange => "target_change",
            Self::RivalChange => "rival_change",
        }
    }

    /// A value as tables show it: most heads do next to nothing, and plain places would show them all alike.
    pub fn text(self, value: f64) -> String {
        match self.range() {
            MetricRange::Nats => format!("{value:.3e}"),
            MetricRange::Share => format!("{value:.4}"),
            MetricRange::Signed if value == 0.0 => "0".to_owned(),
            MetricRange::Signed if value.abs() < 1e-3 => format!("{value:+.1e}"),
            MetricRange::Signed => format!("{value:+.4}"),
        }
    }
}
