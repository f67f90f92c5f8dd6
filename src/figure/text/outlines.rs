//! Texts as outlines.

use std::fmt::Write;

use rustybuzz::ttf_parser::OutlineBuilder;

use super::shaping::{printable, shape};

/// Units of an outline in an em.
pub const UNITS: f64 = 1000.0;

/// A text's outline, from the start of its baseline, in thousandths of an em.
pub struct Outline {
    /// As in an SVG path.
    pub path: String,
    pub width: f64,
}

impl Outline {
    /// The outline of a text as it is drawn.
    pub fn of(text: &str) -> Self {
        let line = shape(&printable(text));
        let mut pen = Pen { path: String::new(), scale: 1.0, origin: [0.0; 2] };
        for glyph in &line.glyphs {
            let Some(face) = glyph.font.face() else { continue };
            pen.scale = UNITS / f64::from(face.units_per_em());
            pen.origin = [UNITS * (glyph.x + glyph.offset[0]), 0.0 - UNITS * glyph.offset[1]];
            face.outline_glyph(glyph.id, &mut pen);
        }
        Self { path: pen.path, width: line.advance * UNITS }
    }
}

/// Writes a glyph's curves, which come in units of the font with y upwards, as an SVG path in whole units.
struct Pen {
    path: String,
    scale: f64,
    origin: [f64; 2],
}

impl Pen {
    fn write<const N: usize>(&mut self, command: char, points: [[f32; 2]; N]) {
        self.path.push(command);
        for (index, [x, y]) in points.into_iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            let [left, top] = self.origin;
            let (x, y) = (left + self.scale * f64::from(x), top - self.scale * f64::from(y));
            // Writing to a string cannot fail.
            let _ = write!(self.path, "{space}{x:.0} {y:.0}");
        }
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.write('M', [[x, y]]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.write('L', [[x, y]]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.write('Q', [[x1, y1], [x, y]]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.write('C', [[x1, y1], [x2, y2], [x, y]]);
    }

    fn close(&mut self) {
        self.path.push('Z');
    }
}
