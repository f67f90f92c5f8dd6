//! Widths of the texts of a figure in em, whichever way it is laid out.

use std::cell::OnceCell;

use super::{
    arrangement::{LabelForm, PanelTitles},
    labels::BEYOND,
};
use crate::figure::{
    Beyond, FigureSpec,
    data::metric::metric_line,
    text::shaping::{self, widest},
};

/// Widths in em of the widest text of each kind.
pub struct Widths<'a> {
    spec: &'a FigureSpec,
    /// Of the panels' titles, by [`PanelTitles::index`].
    pub panel_titles: [f64; PanelTitles::COUNT],
    pub row_head: f64,
    pub note: f64,
    /// Of lines of one number, of two, …
    metrics: Vec<f64>,
    /// Under a panel.
    pub n_numbers: usize,
    pub tick: f64,
    pub bar_label: f64,
    /// By [`LabelForm`], measured when they are asked for.
    labels: [(LabelForm, OnceCell<Labels>); LabelForm::COUNT],
}

/// Labels of one form, and the width of the widest.
type Labels = (Vec<String>, f64);

impl<'a> Widths<'a> {
    pub fn measure(spec: &'a FigureSpec) -> Self {
        let panels = || spec.panels.iter().flatten();
        let ticks = spec.bar.ticks.iter().map(|tick| tick.label.as_str());
        let beyond = BEYOND.into_iter().filter(|_| spec.bar.beyond != Beyond::default());
        let fonts = &spec.fonts;
        let n_numbers = panels().map(|panel| panel.metrics.len()).max().unwrap_or(0);
        let lines = |numbers: usize| -> Vec<String> {
            panels().flat_map(|panel| panel.metrics.chunks(numbers).map(metric_line)).collect()
        };
        Self {
            spec,
            panel_titles: PanelTitles::ALL.map(|titles| widest(panels().map(|panel| panel.title_as(titles)), fonts)),
            row_head: widest(spec.row_heads.iter().map(String::as_str), fonts),
            note: widest(panels().map(|panel| panel.note.as_str()), fonts),
            metrics: (1..=n_numbers).map(|n| widest(lines(n).iter().map(String::as_str), fonts)).collect(),
            n_numbers,
            tick: widest(ticks.chain(beyond), fonts),
            bar_label: shaping::width(&spec.bar.label, fonts),
            labels: LabelForm::ALL.map(|form| (form, OnceCell::new())),
        }
    }

    /// Of a line of so many numbers; 0 where there are none.
    pub fn metrics(&self, numbers: usize) -> f64 {
        let index = numbers.min(self.metrics.len()).saturating_sub(1);
        self.metrics.get(index).copied().unwrap_or(0.0)
    }

    /// The labels at the axes in a form, and the width of the widest.
    pub fn labels(&self, form: LabelForm) -> (&[String], f64) {
        let Some((_, cell)) = self.labels.iter().find(|(known, _)| *known == form) else { return (&[], 0.0) };
        let (labels, width) = cell.get_or_init(|| {
            let labels = form.of(&self.spec.axis_labels, &self.spec.fonts);
            let width = widest(labels.iter().map(String::as_str), &self.spec.fonts);
            (labels, width)
        });
        (labels, *width)
    }
}
