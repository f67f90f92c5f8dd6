//! The table of heads: what it ranks by, and how it is written.

mod metric;
mod preset;
mod ranking;
mod table;

pub use metric::{HeadMetric, MetricRange};
pub use preset::{ParsePresetError, ShipsPreset};
pub use ranking::{HeadEffect, HeadRow, ParseMetricError, Ranking};
pub use table::{HeadsTable, ShipsOf, TableFormat, UnknownTableFormat};
