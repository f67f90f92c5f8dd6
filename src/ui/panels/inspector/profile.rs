//! The row of the pinned cell as lines: weight against key position, in the baseline and in all panels.

use std::ops::RangeInclusive;

use egui::{Rect, Role, Ui, WidgetInfo};
use egui_plot::{GridInput, GridMark, HoverPosition, Line, LineStyle, Plot, PlotPoint, PlotPoints, VLine};

use super::{
    profile_keys::{Hidden, LineLook, keys_ui},
    reading::{Reading, Row},
};
use crate::{
    attention::PanelId,
    engine::Outcome,
    session::Cell,
    ui::{
        jobs::pictures::Frame,
        memo::{Memo, Revision},
        notation, numbers,
        theme::{self, space},
        widgets::{AxisLabels, AxisSide, CellWindow, segmented},
    },
};

const HEIGHT: f32 = 170.0;
/// Room for the tokens below.
const LABELS: f32 = 60.0;
/// Weights below this are drawn at it on the logarithmic axis, 0 among them.
const LEAST_DECADE: f64 = -16.0;
/// Most labelled decades.
const DECADES: f64 = 6.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Axis {
    #[default]
    Linear,
    Log,
}

/// How the lines are looked at.
#[derive(Default)]
pub struct Profile {
    axis: Axis,
    hidden: Hidden,
    drawn: Memo<Of, Drawn>,
}

/// What the lines depend on.
#[derive(PartialEq)]
struct Of {
    frame: Revision,
    cell: Cell,
    selected: PanelId,
    axis: Axis,
    hidden: Hidden,
    is_dark: bool,
}

/// The lines that are shown, made once for what they depend on.
struct Drawn {
    curves: Vec<Curve>,
    bounds: RangeInclusive<f64>,
    /// Of the pinned cell in every line.
    weights: String,
}

/// One line: a row of weights in the look of its panel.
struct Curve {
    name: String,
    row: Row,
    look: LineLook,
    points: Vec<PlotPoint>,
}

impl Profile {
    pub fn show(&mut self, ui: &mut Ui, reading: &Reading, frame: &Frame) {
        let outcome = &frame.outcome;
        let choices = [(Axis::Linear, "Linear", "Weights as they are"), (Axis::Log, "Log", "Decades of the weight")];
        segmented(ui, "Axis of the row profile", &mut self.axis, &choices);
        let of = Of {
            frame: frame.revision,
            cell: reading.cell(),
            selected: reading.selected(),
            axis: self.axis,
            hidden: self.hidden.clone(),
            is_dark: ui.visuals().dark_mode,
        };
        let (axis, hidden) = (self.axis, &self.hidden);
        let drawn = self.drawn.get(of, || Drawn::of(curves(hidden, ui, reading, outcome), axis, reading));
        let plot = plot_ui(ui, axis, reading, drawn, outcome);
        ui.add_space(LABELS);
        let whole = CellWindow::whole(outcome.n_positions());
        AxisLabels::new(AxisSide::Bottom, whole, &outcome.tokens)
            .emphasized(Some(reading.cell().key))
            .show(ui, plot, LABELS);
        ui.scope(|ui| keys_ui(ui, &mut self.hidden, outcome, reading.selected()));
    }
}

/// The lines that are shown, the selected panel's last, above all others.
fn curves(hidden: &Hidden, ui: &Ui, reading: &Reading, outcome: &Outcome) -> Vec<Curve> {
    let colors = theme::of(ui);
    let mut curves = Vec::with_capacity(10);
    let curve = |name: String, row: &Row, look| Curve { name, row: row.clone(), look, points: Vec::new() };
    if !hidden.baseline {
        curves.push(curve("baseline".to_owned(), &reading.baseline_row, LineLook::of_baseline(colors)));
    }
    if !outcome.facts.kind.has_vectors() {
        return curves;
    }
    let mut panels: Vec<_> = reading.rows.iter().collect();
    panels.sort_by_key(|(panel, _)| *panel == reading.selected());
    for (panel, row) in panels {
        if let Some(row) = row
            && !hidden.panels.contains(&panel)
        {
            let look = LineLook::of_panel(colors, panel, reading.selected() == panel);
            curves.push(curve(numbers::name_of_panel(outcome, panel, notation::of(ui)), row, look));
        }
    }
    curves
}

impl Drawn {
    fn of(mut curves: Vec<Curve>, axis: Axis, reading: &Reading) -> Self {
        let bounds = axis.bounds(&curves);
        for curve in &mut curves {
            curve.points = axis.points(&curve.row, reading, *bounds.start());
        }
        let weight = |curve: &Curve| Some(format!("{} {}", curve.name, numbers::precise(reading.in_row(&curve.row)?)));
        let weights = curves.iter().filter_map(weight).collect::<Vec<_>>().join("; ");
        Self { curves, bounds, weights }
    }
}

