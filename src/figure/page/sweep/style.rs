//! What a person chooses about curves over ε.

use std::{fmt, str::FromStr};

use crate::{
    attention::{Epsilon, Notation},
    engine::SweepMetric,
    figure::{Dpi, Face, FigureError, FontSize, Fonts, Ground, PageSize, TextMode},
};

/// Looks of curves over ε. The default is the normalized entropy at all ε, two journal columns wide.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepStyle {
    /// `None`: what the curves are of. Empty for none.
    pub title: Option<String>,
    /// A plot for each, from top to bottom; at least one.
    pub metrics: Vec<SweepMetric>,
    /// `None`: all that was swept, with 0 apart at the left.
    pub range: Option<SweepRange>,
    /// How ε is written along the axis.
    pub notation: Notation,
    /// Width and height.
    pub page: PageSize,
    /// Of a PNG, and what a page in pixels is measured by.
    pub dpi: Dpi,
    /// What texts are set in.
    pub face: Face,
    /// Of texts, in points; `None`: 8, or less where the page has not the room.
    pub font_size: Option<FontSize>,
    /// Behind everything.
    pub ground: Ground,
    /// Whether texts are written as texts or as outlines.
    pub text: TextMode,
    /// What texts are drawn with.
    pub fonts: Fonts,
}

impl Default for SweepStyle {
    fn default() -> Self {
        Self {
            title: None,
            metrics: vec![SweepMetric::NormalizedEntropy],
            range: None,
            notation: Notation::default(),
            page: PageSize::default(),
            dpi: Dpi::default(),
            face: Face::default(),
            font_size: None,
            ground: Ground::default(),
            text: TextMode::default(),
            fonts: Fonts::default(),
        }
    }
}

/// From which ε to which curves are shown. Written `1e-4..=1e1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepRange {
    from: Epsilon,
    to: Epsilon,
}

impl SweepRange {
    /// The ends of what is swept above 0.
    pub const SWEPT: [f64; 2] = [1e-12, 1e2];

    /// # Errors
    /// When the first is not below the second, or either lies outside of what is swept.
    pub fn new(from: Epsilon, to: Epsilon) -> Result<Self, FigureError> {
        let [least, most] = Self::SWEPT;
        let is_swept = |epsilon: Epsilon| (least..=most).contains(&epsilon.get());
        if is_swept(from) && is_swept(to) && from < to {
            Ok(Self { from, to })
        } else {
            Err(FigureError::SweepRange(format!("{from}..={to}")))
        }
    }

    /// log10 of both ends.
    pub fn decades(self) -> [f64; 2] {
        [self.from, self.to].map(|epsilon| epsilon.get().log10())
    }

    /// Both ends.
    pub fn ends(self) -> [Epsilon; 2] {
        [self.from, self.to]
    }
}

impl fmt::Display for SweepRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..={}", self.from, self.to)
    }
}

impl FromStr for SweepRange {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || FigureError::SweepRange(text.to_owned());
        let (from, to) = text.split_once("..=").ok_or_else(wrong)?;
        let end = |text: &str| text.trim().parse::<Epsilon>().map_err(|_| wrong());
        Self::new(end(from)?, end(to)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_runs_upwards_within_what_is_swept() {
        let range: SweepRange = "1e-4 ..= 10".parse().unwrap();
        assert_eq!((range.to_string().as_str(), range.decades()), ("1e-4..=1e1", [-4.0, 1.0]));
        for text in ["", "1", "1..=1", "2..=1", "0..=1", "1e-13..=1", "1..=1e3", "a..=b", "1..2"] {
            assert!(text.parse::<SweepRange>().is_err_and(|error| error.to_string().contains("1e-12")), "{text}");
        }
    }
}
