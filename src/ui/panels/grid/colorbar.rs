//! The colour bar beside the panels: which colour is which value, and how the values are spread.

use std::fmt::Write as _;

use egui::{Color32, Rect, Ui, pos2};

use crate::{
    attention::PanelId,
    figure::{Histogram, LimitsFrom, NormPosition, PanelPicture, outcome_quantity_label},
    session::Cell,
    ui::{
        jobs::pictures::Frame,
        memo::{Memo, Revision},
        theme,
        widgets::{Beyond, Colorbar},
    },
};

const BAR_WIDTH: f32 = 16.0;
/// Left of the bar, for the histogram.
const HISTOGRAM: f32 = 14.0;

/// What the bar says: made once for an answer and the panel that it speaks of.
#[derive(Default)]
pub struct BarContents {
    scale: Memo<(Revision, PanelId), Contents>,
    marker: Memo<(Revision, PanelId, Option<Cell>), Option<f32>>,
}

struct Contents {
    label: String,
    ramp: Vec<Color32>,
    ticks: Vec<(f32, String)>,
    range: String,
    beyond: Beyond,
    heights: Vec<f32>,
    spread: String,
}

impl BarContents {
    /// Histogram, bar, ticks and label.
    pub const WIDTH: f32 = 94.0;
    /// Histogram, bar and ticks.
    pub const BARE_WIDTH: f32 = 62.0;

    /// Paints the bar into `rect`. `panel`, one of the frame's grid, is the one that it speaks of where panels have
    /// limits of their own, `cell` the one whose value is marked. A bare one has no label.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        frame: &Frame,
        (panel, cell): (PanelId, Option<Cell>),
        rect: Rect,
        is_bare: bool,
    ) {
        let contents = self.scale.get((frame.revision, panel), || Contents::of(frame, panel));
        let marker = self
            .marker
            .get((frame.revision, panel, cell), || cell.and_then(|cell| marker(&frame.pictures.panels[panel], cell)));
        let bar = Rect::from_min_max(
            pos2(rect.left() + HISTOGRAM, rect.top()),
            pos2(rect.left() + HISTOGRAM + BAR_WIDTH, rect.bottom()),
        );
        let response = Colorbar::new(&contents.ramp, &contents.ticks, &contents.label)
            .range(&contents.range)
            .beyond(contents.beyond)
            .histogram(&contents.heights)
            .bare(is_bare)
            .marker(*marker)
            .show(ui, "colour bar", bar);
        response.ctx.accesskit_node_builder(response.id, |node| node.set_description(contents.spread.clone()));
        response.on_hover_text(&contents.spread);
    }
}

impl Contents {
    fn of(frame: &Frame, panel: PanelId) -> Self {
        let pictures = &frame.pictures;
        let shown = &pictures.panels[panel];
        let is_locked = pictures.limits_from == LimitsFrom::AllPanels;
        let histogram = if is_locked { pictures.histogram() } else { shown.histogram };
        let (scale, table) = (shown.palette.scale(), shown.palette.colormap().table());
        let colour_of = |count: u64, color| (count > 0).then(|| theme::from_figure(color));
        let n_locked = is_locked.then(|| frame.outcome.shape().n_panels());
        Self {
            label: label(frame, panel, is_locked),
            ramp: theme::ramp(shown.palette.colormap()),
            ticks: scale.ticks().into_iter().map(|tick| (tick.position, tick.label)).collect(),
            range: scale.range_text(),
            beyond: Beyond {
                under: colour_of(histogram.under, table.under),
                over: colour_of(histogram.over, table.over),
                bad: colour_of(histogram.bad, table.bad),
            },
            heights: heights(&histogram),
            spread: spread(&histogram, &scale.range_text(), n_locked),
        }
    }
}

fn label(frame: &Frame, panel: PanelId, is_locked: bool) -> String {
    let quantity = outcome_quantity_label(&frame.outcome, frame.pictures.quantity());
    if is_locked || !frame.outcome.facts.kind.has_vectors() {
        return quantity;
    }
    let notation = frame.presentation.picture.look.notation;
    let epsilon = frame.outcome.experiment.epsilon[panel].written(notation);
    format!("{quantity} ({}, ε = {epsilon})", panel.component)
}

/// Where the cell's value stands on the bar: below 0 and above 1 for what is beyond.
#[expect(clippy::cast_possible_truncation, reason = "a place on the screen")]
fn marker(panel: &PanelPicture, cell: Cell) -> Option<f32> {
    let value = panel.measure.exact(cell.query, cell.key)?;
    match panel.palette.scale().position(value as f32) {
        NormPosition::Within(at) => Some(at),
        NormPosition::Under => Some(-1.0),
        NormPosition::Over => Some(2.0),
        NormPosition::Bad => None,
    }
}

/// Lengths of the histogram's bars, 0 to 1: logarithmic, for most cells of a pattern weigh next to nothing.
#[expect(clippy::cast_possible_truncation, reason = "lengths on the screen")]
fn heights(histogram: &Histogram) -> Vec<f32> {
    let ln = |count: u64| ((count + 1) as f64).ln();
    let most = histogram.bins.iter().copied().map(ln).fold(0.0, f64::max);
    histogram.bins.iter().map(|&count| if most > 0.0 { (ln(count) / most) as f32 } else { 0.0 }).collect()
}

/// The histogram in words. `n_panels` share the scale; `None` for a panel with a scale of its own.
fn spread(histogram: &Histogram, range: &str, n_panels: Option<usize>) -> String {
    let within: u64 = histogram.bins.iter().sum();
    let whose = match n_panels {
        None => "in view of this panel".to_owned(),
        Some(9) => "in view of all nine panels".to_owned(),
        Some(n_panels) => format!("in view of all {n_panels} panels"),
    };
    let mut text = format!("{within} cells {whose} are {range}");
    for (count, what) in [(histogram.under, "less"), (histogram.over, "more"), (histogram.bad, "not a number")] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    text + ". Lengths of the histogram are logarithmic."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_histogram_is_logarithmic_and_said_in_words() {
        let mut histogram = Histogram { under: 3, bad: 1, ..Histogram::default() };
        assert!(heights(&histogram).iter().all(|&height| height == 0.0), "no cell, no bar");
        histogram.bins[0] = 99;
        histogram.bins[5] = 9;
        let heights = heights(&histogram);
        assert_eq!((heights[0], heights[5], heights[9]), (1.0, 0.5, 0.0));
        let text = spread(&histogram, "0.0 to 1.0", Some(9));
        assert!(
            text.starts_with("108 cells in view of all nine panels are 0.0 to 1.0, 3 less, 1 not a number."),
            "{text}"
        );
    }
}
