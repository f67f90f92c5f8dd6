use egui::{
    Align2, CornerRadius, Event, Key, Modifiers, Pos2, Rangef, Rect, Response, Role, Sense, Stroke, StrokeKind,
    TextStyle, Ui, WidgetInfo, accesskit, pos2, vec2,
};

use super::{
    epsilon_scale::{DECADES, EpsilonScale, Snap, grouped, labelled_decades, stepped},
    focus::{Arrows, focus_ring, keep_arrows},
};
use crate::{
    attention::Epsilon,
    ui::theme::{self, Colors, space},
};

const HANDLE_RADIUS: f32 = 7.5;
const RAIL: f32 = 4.0;
/// From the left end to the stop for 0, and from the right end to 1e2: room for the handle and its focus ring.
const INSET: f32 = 12.0;
/// Between the stop for 0 and 1e-12.
const GAP: f32 = 40.0;
const MARK_HEIGHT: f32 = 15.0;
const STEM: f32 = 6.0;
const TICK: f32 = 6.0;

/// A logarithmic slider for ε, 1e-12 to 1e2, with a distinct stop for exactly 0 at its left end.
///
/// Drag or click; ← → a tenth of a decade, with Shift a hundredth, with Ctrl (or Page Up, Page Down) a decade; Home is
/// 0, End is 1e2. While dragging, a decade's 1 and 5 draw the hand unless Shift is held. Fills the available width.
#[derive(Debug)]
pub struct EpsilonSlider<'a> {
    epsilon: Epsilon,
    marks: [Epsilon; 3],
    neutral: Epsilon,
    name: &'a str,
}

impl<'a> EpsilonSlider<'a> {
    /// From the top of the slider to the middle of its rail in points, to line up what stands beside it.
    pub const RAIL_CENTER: f32 = MARK_HEIGHT + STEM + HANDLE_RADIUS;

    /// Shows `epsilon`; `marks` are the values of columns 1, 2, 3.
    pub fn new(epsilon: &Epsilon, marks: [Epsilon; 3]) -> Self {
        Self { epsilon: *epsilon, marks, neutral: Epsilon::ONE, name: "epsilon" }
    }

    /// The ε that changes nothing, from which the rail is filled; 1 unless set.
    #[must_use]
    pub fn neutral(mut self, neutral: Epsilon) -> Self {
        self.neutral = neutral;
        self
    }

