//! Drawings of vectors, heads and the residual stream.

use egui::{Align2, Color32, CornerRadius, Pos2, Rect, Stroke, StrokeKind, Vec2, pos2, vec2};

use super::{
    canvas::Canvas,
    examples::{Side, operated, sides, toy},
    patterns::pattern_in,
};
use crate::{
    attention::{Epsilon, Operation},
    engine::Outcome,
    ui::theme::{self, space},
};

/// Most query heads that are drawn.
const MOST_HEADS: usize = 40;

/// (ε·q)·k beside q·(ε·k), multiplied out.
pub fn both_sides(canvas: &Canvas<'_>) -> Option<String> {
    let names = ["q·k", "(ε·q)·k", "q·(ε·k)"];
    let lines: Vec<String> = names.iter().zip(sides()?).map(|(name, side)| product(name, &side)).collect();
    let colors = canvas.colors;
    canvas.text(canvas.rect.left_top(), Align2::LEFT_TOP, "q = (1, 2)   k = (3, 1)   ε = 5e-1", colors.text_weak);
    let font = egui::FontId::monospace(12.5);
    for (index, line) in lines.iter().enumerate() {
        let top = canvas.rect.top() + 24.0 + 31.0 * index as f32;
        let row = Rect::from_min_size(pos2(canvas.rect.left(), top), vec2(canvas.rect.width().min(400.0), 26.0));
        let fill = if index == 0 { colors.raised } else { colors.accent_soft };
        canvas.painter.rect_filled(row, CornerRadius::same(theme::RADIUS), fill);
        let at = row.left_center() + vec2(space::S, 0.0);
        canvas.painter.text(at, Align2::LEFT_CENTER, line, font.clone(), colors.text);
    }
    Some(lines.join("; "))
}

fn product(name: &str, side: &Side) -> String {
    let ([a, b], [c, d]) = (side.query, side.key);
    format!("{name:8}= {a}·{c} + {b}·{d} = {}", side.score)
}

/// Where Value goes: past its own layer's softmax, into the residual stream, into later layers.
pub fn residual_stream(canvas: &Canvas<'_>) -> Option<String> {
    let (weights, length) = toy()?.with_value(Epsilon::ONE)?;
    let (halved, half_length) = toy()?.with_value(Epsilon::FIGURE[0])?;
    let is_same = weights == halved;
    let colors = canvas.colors;
    let [query, key, value, _] = colors.components;
    let quiet = Stroke::new(1.5, colors.outline);
    let at = |x, y| canvas.at(x, y);

    let stream = Stroke::new(3.0, colors.outline);
    arrow(canvas, at(0.0, 0.84), at(1.0, 0.84), stream);
    canvas.text(at(0.0, 0.88), Align2::LEFT_TOP, "residual stream", colors.text_weak);

    for (left, right, name) in [(0.05, 0.60, "the shown layer"), (0.69, 0.97, "a later layer")] {
        let layer = Rect::from_min_max(at(left, 0.08), at(right, 0.74));
        canvas.painter.rect_stroke(layer, CornerRadius::same(theme::CARD_RADIUS), quiet, StrokeKind::Inside);
        canvas.small_text(layer.left_top() - vec2(0.0, 2.0), Align2::LEFT_BOTTOM, name, colors.text_weak);
    }
    for (y, name, color) in [(0.18, "Q", query), (0.38, "K", key), (0.61, "V", value)] {
        tile(canvas, at(0.11, y), name, color);
        tile(canvas, at(0.75, y), name, color);
    }
    arrow(canvas, at(0.08, 0.84), at(0.08, 0.71), Stroke::new(1.5, colors.outline));

    let side = canvas.rect.height() * 0.36;
    let picture = Rect::from_center_size(at(0.34, 0.30), Vec2::splat(side));
    for (y, color) in [(0.18, query), (0.38, key)] {
        arrow(canvas, at(0.11, y) + vec2(14.0, 0.0), pos2(picture.left() - 4.0, at(0.0, y).y), Stroke::new(1.5, color));
    }
    canvas.small_text(
        pos2(f32::midpoint(at(0.11, 0.0).x + 14.0, picture.left()), at(0.0, 0.28).y),
        Align2::CENTER_CENTER,
        "softmax",
        colors.text_weak,
    );
    pattern_in(canvas, picture, &weights);

    let mix = at(0.50, 0.61);
    let path = Stroke::new(2.5, value);
    arrow(canvas, at(0.11, 0.61) + vec2(14.0, 0.0), mix - vec2(12.0, 0.0), path);
    arrow(canvas, picture.right_center(), mix - vec2(2.0, 12.0), quiet);
    canvas.painter.circle(mix, 11.0, colors.surface, path);
    canvas.text(mix, Align2::CENTER_CENTER, "×", colors.text);
    arrow(canvas, mix + vec2(0.0, 11.0), pos2(mix.x, at(0.0, 0.83).y), path);
    arrow(canvas, at(0.72, 0.84), at(0.72, 0.71), path);
    canvas.text(at(0.80, 0.32), Align2::LEFT_CENTER, "here the pattern", colors.text);
    canvas.text(at(0.80, 0.42), Align2::LEFT_CENTER, "changes", colors.text);

    let unchanged = if is_same { "the same weights" } else { "other weights" };
    let said = format!("V × 5e-1: {unchanged}, output {length:.2} → {half_length:.2}");
    canvas.text(at(1.0, 0.88), Align2::RIGHT_TOP, &said, value);
    Some(said)
}

