//! Which heads are listed, and in which order.

use std::sync::Arc;

use super::{effects::Effects, filter::Filter, gallery::Gallery};
use crate::{
    engine::{HeadMetric, HeadRow, HeadsTable, MetricRange, Ranking, Under, WrittenTokens},
    ui::{
        memo::Revision,
        shell::preferences::{HeadsList, HeadsTab as Tab},
    },
};

/// Whose patterns are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shows {
    #[default]
    Baseline,
    /// Under the selected panel's intervention.
    Selected,
}

impl Shows {
    /// `selected` is the selected panel's intervention.
    pub fn under(self, selected: Under) -> Under {
        match self {
            Self::Baseline => Under::Baseline,
            Self::Selected => selected,
        }
    }
}

/// What the person has chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub tab: Tab,
    pub shows: Shows,
    pub metric: HeadMetric,
    pub ranking: Ranking,
    /// Least value of the metric.
    pub at_least: f64,
    /// Layers and heads, as typed.
    pub filter: String,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            tab: Tab::default(),
            shows: Shows::default(),
            metric: HeadMetric::default(),
            ranking: Ranking::default(),
            at_least: 0.0,
            filter: String::new(),
        }
    }
}

impl Choice {
    /// What of it is kept from one start to the next.
    pub fn list(&self) -> HeadsList {
        HeadsList { tab: self.tab, metric: self.metric, ranking: self.ranking }
    }

    /// Lists heads as they were listed before; by effects only once those are asked for again.
    pub fn recall(&mut self, HeadsList { tab, metric, ranking }: HeadsList) {
        self.tab = tab;
        if metric.range() == MetricRange::Share {
            (self.metric, self.ranking) = (metric, ranking);
        }
    }

    /// `Err` says what is not understood; then the filter lets everything pass.
    pub fn parsed(&self) -> Result<Filter, String> {
        Filter::parse(&self.filter).map_err(|error| error.to_string())
    }

    /// Those that have most of it come first.
    pub fn rank_by(&mut self, metric: HeadMetric) {
        if self.metric != metric {
            (self.metric, self.at_least) = (metric, 0.0);
        }
        self.ranking = Ranking::Highest(metric);
    }

    /// The order of the list; a map has its own.
    fn order(&self) -> Ranking {
        if self.tab == Tab::Map { Ranking::ByLayer } else { self.ranking }
    }

    /// Whether all heads are listed as they lie in the model.
    pub fn is_map(&self) -> bool {
        self.ranking == Ranking::ByLayer && self.at_least <= 0.0 && self.parsed().is_ok_and(|f| f == Filter::ALL)
    }
}

/// The heads that are listed, in order, kept until something changes.
#[derive(Default)]
pub struct Listing {
    of: Option<(Choice, u64, [u64; 2])>,
    indices: Vec<usize>,
    revision: Option<Revision>,
}

impl Listing {
    /// Brings the list up to date. Heads that are still to come pass, and come last.
    pub fn update(&mut self, choice: &Choice, gallery: &Gallery, effects: &Effects) {
        let key = (choice.clone(), gallery.revision(), effects.revisions());
        if self.of.as_ref() == Some(&key) {
            return;
        }
        let layers = gallery.layers();
        let filter = choice.parsed().unwrap_or(Filter::ALL);
        let rows: Vec<Option<HeadRow>> =
            (0..gallery.summaries().len()).map(|index| row(gallery, effects, index)).collect();
        let n_heads = gallery.n_heads().max(1);
        let passes = |&index: &usize| {
            let is_enough = |row: &HeadRow| {
                row.get(choice.metric).is_some_and(|value| size(choice.metric, value) >= choice.at_least)
            };
            filter.passes(layers.of(index / n_heads), index % n_heads)
                && (choice.at_least <= 0.0 || rows[index].as_ref().is_none_or(is_enough))
        };
        self.indices = (0..rows.len()).filter(passes).collect();
        let order = choice.order();
        if order != Ranking::ByLayer {
            self.indices.sort_by(|&a, &b| match (&rows[a], &rows[b]) {
                (Some(a), Some(b)) => order.compare(a, b),
                (a, b) => a.is_none().cmp(&b.is_none()),
            });
        }
        self.of = Some(key);
        self.revision = Some(Revision::next());
    }

    /// Another one for another choice and for other numbers; none before the first list.
    pub fn revision(&self) -> Option<Revision> {
        self.revision
    }

    /// Of the gallery's summaries.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// Where a head stands in the list.
    pub fn position(&self, index: usize) -> Option<usize> {
        self.indices.iter().position(|&other| other == index)
    }

    /// The listed heads that are there, for a file; `tokens` are those that all heads promote and suppress most.
    pub fn table(&self, gallery: &Gallery, effects: &Effects, tokens: Arc<[WrittenTokens]>) -> HeadsTable {
        let rows = self.indices.iter().filter_map(|&index| row(gallery, effects, index)).collect();
        HeadsTable {
            rows,
            layers: gallery.layers().clone(),
            ships: effects.ships.of(),
            writes: effects.written.writes().cloned(),
            tokens,
        }
    }
}

/// One head, if it is there.
pub fn row(gallery: &Gallery, effects: &Effects, index: usize) -> Option<HeadRow> {
    let summary = gallery.summaries().get(index).copied().flatten()?;
    Some(HeadRow { summary, effect: effects.get(index) })
}

/// How much of a metric a value is: what writes against a token writes as much as what writes for it.
fn size(metric: HeadMetric, value: f64) -> f64 {
    if metric.range() == MetricRange::Signed { value.abs() } else { value }
}

/// Two or three places, as many as fit under a thumbnail.
pub fn short(metric: HeadMetric, value: Option<f64>) -> String {
    match (value, metric.range()) {
        (None, _) => "–".to_owned(),
        // Most heads do next to nothing: plain places would show them all alike.
        (Some(ships), MetricRange::Nats) if ships != 0.0 => format!("{ships:.1e}"),
        (Some(value), MetricRange::Signed) if value != 0.0 && value.abs() < 0.005 => format!("{value:+.0e}"),
        (Some(value), MetricRange::Signed) => format!("{value:+.2}"),
        // Two digits of what is small, too.
        (Some(value), _) if value >= 0.01 || value == 0.0 => format!("{value:.2}"),
        (Some(value), _) if value >= 0.001 => format!("{value:.4}"),
        (Some(value), _) => format!("{value:.0e}"),
    }
}

/// What a screen reader calls a head: `Layer 14, head 3, sink mass 0.8492`.
pub fn spoken(layer: usize, head: usize, values: impl Iterator<Item = (HeadMetric, Option<f64>)>) -> String {
    let mut text = format!("Layer {layer}, head {head}");
    for (metric, value) in values {
        let value = value.map_or_else(|| "none".to_owned(), |value| metric.text(value));
        for part in [", ", metric.name(), " ", &value] {
            text.push_str(part);
        }
    }
    text
}
