//! What a map of heads shows: made once for a list and a ground.

use egui::Color32;

use super::super::{
    effects::Effects,
    gallery::Gallery,
    listing::{Listing, row},
};
use crate::{
    engine::{HeadMetric, HeadRow, MetricRange},
    figure::{ColorNorm, Colormap, Ground, Limits, MaskedStyle, Palette},
};

/// The cells and what their colours mean.
pub struct Cells {
    /// `[layer · n_heads + head]` of each head that is listed, with its numbers and its colour.
    pub cells: Vec<(usize, Option<HeadRow>, Option<Color32>)>,
    pub legend: String,
}

impl Cells {
    pub fn of((gallery, effects, listing): (&Gallery, &Effects, &Listing), metric: HeadMetric, ground: Ground) -> Self {
        let row = |&index: &usize| (index, row(gallery, effects, index));
        let rows: Vec<(usize, Option<HeadRow>)> = listing.indices().iter().map(row).collect();
        let palette = palette(metric, rows.iter().filter_map(|(_, row)| row.as_ref()), ground);
        let legend = legend(metric, &palette);
        let colored = |(index, row): (usize, Option<HeadRow>)| {
            let color = color(&palette, row.as_ref().and_then(|row| row.get(metric)));
            (index, row, color)
        };
        Self { cells: rows.into_iter().map(colored).collect(), legend }
    }
}

/// Signed metrics in diverging colours around 0, the others from 0 to 1 or to the largest.
fn palette<'a>(metric: HeadMetric, rows: impl Iterator<Item = &'a HeadRow>, ground: Ground) -> Palette {
    let values = rows.filter_map(|row| row.get(metric)).filter(|value| value.is_finite());
    #[expect(clippy::cast_possible_truncation, reason = "colours need no more")]
    let most = values.fold(1e-30_f64, |most, value| most.max(value.abs())) as f32;
    let (colormap, limits) = match metric.range() {
        MetricRange::Share => (Colormap::Viridis, Limits::new(0.0, 1.0)),
        MetricRange::Nats => (Colormap::Viridis, Limits::new(0.0, most)),
        MetricRange::Signed => (Colormap::RdBu, Limits::new(-most, most)),
    };
    let norm = limits.map_or_else(|_| ColorNorm::default(), ColorNorm::Linear);
    Palette::new(colormap, norm.resolve(|| None), MaskedStyle::Quiet, ground)
}

/// What the colours mean.
fn legend(metric: HeadMetric, palette: &Palette) -> String {
    let [low, high] = palette.scale().ends();
    let ends = [low, high].map(|end| metric.text(end));
    format!("{}: colours from {} to {}", metric.name(), ends[0], ends[1])
}

#[expect(clippy::cast_possible_truncation, reason = "colours need no more")]
fn color(palette: &Palette, value: Option<f64>) -> Option<Color32> {
    let value = value.filter(|value| !value.is_nan())?;
    let [r, g, b, a] = palette.color(value as f32).rgba();
    Some(Color32::from_rgba_premultiplied(r, g, b, a))
}