    /// The accessible name; `epsilon` unless set.
    #[must_use]
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = name;
        self
    }

    /// Shows the slider and returns the new ε when the user changed it.
    pub fn show(self, ui: &mut Ui) -> Option<Epsilon> {
        let label_height = ui.text_style_height(&TextStyle::Small);
        let height = MARK_HEIGHT + STEM + 2.0 * HANDLE_RADIUS + TICK + space::XS + label_height;
        let width = ui.available_width().max(2.0 * INSET + 2.0 * GAP);
        let (rect, mut response) = ui.allocate_exact_size(vec2(width, height), Sense::drag());
        let scale = EpsilonScale {
            zero: rect.left() + INSET,
            log: Rangef::new(rect.left() + INSET + GAP, rect.right() - INSET),
        };
        let rail_y = rect.top() + Self::RAIL_CENTER;

        let asked = self.dragged(ui, &response, &scale).or_else(|| self.asked_by_key(ui, &response));
        let changed = asked.or_else(|| self.asked_by_assistant(ui, &response)).filter(|&e| e != self.epsilon);
        let shown = changed.unwrap_or(self.epsilon);
        if changed.is_some() {
            response.mark_changed();
        }

        if ui.is_rect_visible(rect) {
            let colors = theme::of(ui);
            paint_ticks(ui, &scale, rail_y, colors);
            paint_rail(ui, &scale, rail_y, [self.neutral, shown].map(|epsilon| scale.x_of(epsilon)), colors);
            self.paint_marks(ui, &scale, rail_y, colors);
            paint_handle(ui, &response, pos2(scale.x_of(shown), rail_y), colors);
        }
        self.describe(ui, &response, shown);
        changed
    }

    fn dragged(&self, ui: &Ui, response: &Response, scale: &EpsilonScale) -> Option<Epsilon> {
        let pointer = response.interact_pointer_pos()?;
        let handle = scale.x_of(self.epsilon);
        if response.drag_started() {
            response.request_focus();
            // Grabbing the handle anywhere must not move it; elsewhere it jumps to the pointer.
            let off = handle - pointer.x;
            let grab = if off.abs() <= HANDLE_RADIUS { off } else { 0.0 };
            ui.data_mut(|data| data.insert_temp(response.id, grab));
        }
        let x = pointer.x + ui.data(|data| data.get_temp::<f32>(response.id)).unwrap_or_default();
        // Standing still must not round a typed value.
        if (x - handle).abs() < 0.1 {
            return None;
        }
        let snap = if ui.input(|i| i.modifiers.shift) { Snap::Free } else { Snap::Marks };
        Some(scale.epsilon_at(x, snap))
    }

    fn asked_by_key(&self, ui: &Ui, response: &Response) -> Option<Epsilon> {
        if !response.has_focus() {
            return None;
        }
        keep_arrows(ui, response.id, Arrows::Horizontal);
        let mut asked = None;
        ui.input_mut(|input| {
            input.events.retain(|event| {
                let Event::Key { key, pressed: true, modifiers, .. } = event else { return true };
                let next = key_step(asked.unwrap_or(self.epsilon), *key, *modifiers);
                asked = next.or(asked);
                next.is_none()
            });
        });
        asked
    }

    fn asked_by_assistant(&self, ui: &Ui, response: &Response) -> Option<Epsilon> {
        use accesskit::{Action, ActionData};
        ui.input(|input| {
            let count = |action| input.num_accesskit_action_requests(response.id, action);
            let up = (0..count(Action::Increment)).map(|_| 0.1);
            let down = (0..count(Action::Decrement)).map(|_| -0.1);
            let steps = up.chain(down).fold(None, |e, step| Some(stepped(e.unwrap_or(self.epsilon), step)));
            input
                .accesskit_action_requests(response.id, Action::SetValue)
                .filter_map(|request| match &request.data {
                    Some(ActionData::NumericValue(value)) => Epsilon::new(*value).ok(),
                    Some(ActionData::Value(text)) => text.parse().ok(),
                    _ => None,
                })
                .last()
                .map(|e| if e > Epsilon::SLIDER.1 { Epsilon::SLIDER.1 } else { e })
                .or(steps)
        })
    }

    fn paint_marks(&self, ui: &Ui, scale: &EpsilonScale, rail_y: f32, colors: &Colors) {
        let painter = ui.painter();
        let font = TextStyle::Small.resolve(ui.style());
        let xs = self.marks.map(|mark| scale.x_of(mark));
        let bottom = rail_y - HANDLE_RADIUS - STEM;
        for group in grouped(xs, MARK_HEIGHT + 2.0) {
            let current = group.iter().any(|&i| self.marks[i] == self.epsilon);
            let (fill, text) = if current { (colors.accent, colors.on_accent) } else { (colors.raised, colors.text) };
            let number = group.iter().map(|i| (i + 1).to_string()).collect::<Vec<_>>().join(" ");
            let galley = painter.layout_no_wrap(number, font.clone(), text);
            let center = group.iter().map(|&i| xs[i]).sum::<f32>() / group.len() as f32;
            for &i in &group {
                // Down to the rail, or to the socket of 0.
                let clear = if self.marks[i] == Epsilon::ZERO { HANDLE_RADIUS } else { RAIL / 2.0 + 1.0 };
                let tip = pos2(xs[i], rail_y - clear);
                painter.line_segment([pos2(center, bottom), pos2(xs[i], bottom + STEM)], Stroke::new(1.0, fill));
                painter.line_segment([pos2(xs[i], bottom + STEM), tip], Stroke::new(1.5, colors.outline));
            }
            let size = vec2((galley.size().x + 8.0).max(MARK_HEIGHT), MARK_HEIGHT);
            let tag = Rect::from_min_size(pos2(center - size.x / 2.0, bottom - size.y), size);
            painter.rect(tag, CornerRadius::same(4), fill, Stroke::new(1.0, colors.outline), StrokeKind::Inside);
            painter.galley(Align2::CENTER_CENTER.anchor_size(tag.center(), galley.size()).min, galley, text);
        }
    }

    fn describe(&self, ui: &Ui, response: &Response, shown: Epsilon) {
        response.widget_info(|| WidgetInfo {
            current_text_value: Some(shown.to_string()),
            ..WidgetInfo::slider(ui.is_enabled(), shown.get(), self.name)
        });
        ui.ctx().accesskit_node_builder(response.id, |node| {
            debug_assert_eq!(node.role(), Role::Slider);
            node.set_min_numeric_value(0.0);
            node.set_max_numeric_value(Epsilon::SLIDER.1.get());
            for action in [accesskit::Action::SetValue, accesskit::Action::Increment, accesskit::Action::Decrement] {
                node.add_action(action);
            }
        });
    }
}

