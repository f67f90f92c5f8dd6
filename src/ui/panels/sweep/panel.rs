//! Metric, legend, and the plot or why there is none.

use std::sync::Arc;

use egui::{RichText, Sense, Stroke, Ui, vec2};
use egui_plot::LineStyle;

use super::{
    Curves, curves::Effort, drawing::Drawing, line_style::line_style, markers::MarkerTexts, measured::Measured, plot,
};
use crate::{
    attention::{Component, Mask},
    engine::{Outcome, Sweep, SweepMetric},
    session::{Command, OnScreen, Session},
    ui::{
        memo::{Memo, Revision, Same},
        panels::controls::reaches_earlier_layers,
        shell::{
            action::{Action, Actions},
            part::{Part, PartContext},
            sides::below,
        },
        theme::{self, space},
        widgets::{Edge, Segment, rough, segmented_row, side_panel},
    },
};

/// Length of a line in the legend, in points.
const SAMPLE: f32 = 26.0;

const METRICS: [Segment<'static, SweepMetric>; 8] = [
    Segment::new(
        SweepMetric::SinkMass,
        "Sink mass",
        "sink mass over ε",
        "Mean weight on key 0 over the query positions from 3 on",
    ),
    Segment::new(
        SweepMetric::NormalizedEntropy,
        "Entropy",
        "normalized entropy over ε",
        "Row entropy over its maximum, mean over rows: 1 is uniform",
    ),
    Segment::new(
        SweepMetric::Kl,
        "KL",
        "KL over ε",
        "KL(baseline ‖ modified) in nats, mean over rows; explodes for ε > 1, where the scale ends",
    ),
    Segment::new(
        SweepMetric::Js,
        "JS",
        "JS over ε",
        "Jensen–Shannon divergence from baseline in nats, mean over rows; at most ln 2",
    ),
    Segment::new(SweepMetric::MaxWeight, "Max", "max weight over ε", "Mean over rows of the row’s largest weight"),
    Segment::new(SweepMetric::Weight, "Pinned", "pinned weight over ε", "Weight of the pinned cell"),
    Segment::new(
        SweepMetric::TargetChange,
        "Δ log p",
        "change of the target over ε",
        "How the target’s log-probability changes, in nats: a run of the whole model for each ε. The target is named in Heads, or by a click on a next token; else it is the likeliest",
    ),
    Segment::new(
        SweepMetric::RivalChange,
        "Δ − rival",
        "change of target less rival over ε",
        "How the target’s log-probability less the rival’s changes, in nats",
    ),
];

/// Height of the panel until it is dragged.
const HEIGHT: f32 = 220.0;
/// It takes no more of a low window until it is dragged.
const SHARE: f32 = 0.33;
/// Metrics and legend in two lines, and the plot.
const LEAST: f32 = plot::LEAST_HEIGHT + 60.0;

/// Of a longer prompt no sweep is made for the slider's tint alone.
const QUICK: usize = 512;

/// The curves over ε, where they are open.
#[derive(Default)]
pub struct SweepPanel {
    effort: Memo<(Same<Session>, Option<Revision>), Effort>,
    drawing: Memo<(Same<Measured>, SweepMetric), Drawing>,
    markers: Memo<(Same<Measured>, Same<Session>), MarkerTexts>,
}

impl Part for SweepPanel {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        cx.shown.curves.poll();
    }

    fn wants(&mut self, cx: &mut PartContext<'_>) {
        let Some(source) = &cx.source else { return };
        let (session, answer) = (cx.session, cx.shown.answer(cx.session));
        let revision = cx.shown.pictures.frame().map(|frame| frame.revision);
        let effort = *self.effort.get((Same::of(session), revision), || effort(session, answer));
        cx.shown.curves.follow(source, session, effort);
    }

    /// Across the whole width: beside an open inspector a small window would have no room for it.
    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        if !cx.session.view().sweep.open {
            return;
        }
        let shown = &*cx.shown;
        let shape = shown.pictures.frame().map(|frame| (frame.outcome.n_positions(), frame.outcome.mask()));
        let room = ui.available_height();
        let place = below(room, cx.sizes.sweep.unwrap_or(HEIGHT.min(SHARE * room)), LEAST);
        let dragged = side_panel(ui, "sweep", Edge::Bottom, place, |ui| {
            self.sweep_ui(ui, cx.session, &shown.curves, shape, cx.actions);
        });
        if dragged.is_some() {
            cx.sizes.sweep = dragged;
        }
    }
}

/// What a sweep of `session` takes; `answer` is its picture, once that is there.
fn effort(session: &Session, answer: Option<&Outcome>) -> Effort {
    let is_quick = answer.is_some_and(|outcome| {
        let is_short = outcome.facts.kind.has_vectors() && outcome.n_positions() <= QUICK;
        is_short && !reaches_earlier_layers(session, outcome)
    });
    if is_quick { Effort::Little } else { Effort::Much }
}

