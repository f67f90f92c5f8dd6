//! Drawings of the example head's pattern, in the figure's colours.

use std::fmt::Write as _;

use egui::{Align2, Color32, CornerRadius, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::{
    canvas::Canvas,
    examples::{TOKENS, Toy, distance_from_uniform, toy},
};
use crate::{
    attention::{Epsilon, Pattern, normalized_entropy, sink_mass},
    figure::{Colormap, Limits, MaskedStyle, NormScale, Palette, Rgb},
    ui::theme::{self, space},
};

/// Room for the tokens' names.
const NAMES: f32 = 38.0;
/// Room above and below a picture for a line of text.
const LINE: f32 = 17.0;
/// A row of pictures is not wider than this.
const WIDEST: f32 = 560.0;

/// Height of `count` pictures side by side in `width`, with a line above and one below.
pub fn row_height(width: f32, count: usize) -> f32 {
    side(width, count) + 2.0 * LINE + space::XS
}

fn side(width: f32, count: usize) -> f32 {
    let count = count as f32;
    (width.min(WIDEST) - NAMES - (count - 1.0) * space::M) / count
}

/// The pattern with the names of its axes and its last row in a frame; says that row.
pub fn panel(canvas: &Canvas<'_>) -> Option<String> {
    let pattern = toy()?.pattern(Epsilon::ONE);
    let side = canvas.rect.height() - 2.0 * LINE;
    let rect = Rect::from_min_size(canvas.rect.min + vec2(NAMES + LINE, 0.0), vec2(side, side));
    pattern_in(canvas, rect, &pattern);
    query_names(canvas, rect);
    key_names(canvas, rect);
    let colors = canvas.colors;
    let below = rect.center_bottom() + vec2(0.0, LINE);
    canvas.text(below, Align2::CENTER_TOP, "key: is looked at", colors.text);
    let font = egui::FontId::proportional(11.5);
    let name = canvas.painter.layout_no_wrap("query: looks".to_owned(), font, colors.text);
    let corner = pos2(canvas.rect.left(), rect.center().y + name.size().x / 2.0);
    let turned = egui::epaint::TextShape::new(corner, name, colors.text).with_angle(-std::f32::consts::FRAC_PI_2);
    canvas.painter.add(turned);
    let height = side / TOKENS.len() as f32;
    let row = Rect::from_min_max(pos2(rect.left(), rect.bottom() - height), rect.max);
    canvas.painter.rect_stroke(row, CornerRadius::same(2), Stroke::new(2.5, colors.selection), StrokeKind::Outside);
    let said = row_said(&pattern, TOKENS.len() - 1);
    for (line, text) in said.iter().enumerate() {
        let at = pos2(rect.right() + space::M, row.top() - LINE * (said.len() - 1 - line) as f32);
        canvas.text(at, Align2::LEFT_TOP, text, colors.text_strong);
    }
    Some(said.join(" "))
}

/// A row in words, a line each: `“down” looks`, `70 % at “<s>”, …`
fn row_said(pattern: &Pattern, query: usize) -> Vec<String> {
    let weights = pattern.exact_row(query);
    let at = TOKENS.iter().zip(&weights).map(|(token, weight)| format!("{:.0} % at “{token}”", weight * 100.0));
    std::iter::once(format!("“{}” looks", TOKENS[query])).chain(at).collect()
}

fn key_names(canvas: &Canvas<'_>, rect: Rect) {
    for (key, token) in TOKENS.iter().enumerate() {
        let x = rect.left() + (key as f32 + 0.5) * rect.width() / TOKENS.len() as f32;
        canvas.small_text(pos2(x, rect.bottom() + 3.0), Align2::CENTER_TOP, token, canvas.colors.text_weak);
    }
}

/// The pattern with its first column in a frame; says its sink mass.
pub fn sink(canvas: &Canvas<'_>) -> Option<String> {
    let pattern = toy()?.pattern(Epsilon::ONE);
    let side = canvas.rect.height() - LINE;
    let rect = Rect::from_min_size(canvas.rect.min + vec2(NAMES, 0.0), vec2(side, side));
    pattern_in(canvas, rect, &pattern);
    query_names(canvas, rect);
    key_names(canvas, rect);
    let column = Rect::from_min_size(rect.min, vec2(side / TOKENS.len() as f32, side));
    let stroke = Stroke::new(2.5, canvas.colors.selection);
    canvas.painter.rect_stroke(column, CornerRadius::same(2), stroke, StrokeKind::Outside);
    let said = format!("Sink mass {:.2}", sink_mass(&pattern)?);
    let beside = rect.right_top() + vec2(space::M, 0.0);
    canvas.text(beside, Align2::LEFT_TOP, &said, canvas.colors.text_strong);
    let weak = canvas.colors.text_weak;
    for (line, text) in ["mean of the first column", "over the last two rows", "(queries 3 and 4)"].iter().enumerate() {
        canvas.small_text(beside + vec2(0.0, LINE * (line + 1) as f32), Align2::LEFT_TOP, text, weak);
    }
    Some(format!("{said}. {}", rows_said(&pattern)))
}

/// The pattern at three ε with its weights; says its last rows.
pub fn uniform(canvas: &Canvas<'_>) -> Option<String> {
    let toy = toy()?;
    let side = side(canvas.rect.width(), 3);
    let mut said = String::new();
    for (column, epsilon) in [Epsilon::ONE, Epsilon::FIGURE[0], Epsilon::ZERO].into_iter().enumerate() {
        let pattern = toy.pattern(epsilon);
        let left = NAMES + column as f32 * (side + space::M);
        let rect = Rect::from_min_size(canvas.rect.min + vec2(left, LINE), vec2(side, side));
        let title = format!("ε = {epsilon}");
        canvas.text(rect.center_top() - vec2(0.0, 3.0), Align2::CENTER_BOTTOM, &title, canvas.colors.text);
        pattern_in(canvas, rect, &pattern);
        if column == 0 {
            query_names(canvas, rect);
        }
        let entropy = format!("entropy {:.2}", normalized_entropy(&pattern)?);
        canvas.small_text(rect.center_bottom() + vec2(0.0, 4.0), Align2::CENTER_TOP, &entropy, canvas.colors.text_weak);
        let _ = write!(said, "{title}: {entropy}. {} ", rows_said(&pattern));
    }
    Some(said)
}

/// Sink mass over ε, with the figure's columns; says how far each is from uniform.
pub fn curve(canvas: &Canvas<'_>) -> Option<String> {
    const DECADES: [f64; 2] = [-11.0, 2.0];
    let toy = toy()?;
    let plot = Rect::from_min_max(
        canvas.rect.min + vec2(NAMES, LINE),
        pos2(canvas.rect.right().min(canvas.rect.left() + WIDEST), canvas.rect.bottom() - 2.0 * LINE),
    );
    #[expect(clippy::cast_possible_truncation, reason = "places on the screen")]
    let place = |decade: f64, mass: f64| {
        let x = (decade - DECADES[0]) / (DECADES[1] - DECADES[0]);
        pos2(plot.left() + x as f32 * plot.width(), plot.bottom() - mass as f32 * plot.height())
    };
    let colors = canvas.colors;
    for (mass, text) in [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
        let [from, to] = DECADES.map(|decade| place(decade, mass));
        canvas.painter.line_segment([from, to], Stroke::new(1.0, colors.line));
        canvas.small_text(from - vec2(space::XS, 0.0), Align2::RIGHT_CENTER, text, colors.text_weak);
    }
    canvas.small_text(plot.left_top() - vec2(0.0, 4.0), Align2::LEFT_BOTTOM, "sink mass", colors.text_weak);
    let points = (0..=130).filter_map(|step| {
        let decade = DECADES[0] + f64::from(step) / 10.0;
        Some(place(decade, mass_at(toy, 10_f64.powf(decade))?))
    });
    let points: Vec<egui::Pos2> = points.collect();
    canvas.painter.add(Shape::line(points, Stroke::new(2.0, colors.components[0])));
    let mut said = String::new();
    for (column, epsilon) in Epsilon::FIGURE.into_iter().enumerate() {
        let decade = epsilon.get().log10();
        let at = place(decade, mass_at(toy, epsilon.get())?);
        let foot = place(decade, 0.0);
        canvas.painter.line_segment([foot, at], Stroke::new(1.0, colors.series[column]));
        canvas.painter.circle_filled(at, 4.0, colors.series[column]);
        let away = distance_from_uniform(&toy.pattern(epsilon));
        let name = format!("column {}: {epsilon}", column + 1);
        canvas.text(foot + vec2(0.0, 3.0), Align2::CENTER_TOP, &name, colors.series[column]);
        let distance = format!("{away:.0e} from uniform");
        canvas.small_text(foot + vec2(0.0, 3.0 + LINE), Align2::CENTER_TOP, &distance, colors.text_weak);
        let _ = write!(said, "{name}, {distance}. ");
    }
    Some(said)
}

fn mass_at(toy: &Toy, epsilon: f64) -> Option<f64> {
    sink_mass(&toy.pattern(Epsilon::new(epsilon).ok()?))
}

/// A pattern's cells with their weights; masked cells have no number.
pub fn pattern_in(canvas: &Canvas<'_>, rect: Rect, pattern: &Pattern) {
    let palette = Palette::new(Colormap::default(), NormScale::Linear(Limits::UNIT), MaskedStyle::Quiet, canvas.ground);
    let n = pattern.n_positions();
    let cell = rect.size() / n as f32;
    for query in 0..n {
        let row = pattern.exact_row(query);
        for key in 0..n {
            let min = rect.min + vec2(key as f32 * cell.x, query as f32 * cell.y);
            let area = Rect::from_min_size(min, cell).shrink(0.5);
            #[expect(clippy::cast_possible_truncation, reason = "the precision of pictures")]
            let color = row.get(key).map_or(palette.masked(), |&weight| palette.color(weight as f32));
            canvas.painter.rect_filled(area, CornerRadius::ZERO, theme::from_figure(color));
            if let Some(weight) = row.get(key)
                && cell.x >= 22.0
            {
                canvas.small_text(area.center(), Align2::CENTER_CENTER, &format!("{weight:.2}"), ink_on(color));
            }
        }
    }
}

/// Black or white, whichever is easier to read on `color`.
fn ink_on(color: Rgb) -> Color32 {
    let [red, green, blue] = color.0.map(f32::from);
    let is_pale = 0.299 * red + 0.587 * green + 0.114 * blue > 140.0;
    theme::colors(!is_pale).text_strong
}

fn query_names(canvas: &Canvas<'_>, rect: Rect) {
    for (query, token) in TOKENS.iter().enumerate() {
        let y = rect.top() + (query as f32 + 0.5) * rect.height() / TOKENS.len() as f32;
        canvas.small_text(pos2(rect.left() - 5.0, y), Align2::RIGHT_CENTER, token, canvas.colors.text_weak);
    }
}

/// The last row in words.
fn rows_said(pattern: &Pattern) -> String {
    let weights: Vec<String> =
        pattern.exact_row(TOKENS.len() - 1).iter().map(|weight| format!("{weight:.2}")).collect();
    format!("Last row: {}.", weights.join(", "))
}
