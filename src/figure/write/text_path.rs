//! A line of text as a path of pixels.

use resvg::tiny_skia::{Path, PathBuilder};

use crate::figure::text::{
    outlines::{Step, UNITS, outline},
    shaping::Line,
};

/// Steps of a path in a pixel: points on them stay on them, whatever whole number of pixels a path is moved by.
const STEPS: f64 = 64.0;

/// Where a line of text stands, in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The start of its baseline.
    pub start: [f64; 2],
    /// Pixels of an em.
    pub size: f64,
    /// Clockwise.
    pub degrees: f64,
}

/// The outlines of a line of text; `None` where nothing is drawn.
pub fn text_path(line: &Line, place: Place) -> Option<Path> {
    let (sin, cos) = place.degrees.to_radians().sin_cos();
    let mut path = PathBuilder::new();
    for glyph in &line.glyphs {
        let origin = [glyph.x + glyph.offset[0], 0.0 - glyph.offset[1]];
        let at = |[x, y]: [f64; 2]| {
            let [x, y] = [origin[0] + x / UNITS, origin[1] + y / UNITS].map(|length| length * place.size);
            let turned = [place.start[0] + cos * x - sin * y, place.start[1] + sin * x + cos * y];
            #[expect(clippy::cast_possible_truncation, reason = "what the renderer takes")]
            turned.map(|length| ((length * STEPS).round() / STEPS) as f32)
        };
        for step in outline(glyph.font, glyph.id) {
            match step {
                Step::Move(to) => {
                    let [x, y] = at(to);
                    path.move_to(x, y);
                }
                Step::Line(to) => {
                    let [x, y] = at(to);
                    path.line_to(x, y);
                }
                Step::Quad(points) => {
                    let [[x1, y1], [x, y]] = points.map(at);
                    path.quad_to(x1, y1, x, y);
                }
                Step::Cubic(points) => {
                    let [[x1, y1], [x2, y2], [x, y]] = points.map(at);
                    path.cubic_to(x1, y1, x2, y2, x, y);
                }
                Step::Close => path.close(),
            }
        }
    }
    path.finish()
}
