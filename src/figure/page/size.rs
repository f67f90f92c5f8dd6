//! The size of the page.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::figure::{Dpi, FigureError};

/// What a page is measured in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// mm; a page has 20 to 2000 each way.
    #[default]
    Millimetres,
    /// As many of them to an inch as the style's resolution says, in every format.
    Pixels,
}

impl Unit {
    /// Sides that a page may have.
    pub const fn sides(self) -> RangeInclusive<f64> {
        match self {
            Self::Millimetres => 20.0..=2000.0,
            Self::Pixels => 100.0..=20_000.0,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Millimetres => "mm",
            Self::Pixels => "px",
        }
    }
}

/// Size of the page. Without a height the page is as high as its content. Default: 178 mm, two columns of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "String")]
pub struct PageSize {
    width: f64,
    height: Option<f64>,
    unit: Unit,
}

/// A size in a file: as on the command line, or the pair of millimetres of earlier files.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Millimetres(f64, Option<f64>),
}

impl PageSize {
    /// In millimetres.
    ///
    /// # Errors
    /// When a side is not between 20 and 2000 mm.
    pub fn new(width_mm: f64, height_mm: Option<f64>) -> Result<Self, FigureError> {
        Self::in_unit(width_mm, height_mm, Unit::Millimetres)
    }

    /// # Errors
    /// When a side is not between 20 and 2000 mm, or 100 and 20 000 pixels; a pixel is whole.
    pub fn in_unit(width: f64, height: Option<f64>, unit: Unit) -> Result<Self, FigureError> {
        let is_whole = |side: f64| unit == Unit::Millimetres || side.fract() == 0.0;
        let allowed = |side: f64| unit.sides().contains(&side) && is_whole(side);
        if allowed(width) && height.is_none_or(allowed) {
            return Ok(Self { width, height, unit });
        }
        let height = height.unwrap_or(width);
        Err(match unit {
            Unit::Millimetres => FigureError::PageSize(width, height),
            Unit::Pixels => FigureError::PagePixels(width, height),
        })
    }

    /// In [`Self::unit`].
    pub fn width(self) -> f64 {
        self.width
    }

    /// `None` where the page is as high as its content.
    pub fn height(self) -> Option<f64> {
        self.height
    }

    /// The unit of width and height.
    pub fn unit(self) -> Unit {
        self.unit
    }

    /// One length of this page's unit in points.
    pub(in crate::figure) fn points(self, length: f64, dpi: Dpi) -> f64 {
        match self.unit {
            Unit::Millimetres => length / 25.4 * 72.0,
            Unit::Pixels => length / f64::from(dpi.get()) * 72.0,
        }
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self { width: 178.0, height: None, unit: Unit::Millimetres }
    }
}

impl fmt::Display for PageSize {
    /// `178`, `178x160`, `1200x900px`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.width)?;
        if let Some(height) = self.height {
            write!(f, "x{height}")?;
        }
        match self.unit {
            Unit::Millimetres => Ok(()),
            Unit::Pixels => f.write_str("px"),
        }
    }
}

impl FromStr for PageSize {
    type Err = FigureError;

    /// `178`, `178x160`, `178x160mm` or `1200x900px`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || FigureError::PageSizeText(text.to_owned());
        let ending = |unit: Unit| text.trim().strip_suffix(unit.name()).map(|sides| (sides, unit));
        let (sides, unit) =
            ending(Unit::Pixels).or_else(|| ending(Unit::Millimetres)).unwrap_or((text.trim(), Unit::Millimetres));
        let side = |side: &str| side.trim().parse().map_err(|_| wrong());
        match sides.split_once(['x', '×']) {
            None => Self::in_unit(side(sides)?, None, unit),
            Some((width, height)) => Self::in_unit(side(width)?, Some(side(height)?), unit),
        }
    }
}

impl TryFrom<Written> for PageSize {
    type Error = FigureError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written {
            Written::Text(text) => text.parse(),
            Written::Millimetres(width, height) => Self::new(width, height),
        }
    }
}

impl From<PageSize> for String {
    fn from(page: PageSize) -> Self {
        page.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_millimetres_or_pixels() {
        assert_eq!("178".parse::<PageSize>().unwrap(), PageSize::default());
        assert_eq!("120 x 90.5".parse::<PageSize>().unwrap(), PageSize::new(120.0, Some(90.5)).unwrap());
        assert_eq!("178mm".parse::<PageSize>().unwrap(), PageSize::default());
        let pixels = "1200x900px".parse::<PageSize>().unwrap();
        assert_eq!(pixels, PageSize::in_unit(1200.0, Some(900.0), Unit::Pixels).unwrap());
        assert_eq!(pixels.points(1200.0, Dpi::default()), 288.0);
        for text in ["", "x", "178x", "wide", "10", "178x1e9", "nan", "-178", "px", "50px", "120.5px", "30000px"] {
            assert!(text.parse::<PageSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_size_is_written_as_it_is_typed_and_the_older_pair_is_read() {
        for text in ["178", "178x160", "1200x900px", "1200px"] {
            let page: PageSize = text.parse().unwrap();
            assert_eq!(serde_json::to_string(&page).unwrap(), format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<PageSize>(&format!("\"{text}\"")).unwrap(), page);
        }
        assert_eq!(serde_json::from_str::<PageSize>("[178.0, null]").unwrap(), PageSize::default());
        assert!(serde_json::from_str::<PageSize>("[1.0, null]").is_err());
    }
}
