//! How small the labels at the axes may be.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::arrangement::LEGIBLE;
use crate::figure::FigureError;

/// The smallest size of the labels at the axes in points, 4 to 12: where the cells are narrower, not every cell has one.
/// Default: 5, below which print is illegible.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct LeastText(f64);

impl LeastText {
    /// What can be read in print without effort: 6 points.
    pub const LEGIBLE: Self = Self(LEGIBLE);

    /// # Errors
    /// When `points` is not between 4 and 12.
    pub fn new(points: f64) -> Result<Self, FigureError> {
        if (4.0..=12.0).contains(&points) { Ok(Self(points)) } else { Err(FigureError::LeastText(points)) }
    }

    /// In points, 4 to 12.
    pub fn points(self) -> f64 {
        self.0
    }
}

impl Default for LeastText {
    fn default() -> Self {
        Self(5.0)
    }
}

impl FromStr for LeastText {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text.trim().parse().map_err(|_| FigureError::LeastTextText(text.to_owned()))?)
    }
}

impl TryFrom<f64> for LeastText {
    type Error = FigureError;

    fn try_from(points: f64) -> Result<Self, Self::Error> {
        Self::new(points)
    }
}

impl From<LeastText> for f64 {
    fn from(size: LeastText) -> Self {
        size.0
    }
}