impl SweepPanel {
    /// The whole panel. `shape` is number of positions and mask of the picture, once there is one.
    fn sweep_ui(
        &mut self,
        ui: &mut Ui,
        session: &Arc<Session>,
        curves: &Curves,
        shape: Option<(usize, &Mask)>,
        actions: &mut Actions,
    ) {
        profiling::scope!("sweep");
        let session = as_asked(session, actions);
        // Before a line that may be wider than the panel.
        let width = ui.available_width();
        ui.add_space(space::XS);
        ui.horizontal_wrapped(|ui| {
            let mut metric = session.view().sweep.metric;
            if segmented_row(ui, "Metric", &mut metric, &METRICS) {
                actions.push(Command::SetSweepMetric(metric).into());
            }
            ui.add_space(space::S);
            for component in session.shape().rows().iter() {
                legend_ui(ui, component, curves.measured().filter(|_| !curves.is_old()));
            }
            if session.view().sweep.metric.is_of_target() {
                let text = format!("of {}", session.view().target);
                ui.label(RichText::new(text).small().color(theme::of(ui).text_weak));
            }
            progress_ui(ui, curves);
        });
        // As much as the plot will take, whether it is there yet or not: the panels above keep their place.
        let room = vec2(width, ui.available_height().max(plot::LEAST_HEIGHT));
        ui.allocate_ui(room, |ui| {
            ui.set_min_size(room);
            if let Some(failure) = curves.failure() {
                message_ui(ui, &failure);
            } else if let Some(measured) = curves.measured() {
                let (metric, sweep) = (session.view().sweep.metric, measured.sweep());
                if let Some(message) = unmeasured(metric, sweep, &session, shape) {
                    message_ui(ui, &message);
                    return;
                }
                let drawing = self.drawing.get((Same::of(measured), metric), || Drawing::of(measured, metric));
                let of_session = (Same::of(measured), Same::of(&session));
                let markers = self.markers.get(of_session, || MarkerTexts::of(sweep, &session));
                plot::plot_ui(ui, &session, (sweep, drawing, markers), curves, actions);
            }
        });
    }
}

/// The session with the ε of gestures that were made earlier in this frame, so that markers move with the slider.
fn as_asked(session: &Arc<Session>, actions: &[Action]) -> Arc<Session> {
    let mut session = session.clone();
    for action in actions {
        if let Action::Session(
            command @ (Command::SetEpsilon(_)
            | Command::ChooseRows(_)
            | Command::ChooseColumn(_)
            | Command::ResetToFigure
            | Command::UseFigure(_)),
        ) = action
        {
            Arc::make_mut(&mut session).apply(command.clone(), OnScreen::default());
        }
    }
    session
}

/// A piece of the component's line, its name, and where it is steep.
fn legend_ui(ui: &mut Ui, component: Component, measured: Option<&Arc<Measured>>) {
    let colors = theme::of(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let (rect, _) = ui.allocate_exact_size(vec2(SAMPLE, ui.spacing().interact_size.y), Sense::hover());
        let stroke = Stroke::new(2.0, colors.components[component.row()]);
        let ends = [rect.left_center(), rect.right_center()];
        let shapes = match line_style(component) {
            LineStyle::Dashed { length } => egui::Shape::dashed_line(&ends, stroke, length, length * 0.6),
            LineStyle::Dotted { spacing } => egui::Shape::dotted_line(&ends, stroke.color, spacing, stroke.width),
            LineStyle::Solid => vec![egui::Shape::line_segment(ends, stroke)],
        };
        ui.painter().extend(shapes);
        let label = ui.label(component.name());
        if let Some([from, to]) = measured.and_then(|measured| measured.transition(component)) {
            label.on_hover_ui(|ui| {
                ui.label(format!("Steep from ε = {} to {}", rough(from), rough(to)));
            });
        }
    });
}

fn progress_ui(ui: &mut Ui, curves: &Curves) {
    if !curves.is_busy() {
        return;
    }
    let points = curves.shown().filter(|_| !curves.is_old()).map_or(0, Sweep::n_points);
    let text = if points < Sweep::FIRST_PASS {
        format!("{points} of {} points", Sweep::FIRST_PASS)
    } else {
        "refining…".to_owned()
    };
    ui.label(RichText::new(text).small().color(theme::of(ui).text_weak));
}

fn message_ui(ui: &mut Ui, message: &str) {
    ui.add_space(space::S);
    ui.label(RichText::new(message).color(theme::of(ui).text_weak));
}

/// Why there is no curve of `metric`.
fn unmeasured(metric: SweepMetric, sweep: &Sweep, session: &Session, shape: Option<(usize, &Mask)>) -> Option<String> {
    if metric.of(&sweep.baseline).is_some() {
        return None;
    }
    Some(match (metric, session.pinned()) {
        (SweepMetric::SinkMass, _) => match shape.and_then(|(_, mask)| mask.window()) {
            Some(window) if window < 4 => format!("Within a window of {window} no query from 3 on sees key 0."),
            _ => "The sink mass needs four tokens.".to_owned(),
        },
        (SweepMetric::Weight, None) => "Click a cell to follow its weight over ε.".to_owned(),
        (SweepMetric::Weight, Some(cell)) => {
            let shape = shape.filter(|&(n, _)| cell.query < n && cell.key < n);
            let reason = shape.and_then(|(_, mask)| mask.reason(cell.query, cell.key));
            reason.map_or_else(String::new, |reason| format!("The pinned cell is masked: {reason}."))
        }
        (metric, _) if metric.is_of_target() => "Only a live model has a next token.".to_owned(),
        _ => "This needs two tokens.".to_owned(),
    })
}
