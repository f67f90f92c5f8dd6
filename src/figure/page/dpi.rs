//! Resolution of a figure.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::figure::FigureError;

/// Pixels per inch of a raster export, 36 to 2400. Default: 300.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Dpi(u32);

impl Dpi {
    /// # Errors
    /// When `dpi` is not between 36 and 2400.
    pub fn new(dpi: u32) -> Result<Self, FigureError> {
        if (36..=2400).contains(&dpi) { Ok(Self(dpi)) } else { Err(FigureError::Dpi(dpi)) }
    }

    /// Pixels per inch.
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
        Self::new(text.trim().parse().map_err(|_| FigureError::DpiText(text.to_owned()))?)
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
    fn resolutions_outside_their_range_are_refused() {
        assert_eq!("300".parse::<Dpi>().unwrap(), Dpi::default());
        for text in ["0", "-1", "35", "2401", "99999", "", "300.5"] {
            assert!(text.parse::<Dpi>().is_err(), "{text}");
        }
    }
}
