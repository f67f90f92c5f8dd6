//! The figure's title on one line.

use crate::figure::{
    Fonts,
    text::shaping::{cut_to, width},
};

/// The title on one line.
pub struct TitleLine {
    pub text: String,
    pub size: f64,
    pub width: f64,
}

impl TitleLine {
    /// Smaller where it is too long, and cut where that is not enough.
    pub fn fit(title: &str, size: f64, room: f64, fonts: &Fonts) -> Self {
        let natural = width(title, fonts) * size;
        let size = if natural > room { size * (room / natural).max(0.6) } else { size };
        let text = cut_to(title, room / size * (1.0 + 1e-9), fonts);
        let width = width(&text, fonts) * size;
        Self { text, size, width: width.min(room) }
    }
}
