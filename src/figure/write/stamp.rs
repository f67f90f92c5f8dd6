//! A short text as a mask of pixels, where there is no page to draw it on.

use resvg::tiny_skia::{Color, FillRule, Paint, Pixmap, Shader, Transform};

use super::text_path::{Place, text_path};
use crate::figure::{
    Fonts,
    text::{
        fonts::{ASCENT, DESCENT},
        shaping::shape,
    },
};

/// A text in white on nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// Pixels from its top to the baseline.
    pub baseline: usize,
    /// How much of each pixel is covered, row by row.
    pub coverage: Vec<u8>,
}

/// The text with the program's own fonts, `size` pixels high; `None` where there is nothing to draw.
pub fn stamp(text: &str, size: f32) -> Option<Stamp> {
    let line = shape(text, &Fonts::own());
    let size = f64::from(size);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few pixels")]
    let [width, above, below] = [line.advance, ASCENT, DESCENT].map(|em| (em * size).ceil() as u32);
    let mut pixmap = Pixmap::new(width, above + below)?;
    let path = text_path(&line, Place { start: [0.0, f64::from(above)], size, degrees: 0.0 })?;
    let paint = Paint { shader: Shader::SolidColor(Color::WHITE), ..Paint::default() };
    pixmap.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
    let coverage = pixmap.pixels().iter().map(|pixel| pixel.alpha()).collect();
    Some(Stamp { width: width as usize, height: (above + below) as usize, baseline: above as usize, coverage })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_has_ink_above_its_baseline_and_none_below_capitals() {
        let Stamp { width, height, baseline, coverage } = stamp("U4E2D", 20.0).unwrap();
        assert_eq!(coverage.len(), width * height);
        assert!(coverage[..baseline * width].contains(&u8::MAX));
        assert!(coverage[(baseline + 1) * width..].iter().all(|&ink| ink == 0));
        assert_eq!(stamp("", 20.0), None);
    }
}
