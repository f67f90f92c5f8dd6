//! From a sweep to a resolved figure.

use super::{
    axis::Axis,
    curves::{CurveInks, CurveItems, Plot, extent, value_ticks},
    style::SweepStyle,
};
use crate::{
    attention::{Component, Epsilon},
    engine::{Sweep, SweepMetric},
    figure::{
        Anchor, Figure, FigureError, FontSize, Fonts, Ground, Item, Rect, Rgb, Text, Turn,
        page::{
            layout::Inks,
            spacing::{LINE, MARGIN},
            title_line::TitleLines,
            ways::{PREFERRED, sizes},
        },
        text::{
            fonts::{ASCENT, DESCENT},
            shaping::{one_line, widest, width},
        },
    },
};

/// Height of one plot, and of each of several, in heights of the text, where the page is as high as its content.
const HEIGHTS: [f64; 2] = [19.0, 12.0];
/// A plot is at least so wide and so high, in heights of the text, and so high that its name stands beside it.
const LEAST: [f64; 2] = [14.0, 5.0];
/// Between two plots, in heights of the text.
const GAP: f64 = 1.2;

/// Curves of the style's metrics, each with its baseline and its uniform limit, and ε of the `columns` as marks on the
/// axis; where the whole axis is shown 0 stands apart at its left. Where a metric was not measured there is no curve. The
/// KL divergence is cut off beyond ε = 1, where it leaves every scale.
///
/// # Errors
/// When the page has no room for the plots.
pub fn sweep_figure(
    sweep: &Sweep,
    columns: &[Epsilon],
    title: &str,
    style: &SweepStyle,
) -> Result<Figure, FigureError> {
    let fonts = style.fonts.clone().in_face(style.face);
    let first = style.font_size.map_or(PREFERRED, FontSize::points);
    let mut refusal = FigureError::NoRoom { found: 0.0, needed: LEAST[0] * first };
    for font in sizes(first) {
        match Page::new(sweep, title, style, &fonts, font) {
            Ok(page) => return Ok(page.figure(sweep, columns, title, style, fonts.clone())),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Where everything stands for texts of one size, in points.
struct Page {
    font: f64,
    width: f64,
    height: f64,
    title: TitleLines,
    /// Of each metric, from the top.
    frames: Vec<Rect>,
    axis: Axis,
}

impl Page {
    fn new(sweep: &Sweep, title: &str, style: &SweepStyle, fonts: &Fonts, font: f64) -> Result<Self, FigureError> {
        let points = |length| style.page.points(length, style.dpi);
        let width_of = |text: &str| width(text, fonts) * font;
        let width = points(style.page.width());
        let probe = Axis::new(style.range, style.notation, 0.0, 1.0);
        let values =
            style.metrics.iter().flat_map(|&metric| value_ticks(extent(sweep, metric, &probe).unwrap_or([0.0, 1.0])));
        let values: Vec<String> = values.map(|(_, label)| label).collect();
        let left = MARGIN + (LINE + 0.5) * font + widest(values.iter().map(String::as_str), fonts) * font + 0.5 * font;
        // The last label of the axis may reach beyond it.
        let last = probe.ticks().last().map_or(0.0, |tick| width_of(&tick.label) / 2.0);
        let right = width - MARGIN - last;
        let room = right - left;
        if room < LEAST[0] * font {
            return Err(FigureError::NoRoom { found: room.max(0.0), needed: LEAST[0] * font });
        }
        let title = TitleLines::fit(title, [1.4 * font, font], width - 2.0 * MARGIN, fonts);
        let above =
            if title.lines.is_empty() { 0.0 } else { title.lines.len() as f64 * LINE * title.size + 0.5 * font };
        let legend = CurveItems { items: Vec::new(), inks: inks(style.ground), fonts, font };
        let (_, n_lines) = legend.legend_places(sweep.components(), room);
        let top = MARGIN + above + n_lines as f64 * LINE * font + 0.6 * font;
        let below = 0.4 * font + 2.0 * LINE * font + MARGIN;
        let n_plots = style.metrics.len().max(1) as f64;
        let least = LEAST[1].max(widest(style.metrics.iter().map(|metric| metric.short_name()), fonts)) * font;
        let own = least.max(HEIGHTS[usize::from(style.metrics.len() > 1)] * font);
        let gaps = (n_plots - 1.0) * GAP * font;
        let page_height = style.page.height().map(points);
        let plot = page_height.map_or(own, |height| (height - top - below - gaps) / n_plots);
        if plot < least {
            return Err(FigureError::NoRoomForPlots { found: plot.max(0.0), needed: least });
        }
        let frame =
            |index: usize| Rect { x: left, y: top + index as f64 * (plot + GAP * font), width: room, height: plot };
        Ok(Self {
            font,
            width,
            height: page_height.unwrap_or(top + n_plots * plot + gaps + below),
            title,
            frames: (0..style.metrics.len()).map(frame).collect(),
            axis: Axis::new(style.range, style.notation, left, room),
        })
    }

    fn figure(self, sweep: &Sweep, columns: &[Epsilon], title: &str, style: &SweepStyle, fonts: Fonts) -> Figure {
        let Self { font, width, height, title: lines, frames, axis } = self;
        let inks = inks(style.ground);
        let mut page = CurveItems { items: Vec::new(), inks, fonts: &fonts, font };
        for (index, text) in lines.lines.iter().enumerate() {
            let y = MARGIN + ASCENT * lines.size + index as f64 * LINE * lines.size;
            let at = [MARGIN, y];
            page.items.push(Item::Text(Text {
                text: text.clone(),
                at,
                size: lines.size,
                anchor: Anchor::Start,
                turn: Turn::Level,
                color: inks.text,
            }));
        }
        let name_x = MARGIN + ASCENT * font;
        for (&metric, &frame) in style.metrics.iter().zip(&frames) {
            let plot = Plot::new(sweep, metric, frame, axis, font);
            page.axes(&plot, metric, name_x);
            page.marks(&plot, sweep, metric, columns);
            for component in sweep.components() {
                page.curve(&plot, sweep, component, metric);
            }
        }
        if let (Some(first), Some(last)) = (frames.first(), frames.last()) {
            let below = last.bottom() + 0.4 * font + ASCENT * font;
            page.epsilon_labels(&axis, below);
            page.text("ε", [last.center()[0], below + LINE * font], Anchor::Middle, inks.text);
            let (places, n_lines) = page.legend_places(sweep.components(), first.width);
            for (component, [x, line]) in sweep.components().zip(places) {
                let up = 0.6 * font + DESCENT * font + (n_lines as f64 - 1.0 - line) * LINE * font;
                page.legend_entry(component, [first.x + x, first.y - up]);
            }
        }
        let items = page.items;
        let asked = style.font_size.map(FontSize::points).filter(|&asked| asked > font);
        Figure {
            name: one_line(if title.trim().is_empty() { "Curves over ε" } else { title }),
            description: description(sweep, columns, style),
            width,
            height,
            ground: Inks::on(style.ground).ground,
            heatmaps: Vec::new(),
            items,
            fonts,
            arrangement: None,
            fitted: asked
                .map(|asked| format!("text has {font} points in the place of {asked}, which leave the curves no room"))
                .into_iter()
                .collect(),
        }
    }
}

/// `Curves of sink mass over ε, from 0 to 1e2, for Query, Key and Value; marked: 5e-1, 1e-3, 1e-10`
fn description(sweep: &Sweep, columns: &[Epsilon], style: &SweepStyle) -> String {
    let listed = |items: Vec<String>| items.join(", ");
    let metrics = listed(style.metrics.iter().copied().map(SweepMetric::name).map(str::to_owned).collect());
    let components = listed(sweep.components().map(Component::name).map(str::to_owned).collect());
    let marked = listed(columns.iter().map(ToString::to_string).collect());
    let range = style.range.map_or("0 to 1e2".to_owned(), |range| {
        let [from, to] = range.ends();
        format!("{from} to {to}")
    });
    format!("Curves of {metrics} over ε, from {range}, for {components}; marked: {marked}")
}

/// Colours on a ground.
fn inks(ground: Ground) -> CurveInks {
    let Inks { text, line: axis, .. } = Inks::on(ground);
    match ground {
        Ground::Light | Ground::Transparent => CurveInks {
            text,
            axis,
            grid: Rgb([225, 226, 231]),
            components: [Rgb([43, 95, 196]), Rgb([176, 48, 122]), Rgb([74, 115, 0]), Rgb([140, 82, 10])],
        },
        Ground::Dark => CurveInks {
            text,
            axis,
            grid: Rgb([52, 54, 60]),
            components: [Rgb([120, 174, 255]), Rgb([247, 143, 196]), Rgb([169, 207, 92]), Rgb([227, 179, 107])],
        },
    }
}
