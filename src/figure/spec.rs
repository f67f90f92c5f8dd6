//! What the figure shows, independent of where it stands on the page.

use super::{AxisLabels, FigureStyle, FontSize, Ground, Limits, NormPosition, PageSize, Palette, labels};
use crate::{
    attention::{Component, Pattern},
    engine::Outcome,
};

/// Content and looks of one figure.
#[derive(Clone, Debug)]
pub struct FigureSpec {
    pub title: String,
    /// `[component][column]`
    pub panels: [[PanelSpec; 3]; 3],
    /// One for each position, or none.
    pub axis_labels: Vec<String>,
    pub bar_label: String,
    pub palette: Palette,
    pub beyond: Beyond,
    pub ground: Ground,
    pub page: PageSize,
    pub font_size: FontSize,
}

/// Whether weights of the figure lie beyond the ends of its scale, so that the colour bar has to say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beyond {
    pub under: bool,
    pub over: bool,
}

/// One panel of the figure.
#[derive(Clone, Debug)]
pub struct PanelSpec {
    pub title: String,
    pub pattern: Pattern,
}

impl FigureSpec {
    pub fn from_outcome(outcome: &Outcome, style: &FigureStyle) -> Self {
        let panels = Component::ALL.map(|component| {
            std::array::from_fn(|column| PanelSpec {
                title: labels::panel_title(component, outcome.operation, outcome.epsilon[component.row()][column]),
                pattern: outcome.panel(component, column).pattern.clone(),
            })
        });
        let axis_labels = match style.axis_labels {
            AxisLabels::Tokens => outcome.tokens.iter().map(|token| labels::token_label(&token.text)).collect(),
            AxisLabels::Positions => (0..outcome.n_positions()).map(|position| position.to_string()).collect(),
            AxisLabels::Hidden => Vec::new(),
        };
        let ends = weight_range(panels.as_flattened().iter().map(|panel| &panel.pattern));
        let scale = style.norm.resolve(|| Limits::around(ends.into_iter().flatten()));
        let lies = |end: usize, position| ends.is_some_and(|ends| scale.position(ends[end]) == position);
        Self {
            title: style.title.clone().unwrap_or_else(|| labels::title(outcome.operation).to_owned()),
            panels,
            axis_labels,
            bar_label: labels::BAR_LABEL.to_owned(),
            palette: Palette::new(style.colormap, scale, style.masked, style.ground),
            beyond: Beyond { under: lies(0, NormPosition::Under), over: lies(1, NormPosition::Over) },
            ground: style.ground,
            page: style.page,
            font_size: style.font_size,
        }
    }
}

/// The smallest and the largest of all unmasked, finite weights; `None` where there are none.
pub fn weight_range<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> Option<[f32; 2]> {
    let [mut low, mut high] = [f32::INFINITY, f32::NEG_INFINITY];
    let mut buffer = Vec::new();
    for pattern in patterns {
        buffer.resize(pattern.n_positions(), 0.0);
        for query in 0..pattern.n_positions() {
            for &weight in pattern.row_into(query, &mut buffer).iter().filter(|weight| weight.is_finite()) {
                (low, high) = (low.min(weight), high.max(weight));
            }
        }
    }
    (low <= high).then_some([low, high])
}
