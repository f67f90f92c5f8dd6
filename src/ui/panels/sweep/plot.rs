//! The curves over a logarithmic axis with a place for 0 at its left.

use egui::{Align2, Id, Rangef, RichText, Role, Sense, TextStyle, Ui, WidgetInfo};
use egui_plot::{
    AxisHints, GridInput, GridMark, HLine, Line, LineStyle, Plot, PlotBounds, PlotPoint, PlotPoints, PlotUi, Span, Text,
};

use super::{
    Curves,
    drawing::{Drawing, DrawnCurve, ZERO, x_of},
    hover,
    line_style::line_style,
    markers::{self, MarkerTexts},
};
use crate::{
    attention::{Epsilon, Notation},
    engine::{Sweep, SweepMetric},
    session::Session,
    ui::{
        notation,
        shell::action::Actions,
        theme::{self, Colors},
        widgets::{EpsilonScale, WHOLE, labelled_decades, rounded_epsilon},
    },
};

/// Ends of the axis.
const ENDS: [f64; 2] = [-13.4, 2.3];
/// Width of a label `1e-12` with the gap to the next, in points.
const LABEL: f32 = 46.0;
/// Between the highest curve and the top, as a part of the height: the markers' tags stand there.
const HEADROOM: f64 = 0.22;
/// From a reference line to its name, as a part of what is in view: a curve may lie on the line.
const LIFT: f64 = 0.03;
/// Less than this the plot never takes, in points.
pub const LEAST_HEIGHT: f32 = 80.0;
/// Width of the labels of values, so that the plot stays where it is when they change, in points.
const Y_AXIS: f32 = 34.0;
/// What the step that a grid is recommended is worth, in points.
const LEAST_STEP: f64 = 8.0;
/// From one label of a value to the next at least, in points.
const VALUE_STEP: f64 = 24.0;

/// Curves, reference lines and markers, as high as there is room.
pub fn plot_ui(
    ui: &mut Ui,
    session: &Session,
    (sweep, drawing, texts): (&Sweep, &Drawing, &MarkerTexts),
    curves: &Curves,
    actions: &mut Actions,
) {
    let colors = theme::of(ui);
    let (metric, notation) = (session.view().sweep.metric, notation::of(ui));
    let [low, high] = drawing.extent;
    let reach = high - low;
    let strength = if curves.is_old() { 0.4 } else { 1.0 };
    let response = Plot::new("sweep")
        .height(ui.available_height())
        .sense(Sense::hover())
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .show_crosshair(false)
        .label_formatter(|_| None)
        .grid_color(colors.line)
        .x_grid_spacer(decades)
        .y_grid_spacer(move |input| values(&input, [low, high]))
        .custom_x_axes(vec![axis(ui, AxisHints::new_x()).formatter(move |mark, _| decade_label(mark.value, notation))])
        .custom_y_axes(vec![axis(ui, AxisHints::new_y()).min_thickness(Y_AXIS).formatter(|mark, _| value_label(mark))])
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max(
                [ENDS[0], low * (1.0 + HEADROOM / 4.0)],
                [ENDS[1], high + reach * HEADROOM],
            ));
            let measured = curves.measured().filter(|_| !curves.is_old());
            if let Some(ends) = measured.and_then(|measured| measured.transition_of(session.rows())) {
                let [from, to] = ends.map(x_of);
                plot.span(Span::new("", from..=to).fill(colors.transition.gamma_multiply(0.6)));
            }
            references(plot, sweep, metric, reach, colors);
            for curve in &drawing.curves {
                curve_ui(plot, curve, colors.components[curve.component.row()].gamma_multiply(strength));
            }
        });
    let transform = response.transform;
    let scale = EpsilonScale {
        zero: transform.position_from_point_x(ZERO),
        log: Rangef::new(transform.position_from_point_x(WHOLE[0]), transform.position_from_point_x(WHOLE[1])),
        decades: WHOLE,
        notation,
    };
    response.response.widget_info(|| {
        let name = format!("{} over ε", metric.name());
        let mut info = WidgetInfo::labeled(Role::Image, true, name);
        info.current_text_value = Some(drawing.spoken.clone());
        info
    });
    let place = markers::Place { frame: *transform.frame(), scale };
    if !curves.is_old() {
        let y_of = |value: f64| transform.position_from_point_y(value);
        hover::hover_ui(ui, &response.response, &place, sweep, metric, &y_of);
    }
    markers::markers_ui(ui, &place, session, (sweep, texts), actions);
}

