//! A resolved figure: what is where, in points (1/72 inch) from the top left corner of the page. Nothing is left to
//! decide for those who export it.

use crate::figure::{Measure, Palette, Picture, Pooled, Rgb, Window, paint, pool_measure};

/// A page with everything on it.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The figure's name, never empty: the title of a PDF document.
    pub name: String,
    /// What the figure shows, in words: for those who cannot see it.
    pub description: String,
    pub width: f64,
    pub height: f64,
    /// The colour of the page; `None` where it is transparent.
    pub ground: Option<Rgb>,
    /// Beneath all items.
    pub heatmaps: Vec<Heatmap>,
    /// In the order of painting.
    pub items: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub fn right(self) -> f64 {
        self.x + self.width
    }

    pub fn bottom(self) -> f64 {
        self.y + self.height
    }

    pub fn center(self) -> [f64; 2] {
        [self.x + self.width * 0.5, self.y + self.height * 0.5]
    }
}

/// All cells of a panel, evaluated when drawn, at the resolution of the medium.
#[derive(Clone, Debug)]
pub struct Heatmap {
    /// Square; row 0 at the top.
    pub rect: Rect,
    pub measure: Measure,
    pub palette: Palette,
    pub detail: Detail,
}

impl Heatmap {
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
    Picture { side: usize },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A filled rectangle.
    Rect {
        rect: Rect,
        fill: Rgb,
    },
    /// A filled triangle.
    Triangle {
        corners: [[f64; 2]; 3],
        fill: Rgb,
    },
    /// The outline of a rectangle, half inside and half outside.
    Frame {
        rect: Rect,
        width: f64,
        color: Rgb,
    },
    Line {
        from: [f64; 2],
        to: [f64; 2],
        width: f64,
        color: Rgb,
    },
    Text(Text),
}

impl Item {
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
    pub size: f64,
    pub anchor: Anchor,
    pub turn: Turn,
    pub color: Rgb,
}

/// The part of a text that stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
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
