//! What the figure shows, independent of where it stands on the page.

use rayon::prelude::*;

use super::{
    arrangement::{Arrangement, PanelTitles},
    labels,
};
use crate::{
    attention::{Component, PanelId},
    engine::Outcome,
    figure::{
        AxisLabels, Colormap, Dpi, Edges, FigureStyle, FontSize, Fonts, Ground, Histogram, LabelRotation, LeastText,
        LimitsFrom, Measure, NormScale, PageSize, Palette, Tick,
        data::metric::metric_numbers,
        scale::panel_scales::{range, scales},
        text::legible::legible,
    },
};

/// Content and looks of one figure.
#[derive(Clone, Debug)]
pub struct FigureSpec {
    /// At the top; empty for none.
    pub title: String,
    /// Rows from top to bottom, at least one, of equally many panels each, at least one.
    pub panels: Vec<Vec<PanelSpec>>,
    /// What stands beside each row, where its panels are not titled one by one.
    pub row_heads: Vec<String>,
    /// One for each position, or none.
    pub axis_labels: Vec<String>,
    /// Direction of the labels below.
    pub label_rotation: LabelRotation,
    /// What the model writes, where that is shown.
    pub strip: Option<StripSpec>,
    /// The colour bar that all panels share.
    pub bar: BarSpec,
    /// Behind everything.
    pub ground: Ground,
    /// Width and height.
    pub page: PageSize,
    /// Of a raster.
    pub dpi: Dpi,
    /// Of labels and titles; `None`: as large as the page has room for, up to 8 points.
    pub font_size: Option<FontSize>,
    /// Of the labels at the axes.
    pub least_text: LeastText,
    /// How it is laid out; `None`: as it fits best.
    pub arrangement: Option<Arrangement>,
    /// Of all texts. A character that none of them has stands as its code point.
    pub fonts: Fonts,
}

/// What the model writes under the panels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripSpec {
    /// Under each panel.
    pub lines: usize,
    /// What the unmodified model writes, at the foot of the page.
    pub baseline: String,
}

/// What the colour bar says.
#[derive(Clone, Debug, PartialEq)]
pub struct BarSpec {
    /// Beside the bar: what is shown.
    pub label: String,
    /// The bar's colours.
    pub colormap: Colormap,
    /// From the lower end to the upper one.
    pub ticks: Vec<Tick>,
    /// Which ends are pointed.
    pub beyond: Beyond,
}

/// Which values of the figure have no place on its scale, so that the colour bar has to name their colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beyond {
    /// Below the lower limit.
    pub under: bool,
    /// Above the upper limit.
    pub over: bool,
    /// Not a number.
    pub bad: bool,
}

/// One panel of the figure.
#[derive(Clone, Debug)]
pub struct PanelSpec {
    /// Above the panel, where there is room.
    pub title: String,
    /// Above it where there is less.
    pub short_title: String,
    /// Above it where its row has a head; empty where the panel above it says the same.
    pub headed_title: String,
    /// Its own limits, in a figure without common ones; else empty.
    pub note: String,
    /// Its numbers, where any are wanted; else empty.
    pub metrics: Vec<String>,
    /// What the model writes under its change, where that is shown; else empty.
    pub text: String,
    /// A number for each cell.
    pub measure: Measure,
    /// A colour for each number.
    pub palette: Palette,
}

impl PanelSpec {
    /// What stands above it.
    pub(super) fn title_as(&self, titles: PanelTitles) -> &str {
        match titles {
            PanelTitles::Long => &self.title,
            PanelTitles::Short => &self.short_title,
            PanelTitles::Heads => &self.headed_title,
        }
    }
}

