//! The curves of one metric in their frame.

use super::axis::Axis;
use crate::{
    attention::{Component, Epsilon},
    engine::{Sweep, SweepMetric},
    figure::{
        Anchor, Fonts, Item, Rect, Rgb, Text, Turn,
        text::{
            fonts::{ASCENT, DESCENT, MIDDLE},
            shaping::width,
        },
    },
};

/// From the highest value to the top, as a part of it, at least.
const HEADROOM: f64 = 0.08;
/// Points drawn and left out, by row: components are apart also without colour.
const DASHES: [[f64; 2]; Component::ALL.len()] = [[1.0, 0.0], [6.0, 3.0], [1.5, 2.5], [10.0, 3.0]];
/// A piece of a line in the legend.
const SAMPLE: f64 = 22.0;
/// Behind it, in points.
const SAMPLE_GAP: f64 = 4.0;

type Point = [f64; 2];

/// The colours of curves.
#[derive(Clone, Copy)]
pub struct CurveInks {
    pub text: Rgb,
    pub axis: Rgb,
    pub grid: Rgb,
    /// Query, Key, Value, Output.
    pub components: [Rgb; Component::ALL.len()],
}

/// Items as they are added.
pub struct CurveItems<'a> {
    pub items: Vec<Item>,
    pub inks: CurveInks,
    pub fonts: &'a Fonts,
    /// Size of the texts.
    pub font: f64,
}

/// The frame of one metric.
pub struct Plot {
    pub frame: Rect,
    pub axis: Axis,
    /// The values at the bottom and at the top of the frame.
    extent: [f64; 2],
}

impl Plot {
    /// Of a height that shows all values of `metric` on the axis. Beyond ε = 1 the KL divergence leaves every scale.
    pub fn new(sweep: &Sweep, metric: SweepMetric, frame: Rect, axis: Axis, font: f64) -> Self {
        let headroom = HEADROOM.max(1.2 * font / frame.height);
        let extent = extent(sweep, metric, &axis).map_or([0.0, 1.0], |ends| ends.map(|end| end * (1.0 + headroom)));
        Self { frame, axis, extent }
    }

    fn y_of(&self, value: f64) -> f64 {
        let [low, high] = self.extent;
        self.frame.bottom() - (value - low) / (high - low) * self.frame.height
    }

    /// Values at the left with their labels.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        value_ticks(self.extent).into_iter().map(|(value, label)| (self.y_of(value), label)).collect()
    }
}

/// The smallest and the largest value of the metric that the axis shows, with 0 between them; `None` where all are 0.
pub fn extent(sweep: &Sweep, metric: SweepMetric, axis: &Axis) -> Option<[f64; 2]> {
    sweep.extent(metric, |epsilon| axis.shows(epsilon))
}

/// Round values in an extent, as few as three and as many as eight.
pub fn value_ticks([low, high]: [f64; 2]) -> Vec<(f64, String)> {
    let step = step(high - low);
    let digits = (-step.log10().floor()).max(0.0);
    let mut ticks = Vec::new();
    let mut value = (low / step).ceil() * step;
    while value <= high {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few decimals")]
        let label = format!("{value:.*}", digits as usize);
        ticks.push((value, label));
        value += step;
    }
    ticks
}