fn tile(canvas: &Canvas<'_>, center: Pos2, name: &str, color: Color32) {
    let rect = Rect::from_center_size(center, vec2(26.0, 24.0));
    canvas.painter.rect(
        rect,
        CornerRadius::same(theme::RADIUS),
        canvas.colors.surface,
        Stroke::new(1.5, color),
        StrokeKind::Inside,
    );
    canvas.text(center, Align2::CENTER_CENTER, name, color);
}

fn arrow(canvas: &Canvas<'_>, from: Pos2, to: Pos2, stroke: Stroke) {
    canvas.painter.line_segment([from, to], stroke);
    let back = (from - to).normalized() * HEAD;
    for side in [back.rot90(), -back.rot90()] {
        canvas.painter.line_segment([to, to + back + side * 0.5], stroke);
    }
}

/// Length of an arrow's head, in points.
const HEAD: f32 = 7.0;

/// Which heads the drawing has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadCounts {
    pub n_heads: usize,
    pub n_kv_heads: usize,
    /// On screen.
    pub head: usize,
}

impl HeadCounts {
    /// Those of the source on screen; until there is one, four heads on two.
    pub fn of(outcome: Option<&Outcome>) -> Self {
        outcome.map_or(Self { n_heads: 4, n_kv_heads: 2, head: 0 }, |outcome| Self {
            n_heads: outcome.facts.n_heads.max(1),
            n_kv_heads: outcome.facts.n_kv_heads.max(1),
            head: outcome.experiment.head,
        })
    }

    /// How many query heads read one KV head.
    fn group(self) -> usize {
        (self.n_heads / self.n_kv_heads).max(1)
    }

    /// The KV heads that are drawn: all, or as many as fit around that of the head on screen.
    fn drawn(self) -> std::ops::Range<usize> {
        let most = (MOST_HEADS / self.group()).clamp(1, self.n_kv_heads);
        let own = self.head / self.group();
        let first = (own / most * most).min(self.n_kv_heads - most);
        first..first + most
    }

    fn said(self) -> String {
        let Self { n_heads, n_kv_heads, head } = self;
        let kv_head = head / self.group();
        if self.group() == 1 {
            return format!(
                "{n_heads} query heads, each with a KV head of its own. Head {head} reads KV head {kv_head}."
            );
        }
        let group = self.group();
        format!("{n_heads} query heads share {n_kv_heads} KV heads, {group} each. Head {head} reads KV head {kv_head}.")
    }
}

/// Query heads above, the KV heads that they read below; the head on screen stands out.
pub fn heads(canvas: &Canvas<'_>, counts: HeadCounts) -> String {
    let colors = canvas.colors;
    let (drawn, group) = (counts.drawn(), counts.group());
    let names = 76.0;
    let n_shown = drawn.len() * group;
    let step = ((canvas.rect.width() - names) / n_shown as f32).min(44.0);
    let (top, bottom) = (canvas.rect.top() + 30.0, canvas.rect.top() + 100.0);
    canvas.text(pos2(canvas.rect.left(), top), Align2::LEFT_CENTER, "query heads", colors.text_weak);
    canvas.text(pos2(canvas.rect.left(), bottom), Align2::LEFT_CENTER, "KV heads", colors.text_weak);
    for (index, kv_head) in drawn.clone().enumerate() {
        let start = canvas.rect.left() + names + (index * group) as f32 * step;
        let is_own = counts.head / group == kv_head;
        let below = pos2(start + group as f32 * step * 0.5, bottom);
        for member in 0..group {
            let head = kv_head * group + member;
            let above = pos2(start + (member as f32 + 0.5) * step, top);
            let color = if head == counts.head { colors.accent } else { colors.outline };
            let width = if head == counts.head { 2.5 } else { 1.0 };
            canvas.painter.line_segment([above + vec2(0.0, 13.0), below - vec2(0.0, 13.0)], Stroke::new(width, color));
            head_box(canvas, above, step, head, head == counts.head);
        }
        head_box(canvas, below, step.max(if group > 1 { 16.0 } else { 0.0 }), kv_head, is_own);
    }
    let said = counts.said();
    canvas.text(canvas.rect.left_bottom(), Align2::LEFT_BOTTOM, &said, colors.text);
    said
}

