//! Glyphs as outlines.

use std::fmt::Write;

use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder};

use super::fonts::Font;

/// Units of an outline in an em.
pub const UNITS: f64 = 1000.0;

/// A step of an outline, in thousandths of an em to the right of and down from the glyph's origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Move([f64; 2]),
    Line([f64; 2]),
    Quad([[f64; 2]; 2]),
    Cubic([[f64; 2]; 3]),
    Close,
}

/// The outline of a glyph; empty where nothing is drawn.
pub fn outline(font: Font, glyph: GlyphId) -> Vec<Step> {
    let scale = UNITS / f64::from(font.face().units_per_em());
    let mut pen = Pen { steps: Vec::new(), scale };
    font.face().outline_glyph(glyph, &mut pen);
    pen.steps
}

/// The steps as an SVG path, in tenths of a unit.
pub fn svg_path(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Move(to) => push(&mut path, 'M', &[*to]),
            Step::Line(to) => push(&mut path, 'L', &[*to]),
            Step::Quad(points) => push(&mut path, 'Q', points),
            Step::Cubic(points) => push(&mut path, 'C', points),
            Step::Close => path.push('Z'),
        }
    }
    path
}

fn push(path: &mut String, command: char, points: &[[f64; 2]]) {
    path.push(command);
    for (index, point) in points.iter().enumerate() {
        let space = if index == 0 { "" } else { " " };
        // Plus 0: there is no -0.
        let [x, y] = point.map(|length| (length * 10.0).round() / 10.0 + 0.0);
        // Writing to a string cannot fail.
        let _ = write!(path, "{space}{x} {y}");
    }
}

/// Takes a glyph's curves, which come in units of the font with y upwards.
struct Pen {
    steps: Vec<Step>,
    scale: f64,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> [f64; 2] {
        [self.scale * f64::from(x), 0.0 - self.scale * f64::from(y)]
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.steps.push(Step::Move(self.at(x, y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.steps.push(Step::Line(self.at(x, y)));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.steps.push(Step::Quad([self.at(x1, y1), self.at(x, y)]));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.steps.push(Step::Cubic([self.at(x1, y1), self.at(x2, y2), self.at(x, y)]));
    }

    fn close(&mut self) {
        self.steps.push(Step::Close);
    }
}
