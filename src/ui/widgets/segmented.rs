use egui::{
    CornerRadius, Frame, Galley, Key, Modifiers, Rect, Response, Role, Sense, Stroke, StrokeKind, TextStyle, Ui,
    UiBuilder, WidgetInfo, pos2, vec2,
};
use std::sync::Arc;

use super::focus::{Arrows, focus_ring, keep_arrows};
use crate::ui::theme::{self, RADIUS, space};

/// At both sides of a label, in points.
const LEAST_PADDING: f32 = 3.0;

/// One choice of a [`segmented_row`].
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a, T> {
    value: T,
    label: &'a str,
    spoken: &'a str,
    hint: &'a str,
}

impl<'a, T> Segment<'a, T> {
    /// `spoken` is its accessible name, where `label` says too little without the name of the row. An empty `hint`
    /// shows none.
    pub const fn new(value: T, label: &'a str, spoken: &'a str, hint: &'a str) -> Self {
        Self { value, label, spoken, hint }
    }
}

/// A row of segments of which exactly one is chosen: radio buttons under the accessible group name `name`.
///
/// Each choice is `(value, label, tooltip)`; an empty tooltip shows none. ← → move the choice while a segment has the
/// focus. Returns whether `current` was changed.
pub fn segmented<T: PartialEq + Copy>(ui: &mut Ui, name: &str, current: &mut T, choices: &[(T, &str, &str)]) -> bool {
    let choices: Vec<_> = choices.iter().map(|&(value, label, hint)| Segment::new(value, label, label, hint)).collect();
    segments_ui(ui, name, current, &choices, space::M)
}

/// [`segmented`] for one row of several under each other: narrower, and each choice has an accessible name of its own.
pub fn segmented_row<T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    current: &mut T,
    choices: &[Segment<'_, T>],
) -> bool {
    segments_ui(ui, name, current, choices, space::S)
}

fn segments_ui<T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    current: &mut T,
    choices: &[Segment<'_, T>],
    padding: f32,
) -> bool {
    let font = TextStyle::Button.resolve(ui.style());
    let galleys: Vec<_> = choices
        .iter()
        .map(|choice| ui.painter().layout_no_wrap(choice.label.to_owned(), font.clone(), egui::Color32::PLACEHOLDER))
        .collect();
    let texts: f32 = galleys.iter().map(|galley| galley.size().x).sum();
    if ui.layout().main_wrap() && texts + 2.0 * padding * choices.len() as f32 > ui.available_size_before_wrap().x {
        ui.end_row();
    }
    // Closer together where the panel is narrow.
    let padding =
        padding.min((ui.available_size_before_wrap().x - texts) / (2.0 * choices.len() as f32)).max(LEAST_PADDING);
    let group = UiBuilder::new().accessibility_role(Role::RadioGroup).accessibility_label(name);
    ui.scope_builder(group, |ui| {
        let widths: Vec<f32> = galleys.iter().map(|galley| galley.size().x + 2.0 * padding).collect();
        let height = ui.spacing().interact_size.y;
        let (track, _) = ui.allocate_exact_size(vec2(widths.iter().sum(), height), Sense::hover());
        let colors = theme::of(ui);
        ui.painter().rect(track, RADIUS, colors.raised, Stroke::new(1.0, colors.line), StrokeKind::Inside);

        let chosen = choices.iter().position(|choice| choice.value == *current);
        let mut next = None;
        let mut responses = Vec::with_capacity(choices.len());
        let mut left = track.left();
        for (i, (choice, (width, galley))) in choices.iter().zip(widths.iter().zip(&galleys)).enumerate() {
            let rect = Rect::from_min_size(pos2(left, track.top()), vec2(*width, height));
            left += width;
            let selected = chosen == Some(i);
            // As with any radio group, Tab reaches the chosen one only.
            let sense = if i == chosen.unwrap_or(0) { Sense::click() } else { Sense::CLICK };
            let response = ui.interact(rect, ui.make_persistent_id((name, i)), sense);
            if response.clicked() {
                next = Some(i);
            }
            if response.has_focus() {
                next = arrow_target(ui, &response, i, choices.len()).or(next);
            }
            paint_segment(ui, &response, galley, selected);
            let enabled = ui.is_enabled();
            response.widget_info(|| WidgetInfo::selected(Role::RadioButton, enabled, selected, choice.spoken));
            responses.push(if choice.hint.is_empty() { response } else { response.on_hover_text(choice.hint) });
        }

        let changed = next.filter(|&i| chosen != Some(i));
        if let Some((i, choice)) = changed.and_then(|i| Some((i, choices.get(i)?))) {
            *current = choice.value;
            if let Some(response) = responses.get(i) {
                response.request_focus();
            }
        }
        changed.is_some()
    })
    .inner
}

/// The segment that ← or → leads to from `index`.
fn arrow_target(ui: &Ui, response: &Response, index: usize, count: usize) -> Option<usize> {
    keep_arrows(ui, response.id, Arrows::Horizontal);
    ui.input_mut(|input| {
        if input.consume_key(Modifiers::NONE, Key::ArrowLeft) {
            index.checked_sub(1)
        } else if input.consume_key(Modifiers::NONE, Key::ArrowRight) {
            Some(index + 1).filter(|&next| next < count)
        } else {
            None
        }
    })
}

fn paint_segment(ui: &Ui, response: &Response, galley: &Arc<Galley>, selected: bool) {
    let colors = theme::of(ui);
    let painter = ui.painter();
    let rect = response.rect.shrink(2.0);
    let radius = CornerRadius::same(RADIUS - 1);
    let text = if selected {
        let raised = Frame::new().fill(colors.surface).stroke(Stroke::new(1.0, colors.outline)).corner_radius(radius);
        painter.add(raised.paint(rect.shrink(1.0)));
        colors.accent
    } else if response.hovered() {
        painter.rect_filled(rect, radius, colors.raised_hover);
        colors.text_strong
    } else {
        colors.text
    };
    if response.has_focus() {
        focus_ring(painter, rect, radius, colors);
    }
    let corner = rect.center() - galley.size() / 2.0;
    painter.galley_with_override_text_color(corner, Arc::clone(galley), text);
}
