//! Curves over ε as a figure: one metric, a line for each component.

use crate::{
    attention::{Component, Epsilon},
    engine::{Sweep, SweepMetric},
    figure::{
        Anchor, Figure, Fonts, Item, Rect, Rgb, Text, Turn,
        text::{fonts::MIDDLE, shaping::one_line},
    },
};

/// The page in points: 178 mm wide, two columns of a journal.
const PAGE: [f64; 2] = [504.0, 236.0];
/// What the curves are drawn in.
const FRAME: Rect = Rect { x: 48.0, y: 44.0, width: 444.0, height: 152.0 };
/// Size of the text, and of the title.
const SIZES: [f64; 2] = [8.0, 11.0];
/// log10 ε at the ends of the axis, and where 0 stands.
const ENDS: [f64; 2] = [-13.4, 2.3];
const ZERO: f64 = -13.0;
/// From the highest value to the top, as a part of it.
const HEADROOM: f64 = 0.08;

const GROUND: Rgb = Rgb([255, 255, 255]);
const INK: Rgb = Rgb([24, 24, 28]);
const AXIS: Rgb = Rgb([90, 90, 98]);
const GRID: Rgb = Rgb([225, 226, 231]);
/// Query, Key, Value, Output: apart also without colour, by their [`DASHES`].
const COLORS: [Rgb; Component::ALL.len()] =
    [Rgb([43, 95, 196]), Rgb([176, 48, 122]), Rgb([74, 115, 0]), Rgb([140, 82, 10])];
/// Points drawn and left out.
const DASHES: [[f64; 2]; Component::ALL.len()] = [[1.0, 0.0], [6.0, 3.0], [1.5, 2.5], [10.0, 3.0]];

type Point = [f64; 2];

/// Curves of `metric`, its baseline and its uniform limit, and ε of the `columns` as marks on the axis; 0 stands apart
/// at the left. Where a metric was not measured there is no curve. The KL divergence is cut off beyond ε = 1, where it
/// leaves every scale.
pub fn sweep_figure(sweep: &Sweep, metric: SweepMetric, columns: &[Epsilon], title: &str) -> Figure {
    let extent = sweep.extent(metric).map_or([0.0, 1.0], |ends| ends.map(|end| end * (1.0 + HEADROOM)));
    let mut page = CurveItems { items: Vec::new(), extent };
    page.axes(metric);
    page.columns(columns);
    for (name, metrics, x, anchor) in [
        ("baseline", &sweep.baseline, FRAME.x + 22.0, Anchor::Start),
        ("uniform", &sweep.uniform, FRAME.right() - 4.0, Anchor::End),
    ] {
        if let Some(value) = metric.of(metrics).filter(|value| value.is_finite()) {
            let y = page.y_of(value);
            page.dashed(&[[FRAME.x, y], [FRAME.right(), y]], [3.0, 2.0], 0.6, AXIS);
            page.text(name, [x, y - 2.0], anchor, AXIS);
        }
    }
    for component in sweep.components() {
        page.curve(sweep, component, metric);
    }
    page.legend(sweep);
    let at = [FRAME.x, 18.0];
    let (size, anchor, turn) = (SIZES[1], Anchor::Start, Turn::Level);
    page.items.push(Item::Text(Text { text: title.to_owned(), at, size, anchor, turn, color: INK }));
    Figure {
        name: one_line(if title.trim().is_empty() { metric.name() } else { title }),
        description: description(metric, columns),
        width: PAGE[0],
        height: PAGE[1],
        ground: Some(GROUND),
        heatmaps: Vec::new(),
        items: page.items,
        fonts: Fonts::default(),
    }
}

/// `Curves of Sink mass over ε, from 0 to 1e2, for Query, Key and Value; marked: 5e-1, 1e-3, 1e-10`
fn description(metric: SweepMetric, columns: &[Epsilon]) -> String {
    let marked: Vec<String> = columns.iter().map(ToString::to_string).collect();
    let marked = marked.join(", ");
    format!("Curves of {} over ε, from 0 to 1e2, for Query, Key and Value; marked: {marked}", metric.name())
}

fn x_of_decade(decade: f64) -> f64 {
    FRAME.x + (decade - ENDS[0]) / (ENDS[1] - ENDS[0]) * FRAME.width
}

fn x_of(epsilon: Epsilon) -> f64 {
    let decade = if epsilon == Epsilon::ZERO { ZERO } else { epsilon.get().log10().clamp(-12.0, 2.0) };
    x_of_decade(decade)
}

struct CurveItems {
    items: Vec<Item>,
    /// The values at the bottom and at the top of the frame.
    extent: [f64; 2],
}