/// What `key` makes of `epsilon`; none for a key that is not the slider's.
fn key_step(epsilon: Epsilon, key: Key, modifiers: Modifiers) -> Option<Epsilon> {
    let size = match modifiers {
        m if m.command || m.ctrl => 1.0,
        m if m.shift => 0.01,
        _ => 0.1,
    };
    Some(match key {
        Key::ArrowRight => stepped(epsilon, size),
        Key::ArrowLeft => stepped(epsilon, -size),
        Key::PageUp => stepped(epsilon, 1.0),
        Key::PageDown => stepped(epsilon, -1.0),
        Key::Home => Epsilon::ZERO,
        Key::End => Epsilon::SLIDER.1,
        _ => return None,
    })
}

fn paint_ticks(ui: &Ui, scale: &EpsilonScale, rail_y: f32, colors: &Colors) {
    let painter = ui.painter();
    let font = TextStyle::Small.resolve(ui.style());
    let top = rail_y + HANDLE_RADIUS;
    let label_width = painter.layout_no_wrap("1e-12".to_owned(), font.clone(), colors.text_weak).size().x + space::S;
    let label = |x: f32, text: String| {
        painter.vline(x, Rangef::new(top, top + TICK), Stroke::new(1.0, colors.outline));
        painter.text(pos2(x, top + TICK + 2.0), Align2::CENTER_TOP, text, font.clone(), colors.text_weak);
    };
    label(scale.zero, "0".to_owned());
    for decade in labelled_decades(scale.log.span(), label_width) {
        label(scale.x_of_decade(f64::from(decade)), format!("1e{decade}"));
    }
    for decade in DECADES.0..=DECADES.1 {
        let x = scale.x_of_decade(f64::from(decade));
        painter.vline(x, Rangef::new(top, top + TICK / 2.0), Stroke::new(1.0, colors.outline));
        if decade < DECADES.1 {
            let five = scale.x_of_decade(f64::from(decade) + 5f64.log10());
            painter.vline(five, Rangef::new(top, top + TICK / 3.0), Stroke::new(1.0, colors.line));
        }
    }
}

/// The rail, filled from the ε that changes nothing to the handle: the more is filled, the more is turned.
fn paint_rail(ui: &Ui, scale: &EpsilonScale, rail_y: f32, [neutral, handle]: [f32; 2], colors: &Colors) {
    let painter = ui.painter();
    let band = |from: f32, to: f32| Rect::from_x_y_ranges(from..=to, rail_y - RAIL / 2.0..=rail_y + RAIL / 2.0);
    let rail = band(scale.log.min - RAIL / 2.0, scale.log.max + RAIL / 2.0);
    painter.rect_filled(rail, RAIL / 2.0, colors.raised_hover);
    let neutral = neutral.max(rail.left());
    let end = handle.max(rail.left());
    painter.rect_filled(band(neutral.min(end), neutral.max(end)), RAIL / 2.0, colors.accent);
    painter.vline(neutral, rail.expand(2.0).y_range(), Stroke::new(2.0, colors.outline));
    // The stop for 0 stands apart: an empty socket, joined by dots because no step of the scale leads there.
    let bridge = if handle < rail.left() { colors.accent } else { colors.outline };
    for i in 1..=3_u8 {
        let x = egui::lerp(scale.zero + HANDLE_RADIUS..=rail.left(), f32::from(i) / 4.0);
        painter.circle_filled(pos2(x, rail_y), 1.0, bridge);
    }
    painter.circle_stroke(pos2(scale.zero, rail_y), HANDLE_RADIUS - 1.5, Stroke::new(1.5, colors.outline));
}

fn paint_handle(ui: &Ui, response: &Response, center: Pos2, colors: &Colors) {
    let painter = ui.painter();
    let held = response.is_pointer_button_down_on();
    let rect = Rect::from_center_size(center, egui::Vec2::splat(2.0 * HANDLE_RADIUS));
    if response.has_focus() {
        focus_ring(painter, rect, CornerRadius::same(10), colors);
    }
    let fill = if held { colors.accent } else { colors.surface };
    painter.circle(center, HANDLE_RADIUS - 1.0, fill, Stroke::new(2.0, colors.accent));
    let dot = if held { colors.on_accent } else { colors.accent };
    let radius = if response.hovered() || held { 3.0 } else { 2.0 };
    painter.circle_filled(center, radius, dot);
}
