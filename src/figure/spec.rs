//! What the figure shows, independent of where it stands on the page.

use super::{AxisLabels, FigureStyle, FontSize, Ground, Limits, PageSize, Palette, labels};
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
    pub ground: Ground,
    pub page: PageSize,
    pub font_size: FontSize,
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
                title: labels::panel_title(component, outcome.epsilon[component.row()][column]),
                pattern: outcome.panel(component, column).pattern.clone(),
            })
        });
        let axis_labels = match style.axis_labels {
            AxisLabels::Tokens => outcome.tokens.iter().map(|token| labels::token_label(&token.text)).collect(),
            AxisLabels::Positions => (0..outcome.n_positions()).map(|position| position.to_string()).collect(),
            AxisLabels::Hidden => Vec::new(),
        };
        let scale = style.norm.resolve(|| weight_limits(panels.as_flattened().iter().map(|panel| &panel.pattern)));
        Self {
            title: style.title.clone(),
            panels,
            axis_labels,
            bar_label: labels::BAR_LABEL.to_owned(),
            palette: Palette::new(style.colormap, scale, style.masked, style.ground),
            ground: style.ground,
            page: style.page,
            font_size: style.font_size,
        }
    }
}

/// Limits of all unmasked, finite weights; `None` where there are none.
pub fn weight_limits<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> Option<Limits> {
    let mut ends = Vec::new();
    let mut buffer = Vec::new();
    for pattern in patterns {
        buffer.resize(pattern.n_positions(), 0.0);
        for query in 0..pattern.n_positions() {
            let finite = pattern.row_into(query, &mut buffer).iter().copied().filter(|weight| weight.is_finite());
            let (low, high) = finite
                .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), weight| (low.min(weight), high.max(weight)));
            ends.extend([low, high]);
        }
    }
    Limits::around(ends)
}