impl CurveItems {
    fn y_of(&self, value: f64) -> f64 {
        let [low, high] = self.extent;
        FRAME.bottom() - (value - low) / (high - low) * FRAME.height
    }

    fn text(&mut self, text: &str, at: Point, anchor: Anchor, color: Rgb) {
        let (text, size, turn) = (text.to_owned(), SIZES[0], Turn::Level);
        self.items.push(Item::Text(Text { text, at, size, anchor, turn, color }));
    }

    fn line(&mut self, from: Point, to: Point, width: f64, color: Rgb) {
        self.items.push(Item::Line { from, to, width, color });
    }

    fn axes(&mut self, metric: SweepMetric) {
        let below = FRAME.bottom() + 3.0 + SIZES[0];
        for decade in -12..=2 {
            let x = x_of_decade(f64::from(decade));
            self.line([x, FRAME.y], [x, FRAME.bottom()], 0.5, GRID);
            self.text(&format!("1e{decade}"), [x, below], Anchor::Middle, INK);
        }
        self.line([x_of_decade(ZERO), FRAME.y], [x_of_decade(ZERO), FRAME.bottom()], 0.5, GRID);
        self.text("0", [x_of_decade(ZERO), below], Anchor::Middle, INK);
        self.text("ε", [FRAME.center()[0], below + 1.6 * SIZES[0]], Anchor::Middle, INK);
        let [low, high] = self.extent;
        let step = step(high - low);
        let digits = (-step.log10().floor()).max(0.0);
        let mut value = (low / step).ceil() * step;
        while value <= high {
            let y = self.y_of(value);
            self.line([FRAME.x, y], [FRAME.right(), y], 0.5, GRID);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few decimals")]
            let label = format!("{value:.*}", digits as usize);
            self.text(&label, [FRAME.x - 4.0, y + MIDDLE * SIZES[0]], Anchor::End, INK);
            value += step;
        }
        self.items.push(Item::Frame { rect: FRAME, width: 0.6, color: AXIS });
        self.items.push(Item::Text(Text {
            text: metric.name().to_owned(),
            at: [16.0, FRAME.center()[1]],
            size: SIZES[0],
            anchor: Anchor::Middle,
            turn: Turn::Upwards,
            color: INK,
        }));
    }

    /// Short marks at the bottom of the frame.
    fn columns(&mut self, columns: &[Epsilon]) {
        for (column, &epsilon) in columns.iter().enumerate() {
            let x = x_of(epsilon);
            self.line([x, FRAME.bottom() - 7.0], [x, FRAME.bottom()], 1.2, INK);
            self.text(&(column + 1).to_string(), [x, FRAME.bottom() - 9.0], Anchor::Middle, INK);
        }
    }

    fn curve(&mut self, sweep: &Sweep, component: Component, metric: SweepMetric) {
        let row = component.row();
        let mut line: Vec<Point> = Vec::new();
        for point in &sweep.curves[row] {
            let Some(value) = metric.of(&point.metrics).filter(|value| value.is_finite()) else { continue };
            let at = [x_of(point.epsilon), self.y_of(value)];
            if point.epsilon == Epsilon::ZERO {
                let rect = Rect { x: at[0] - 1.5, y: at[1] - 1.5, width: 3.0, height: 3.0 };
                self.items.push(Item::Rect { rect, fill: COLORS[row] });
            } else if at[1] >= FRAME.y {
                line.push(at);
            } else {
                // It leaves the frame here.
                line.extend(line.last().map(|&last| {
                    let along = (last[1] - FRAME.y) / (last[1] - at[1]);
                    [last[0] + along * (at[0] - last[0]), FRAME.y]
                }));
                break;
            }
        }
        self.dashed(&line, DASHES[row], 1.4, COLORS[row]);
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

    fn legend(&mut self, sweep: &Sweep) {
        for component in sweep.components() {
            let row = component.row();
            let (x, y) = (FRAME.x + 70.0 * row as f64, FRAME.y - 8.0);
            let middle = y - MIDDLE * SIZES[0];
            self.dashed(&[[x, middle], [x + 22.0, middle]], DASHES[row], 1.4, COLORS[row]);
            self.text(component.name(), [x + 26.0, y], Anchor::Start, INK);
        }
    }
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
        let mut page = CurveItems { items: Vec::new(), extent: [0.0, 1.0] };
        page.dashed(&[[0.0, 0.0], [30.0, 0.0], [30.0, 60.0]], [6.0, 3.0], 1.0, INK);
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
        page.dashed(&[[0.0, 0.0], [30.0, 0.0], [30.0, 60.0]], DASHES[0], 1.0, INK);
        assert_eq!(page.items.len(), 2, "a solid line is one item for each of its parts");
    }
}
