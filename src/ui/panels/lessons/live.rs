//! What is on screen in the words of a page: a row read as a sentence, and what a trial has come to.

use egui::{CornerRadius, Rect, RichText, Sense, Ui, vec2};

use crate::{
    attention::{PanelId, sink_mass},
    engine::Outcome,
    figure::{Colormap, Ground, Limits, MaskedStyle, NormScale, Palette},
    session::Session,
    ui::{
        jobs::pictures::Frame,
        memo::{Memo, Revision},
        notation, numbers,
        panels::outcome::{Answer, next_token_sentence},
        shell::{lesson::Lesson, shown::Shown},
        theme::{self, space},
    },
};

/// A cell of the row that is read, in points.
const CELL: f32 = 18.0;
/// Keys that are named; the others are summed.
const NAMED: usize = 2;

/// What is said of the picture, evaluated when that has changed.
#[derive(Default)]
pub struct Live {
    row: Memo<(Revision, PanelId, usize), Option<ReadRow>>,
    sinks: Memo<(Revision, PanelId), Option<[f64; 2]>>,
}

/// A row of weights, and the row as a sentence.
struct ReadRow {
    weights: Vec<f64>,
    sentence: String,
}

impl Live {
    /// In a frame, where the page has something to say of the picture.
    pub fn show(&mut self, ui: &mut Ui, lesson: Lesson, session: &Session, shown: &Shown) {
        let Some(frame) = shown.pictures.frame() else { return };
        let panel = frame.outcome.shape().nearest(session.selected());
        let title = format!("Now in the panel {}:", numbers::name_of_panel(&frame.outcome, panel, notation::of(ui)));
        match lesson {
            Lesson::Panel => {
                let last = frame.outcome.n_positions().saturating_sub(1);
                let cell = shown.hovered.map(|(_, cell)| cell).or(session.pinned());
                let query = cell.map_or(last, |cell| cell.query.min(last));
                let row = self.row.get((frame.revision, panel, query), || ReadRow::of(frame, panel, query));
                if let Some(row) = row {
                    said_ui(ui, &title, &row.sentence, |ui| row_ui(ui, &row.weights));
                }
            }
            Lesson::RemoveSink => {
                let sinks = self.sinks.get((frame.revision, panel), || {
                    Some([sink_mass(&frame.outcome.baseline.pattern)?, sink_mass(&frame.panel(panel)?.pattern)?])
                });
                if let Some([before, after]) = sinks.map(|masses| masses.map(|mass| mass * 100.0)) {
                    let text =
                        format!("{after:.0} % of the weight rests on the first token; unmodified {before:.0} %.");
                    said_ui(ui, &title, &text, |_| {});
                }
            }
            Lesson::FlattenHead => {
                if let Answer::Some { effect, .. } = shown.next_token.answer() {
                    said_ui(ui, "Next token, unmodified and modified:", &next_token_sentence(effect), |_| {});
                }
            }
            _ => {}
        }
    }
}

impl ReadRow {
    fn of(frame: &Frame, panel: PanelId, query: usize) -> Option<Self> {
        let pattern = &frame.panel(panel)?.pattern;
        let first = pattern.span(query).start;
        let weights = pattern.exact_row(query);
        let sentence = sentence(&frame.outcome, query, first, &weights)?;
        Some(Self { weights, sentence })
    }
}

/// `“·tokens” looks 55 % at “·token”, 20 % at “<s>” and 25 % at the other 21.` `first` is the key of the first weight.
fn sentence(outcome: &Outcome, query: usize, first: usize, weights: &[f64]) -> Option<String> {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
    let (named, others) = order.split_at(NAMED.min(order.len()));
    let share = |weight: f64| format!("{:.0} %", weight * 100.0);
    let looks = |&at: &usize| format!("{} at {}", share(weights[at]), numbers::token(outcome, first + at));
    let mut parts: Vec<String> = named.iter().map(looks).collect();
    if !others.is_empty() {
        let sum: f64 = others.iter().map(|&at| weights[at]).sum();
        let what = if others.len() == 1 { "the other one".to_owned() } else { format!("the other {}", others.len()) };
        parts.push(format!("{} at {what}", share(sum)));
    }
    let last = parts.pop()?;
    let listed = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
    Some(format!("{} looks {listed}.", numbers::token(outcome, query)))
}

fn said_ui(ui: &mut Ui, title: &str, text: &str, picture: impl FnOnce(&mut Ui)) {
    let colors = theme::of(ui);
    egui::Frame::new().fill(colors.raised).corner_radius(theme::RADIUS).inner_margin(space::S).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(title).small().color(colors.text_weak));
        picture(ui);
        let said = ui.label(RichText::new(text).color(colors.text_strong));
        ui.ctx().accesskit_node_builder(said.id, |node| node.set_live(egui::accesskit::Live::Polite));
    });
    ui.add_space(space::S);
}

/// The weights from left to right in the figure's colours; the sentence says them.
fn row_ui(ui: &mut Ui, weights: &[f64]) {
    let width = (ui.available_width() / weights.len().max(1) as f32).min(CELL);
    let (rect, _) = ui.allocate_exact_size(vec2(width * weights.len() as f32, CELL), Sense::hover());
    let ground = if ui.visuals().dark_mode { Ground::Dark } else { Ground::Light };
    let palette = Palette::new(Colormap::default(), NormScale::Linear(Limits::UNIT), MaskedStyle::Quiet, ground);
    let gap = if width >= 4.0 { 0.5 } else { 0.0 };
    for (key, &weight) in weights.iter().enumerate() {
        let cell = Rect::from_min_size(rect.min + vec2(key as f32 * width, 0.0), vec2(width, CELL)).shrink(gap);
        #[expect(clippy::cast_possible_truncation, reason = "the precision of pictures")]
        let color = palette.color(weight as f32);
        ui.painter().rect_filled(cell, CornerRadius::ZERO, theme::from_figure(color));
    }
}