fn head_box(canvas: &Canvas<'_>, center: Pos2, step: f32, number: usize, is_own: bool) {
    let colors = canvas.colors;
    let rect = Rect::from_center_size(center, vec2((step - 3.0).clamp(4.0, 34.0), 26.0));
    let (fill, ink) = if is_own { (colors.accent, colors.on_accent) } else { (colors.raised, colors.text) };
    canvas.painter.rect_filled(rect, CornerRadius::same(3), fill);
    if rect.width() >= 13.0 {
        canvas.small_text(center, Align2::CENTER_CENTER, &number.to_string(), ink);
    }
}

/// Where each operation takes the vector (4, 2): dots at ε = 5e-1 and 0, for noise at 2.5e-1.
pub fn operations(canvas: &Canvas<'_>) -> Option<String> {
    let colors = canvas.colors;
    let unit = (canvas.rect.width() / 7.5).min(canvas.rect.height() / 4.6);
    let origin = canvas.rect.left_bottom() + vec2(24.0, -24.0);
    let place = |[x, y]: [f32; 2]| origin + vec2(x, -y) * unit;
    let axis = Stroke::new(1.0, colors.outline);
    arrow(canvas, origin, place([5.2, 0.0]), axis);
    arrow(canvas, origin, place([0.0, 4.0]), axis);
    let start = operated(Operation::Scale, Epsilon::ONE)?;
    let mut said = Vec::new();
    let [blue, pink, green, _] = colors.components;
    for (operation, color, name, offset, anchor) in [
        (Operation::Scale, blue, "scale", vec2(8.0, 12.0), Align2::LEFT_CENTER),
        (Operation::MeanHeads, pink, "mean over heads", vec2(-2.0, -8.0), Align2::CENTER_BOTTOM),
        (Operation::MeanPositions, green, "mean over positions", vec2(0.0, 8.0), Align2::CENTER_TOP),
    ] {
        let points = [Epsilon::FIGURE[0], Epsilon::ZERO].map(|epsilon| operated(operation.clone(), epsilon));
        let [Some(half), Some(end)] = points else { return None };
        canvas.painter.line_segment([place(start), place(end)], Stroke::new(2.0, color));
        canvas.painter.circle_filled(place(half), 3.5, color);
        canvas.painter.circle_filled(place(end), 5.0, color);
        canvas.text(place(end) + offset, anchor, name, color);
        said.push(format!("{name}, at ε = 5e-1 ({}, {}), at 0 ({}, {})", half[0], half[1], end[0], end[1]));
    }
    let noise = colors.series[1];
    for seed in 0..6 {
        let to = operated(Operation::Noise { seed }, Epsilon::new(0.25).ok()?)?;
        canvas.painter.line_segment([place(start), place(to)], Stroke::new(1.0, noise));
        canvas.painter.circle_filled(place(to), 2.5, noise);
    }
    canvas.painter.circle_filled(place(start), 5.0, colors.text_strong);
    canvas.text(place([5.5, 2.5]), Align2::LEFT_CENTER, "x = (4, 2), ε = 1", colors.text_strong);
    canvas.text(place([5.5, 2.0]), Align2::LEFT_CENTER, "noise: ε = 2.5e-1, six seeds", noise);
    Some(said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawn_heads_contain_the_one_on_screen() {
        for (n_heads, n_kv_heads) in [(9, 3), (4, 4), (32, 8), (64, 8), (64, 64), (71, 1), (128, 4)] {
            for head in [0, n_heads / 2, n_heads - 1] {
                let counts = HeadCounts { n_heads, n_kv_heads, head };
                let drawn = counts.drawn();
                assert!(drawn.contains(&(head / counts.group())), "{counts:?}: {drawn:?}");
                assert!(drawn.end <= n_kv_heads && !drawn.is_empty(), "{counts:?}: {drawn:?}");
            }
        }
        assert_eq!(HeadCounts { n_heads: 9, n_kv_heads: 3, head: 3 }.drawn(), 0..3);
    }

    #[test]
    fn groups_are_said_in_numbers() {
        let said = HeadCounts { n_heads: 9, n_kv_heads: 3, head: 5 }.said();
        assert_eq!(said, "9 query heads share 3 KV heads, 3 each. Head 5 reads KV head 1.");
        let said = HeadCounts { n_heads: 4, n_kv_heads: 4, head: 1 }.said();
        assert_eq!(said, "4 query heads, each with a KV head of its own. Head 1 reads KV head 1.");
    }

    #[test]
    fn products_are_multiplied_out() {
        let [whole, query, _] = sides().unwrap();
        assert_eq!(product("q·k", &whole), "q·k     = 1·3 + 2·1 = 5");
        assert_eq!(product("(ε·q)·k", &query), "(ε·q)·k = 0.5·3 + 1·1 = 2.5");
    }
}
