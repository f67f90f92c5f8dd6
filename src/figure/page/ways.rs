//! The ways in which a figure can be laid out on its page, the best first.

use super::arrangement::{Arrangement, CUTS, LEGIBLE, LabelForm, PanelTitles};
use crate::figure::{FigureSpec, FontSize};

/// Size of the panel titles in points where none is asked for and the page has room.
pub const PREFERRED: f64 = 8.0;
/// From one size that is tried to the next.
const STEP: f64 = 0.5;
/// Panels smaller than this show little, in points.
const SMALL_PANEL: f64 = 36.0;
/// As many times as wide as the text is high are panels where the size of the text is free.
const COMFORTABLE: f64 = 6.5;
/// Panels are never smaller than this, in points.
const SMALLEST_PANELS: [f64; 2] = [18.0, 12.0];

/// Ways that are worth the same, in the order in which they are tried.
pub struct Stage {
    /// Panels must be as large, in points and in heights of the text.
    least: [f64; 2],
    pub ways: Vec<Arrangement>,
    /// Whether texts may be smaller than they should be.
    pub may_squeeze: bool,
}

impl Stage {
    /// The least side of a panel in points.
    pub fn least_panel(&self, font: f64) -> f64 {
        self.least[0].max(self.least[1] * font)
    }
}

/// All ways to lay out the figure, the best first.
///
/// Where the size of the text is not chosen it is what leaves the panels their room. Then labels are cut, text becomes
/// smaller, positions stand for tokens, and last of all panels become small: a page that has any room is not refused.
pub fn stages(spec: &FigureSpec) -> Vec<Stage> {
    let first = spec.font_size.map_or(PREFERRED, FontSize::points);
    let sizes = sizes(first);
    let last = *sizes.last().unwrap_or(&first);
    let numbers = spec.panels.iter().flatten().map(|panel| panel.metrics.len()).max().unwrap_or(0);
    let ways = |sizes: &[f64], labels: &[LabelForm], titles: &[PanelTitles], by: Outer| {
        let pairs: Vec<(f64, LabelForm)> = match by {
            Outer::Sizes => sizes.iter().flat_map(|&size| labels.iter().map(move |&labels| (size, labels))).collect(),
            Outer::Labels => labels.iter().flat_map(|&labels| sizes.iter().map(move |&size| (size, labels))).collect(),
        };
        let mut ways = Vec::new();
        for (font, labels) in pairs {
            for &titles in titles {
                for numbers in (1..=numbers.max(1)).rev() {
                    ways.push(Arrangement { titles, font, labels, numbers });
                }
            }
        }
        ways
    };
    let [long, short] = CUTS.map(LabelForm::Cut);
    let all = &PanelTitles::ALL;
    let mut stages = Vec::new();
    let stage = |least, ways| Stage { least, ways, may_squeeze: false };
    if spec.font_size.is_none() {
        let labels = [LabelForm::Whole, long];
        stages.push(stage([SMALL_PANEL, COMFORTABLE], ways(&sizes, &labels, all, Outer::Labels)));
    }
    let labels = [LabelForm::Whole, long, short];
    // A size that was asked for is kept as long as it can be.
    let by = if spec.font_size.is_none() { Outer::Labels } else { Outer::Sizes };
    stages.push(stage([SMALL_PANEL, 0.0], ways(&sizes, &labels, all, by)));
    stages.push(stage([SMALL_PANEL, 0.0], ways(&sizes, &[LabelForm::Positions], all, Outer::Sizes)));
    let labels = [short, LabelForm::Positions, LabelForm::Hidden];
    for least in SMALLEST_PANELS {
        stages.push(stage([least, 0.0], ways(&[last], &labels, all, Outer::Sizes)));
    }
    let squeezed = ways(&[last], &labels, &[PanelTitles::Heads], Outer::Sizes);
    stages.push(Stage { least: [SMALLEST_PANELS[1], 0.0], ways: squeezed, may_squeeze: true });
    stages
}

#[derive(Clone, Copy)]
enum Outer {
    Sizes,
    Labels,
}

/// From `first` down to what is legible.
pub fn sizes(first: f64) -> Vec<f64> {
    let mut sizes = vec![first];
    let mut size = ((first - STEP / 2.0) / STEP).floor() * STEP;
    while size >= LEGIBLE {
        sizes.push(size);
        size -= STEP;
    }
    sizes
}

/// What is otherwise than the figure asks for: a sentence each.
pub fn told(arrangement: Arrangement, spec: &FigureSpec) -> Vec<String> {
    let font = spec.font_size.map(FontSize::points).filter(|&asked| asked > arrangement.font);
    let font = font.map(|asked| {
        format!("text has {} points in the place of {asked}, which leave the panels no room", arrangement.font)
    });
    let labels = match arrangement.labels {
        LabelForm::Whole => None,
        LabelForm::Cut(_) => Some("long labels are cut: whole ones leave the panels no room"),
        LabelForm::Positions => Some("positions stand at the axes: tokens leave the panels no room"),
        LabelForm::Hidden => Some("nothing stands at the axes: labels leave the panels no room"),
    };
    let labels = labels.filter(|_| !spec.axis_labels.is_empty());
    font.into_iter().chain(labels.map(str::to_owned)).collect()
}
