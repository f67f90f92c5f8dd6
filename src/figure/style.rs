//! What a person chooses about the figure.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ColorNorm, Colormap, FigureError, Ground, LimitsFrom, MaskedStyle, Pooling, Quantity};

/// Looks of the figure. The default is the figure that the program grew from, two journal columns wide.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct FigureStyle {
    /// `None`: as operation and quantity have it, [`crate::figure::title`].
    pub title: Option<String>,
    pub page: PageSize,
    pub font_size: FontSize,
    pub quantity: Quantity,
    pub pooling: Pooling,
    pub colormap: Colormap,
    pub norm: ColorNorm,
    pub limits_from: LimitsFrom,
    pub masked: MaskedStyle,
    pub ground: Ground,
    pub axis_labels: AxisLabels,
}

impl FigureStyle {
    /// The default looks of a figure of `quantity`.
    pub fn of(quantity: Quantity) -> Self {
        Self { quantity, colormap: quantity.default_colormap(), norm: quantity.default_norm(), ..Self::default() }
    }
}

/// What stands along the outer axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AxisLabels {
    /// The tokens' texts.
    #[default]
    Tokens,
    /// 0, 1, 2, …
    Positions,
    Hidden,
}

/// Size of the page in millimetres, independent of any resolution. Without a height the page is as high as its
/// content. Default: 178 mm, two columns of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "(f64, Option<f64>)", into = "(f64, Option<f64>)")]
pub struct PageSize {
    width: f64,
    height: Option<f64>,
}

impl PageSize {
    /// Allowed widths and heights in millimetres.
    const RANGE: RangeInclusive<f64> = 60.0..=2000.0;

    /// # Errors
    /// When a side is not between 60 and 2000 mm.
    pub fn new(width_mm: f64, height_mm: Option<f64>) -> Result<Self, FigureError> {
        let allowed = |side: f64| Self::RANGE.contains(&side);
        if allowed(width_mm) && height_mm.is_none_or(allowed) {
            Ok(Self { width: width_mm, height: height_mm })
        } else {
            Err(FigureError::PageSize(width_mm, height_mm.unwrap_or(width_mm)))
        }
    }

    pub fn width_mm(self) -> f64 {
        self.width
    }

    /// `None` where the page is as high as its content.
    pub fn height_mm(self) -> Option<f64> {
        self.height
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self { width: 178.0, height: None }
    }
}

impl fmt::Display for PageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.height {
            None => write!(f, "{}", self.width),
            Some(height) => write!(f, "{}x{height}", self.width),
        }
    }
}

impl FromStr for PageSize {
    type Err = FigureError;

    /// `178` or `178x160`, in millimetres.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let side = |side: &str| side.trim().parse().map_err(|_| FigureError::PageSizeText(text.to_owned()));
        match text.split_once(['x', '×']) {
            None => Self::new(side(text)?, None),
            Some((width, height)) => Self::new(side(width)?, Some(side(height)?)),
        }
    }
}

impl TryFrom<(f64, Option<f64>)> for PageSize {
    type Error = FigureError;

    fn try_from((width, height): (f64, Option<f64>)) -> Result<Self, Self::Error> {
        Self::new(width, height)
    }
}

impl From<PageSize> for (f64, Option<f64>) {
    fn from(page: PageSize) -> Self {
        (page.width, page.height)
    }
}

/// Size of the panel titles in points, 4 to 24; other texts follow it. Default: 8.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct FontSize(f64);

impl FontSize {
    /// # Errors
    /// When `points` is not between 4 and 24.
    pub fn new(points: f64) -> Result<Self, FigureError> {
        if (4.0..=24.0).contains(&points) { Ok(Self(points)) } else { Err(FigureError::FontSize(points)) }
    }

    pub fn points(self) -> f64 {
        self.0
    }
}

impl Default for FontSize {
    fn default() -> Self {
        Self(8.0)
    }
}

impl TryFrom<f64> for FontSize {
    type Error = FigureError;

    fn try_from(points: f64) -> Result<Self, Self::Error> {
        Self::new(points)
    }
}

impl From<FontSize> for f64 {
    fn from(size: FontSize) -> Self {
        size.0
    }
}

/// Pixels per inch of a raster export, 36 to 2400. Default: 300.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Dpi(u32);

impl Dpi {
    /// # Errors
    /// When `dpi` is not between 36 and 2400.
    pub fn new(dpi: u32) -> Result<Self, FigureError> {
        if (36..=2400).contains(&dpi) { Ok(Self(dpi)) } else { Err(FigureError::Dpi(dpi.to_string())) }
    }

    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for Dpi {
    fn default() -> Self {
        Self(300)
    }
}

impl FromStr for Dpi {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text.trim().parse().map_err(|_| FigureError::Dpi(format!("“{text}”")))?)
    }
}

impl TryFrom<u32> for Dpi {
    type Error = FigureError;

    fn try_from(dpi: u32) -> Result<Self, Self::Error> {
        Self::new(dpi)
    }
}

impl From<Dpi> for u32 {
    fn from(dpi: Dpi) -> Self {
        dpi.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_outside_their_ranges_are_refused() {
        assert_eq!("178".parse::<PageSize>().unwrap(), PageSize::default());
        assert_eq!("120 x 90.5".parse::<PageSize>().unwrap(), PageSize::new(120.0, Some(90.5)).unwrap());
        for text in ["", "x", "178x", "wide", "10", "178x1e9", "nan", "-178"] {
            assert!(text.parse::<PageSize>().is_err(), "{text}");
        }
        assert!(FontSize::new(f64::NAN).is_err() && FontSize::new(3.9).is_err() && FontSize::new(24.0).is_ok());
        assert_eq!("300".parse::<Dpi>().unwrap(), Dpi::default());
        assert!("0".parse::<Dpi>().is_err() && "-1".parse::<Dpi>().is_err() && "99999".parse::<Dpi>().is_err());
    }

    #[test]
    fn a_style_survives_being_written_and_read() {
        let style = FigureStyle { page: "120x90".parse().unwrap(), ..FigureStyle::default() };
        let json = serde_json::to_string(&style).unwrap();
        assert_eq!(serde_json::from_str::<FigureStyle>(&json).unwrap(), style);
        assert_eq!(serde_json::from_str::<FigureStyle>("{}").unwrap(), FigureStyle::default());
        assert!(serde_json::from_str::<FigureStyle>(r#"{"font-size": 0}"#).is_err());
    }
}