impl CurveItems<'_> {
    pub fn text(&mut self, text: &str, at: Point, anchor: Anchor, color: Rgb) {
        let (text, size, turn) = (text.to_owned(), self.font, Turn::Level);
        self.items.push(Item::Text(Text { text, at, size, anchor, turn, color }));
    }

    fn line(&mut self, from: Point, to: Point, width: f64, color: Rgb) {
        self.items.push(Item::Line { from, to, width, color });
    }

    fn width(&self, text: &str) -> f64 {
        width(text, self.fonts) * self.font
    }

    /// Grid, values at the left, and the metric's name beside them.
    pub fn axes(&mut self, plot: &Plot, metric: SweepMetric, name_x: f64) {
        let Plot { frame, .. } = *plot;
        for tick in plot.axis.ticks() {
            self.line([tick.x, frame.y], [tick.x, frame.bottom()], 0.5, self.inks.grid);
        }
        // A low frame has room for some of the values only.
        let mut free_below = f64::INFINITY;
        for (y, label) in plot.ticks() {
            self.line([frame.x, y], [frame.right(), y], 0.5, self.inks.grid);
            if free_below - y >= (ASCENT + DESCENT) * self.font {
                let at = [frame.x - 0.5 * self.font, y + MIDDLE * self.font];
                self.text(&label, at, Anchor::End, self.inks.text);
                free_below = y;
            }
        }
        self.items.push(Item::Frame { rect: frame, width: 0.6, color: self.inks.axis });
        let names = [metric.name(), metric.short_name()];
        let name = names.into_iter().find(|name| self.width(name) <= frame.height).unwrap_or(names[1]);
        self.items.push(Item::Text(Text {
            text: name.to_owned(),
            at: [name_x, frame.center()[1]],
            size: self.font,
            anchor: Anchor::Middle,
            turn: Turn::Upwards,
            color: self.inks.text,
        }));
    }

    /// Labels of the axis of ε below the lowest frame, as many as do not meet.
    pub fn epsilon_labels(&mut self, axis: &Axis, below: f64) {
        let mut free_from = f64::NEG_INFINITY;
        for tick in axis.ticks() {
            let half = self.width(&tick.label) / 2.0;
            if tick.x - half >= free_from {
                self.text(&tick.label, [tick.x, below], Anchor::Middle, self.inks.text);
                free_from = tick.x + half + 0.5 * self.font;
            }
        }
    }

    /// Baseline and uniform limit as lines with their names, and short marks with numbers at ε of the columns.
    pub fn marks(&mut self, plot: &Plot, sweep: &Sweep, metric: SweepMetric, columns: &[Epsilon]) {
        let Plot { frame, .. } = *plot;
        let mut taken: Vec<Rect> = Vec::new();
        for (column, &epsilon) in columns.iter().enumerate() {
            let Some(x) = plot.axis.x_of(epsilon).filter(|_| plot.axis.shows(epsilon)) else { continue };
            self.line([x, frame.bottom() - 7.0], [x, frame.bottom()], 1.2, self.inks.text);
            let label = (column + 1).to_string();
            let rect = self.rect_of(&label, [x, frame.bottom() - 9.0], Anchor::Middle);
            if !taken.iter().any(|&other| meet(other, rect)) {
                self.text(&label, [x, frame.bottom() - 9.0], Anchor::Middle, self.inks.text);
                taken.push(rect);
            }
        }
        for (name, metrics, ends, anchor) in [
            ("baseline", &sweep.baseline, [frame.x + 0.5 * self.font, self.font], Anchor::Start),
            ("uniform", &sweep.uniform, [frame.right() - 0.5 * self.font, -self.font], Anchor::End),
        ] {
            let Some(value) = metric.of(metrics).filter(|value| value.is_finite()) else { continue };
            let y = plot.y_of(value);
            self.dashed(&[[frame.x, y], [frame.right(), y]], [3.0, 2.0], 0.6, self.inks.axis);
            // The first place from its end on where no other text stands, above the line or below it.
            let [start, step] = ends;
            let rises = [y - 0.25 * self.font, y + (ASCENT + 0.2) * self.font];
            let places = (0..40).flat_map(|at| rises.map(|y| [start + f64::from(at) * step, y]));
            let free = places.map(|at| (at, self.rect_of(name, at, anchor))).find(|&(_, rect)| {
                let inside = rect.x >= frame.x && rect.right() <= frame.right();
                let between = rect.y >= frame.y && rect.bottom() <= frame.bottom();
                inside && between && !taken.iter().any(|&other| meet(other, rect))
            });
            if let Some((at, rect)) = free {
                self.text(name, at, anchor, self.inks.axis);
                taken.push(rect);
            }
        }
    }

    fn rect_of(&self, text: &str, [x, y]: Point, anchor: Anchor) -> Rect {
        let width = self.width(text);
        let height = (ASCENT + DESCENT) * self.font;
        Rect { x: x - anchor.part() * width, y: y - ASCENT * self.font, width, height }
    }

    /// The component's curve, as far as it lies in the frame; its value at 0 as a square.
    pub fn curve(&mut self, plot: &Plot, sweep: &Sweep, component: Component, metric: SweepMetric) {
        let row = component.row();
        let color = self.inks.components[row];
        let mut line: Vec<Point> = Vec::new();
        for point in &sweep.curves[row] {
            let value = metric.of(&point.metrics).filter(|value| value.is_finite());
            let Some((value, x)) = value.zip(plot.axis.x_of(point.epsilon)) else { continue };
            let at = [x, plot.y_of(value)];
            if point.epsilon == Epsilon::ZERO {
                let rect = Rect { x: at[0] - 1.5, y: at[1] - 1.5, width: 3.0, height: 3.0 };
                self.items.push(Item::Rect { rect, fill: color });
            } else {
                line.push(at);
            }
        }
        // Where it leaves the frame and comes back it is drawn in pieces.
        let mut piece: Vec<Point> = Vec::new();
        let mut pieces: Vec<Vec<Point>> = Vec::new();
        for &[from, to] in line.array_windows::<2>() {
            let Some([from, to]) = clipped([from, to], plot.frame) else { continue };
            if piece.last() != Some(&from) {
                pieces.push(std::mem::replace(&mut piece, vec![from]));
            }
            piece.push(to);
        }
        pieces.push(piece);
        for piece in pieces {
            self.dashed(&piece, DASHES[row], 1.4, color);
        }
    }

    /// Pieces of `line`, `[drawn, left out]` points long.
    fn dashed(&mut self, line: &[Point], [drawn, left_out]: [f64; 2], width: f64, color: Rgb) {
        let mut gone = 0.0;
        for &[from, to] in line.array_windows::<2>() {
            let length = f64::hypot(to[0] - from[0], to[1] - from[1]);
            let at = |along: f64| [0, 1].map(|axis| from[axis] + along / length * (to[axis] - from[axis]));
            let mut along = 0.0;
            while along < length {
                let phase = (gone + along) % (drawn + left_out);
                let is_drawn = left_out == 0.0 || phase < drawn;
                let rest = if left_out == 0.0 {
                    length - along
                } else if is_drawn {
                    drawn - phase
                } else {
                    drawn + left_out - phase
                };
                // Rounding must not make a step of nothing.
                let next = (along + rest.max(1e-3)).min(length);
                if is_drawn {
                    self.line(at(along), at(next), width, color);
                }
                along = next;
            }
            gone += length;
        }
    }

    /// Where each component stands in a legend of lines of `room` points, `[x, line]`, and how many lines there are.
    pub fn legend_places(&self, components: impl Iterator<Item = Component>, room: f64) -> (Vec<[f64; 2]>, usize) {
        let (mut x, mut line) = (0.0, 0_usize);
        let mut places = Vec::new();
        for component in components {
            let width = SAMPLE + SAMPLE_GAP + self.width(component.name());
            if x > 0.0 && x + width > room {
                (x, line) = (0.0, line + 1);
            }
            places.push([x, line as f64]);
            x += width + 2.0 * self.font;
        }
        (places, line + 1)
    }

    pub fn legend_entry(&mut self, component: Component, [x, y]: Point) {
        let row = component.row();
        let middle = y - MIDDLE * self.font;
        self.dashed(&[[x, middle], [x + SAMPLE, middle]], DASHES[row], 1.4, self.inks.components[row]);
        self.text(component.name(), [x + SAMPLE + SAMPLE_GAP, y], Anchor::Start, self.inks.text);
    }
}