/// Quiet labels, which thin themselves by the grid's steps.
fn axis<'a>(ui: &Ui, hints: AxisHints<'a>) -> AxisHints<'a> {
    hints
        .tick_label_color(theme::of(ui).text_weak)
        .tick_label_font(TextStyle::Small.resolve(ui.style()))
        .label_spacing(Rangef::new(1.0, 2.0))
}

fn decades(input: GridInput) -> Vec<GridMark> {
    #[expect(clippy::cast_possible_truncation, reason = "screen positions are f32")]
    let width = (LEAST_STEP / input.base_step_size * (WHOLE[1] - WHOLE[0])) as f32;
    let marks: Vec<f64> = labelled_decades(width, LABEL).map(f64::from).collect();
    let step_size = marks.array_windows::<2>().next().map_or(1.0, |[from, to]| to - from);
    std::iter::once(ZERO).chain(marks).map(|value| GridMark { value, step_size }).collect()
}

fn decade_label(decade: f64, notation: Notation) -> String {
    let epsilon = if decade == ZERO { Epsilon::ZERO } else { rounded_epsilon(decade) };
    epsilon.written(notation)
}

/// From the lowest value that the curves reach, or 0, up to the highest, in steps of 1, 2 or 5 times a power of ten.
fn values(input: &GridInput, [low, high]: [f64; 2]) -> Vec<GridMark> {
    let least = input.base_step_size * VALUE_STEP / LEAST_STEP;
    let power = 10_f64.powf(least.log10().floor());
    let step_size = [1.0, 2.0, 5.0].into_iter().map(|digit| digit * power).find(|&step| step >= least);
    let step_size = step_size.unwrap_or(10.0 * power);
    let steps = |end: f64| (end * (1.0 + HEADROOM / 4.0) / step_size).clamp(-100.0, 100.0);
    #[expect(clippy::cast_possible_truncation, reason = "at most a hundred")]
    let [first, last] = [steps(low).ceil() as i32, steps(high).floor() as i32];
    (first..=last).map(|index| GridMark { value: f64::from(index) * step_size, step_size }).collect()
}

fn value_label(mark: GridMark) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few decimals; the cast saturates")]
    let decimals = (-mark.step_size.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{:.decimals$}", mark.value)
}

/// Baseline and uniform limit, each with its name where its curve is not.
fn references(plot: &mut PlotUi<'_>, sweep: &Sweep, metric: SweepMetric, reach: f64, colors: &Colors) {
    for (name, metrics, x, anchor, style) in [
        ("baseline", &sweep.baseline, ENDS[0] + 0.7, Align2::LEFT_BOTTOM, LineStyle::Dashed { length: 3.0 }),
        ("uniform", &sweep.uniform, ENDS[1] - 0.1, Align2::RIGHT_BOTTOM, LineStyle::Dashed { length: 3.0 }),
    ] {
        if let Some(value) = metric.of(metrics) {
            plot.hline(HLine::new(name, value).color(colors.outline).width(1.0).style(style).allow_hover(false));
            let text = RichText::new(name).small().color(colors.text_weak);
            let text = Text::new(name, PlotPoint::new(x, value + LIFT * reach), text).anchor(anchor).allow_hover(false);
            plot.text(text.id(Id::unique(("sweep reference", name))));
        }
    }
}

/// One component: a line over the decades, and a point at 0.
fn curve_ui<'a>(plot: &mut PlotUi<'a>, curve: &'a DrawnCurve, color: egui::Color32) {
    let name = curve.component.name();
    let line = Line::new(name, PlotPoints::Borrowed(&curve.decades)).color(color).width(2.0);
    plot.line(line.style(line_style(curve.component)).allow_hover(false));
    let at_zero = PlotPoints::Borrowed(&curve.at_zero);
    let at_zero = egui_plot::Points::new(name, at_zero).color(color).radius(3.0).allow_hover(false);
    plot.points(at_zero.id(Id::unique(("sweep at 0", name))));
}
