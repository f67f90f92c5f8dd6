//! What is drawn of a sweep, made once for each answer and metric rather than in each frame.

use egui_plot::PlotPoint;

use super::measured::Measured;
use crate::{
    attention::{Component, Epsilon},
    engine::{Sweep, SweepMetric},
    ui::widgets::rough,
};

/// Where 0 stands on the axis of log10 ε.
pub const ZERO: f64 = -13.0;

/// Points and texts of a sweep's curves of one metric.
pub struct Drawing {
    /// The values that must be in view, with 0 between them.
    pub extent: [f64; 2],
    /// In the order of their rows.
    pub curves: Vec<DrawnCurve>,
    /// What a screen reader says of the curves.
    pub spoken: String,
}

/// One component's curve.
pub struct DrawnCurve {
    pub component: Component,
    /// Above 0, over log10 ε.
    pub decades: Vec<PlotPoint>,
    /// At 0.
    pub at_zero: Vec<PlotPoint>,
}

impl Drawing {
    pub fn of(measured: &Measured, metric: SweepMetric) -> Self {
        let sweep = measured.sweep();
        let curve = |component| DrawnCurve::of(sweep, component, metric);
        Self {
            extent: sweep.extent(metric, |_| true).unwrap_or([0.0, 1.0]),
            curves: sweep.components().map(curve).collect(),
            spoken: spoken(measured),
        }
    }
}

impl DrawnCurve {
    fn of(sweep: &Sweep, component: Component, metric: SweepMetric) -> Self {
        let points = |is_zero: bool| {
            let of_kind =
                sweep.curves[component.row()].iter().filter(|point| (point.epsilon == Epsilon::ZERO) == is_zero);
            of_kind.filter_map(|point| Some(PlotPoint::new(x_of(point.epsilon), metric.of(&point.metrics)?))).collect()
        };
        Self { component, decades: points(false), at_zero: points(true) }
    }
}

/// What a screen reader says of the curves.
fn spoken(measured: &Measured) -> String {
    let sweep = measured.sweep();
    let of = |component: Component| match measured.transition(component) {
        Some([from, to]) => format!("{component} is steep from {} to {}", rough(from), rough(to)),
        None => format!("{component} stays"),
    };
    format!("{} points; {}", sweep.n_points(), sweep.components().map(of).collect::<Vec<_>>().join("; "))
}
/// Where `epsilon` stands on the axis.
pub fn x_of(epsilon: Epsilon) -> f64 {
    if epsilon == Epsilon::ZERO { ZERO } else { epsilon.get().log10() }
}
