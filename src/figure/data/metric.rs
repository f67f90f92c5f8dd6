//! The numbers that may stand under a panel.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    attention::{SinkQueries, kl_from_baseline, normalized_entropy, sink_mass},
    engine::Panel,
    figure::FigureError,
};

/// One number of a panel's pattern, as the window and the sweep define it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PanelMetric {
    /// [`sink_mass`]
    Sink,
    /// [`normalized_entropy`]
    Entropy,
    /// [`kl_from_baseline`], in nats
    Kl,
}

impl PanelMetric {
    /// All of them, in the order in which a figure writes them.
    pub const ALL: [Self; 3] = [Self::Sink, Self::Entropy, Self::Kl];

    /// As written on the command line and in sessions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sink => "sink",
            Self::Entropy => "entropy",
            Self::Kl => "kl",
        }
    }

    /// As written in the figure and in the window.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sink => "sink",
            Self::Entropy => "entropy",
            Self::Kl => "KL",
        }
    }

    /// The number; `None` for a prompt too short to have one.
    fn of(self, panel: &Panel, baseline: &Panel) -> Option<f64> {
        match self {
            Self::Sink => sink_mass(&panel.pattern),
            Self::Entropy => normalized_entropy(&panel.pattern),
            Self::Kl => Some(kl_from_baseline(&baseline.pattern, &panel.pattern)),
        }
    }
}

/// What stands under `panel`, in parts: `sink 0.513`, `entropy 0.927`, `KL 1.2e-2`; where a window hides the first token from some
/// queries also of how many the sink mass is the mean: `sink 0.513 (n = 2)`.
pub fn metric_numbers(metrics: &BTreeSet<PanelMetric>, panel: &Panel, baseline: &Panel) -> Vec<String> {
    let parts = metrics.iter().map(|&metric| {
        let value = metric.of(panel, baseline).map_or("–".to_owned(), number);
        let pattern = &panel.pattern;
        let queries = SinkQueries::of(pattern.scores().mask(), pattern.n_positions());
        if metric == PanelMetric::Sink && queries.is_partial() {
            return format!("{} {value} (n = {})", metric.label(), queries.counted);
        }
        format!("{} {value}", metric.label())
    });
    parts.collect()
}

/// A line of them: `sink 0.513 · entropy 0.927`.
pub fn metric_line(numbers: &[String]) -> String {
    numbers.join(" · ")
}

/// Three decimals, or two digits and a power of ten for what three decimals would not show.
fn number(value: f64) -> String {
    if value == 0.0 || (1e-2..1e4).contains(&value.abs()) || !value.is_finite() {
        format!("{value:.3}")
    } else {
        format!("{value:.1e}")
    }
}

impl fmt::Display for PanelMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for PanelMetric {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|metric| metric.name().eq_ignore_ascii_case(text.trim()));
        found.ok_or_else(|| FigureError::Metric(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_show_something() {
        for (value, text) in [(0.0, "0.000"), (0.5, "0.500"), (0.012_34, "0.012"), (3.2e-7, "3.2e-7"), (1.0, "1.000")] {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(f64::INFINITY), "inf");
    }

    #[test]
    fn names_parse_back() {
        for metric in PanelMetric::ALL {
            assert_eq!(metric.to_string().parse::<PanelMetric>().unwrap(), metric);
            assert_eq!(serde_json::to_string(&metric).unwrap(), format!("\"{metric}\""));
        }
        assert!("max".parse::<PanelMetric>().is_err());
    }
}