/// Returns where the lines are on screen.
fn plot_ui(ui: &mut Ui, axis: Axis, reading: &Reading, drawn: &Drawn, outcome: &Outcome) -> Rect {
    let Drawn { curves, bounds, weights } = drawn;
    let Cell { query, key } = reading.cell();
    let colors = theme::of(ui);
    let label = |hover: &HoverPosition<'_>| match hover {
        HoverPosition::NearDataPoint { plot_name, index, .. } => described(curves, plot_name, *index, reading, outcome),
        HoverPosition::Elsewhere { .. } => None,
    };
    let mut plot = Plot::new("row profile")
        .height(HEIGHT)
        .show_axes([false, true])
        .show_grid([false, true])
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .show_crosshair(false)
        .y_axis_min_width(space::XL)
        .label_formatter(label);
    if axis == Axis::Log {
        plot = plot.y_grid_spacer(decades).y_axis_formatter(decade_label);
    }
    let shown = plot.show(ui, |plot| {
        plot.set_plot_bounds_x(-0.5..=outcome.n_positions() as f64 - 0.5);
        plot.set_plot_bounds_y(bounds.clone());
        plot.vline(VLine::new("", key as f64).color(colors.pin).width(1.5).allow_hover(false));
        for (index, curve) in curves.iter().enumerate() {
            plot.line(curve.line().id(("profile", index)));
        }
    });
    let enabled = ui.is_enabled();
    shown.response.widget_info(|| {
        let name = format!("Row profile of query {query} {}", numbers::token_as_it_is(outcome, query));
        let mut info = WidgetInfo::labeled(Role::Image, enabled, name);
        info.current_text_value = Some(format!("at key {key} {}: {weights}", numbers::token_as_it_is(outcome, key)));
        info
    });
    *shown.transform.frame()
}

impl Axis {
    /// Ends of the axis, in what is drawn: round, so that they hold still while the lines move a little.
    fn bounds(self, curves: &[Curve]) -> RangeInclusive<f64> {
        let weights = || curves.iter().flat_map(|curve| curve.row.iter().copied()).filter(|weight| weight.is_finite());
        let largest = weights().fold(0.0, f64::max);
        match self {
            Self::Linear => {
                let round = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].into_iter().find(|top| largest <= *top);
                let top = round.unwrap_or(1.0);
                -0.02 * top..=1.04 * top
            }
            Self::Log => {
                let least = weights().fold(1.0, f64::min).log10().floor().max(LEAST_DECADE);
                let top = if largest > 0.0 { largest.log10().ceil() } else { 0.0 };
                least.min(top - 1.0)..=top + 0.05
            }
        }
    }

    /// `least` is the lower end of the axis.
    fn points(self, row: &Row, reading: &Reading, least: f64) -> Vec<PlotPoint> {
        let height = |weight: f64| match self {
            Self::Linear => weight,
            Self::Log => weight.log10().max(least),
        };
        reading.unmasked(row).map(|(key, weight)| PlotPoint::new(key as f64, height(weight))).collect()
    }
}

impl Curve {
    fn line(&self) -> Line<'_> {
        let style = match self.look.dashes {
            None => LineStyle::Solid,
            Some([dash, _]) if dash > 2.0 => LineStyle::Dashed { length: dash },
            Some([dash, gap]) => LineStyle::Dotted { spacing: dash + gap },
        };
        let points = PlotPoints::Borrowed(&self.points);
        Line::new(self.name.clone(), points).color(self.look.color).width(self.look.width).style(style)
    }
}

/// Key, weight, and every panel that has this very row.
fn described(curves: &[Curve], name: &str, index: usize, reading: &Reading, outcome: &Outcome) -> Option<String> {
    let curve = curves.iter().find(|curve| curve.name == name)?;
    let (key, weight) = reading.unmasked(&curve.row).nth(index)?;
    let same = curves.iter().filter(|other| std::sync::Arc::ptr_eq(&other.row, &curve.row));
    let names: Vec<&str> = same.map(|other| other.name.as_str()).collect();
    let token = numbers::token(outcome, key);
    Some(format!("key {key} {token}\nweight {}\n{}", numbers::precise(weight), names.join("\n")))
}

/// Whole decades, at most [`DECADES`] of them labelled.
#[expect(clippy::cast_possible_truncation, reason = "a few decades")]
fn decades(input: GridInput) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    let every = ((high - low) / DECADES).ceil().max(1.0);
    let first = (low / every).ceil() as i64;
    let last = (high / every).floor() as i64;
    (first..=last).map(|mark| GridMark { value: mark as f64 * every, step_size: every }).collect()
}

fn decade_label(mark: GridMark, _: &RangeInclusive<f64>) -> String {
    format!("1e{:.0}", mark.value)
}