fn meet(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

/// The part of a straight line that lies in `frame`.
fn clipped([from, to]: [Point; 2], frame: Rect) -> Option<[Point; 2]> {
    let (mut first, mut last) = (0.0_f64, 1.0_f64);
    let sides = [[frame.x, frame.right()], [frame.y, frame.bottom()]];
    for (axis, [low, high]) in sides.into_iter().enumerate() {
        let length = to[axis] - from[axis];
        let reach = 1e-9;
        if length.abs() < reach {
            if from[axis] < low - reach || from[axis] > high + reach {
                return None;
            }
            continue;
        }
        let [a, b] = [low, high].map(|side| (side - from[axis]) / length);
        (first, last) = (first.max(a.min(b)), last.min(a.max(b)));
    }
    let at = |along: f64| [0, 1].map(|axis| from[axis] + along * (to[axis] - from[axis]));
    // Ends that lie inside stay what they are, so that pieces meet in them.
    let start = if first > 0.0 { at(first) } else { from };
    let end = if last < 1.0 { at(last) } else { to };
    (first < last).then_some([start, end])
}

/// 1, 2 or 5 times a power of ten, of which three to eight fit below `highest`.
fn step(highest: f64) -> f64 {
    let power = 10_f64.powf((highest / 3.0).log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|digit| digit * power).find(|step| *step * 3.0 <= highest).unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axis_labels_are_few_and_round() {
        for (highest, expected) in [(1.08, 0.2), (0.75, 0.2), (2.4, 0.5), (6.2, 2.0), (0.035, 0.01), (40.0, 10.0)] {
            let found = step(highest);
            assert!((found / expected - 1.0).abs() < 1e-9, "{highest}: {found}");
            assert!((3.0..9.0).contains(&(highest / found)), "{highest}: {found}");
        }
    }

    #[test]
    fn dashes_cover_their_part_of_a_line() {
        let ink = Rgb([0; 3]);
        let inks = CurveInks { text: ink, axis: ink, grid: ink, components: [ink; 4] };
        let mut page = CurveItems { items: Vec::new(), inks, fonts: &Fonts::own(), font: 8.0 };
        page.dashed(&[[0.0, 0.0], [30.0, 0.0], [30.0, 60.0]], [6.0, 3.0], 1.0, ink);
        let drawn: f64 = page
            .items
            .iter()
            .map(|item| match item {
                Item::Line { from, to, .. } => f64::hypot(to[0] - from[0], to[1] - from[1]),
                _ => panic!("only lines"),
            })
            .sum();
        assert!((drawn - 60.0).abs() < 0.1, "{drawn}");
        page.items.clear();
        page.dashed(&[[0.0, 0.0], [30.0, 0.0], [30.0, 60.0]], DASHES[0], 1.0, ink);
        assert_eq!(page.items.len(), 2, "a solid line is one item for each of its parts");
    }

    #[test]
    fn a_line_is_cut_at_the_frame() {
        let frame = Rect { x: 0.0, y: 0.0, width: 10.0, height: 10.0 };
        assert_eq!(clipped([[2.0, 2.0], [4.0, 8.0]], frame), Some([[2.0, 2.0], [4.0, 8.0]]));
        assert_eq!(clipped([[-5.0, 5.0], [5.0, 5.0]], frame), Some([[0.0, 5.0], [5.0, 5.0]]));
        assert_eq!(clipped([[5.0, 5.0], [5.0, -5.0]], frame), Some([[5.0, 5.0], [5.0, 0.0]]));
        assert_eq!(clipped([[-5.0, 5.0], [-1.0, 5.0]], frame), None);
        assert_eq!(clipped([[-4.0, 0.0], [4.0, 16.0]], frame), Some([[0.0, 8.0], [1.0, 10.0]]));
    }
}