impl FigureSpec {
    /// A capture without values shows its weights instead of weight × ‖value‖.
    ///
    /// Common limits are those of all panels, also where only some are shown: a part of a figure has the colours of the
    /// whole and of the window.
    pub fn from_outcome(outcome: &Outcome, style: &FigureStyle) -> Self {
        let measures =
            Measure::of_panels(style.look.quantity, outcome).map(|measure| measure.pooled(style.look.pooling));
        let ranges: Vec<_> = measures
            .as_slice()
            .par_iter()
            .map(|measure| if style.look.norm.is_automatic() { range(measure) } else { None })
            .collect();
        let scales = scales(style.look.norm, style.look.limits_from, &ranges);
        let ids: Vec<PanelId> = outcome.shape().panels().collect();
        let shown = |index: usize| style.shows(ids[index].component) && style.columns.contains(ids[index].column);
        let seen = seen(measures.as_slice(), &scales, shown);
        let quantity = measures.as_slice()[0].quantity();
        let is_own = style.look.norm.is_automatic() && style.look.limits_from == LimitsFrom::EachPanel;
        let components: Vec<_> = outcome.shape().rows().iter().filter(|&component| style.shows(component)).collect();
        let first = components.first().copied();
        let epsilon = &outcome.experiment.epsilon;
        let is_said_above = |id: PanelId| {
            let same = |&component: &Component| epsilon[PanelId { component, ..id }] == epsilon[id];
            Some(id.component) != first && components.iter().all(same)
        };
        let texts = style.strip.as_ref().map(|strip| strip.panels(outcome.shape(), &style.fonts));
        let panel = |(index, &id): (usize, &PanelId)| PanelSpec {
            title: labels::outcome_panel_title(outcome, id, style.look.notation),
            short_title: labels::outcome_short_title(outcome, id, style.look.notation),
            headed_title: if is_said_above(id) {
                String::new()
            } else {
                labels::outcome_head(outcome, id, style.look.notation)
            },
            note: if is_own { scales[index].range_text() } else { String::new() },
            metrics: metric_numbers(&style.metrics, &outcome.panels[id], &outcome.baseline),
            text: texts.as_ref().map_or_else(String::new, |texts| texts[id].clone()),
            measure: measures[id].clone(),
            palette: Palette::for_quantity(
                quantity,
                style.look.colormap,
                scales[index],
                style.look.masked,
                style.ground,
            ),
        };
        let row = |component| {
            let of_row = ids.iter().enumerate().filter(move |&(index, id)| id.component == component && shown(index));
            of_row.map(panel).collect()
        };
        let row_heads = components.iter().map(|component| component.name().to_owned()).collect();
        let panels = components.iter().copied().map(row).collect();
        let axis_labels = match style.axis_labels {
            AxisLabels::Tokens => {
                outcome.tokens.iter().map(|token| labels::token_label(&legible(&token.text, &style.fonts))).collect()
            }
            AxisLabels::Positions => (0..outcome.n_positions()).map(|position| position.to_string()).collect(),
            AxisLabels::Hidden => Vec::new(),
        };
        let bar = BarSpec {
            label: labels::outcome_quantity_label(outcome, quantity),
            colormap: style.look.colormap,
            ticks: if is_own { labels::own_ticks(style.look.norm) } else { scales[0].ticks() },
            beyond: Beyond { under: seen.under > 0, over: seen.over > 0, bad: seen.bad > 0 },
        };
        Self {
            title: match &style.title {
                Some(title) => legible(title, &style.fonts).into_owned(),
                None => labels::outcome_title(outcome, quantity, style.rows_of(outcome.shape().rows())),
            },
            panels,
            row_heads,
            axis_labels,
            label_rotation: style.label_rotation,
            strip: style
                .strip
                .as_ref()
                .map(|strip| StripSpec { lines: strip.lines.get().into(), baseline: strip.baseline(&style.fonts) }),
            bar,
            ground: style.ground,
            page: style.page,
            dpi: style.dpi,
            font_size: style.font_size,
            least_text: style.least_text,
            arrangement: style.arrangement,
            fonts: style.fonts.clone().in_face(style.face),
        }
    }
}

/// How the values of the panels that are `shown` lie on their scales.
fn seen(measures: &[Measure], scales: &[NormScale], shown: impl Fn(usize) -> bool + Sync) -> Histogram {
    let histogram = |(measure, &scale): (&Measure, &NormScale)| {
        let edges = Edges::of(scale);
        let (mut histogram, mut rows) = (Histogram::default(), measure.rows());
        let mut buffer = vec![0.0; measure.n_positions()];
        for query in 0..measure.n_positions() {
            rows.row_into(query, &mut buffer).segments().for_each(|keys| histogram.count(&buffer[keys], &edges));
        }
        histogram
    };
    let sum = |mut sum: Histogram, other: Histogram| {
        sum.include(&other);
        sum
    };
    let panels = measures.par_iter().zip(scales).enumerate().filter(|&(index, _)| shown(index));
    panels.map(|(_, panel)| histogram(panel)).reduce(Histogram::default, sum)
}
