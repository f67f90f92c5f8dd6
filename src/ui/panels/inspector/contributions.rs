//! What each dimension of the head adds to the score, as bars.

use egui::{Key, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::{
    digits::{PLACES, fixed, significant},
    reading::Reading,
    texts::hint,
};
use crate::{
    attention::Why,
    engine::Outcome,
    ui::{
        theme::{self, Colors, RADIUS, space},
        widgets::{Arrows, focus_ring, keep_arrows, quoted_token, segmented},
    },
};

const HEIGHT: f32 = 96.0;
const DIGITS: usize = 7;

/// From left to right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Dimension,
    /// Largest first, whatever the sign.
    Size,
}

/// How the bars are looked at.
#[derive(Default)]
pub struct Contributions {
    order: Order,
    /// The bar that the arrow keys have led to, counted from the left.
    cursor: usize,
}

impl Contributions {
    pub fn show(&mut self, ui: &mut Ui, reading: &Reading, outcome: &Outcome) {
        let Some(why) = &reading.why else {
            hint(ui, "not computed yet");
            return;
        };
        hint(ui, &format!("q_d · k_d × scale: they sum to the score, {}", fixed(why.product, PLACES)));
        let choices = [
            (Order::Dimension, "By dimension", "Dimension 0 on the left"),
            (Order::Size, "By size", "The largest on the left, whatever the sign"),
        ];
        segmented(ui, "Order of the contributions", &mut self.order, &choices);
        let order = self.ordered(&why.contributions);
        let size = vec2(ui.available_width(), HEIGHT);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        self.move_cursor(ui, &response, order.len());
        let pointed = response.hover_pos().and_then(|at| bar_at(rect, at.x, order.len()));
        let marked = pointed.or_else(|| response.has_focus().then_some(self.cursor));
        if ui.is_rect_visible(rect) {
            paint(ui, rect, &why.contributions, &order, marked);
            if response.has_focus() {
                focus_ring(ui.painter(), rect, RADIUS, theme::of(ui));
            }
        }
        let enabled = ui.is_enabled();
        response.widget_info(|| {
            let said = match marked.and_then(|bar| order.get(bar)) {
                Some(&dimension) => described(why, dimension).join(", "),
                None => summary(why),
            };
            let name = format!("Contributions of {} dimensions", why.contributions.len());
            let mut info = WidgetInfo::labeled(Role::Image, enabled, name);
            info.current_text_value = Some(said);
            info
        });
        let key = reading.cell().key;
        if let Some(&dimension) = marked.and_then(|bar| order.get(bar)) {
            response.on_hover_ui_at_pointer(|ui| {
                for line in described(why, dimension) {
                    ui.monospace(line);
                }
                if let Some(token) = outcome.tokens.get(key) {
                    hint(ui, &format!("key {key} {}", quoted_token(&token.text)));
                }
            });
        }
    }

    /// Dimensions from left to right.
    fn ordered(&self, contributions: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..contributions.len()).collect();
        if self.order == Order::Size {
            order.sort_by(|&a, &b| contributions[b].abs().total_cmp(&contributions[a].abs()));
        }
        order
    }

    fn move_cursor(&mut self, ui: &Ui, response: &Response, count: usize) {
        if response.has_focus() {
            keep_arrows(ui, response.id, Arrows::Horizontal);
            let pressed = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
            if pressed(Key::ArrowLeft) {
                self.cursor = self.cursor.saturating_sub(1);
            }
            if pressed(Key::ArrowRight) {
                self.cursor += 1;
            }
        }
        self.cursor = self.cursor.min(count.saturating_sub(1));
    }
}

/// The numbers of one dimension, one a line.
fn described(why: &Why, dimension: usize) -> [String; 4] {
    let (q, k) = (why.query[dimension], why.key[dimension]);
    [
        format!("dimension {dimension}"),
        format!("q_d {}", significant(q, DIGITS)),
        format!("k_d {}", significant(k, DIGITS)),
        format!(
            "q_d·k_d {}, × scale {}",
            significant(q * k, DIGITS),
            significant(why.contributions[dimension], DIGITS)
        ),
    ]
}

fn summary(why: &Why) -> String {
    let largest = (0..why.contributions.len())
        .max_by(|&a, &b| why.contributions[a].abs().total_cmp(&why.contributions[b].abs()))
        .map_or_else(String::new, |dimension| {
            format!(", largest: dimension {dimension} {}", significant(why.contributions[dimension], DIGITS))
        });
    format!("sum {}{largest}", fixed(why.product, PLACES))
}

/// The bar under `x`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bars")]
fn bar_at(rect: Rect, x: f32, count: usize) -> Option<usize> {
    let at = ((x - rect.left()) / rect.width() * count as f32).floor();
    (at >= 0.0 && at < count as f32).then_some(at as usize)
}

#[expect(clippy::cast_possible_truncation, reason = "screen positions are f32")]
fn paint(ui: &Ui, rect: Rect, contributions: &[f64], order: &[usize], marked: Option<usize>) {
    let colors: &Colors = theme::of(ui);
    let painter = ui.painter().with_clip_rect(rect.expand(1.0));
    painter.rect_filled(rect, RADIUS, colors.surface);
    // Zero is always in view.
    let finite = || contributions.iter().copied().filter(|x| x.is_finite());
    let (low, high) = (finite().fold(0.0, f64::min), finite().fold(0.0, f64::max));
    let span = if high > low { high - low } else { 1.0 };
    let inner = rect.shrink2(vec2(0.0, space::XS));
    let y = |value: f64| inner.bottom() - ((value - low) / span) as f32 * inner.height();
    let width = rect.width() / order.len().max(1) as f32;
    let gap = if width >= 3.0 { 1.0 } else { 0.0 };
    for (bar, &dimension) in order.iter().enumerate() {
        let left = rect.left() + bar as f32 * width;
        if marked == Some(bar) {
            let column = Rect::from_min_max(pos2(left, rect.top()), pos2(left + width, rect.bottom()));
            painter.rect_filled(column, 0.0, colors.raised_hover);
        }
        let value = contributions[dimension];
        let color = if value < 0.0 { colors.negative } else { colors.positive };
        let (top, bottom) = (y(value.max(0.0)), y(value.min(0.0)));
        painter.rect_filled(Rect::from_min_max(pos2(left, top), pos2(left + width - gap, bottom)), 0.0, color);
    }
    painter.hline(rect.x_range(), y(0.0), Stroke::new(1.0, colors.outline));
}
