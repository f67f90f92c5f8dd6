//! A resolved figure: what is where, in points (1/72 inch) from the top left corner of the page. Nothing is left to
//! decide for those who export it.

use std::collections::BTreeSet;

use super::arrangement::Arrangement;
use crate::figure::{
    Font, Fonts, Measure, Palette, Picture, Pooled, Rgb, Window, paint, pool_measure,
    text::shaping::{one_line, shape},
};

/// A page with everything on it.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The figure's name, never empty: the title of a PDF document.
    pub name: String,
    /// What the figure shows, in words: for those who cannot see it.
    pub description: String,
    /// In points, 1/72 inch.
    pub width: f64,
    /// In points, 1/72 inch.
    pub height: f64,
    /// The colour of the page; `None` where it is transparent.
    pub ground: Option<Rgb>,
    /// Beneath all items.
    pub heatmaps: Vec<HeatmapItem>,
    /// In the order of painting.
    pub items: Vec<Item>,
    /// What its texts are drawn with.
    pub fonts: Fonts,
    /// How it is laid out; `None` of curves.
    pub arrangement: Option<Arrangement>,
    /// What had to be otherwise than it was asked for, so that it fits its page: sentences for people.
    pub fitted: Vec<String>,
}

impl Figure {
    /// Its texts, in the order of painting.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.items.iter().filter_map(Item::text)
    }

    /// The size of its smallest text in points; `None` where it has none.
    pub fn smallest_text(&self) -> Option<f64> {
        self.texts().map(|text| text.size).reduce(f64::min)
    }

    /// The names of the fonts of the machine that its texts are drawn with, in order: with the same ones the same figure
    /// gives the same bytes.
    pub fn machine_fonts(&self) -> BTreeSet<&'static str> {
        let glyphs = self.texts().flat_map(|text| shape(&one_line(&text.text), &self.fonts).glyphs);
        let fonts: BTreeSet<Font> = glyphs.map(|glyph| glyph.font).collect();
        fonts.into_iter().filter(|font| !font.is_own()).map(Font::name).collect()
    }
}

/// An upright rectangle on the page, in points from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Not negative.
    pub width: f64,
    /// Not negative.
    pub height: f64,
}

impl Rect {
    /// The right edge.
    pub fn right(self) -> f64 {
        self.x + self.width
    }

    /// The lower edge.
    pub fn bottom(self) -> f64 {
        self.y + self.height
    }

    /// Its middle, `[x, y]`.
    pub fn center(self) -> [f64; 2] {
        [self.x + self.width * 0.5, self.y + self.height * 0.5]
    }
}

/// All cells of a panel, evaluated when drawn, at the resolution of the medium.
#[derive(Clone, Debug)]
pub struct HeatmapItem {
    /// Square; row 0 at the top.
    pub rect: Rect,
    /// A number for each cell.
    pub measure: Measure,
    /// A colour for each number.
    pub palette: Palette,
    /// As shapes or as a picture.
    pub detail: Detail,
}

impl HeatmapItem {
    /// All cells as `[width, height]` pixels.
    pub fn picture(&self, size: [usize; 2]) -> Picture {
        paint(&self.pooled(size), &self.palette)
    }

    /// All cells reduced to `[width, height]` pixels.
    pub fn pooled(&self, size: [usize; 2]) -> Pooled {
        let window = Window::whole(self.measure.n_positions());
        pool_measure(&self.measure, window, size, self.palette.scale()).0
    }
}

/// How a vector format holds a heatmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Every cell as a shape.
    Shapes,
    /// A lossless picture, so many pixels wide and high.
    Picture {
        /// Most pixels across and down.
        side: usize,
    },
}

/// Something on the page; lengths are in points.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A filled rectangle.
    Rect {
        /// Where.
        rect: Rect,
        /// Its colour.
        fill: Rgb,
    },
    /// A filled triangle.
    Triangle {
        /// `[x, y]` of each.
        corners: [[f64; 2]; 3],
        /// Its colour.
        fill: Rgb,
    },
    /// The outline of a rectangle, half inside and half outside.
    Frame {
        /// The middle of its lines.
        rect: Rect,
        /// Of its lines.
        width: f64,
        /// Of its lines.
        color: Rgb,
    },
    /// A straight line.
    Line {
        /// Where it begins, `[x, y]`.
        from: [f64; 2],
        /// Where it ends, `[x, y]`.
        to: [f64; 2],
        /// How thick it is.
        width: f64,
        /// Its colour.
        color: Rgb,
    },
    /// A line of text.
    Text(Text),
}

impl Item {
    /// The text, where it is one.
    pub fn text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            Self::Rect { .. } | Self::Triangle { .. } | Self::Frame { .. } | Self::Line { .. } => None,
        }
    }
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// As it is read: exporters draw what is printable of it.
    pub text: String,
    /// The anchor on the baseline.
    pub at: [f64; 2],
    /// Of the font, in points.
    pub size: f64,
    /// Which of its points stands at `at`.
    pub anchor: Anchor,
    /// In which direction it runs.
    pub turn: Turn,
    /// Its colour.
    pub color: Rgb,
}

/// The part of a text that stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The left end of its base line.
    Start,
    /// The middle of its base line.
    Middle,
    /// The right end of its base line.
    End,
}

impl Anchor {
    /// From the start of a text to its anchor, as a part of its width.
    pub const fn part(self) -> f64 {
        match self {
            Self::Start => 0.0,
            Self::Middle => 0.5,
            Self::End => 1.0,
        }
    }
}

/// The direction that a text reads in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// From left to right.
    Level,
    /// From the bottom to the top.
    Upwards,
    /// Upwards at 45°.
    Slanted,
}

impl Turn {
    /// Degrees clockwise.
    pub const fn degrees(self) -> i32 {
        match self {
            Self::Level => 0,
            Self::Upwards => -90,
            Self::Slanted => -45,
        }
    }
}
